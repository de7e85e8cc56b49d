// The previews: pictures that are kept or drawn on the spot, and taken away again.
import { useMemo } from 'preact/hooks';
import { BlobImage } from '../components/blob-image.tsx';
import { Icon } from '../components/icon.tsx';
import { useHeld, usePublishing } from './publishing-context.ts';
import { MAX_PREVIEWS, type Preview, type PublishingState } from './publishing-state.ts';

const selectPreviews = (state: PublishingState) => state.previews;
const selectPrompt = (state: PublishingState) => state.prompt;
const selectDrawing = (state: PublishingState) => state.drawing;

export function PreviewRow() {
  const { store, actions } = usePublishing();
  const previews = useHeld(selectPreviews);
  const prompt = useHeld(selectPrompt);
  const drawing = useHeld(selectDrawing);
  return (
    <section class="publish-previews" aria-labelledby="previews-title">
      <h3 id="previews-title">Previews</h3>
      <ul class="preview-list">
        {previews.map((preview, index) => (
          <PreviewItem key={preview.id} preview={preview} number={index + 1} />
        ))}
        {drawing === undefined ? null : (
          <li class="preview-wait" role="status">
            {drawing.message}
            {drawing.total === undefined || drawing.done === undefined
              ? ' …'
              : ` ${Math.round((100 * drawing.done) / drawing.total)} %`}
          </li>
        )}
      </ul>
      <form
        class="preview-draw"
        onSubmit={(event) => {
          event.preventDefault();
          void actions.drawPreview();
        }}
      >
        <label class="field">
          <span class="field-name">A picture of</span>
          <input
            type="text"
            required
            value={prompt}
            onInput={(event) => store.dispatch({ kind: 'prompt', prompt: event.currentTarget.value })}
          />
        </label>
        {drawing === undefined ? (
          <button type="submit" class="quiet framed" aria-disabled={previews.length >= MAX_PREVIEWS}>
            <Icon name="add" /> Draw one more
          </button>
        ) : (
          <button type="button" class="quiet framed" onClick={() => actions.stop()}>
            <Icon name="close" /> Stop drawing
          </button>
        )}
      </form>
      <p class="hint">Drawn here with the model that is loaded; the words do not travel with the pictures.</p>
    </section>
  );
}

function PreviewItem({ preview, number }: { readonly preview: Preview; readonly number: number }) {
  const { store } = usePublishing();
  const picture = useMemo(() => new Blob([preview.png], { type: 'image/png' }), [preview]);
  return (
    <li class="preview-item">
      <BlobImage blob={picture} alt={`Preview ${number}`} />
      <button
        type="button"
        class="tool small"
        title="Take it away"
        onClick={() => store.dispatch({ kind: 'remove-preview', id: preview.id })}
      >
        <Icon name="close" />
        <span class="sr">Take preview {number} away</span>
      </button>
    </li>
  );
}
