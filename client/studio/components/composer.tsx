// Where the prompt is written, and the button that draws it.

import type { StudioState } from '../state/studio.ts';
import { useSelected, useStudio } from './studio-context.ts';

const selectPrompt = (state: StudioState) => state.settings.prompt;
const selectNegative = (state: StudioState) => state.settings.negativePrompt;

export function Composer() {
  const { store } = useStudio();
  const prompt = useSelected(selectPrompt);
  const negative = useSelected(selectNegative);
  return (
    <section class="panel composer" aria-labelledby="composer-title">
      <h2 id="composer-title">Prompt</h2>
      <label class="field">
        <span class="field-name">What to draw</span>
        <textarea
          id="prompt"
          class="prompt"
          rows={3}
          value={prompt}
          placeholder="what to draw"
          spellcheck={false}
          aria-describedby="prompt-hint"
          onInput={(event) =>
            store.dispatch({ kind: 'set', settings: { prompt: event.currentTarget.value } })
          }
        />
      </label>
      <label class="field">
        <span class="field-name">What to keep out</span>
        <textarea
          rows={1}
          class="negative"
          value={negative}
          placeholder="nothing to keep out"
          spellcheck={false}
          onInput={(event) =>
            store.dispatch({ kind: 'set', settings: { negativePrompt: event.currentTarget.value } })
          }
        />
      </label>
      <p id="prompt-hint" class="hint">
        <kbd>Ctrl</kbd> + <kbd>Enter</kbd> draws. <code>(more:1.2)</code> and <code>[less]</code> weigh words,{' '}
        <code>[from:to:0.5]</code> changes them on the way, <code>&lt;hypernet:name:0.8&gt;</code> names a
        style.
      </p>
    </section>
  );
}
