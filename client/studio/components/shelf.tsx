// The shelf: styles at hand that are not in use, and a search of the registry for more.
import { useState } from 'preact/hooks';
import type { StudioState } from '../state/studio.ts';
import { Icon } from './icon.tsx';
import { useSelected, useStudio } from './studio-context.ts';
import { StyleMark } from './style-mark.tsx';

const selectShelf = (state: StudioState) => state.shelf;
const selectInUse = (state: StudioState) => state.inUse;
const selectEmbeddings = (state: StudioState) => state.embeddings;

/** The search is of use once the shelf no longer fits the eye. */
const SEARCH_FROM = 7;

export function Shelf() {
  const { store, actions } = useStudio();
  const shelf = useSelected(selectShelf);
  const inUse = useSelected(selectInUse);
  const embeddings = useSelected(selectEmbeddings);
  const [query, setQuery] = useState('');
  const wanted = query.trim().toLowerCase();
  const free = shelf.filter((style) => !inUse.some(({ id }) => id === style.id));
  const found = free.filter(({ name, title, description }) =>
    `${name} ${title} ${description}`.toLowerCase().includes(wanted),
  );
  return (
    <div class="shelf">
      {shelf.length + embeddings.length < SEARCH_FROM ? null : (
        <form
          class="search"
          onSubmit={(event) => {
            event.preventDefault();
            void actions.findStyles(query);
          }}
        >
          <input
            type="search"
            value={query}
            aria-label="Search styles and embeddings"
            placeholder="Search styles and embeddings"
            onInput={(event) => setQuery(event.currentTarget.value)}
          />
          <button type="submit" class="tool" title="Search the registry">
            <Icon name="search" />
            <span class="sr">Search the registry</span>
          </button>
        </form>
      )}
      <ul class="shelf-cards" aria-label="Styles at hand">
        {found.map((style) => (
          <li key={style.id}>
            <button
              type="button"
              class="shelf-card"
              title={style.description}
              onClick={() => store.dispatch({ kind: 'take', id: style.id })}
            >
              <StyleMark style={style} />
              <span class="shelf-name">{style.title}</span>
              <span class="sr">: use this style</span>
            </button>
          </li>
        ))}
      </ul>
      {shelf.length === 0 ? (
        <p class="hint">
          No style at hand. Drop a <code>.style</code>, <code>.pt</code> or <code>.safetensors</code> file
          anywhere on this page: it is used at once and never uploaded.
        </p>
      ) : (
        <p class="hint">
          Or drop a style or an embedding (<code>.style</code>, <code>.pt</code>, <code>.safetensors</code>)
          anywhere on this page.
        </p>
      )}
    </div>
  );
}
