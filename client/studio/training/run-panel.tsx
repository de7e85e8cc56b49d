// The training under way or done: its losses, its previews, how long it takes, and what one can do with it.
import { Icon } from '../components/icon.tsx';
import { durationText, sizeText } from '../state/size-text.ts';
import { FilmStrip } from './film-strip.tsx';
import { LossPlot } from './loss-plot.tsx';
import { ResultBar } from './result-bar.tsx';
import { useTrain, useTraining } from './training-context.ts';
import { type Run, type TrainingPageState, timeLeft } from './training-state.ts';

const selectRun = (state: TrainingPageState) => state.run;
const selectPreviews = (state: TrainingPageState) => state.previews;
const selectHasLosses = (state: TrainingPageState) => state.losses.last !== undefined;

export function RunPanel() {
  const run = useTrain(selectRun);
  const previews = useTrain(selectPreviews);
  const hasLosses = useTrain(selectHasLosses);
  return (
    <section class="train-run" aria-label="The training">
      {run === undefined ? null : <RunBar run={run} />}
      <div class={previews.length > 0 ? 'run-views' : 'run-views run-views-one'}>
        {hasLosses || run !== undefined ? <LossPlot /> : null}
        {previews.length > 0 ? <FilmStrip previews={previews} /> : null}
      </div>
      <ResultBar />
    </section>
  );
}

function RunBar({ run }: { readonly run: Run }) {
  const { actions } = useTraining();
  const { phase, step, lastStep, message, done, total } = run;
  const began = lastStep > 0;
  return (
    <div class="run-bar">
      <p class="run-words" id="run-words">
        {began ? (
          <>
            Step <strong>{step}</strong> of {lastStep}
          </>
        ) : (
          `${message} …`
        )}
        {phase === 'pausing' ? ' · saving' : phase === 'unsaved' ? ' · waiting for room' : ''}
      </p>
      <progress
        aria-labelledby="run-words"
        {...(began
          ? { value: step, max: lastStep }
          : done === undefined || total === undefined || total === 0
            ? {}
            : { value: done, max: total })}
      />
      <RunFacts run={run} />
      <p class="run-buttons">
        {phase === 'unsaved' ? (
          <button type="button" class="quiet framed" onClick={() => actions.saveAgain()}>
            <Icon name="reuse" /> Save again and go on
          </button>
        ) : (
          <button
            type="button"
            class="quiet framed"
            title="Saves, then stops; it goes on to the same numbers"
            aria-disabled={phase !== 'training' && phase !== 'preparing'}
            onClick={() => (phase === 'training' || phase === 'preparing' ? actions.pause() : undefined)}
          >
            <Icon name="pause" /> Pause
          </button>
        )}
        <button
          type="button"
          class="quiet framed danger"
          title="Ends at once; what was saved last stays"
          onClick={() => void actions.stop()}
        >
          <Icon name="close" /> Stop
        </button>
      </p>
      {phase === 'training' && step % 50 === 0 ? (
        <span class="sr" role="status">
          step {step} of {lastStep}
        </span>
      ) : null}
    </div>
  );
}

const selectMemory = (state: TrainingPageState) => state.memory;
const selectPaper = (state: TrainingPageState) =>
  state.fit.phase === 'known' ? state.fit.assessment.need.bytes : undefined;
const selectSaved = (state: TrainingPageState) => state.kept?.step;

function RunFacts({ run }: { readonly run: Run }) {
  const memory = useTrain(selectMemory);
  const paper = useTrain(selectPaper);
  const saved = useTrain(selectSaved);
  const left = timeLeft(run);
  return (
    <dl class="run-facts">
      <div>
        <dt>Time left</dt>
        <dd>{left === undefined ? '–' : durationText(left)}</dd>
      </div>
      <div>
        <dt>A step</dt>
        <dd>{run.milliseconds === 0 ? '–' : durationText(run.milliseconds)}</dd>
      </div>
      <div>
        <dt>Memory</dt>
        <dd title="Measured by the browser, for this page and its Workers; on paper: what the training needs">
          {memory === undefined
            ? paper === undefined
              ? '–'
              : `${sizeText(paper)} on paper`
            : sizeText(memory)}
        </dd>
      </div>
      <div>
        <dt>Saved</dt>
        <dd>{saved === undefined ? 'not yet' : `step ${saved}`}</dd>
      </div>
    </dl>
  );
}
