// The training page: pictures and words on one side, what is to be learnt on the other, the training itself above.
import { useCallback, useEffect } from 'preact/hooks';
import { DropVeil } from '../components/drop-veil.tsx';
import { FailureWords, NoticeList } from '../components/failure-panel.tsx';
import { useStudio } from '../components/studio-context.ts';
import { droppedPicks } from '../state/picks.ts';
import 'uplot/dist/uPlot.min.css';
import './css/training.css';
import './css/run.css';
import { MAX_BROUGHT } from './bring-pictures.ts';
import { PictureSet } from './picture-set.tsx';
import { Plan } from './plan.tsx';
import { RunPanel } from './run-panel.tsx';
import { TrainingContext, useTrain, useTraining } from './training-context.ts';
import { trainingParts } from './training-parts.ts';
import type { TrainingPageState } from './training-state.ts';

export function Training() {
  return (
    <TrainingContext.Provider value={trainingParts(useStudio())}>
      <Page />
    </TrainingContext.Provider>
  );
}

const selectFailure = (state: TrainingPageState) => state.failure;
const selectNotices = (state: TrainingPageState) => state.notices;
const selectShown = (state: TrainingPageState) =>
  state.run !== undefined || state.kept !== undefined || state.losses.last !== undefined;

function Page() {
  const { store, actions } = useTraining();
  const failure = useTrain(selectFailure);
  const notices = useTrain(selectNotices);
  const shown = useTrain(selectShown);
  const heading = 'A style or a subject of your own, learnt on this device from your pictures.';
  const take = useCallback(
    async (dropped: DataTransfer) => actions.bring(await droppedPicks(dropped, MAX_BROUGHT)),
    [actions],
  );
  useEffect(() => {
    const warn = (event: BeforeUnloadEvent) => {
      if (store.state().run?.phase === 'training') event.preventDefault();
    };
    addEventListener('beforeunload', warn);
    return () => removeEventListener('beforeunload', warn);
  }, [store]);
  return (
    <main class="train">
      <header class="train-head">
        <h2>Train</h2>
        <p>
          {heading} Nothing is uploaded. <a href="#compare">Which is easier, a style or a word?</a>
        </p>
      </header>
      {failure === undefined ? null : (
        <FailureWords
          failure={failure}
          onPutAway={() => store.dispatch({ kind: 'set', change: { failure: undefined } })}
        />
      )}
      <NoticeList
        notices={notices}
        onPutAway={() => store.dispatch({ kind: 'set', change: { notices: [] } })}
      />
      {shown ? <RunPanel /> : null}
      <div class="train-bench">
        <PictureSet />
        <Plan />
      </div>
      <DropVeil
        words="Let go: pictures are taken up, with the words of the .txt files beside them."
        take={take}
      />
    </main>
  );
}
