// Embeddings at hand, beside the styles: their words, for both prompts.
import { embeddingText, withWord } from '../state/embeddings.ts';
import type { StudioState } from '../state/studio.ts';
import { Icon } from './icon.tsx';
import { useSelected, useStudio } from './studio-context.ts';

const selectEmbeddings = (state: StudioState) => state.embeddings;
const selectWidth = (state: StudioState) =>
  state.press.phase === 'ready' ? state.press.facts.contextWidth : undefined;

export function EmbeddingList() {
  const { store } = useStudio();
  const embeddings = useSelected(selectEmbeddings);
  const width = useSelected(selectWidth);
  if (embeddings.length === 0) return null;
  const say = (word: string, where: 'prompt' | 'negativePrompt') => {
    const { settings } = store.state();
    store.dispatch({ kind: 'set', settings: { [where]: withWord(settings[where], word) } });
  };
  return (
    <div class="embeddings">
      <h3 id="embeddings-title">Embeddings</h3>
      <ul aria-labelledby="embeddings-title">
        {embeddings.map((embedding) => {
          const word = embedding.words[0] ?? embedding.name;
          return (
            <li key={embedding.name} class="embedding">
              <span class="embedding-word">{embedding.name}</span>
              <span class="origin">{embeddingText(embedding, width)}</span>
              <span class="style-tools">
                <button
                  type="button"
                  class="tool small"
                  title="Add the word to what to draw"
                  onClick={() => say(word, 'prompt')}
                >
                  <Icon name="add" />
                  <span class="sr">{`Add ${word} to what to draw`}</span>
                </button>
                <button
                  type="button"
                  class="tool small"
                  title="Add the word to what to keep out"
                  onClick={() => say(word, 'negativePrompt')}
                >
                  <Icon name="minus" />
                  <span class="sr">{`Add ${word} to what to keep out`}</span>
                </button>
                {embedding.file === undefined ? null : (
                  <button
                    type="button"
                    class="tool small"
                    title="Put away"
                    onClick={() => store.dispatch({ kind: 'drop-embedding', name: embedding.name })}
                  >
                    <Icon name="close" />
                    <span class="sr">{`Put the embedding ${embedding.name} away`}</span>
                  </button>
                )}
              </span>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
