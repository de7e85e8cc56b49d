// What a style file says of itself: a short form before the download.
import { useState } from 'preact/hooks';
import { Icon } from '../components/icon.tsx';
import { Modal } from '../components/modal.tsx';
import type { Failure } from '../state/failure.ts';
import { failureOf } from '../state/failure.ts';
import { saveFile } from '../state/save-file.ts';
import { usePlay, usePlayground } from './playground-context.ts';
import type { CardForm, PlaygroundState } from './playground-state.ts';

const FIELDS = [
  { field: 'title', label: 'Title', hint: 'as people read it' },
  { field: 'name', label: 'Name', hint: 'as prompts call it: lower-case letters, digits, single hyphens' },
  { field: 'author', label: 'Author', hint: '' },
  { field: 'version', label: 'Version', hint: 'higher with each release' },
  { field: 'licence', label: 'Licence', hint: 'such as CC-BY-4.0' },
] as const;

const selectCard = (state: PlaygroundState) => state.work.card;

export function CardDialog({ onClose }: { readonly onClose: () => void }) {
  const { store, actions } = usePlayground();
  const card = usePlay(selectCard);
  const [failure, setFailure] = useState<Failure>();
  const [packing, setPacking] = useState(false);
  const set = (change: Partial<CardForm>) => {
    setFailure(undefined);
    store.dispatch({ kind: 'card', card: { ...card, ...change } });
  };
  const download = async () => {
    setPacking(true);
    try {
      const file = await actions.packed();
      if (file !== undefined) {
        saveFile(file, file.name);
        onClose();
      }
    } catch (thrown) {
      setFailure(failureOf('Packing the style', thrown));
    } finally {
      setPacking(false);
    }
  };
  return (
    <Modal title="Download the style" kind="card-dialog" onClose={onClose}>
      <form
        class="card-form"
        onSubmit={(event) => {
          event.preventDefault();
          void download();
        }}
      >
        {FIELDS.map(({ field, label, hint }) => (
          <label key={field} class={`field card-${field}`}>
            <span class="field-name">
              {label}
              {hint === '' ? null : <span class="field-hint"> {hint}</span>}
            </span>
            <input
              type="text"
              required
              autocomplete="off"
              spellcheck={false}
              value={card[field]}
              onInput={(event) => set({ [field]: event.currentTarget.value })}
            />
          </label>
        ))}
        <label class="field card-description">
          <span class="field-name">Description</span>
          <textarea
            rows={2}
            value={card.description}
            onInput={(event) => set({ description: event.currentTarget.value })}
          />
        </label>
        {failure === undefined ? null : (
          <div class="failure" role="alert">
            <p class="failure-message">{failure.message}</p>
          </div>
        )}
        <p class="hint">
          The file holds the compiled plugin, its weights and the picture as a preview, without the prompt. It
          can be dropped on the drawing page, sent to others, or published.
        </p>
        <button type="submit" class="draw" aria-disabled={packing}>
          <Icon name="download" /> {packing ? 'Packing …' : `Download ${card.name}.style`}
        </button>
      </form>
    </Modal>
  );
}
