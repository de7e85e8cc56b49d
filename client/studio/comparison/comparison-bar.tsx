// The comparison under way: both trainings and the pictures, each with how far it is, and the way out.
import { Icon } from '../components/icon.tsx';
import { fitWords } from '../training/fit-line.tsx';
import { type ComparisonRun, cancelComparison } from './comparison-run.ts';

const PARTS = [
  { part: 'hypernetwork', title: 'Hypernetwork' },
  { part: 'embedding', title: 'Embedding' },
  { part: 'pictures', title: 'Pictures' },
] as const;

export function ComparisonBar({ run }: { readonly run: ComparisonRun }) {
  const { message, parts, steps, assessment } = run;
  return (
    <section class="comparison-run" aria-label="The comparison">
      <p class="comparison-doing" role="status">
        {message} …
      </p>
      {PARTS.map(({ part, title }) => {
        const { done = 0, total = part === 'pictures' ? undefined : steps } = parts[part] ?? {};
        return (
          <label key={part} class="comparison-part">
            <span>{title}</span>
            <progress value={done} max={total ?? 1} />
            <span>{total === undefined ? 'later' : `${done} of ${total}`}</span>
          </label>
        );
      })}
      {assessment === undefined ? null : (
        <p class="hint">{fitWords({ phase: 'known', assessment, onGpu: false })}</p>
      )}
      <p>
        <button
          type="button"
          class="quiet framed danger"
          title="Ends it at once; nothing of it is kept"
          onClick={cancelComparison}
        >
          <Icon name="close" /> Cancel
        </button>
      </p>
    </section>
  );
}
