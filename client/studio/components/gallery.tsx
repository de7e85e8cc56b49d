// The session's pictures, newest first; they are kept in this page's memory only.
import type { StudioState } from '../state/studio.ts';
import { PictureCanvas } from './picture-canvas.tsx';
import { useSelected, useStudio } from './studio-context.ts';

const selectPrints = (state: StudioState) => state.prints;
const selectShown = (state: StudioState) => state.shown;
const selectCrisp = (state: StudioState) => state.crisp;

export function Gallery({ onEnlarge }: { readonly onEnlarge: (number: number) => void }) {
  const { store } = useStudio();
  const prints = useSelected(selectPrints);
  const shown = useSelected(selectShown);
  const crisp = useSelected(selectCrisp);
  if (prints.length === 0) return null;
  const pick = (number: number) => {
    if (number === shown) onEnlarge(number);
    else store.dispatch({ kind: 'show', number });
  };
  return (
    <section class="gallery" aria-labelledby="gallery-title">
      <h2 id="gallery-title">This session</h2>
      <ul class="prints">
        {[...prints].reverse().map(({ number, picture, settings }) => (
          <li key={number}>
            <button
              type="button"
              class="thumb"
              aria-current={number === shown}
              title={number === shown ? 'Enlarge' : settings.prompt}
              onClick={() => pick(number)}
              onDblClick={() => onEnlarge(number)}
            >
              <PictureCanvas
                picture={picture}
                crisp={crisp}
                label={`Picture ${number}: ${settings.prompt}`}
              />
              <span class="thumb-number" aria-hidden="true">
                {number}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
