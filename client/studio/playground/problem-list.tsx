// What the compiler found, and why a module is refused; a press puts the cursor at the place.
import type { Diagnostic } from '../../kit/diagnostics.ts';
import { usePlay } from './playground-context.ts';
import type { PlaygroundState } from './playground-state.ts';

/** More than these are the echo of the first ones. */
const SHOWN = 50;

const selectProblems = (state: PlaygroundState) => state.problems;
const selectRefusal = (state: PlaygroundState) =>
  state.build.phase === 'refused' ? state.build.failure : undefined;

export interface ProblemListProps {
  readonly onGoTo: (path: string, line: number, column: number) => void;
}

export function ProblemList({ onGoTo }: ProblemListProps) {
  const problems = usePlay(selectProblems);
  const refusal = usePlay(selectRefusal);
  if (problems.length === 0 && refusal === undefined) return null;
  return (
    <div class="problems">
      {refusal === undefined ? null : (
        <div class="problem problem-error" role="alert">
          <p>
            <strong>{refusal.doing} failed.</strong> {refusal.message} {refusal.advice}
          </p>
        </div>
      )}
      <ul aria-label="Problems">
        {problems.slice(0, SHOWN).map((problem, index) => (
          <li key={index} class="problem-item">
            <button
              type="button"
              class={`problem problem-${problem.severity}`}
              disabled={problem.line === 0}
              onClick={() => onGoTo(problem.file, problem.line, problem.column)}
            >
              <span class="problem-place">{placeOf(problem)}</span>
              <span>{problem.message}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

function placeOf({ file, line, severity }: Diagnostic): string {
  if (line === 0) return severity;
  return `${file.replace(/^assembly\//, '')}:${line}`;
}
