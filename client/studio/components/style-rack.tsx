// Styles: those in use in their order, and the shelf of those at hand.
import { useRef, useState } from 'preact/hooks';
import type { StudioState } from '../state/studio.ts';
import { isIdle, widthsBent } from '../state/styles.ts';
import { EmbeddingList } from './embedding-list.tsx';
import { Icon } from './icon.tsx';
import { MergeDialog } from './merge-dialog.tsx';
import { Shelf } from './shelf.tsx';
import { useSelected, useStudio } from './studio-context.ts';
import { StyleCard } from './style-card.tsx';

const selectShelf = (state: StudioState) => state.shelf;
const selectInUse = (state: StudioState) => state.inUse;

const selectFacts = (state: StudioState) => (state.press.phase === 'ready' ? state.press.facts : undefined);

export function StyleRack() {
  const { store, actions } = useStudio();
  const shelf = useSelected(selectShelf);
  const inUse = useSelected(selectInUse);
  const facts = useSelected(selectFacts);
  const list = useRef<HTMLOListElement>(null);
  const files = useRef<HTMLInputElement>(null);
  const [dragged, setDragged] = useState<string>();
  const [spoken, setSpoken] = useState('');
  const [merging, setMerging] = useState(false);
  const titleOf = (id: string) => shelf.find((style) => style.id === id)?.title ?? id;

  const moveTo = (id: string, to: number, control?: string) => {
    store.dispatch({ kind: 'move', id, to });
    const now = store.state().inUse;
    setSpoken(`${titleOf(id)} is now ${now.findIndex((style) => style.id === id) + 1} of ${now.length}`);
    if (control === undefined) return;
    // Moving an element in the document takes the focus off it.
    requestAnimationFrame(() => {
      const card = [...(list.current?.children ?? [])].find((item) => item.getAttribute('data-style') === id);
      card?.querySelector<HTMLElement>(`[data-control="${control}"]`)?.focus();
    });
  };

  const grip = (id: string, event: PointerEvent) => {
    if (event.button !== 0) return;
    event.preventDefault();
    setDragged(id);
    const follow = ({ clientY }: PointerEvent) => {
      const cards = [...(list.current?.children ?? [])];
      const above = cards.filter((card) => {
        const { top, height } = card.getBoundingClientRect();
        return card.getAttribute('data-style') !== id && top + height / 2 < clientY;
      });
      moveTo(id, above.length);
    };
    // On the window: the card's own element moves in the document while it is dragged, which ends a capture.
    const end = () => {
      setDragged(undefined);
      removeEventListener('pointermove', follow);
      removeEventListener('pointerup', end);
      removeEventListener('pointercancel', end);
    };
    addEventListener('pointermove', follow);
    addEventListener('pointerup', end);
    addEventListener('pointercancel', end);
  };

  return (
    <section class="panel rack" aria-labelledby="rack-title">
      <header class="panel-head">
        <h2 id="rack-title">Styles</h2>
        {shelf.length < 2 ? null : (
          <button type="button" class="quiet" aria-haspopup="dialog" onClick={() => setMerging(true)}>
            <Icon name="merge" /> Merge…
          </button>
        )}
        <button type="button" class="quiet" onClick={() => files.current?.click()}>
          <Icon name="open" /> Open a file…
        </button>
        <input
          ref={files}
          class="sr"
          type="file"
          multiple
          tabIndex={-1}
          accept=".pt,.bin,.safetensors,.ckpt,.style,.png,.jpg,.jpeg,.webp,.json,.txt"
          aria-label="Files to open: styles, embeddings, pictures, or a model’s files"
          onChange={(event) => {
            const chosen = [...(event.currentTarget.files ?? [])];
            event.currentTarget.value = '';
            void actions.bring(chosen);
          }}
        />
      </header>
      {inUse.length === 0 ? (
        <p class="hint">None in use: the model draws as it was made.</p>
      ) : (
        <ol ref={list} class="in-use" aria-label="Styles in use, in the order in which they are applied">
          {inUse.map((use, place) => {
            const { id } = use;
            const style = shelf.find((entry) => entry.id === id);
            return style === undefined ? null : (
              <StyleCard
                key={id}
                style={style}
                use={use}
                widths={facts === undefined ? [] : widthsBent(style, facts)}
                place={place}
                count={inUse.length}
                dragged={dragged === id}
                idle={facts !== undefined && isIdle(style, facts)}
                onStrength={(value) => store.dispatch({ kind: 'strength', id, strength: value })}
                onParameter={(name, value) => store.dispatch({ kind: 'parameter', id, name, value })}
                onFactor={(of, factor) => store.dispatch({ kind: 'factor', id, of, factor })}
                onCurve={(points) => store.dispatch({ kind: 'curve', id, points })}
                onMove={(to, control) => moveTo(id, to, control)}
                onPutBack={() => store.dispatch({ kind: 'put-back', id })}
                onGrip={(event) => grip(id, event)}
              />
            );
          })}
        </ol>
      )}
      <p class="sr" aria-live="polite">
        {spoken}
      </p>
      <Shelf />
      <EmbeddingList />
      {merging ? <MergeDialog onClose={() => setMerging(false)} /> : null}
    </section>
  );
}
