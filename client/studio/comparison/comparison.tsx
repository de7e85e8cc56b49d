// The comparison page: a hypernetwork and an embedding trained on the same pictures here, or a report from elsewhere.
import { useEffect } from 'preact/hooks';
import { MAX_REPORT_BYTES, readReport } from '../../comparison/read-report.ts';
import { TinctureError } from '../../index.ts';
import { DropVeil } from '../components/drop-veil.tsx';
import { FailurePanel, FailureWords, NoticeList } from '../components/failure-panel.tsx';
import { usePart, useStudio } from '../components/studio-context.ts';
import { droppedPicks } from '../state/picks.ts';
import '../training/css/training.css';
import './css/comparison.css';
import { MAX_BROUGHT } from '../training/bring-pictures.ts';
import { PictureSet } from '../training/picture-set.tsx';
import { TrainingContext, useTrain, useTraining } from '../training/training-context.ts';
import { trainingParts } from '../training/training-parts.ts';
import type { TrainingPageState } from '../training/training-state.ts';
import { ComparisonBar } from './comparison-bar.tsx';
import { Downloads } from './comparison-downloads.tsx';
import { ComparisonPlan } from './comparison-plan.tsx';
import { type ComparisonPageState, comparison } from './comparison-run.ts';
import { ReportView } from './report-view.tsx';

export function Comparison() {
  return (
    <TrainingContext.Provider value={trainingParts(useStudio())}>
      <Page />
    </TrainingContext.Provider>
  );
}

const selectAll = (state: ComparisonPageState) => state;
const selectFailure = (state: TrainingPageState) => state.failure;
const selectNotices = (state: TrainingPageState) => state.notices;

function Page() {
  const studio = useStudio();
  const training = useTraining();
  const failure = useTrain(selectFailure);
  const brought = useTrain(selectNotices);
  const { run, report, files, notices } = usePart(comparison, selectAll);
  const take = async (dropped: DataTransfer): Promise<void> => {
    const picks = await droppedPicks(dropped, MAX_BROUGHT);
    const saved = picks.find(({ path }) => path.endsWith('.json'));
    if (saved !== undefined) await openReport(saved.file, saved.path);
    else if (run === undefined) await training.actions.bring(picks);
    else
      throw new TinctureError('comparison/busy', 'pictures cannot be added to a comparison under way', {
        fix: 'Cancel it, or wait until it has ended.',
      });
  };
  useEffect(() => {
    const warn = (event: BeforeUnloadEvent) => {
      if (comparison.state().run !== undefined) event.preventDefault();
    };
    addEventListener('beforeunload', warn);
    return () => removeEventListener('beforeunload', warn);
  }, []);
  return (
    <main class="comparison">
      <header class="comparison-head">
        <h2>Compare</h2>
        <p>
          Is an embedding easier than a hypernetwork? Both, trained on the same pictures with the same budget,
          on this device. Nothing is uploaded.
        </p>
        <label class="quiet comparison-open">
          Open a report.json
          <input
            class="sr"
            type="file"
            accept=".json,application/json"
            onChange={(event) => {
              const [file] = event.currentTarget.files ?? [];
              if (file === undefined) return;
              void studio.actions.attempt('Reading the report', () => openReport(file, file.name));
            }}
          />
        </label>
      </header>
      <FailurePanel />
      {failure === undefined ? null : (
        <FailureWords
          failure={failure}
          onPutAway={() => training.store.dispatch({ kind: 'set', change: { failure: undefined } })}
        />
      )}
      <NoticeList
        notices={[...brought, ...notices]}
        onPutAway={() => {
          training.store.dispatch({ kind: 'set', change: { notices: [] } });
          comparison.dispatch({ notices: [] });
        }}
      />
      {run === undefined ? null : <ComparisonBar run={run} />}
      {report === undefined ? null : (
        <>
          <ReportView report={report} />
          <Downloads report={report} files={files} />
        </>
      )}
      <div class="train-bench">
        <PictureSet fixed={run !== undefined} />
        {run === undefined ? <ComparisonPlan /> : null}
      </div>
      <DropVeil words="Let go: pictures are taken up with their words, a report is shown." take={take} />
    </main>
  );
}

async function openReport(file: Blob, name: string): Promise<void> {
  if (file.size > MAX_REPORT_BYTES) {
    throw new TinctureError('comparison/report', 'the file is too large for a report', {
      where: name,
      expected: `at most ${MAX_REPORT_BYTES} bytes`,
      found: String(file.size),
    });
  }
  comparison.dispatch({ report: readReport(await file.text(), name), files: undefined });
}
