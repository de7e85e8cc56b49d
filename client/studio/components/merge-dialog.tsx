// Merging: the weighted sum of styles at hand, saved as a file or used at once.
import { useEffect, useRef, useState } from 'preact/hooks';
import { type Failure, failureOf } from '../state/failure.ts';
import { saveFile } from '../state/save-file.ts';
import type { StudioState } from '../state/studio.ts';
import type { ShelfStyle } from '../state/styles.ts';
import { Icon } from './icon.tsx';
import { Modal } from './modal.tsx';
import { Slider } from './slider.tsx';
import { useSelected, useStudio } from './studio-context.ts';

const selectShelf = (state: StudioState) => state.shelf;
const selectInUse = (state: StudioState) => state.inUse;

const FORMATS = ['safetensors', 'pt'] as const;
type Format = (typeof FORMATS)[number];

export function MergeDialog({ onClose }: { readonly onClose: () => void }) {
  const { actions, tincture } = useStudio();
  const shelf = useSelected(selectShelf);
  const inUse = useSelected(selectInUse);
  const [chosen, setChosen] = useState<readonly string[]>(() => inUse.map(({ id }) => id));
  const [weights, setWeights] = useState<Readonly<Record<string, number>>>({});
  const [name, setName] = useState('merged');
  const [format, setFormat] = useState<Format>('safetensors');
  const [doing, setDoing] = useState<string>();
  const [failure, setFailure] = useState<Failure>();
  const [recipe, setRecipe] = useState('');
  const underway = useRef<AbortController | undefined>(undefined);
  useEffect(() => () => underway.current?.abort(), []);

  const parts = shelf.filter(({ id }) => chosen.includes(id));
  const weightOf = ({ id }: ShelfStyle): number => weights[id] ?? 1 / Math.max(1, parts.length);

  const merge = async (take: (file: File) => void): Promise<void> => {
    if (underway.current !== undefined) return;
    const abort = new AbortController();
    underway.current = abort;
    setFailure(undefined);
    setRecipe('');
    try {
      const { fileNameOf, mergeStyles } = await import('../state/merge-styles.ts');
      const merged = await mergeStyles(
        parts.map((style) => ({ style, weight: weightOf(style) })),
        fileNameOf(name) ?? 'merged',
        format,
        tincture,
        { signal: abort.signal, onPart: (part) => setDoing(`reading ${parts[part]!.title}`) },
      );
      setRecipe(merged.recipe);
      take(merged.file);
    } catch (thrown) {
      if (!abort.signal.aborted) setFailure(failureOf('Merging', thrown));
    } finally {
      underway.current = undefined;
      setDoing(undefined);
    }
  };
  const ready = parts.length >= 2 && doing === undefined;

  return (
    <Modal title="Merge styles" kind="merge-dialog" onClose={onClose}>
      <p class="hint">
        The weighted sum of hypernetworks of one shape, tensor by tensor: for saves of one training, or styles
        that were trained on from one. To draw with two unlike styles, take both into use instead.
      </p>
      <ul class="merge-parts" aria-label="Styles to merge">
        {shelf.map((style) => {
          const { id, title } = style;
          const ticked = chosen.includes(id);
          return (
            <li key={id} class="merge-part">
              <label>
                <input
                  type="checkbox"
                  checked={ticked}
                  onChange={() => setChosen(ticked ? chosen.filter((one) => one !== id) : [...chosen, id])}
                />{' '}
                {title}
              </label>
              {ticked ? (
                <Slider
                  label={`Weight of ${title}`}
                  value={weightOf(style)}
                  min={-1}
                  max={2}
                  step={0.05}
                  origin={0}
                  onChange={(weight) =>
                    setWeights({ ...weights, [id]: Math.min(100, Math.max(-100, weight)) })
                  }
                />
              ) : null}
            </li>
          );
        })}
      </ul>
      <div class="merge-result">
        <label class="field">
          <span class="field-name">Name</span>
          <input
            type="text"
            autocomplete="off"
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </label>
        <label class="field">
          <span class="field-name">File</span>
          <select
            value={format}
            onChange={({ currentTarget }) => setFormat(currentTarget.value === 'pt' ? 'pt' : 'safetensors')}
          >
            <option value="safetensors">.safetensors</option>
            <option value="pt">.pt, as AUTOMATIC1111’s</option>
          </select>
        </label>
      </div>
      {failure === undefined ? null : (
        <div class="failure" role="alert">
          <p class="failure-message">{failure.message}</p>
          {failure.advice === '' ? null : <p class="failure-advice">{failure.advice}</p>}
        </div>
      )}
      <div class="merge-go">
        <button
          type="button"
          class="quiet framed"
          disabled={!ready}
          onClick={() =>
            void merge((file) => {
              void actions.bring([file]);
              onClose();
            })
          }
        >
          <Icon name="check" /> Use it now
        </button>
        <button
          type="button"
          class="quiet framed"
          disabled={!ready}
          onClick={() => void merge((file) => saveFile(file, file.name))}
        >
          <Icon name="download" /> Save the file
        </button>
        <p class="hint" role="status">
          {doing ?? (recipe === '' && parts.length < 2 ? 'Choose two styles at least.' : recipe)}
        </p>
      </div>
    </Modal>
  );
}
