// The sheet before its first picture: what to do, and a few prompts to begin with.
import { useStudio } from './studio-context.ts';

const PROMPTS = ['red apple', 'rocket on teal', 'owl on purple', 'sailboat on blue', 'cactus on pink'];

export function BlankSheet() {
  const { store, actions } = useStudio();
  const draw = (prompt: string) => {
    store.dispatch({ kind: 'set', settings: { prompt } });
    void actions.draw();
  };
  return (
    <div class="picture blank">
      <div class="blank-words">
        <p class="lead">A blank sheet.</p>
        <p>Say what to draw, or begin with one of these.</p>
        <ul class="starters">
          {PROMPTS.map((prompt) => (
            <li key={prompt}>
              <button type="button" class="starter" onClick={() => draw(prompt)}>
                {prompt}
              </button>
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}
