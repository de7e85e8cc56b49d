// The playground: a plugin's source on the left, the picture that it makes on the right, drawn anew as one types.
import { useEffect, useMemo } from 'preact/hooks';
import { DropVeil } from '../components/drop-veil.tsx';
import { type Studio, useStudio } from '../components/studio-context.ts';
import './css/playground.css';
import { ofDrop } from '../state/drops.ts';
import { failureOf } from '../state/failure.ts';
import { createStore } from '../state/store.ts';
import type { Tincture } from '../state/tincture.ts';
import { missingWeights } from './bring-weights.ts';
import { createWorkshop } from './build.ts';
import { keepWork, readWork } from './kept-work.ts';
import { createPlaygroundActions } from './playground-actions.ts';
import { PlaygroundContext, type PlaygroundParts } from './playground-context.ts';
import type { WeightsFile, Work } from './playground-state.ts';
import { firstPlayground, reducePlayground } from './playground-state.ts';
import { SourcePanel } from './source-panel.tsx';
import { FIRST_TEMPLATE, isTemplate, weightsFrom, workFrom } from './templates.ts';
import { TrialPanel } from './trial-panel.tsx';
import { useBring } from './use-bring.ts';
import { WorkBar } from './work-bar.tsx';

/** One for the page: the work goes on where it was when one comes back from drawing. */
let parts: PlaygroundParts | undefined;

function open({ store: studio, actions: studioActions, tincture }: Studio): PlaygroundParts {
  const work = readWork() ?? workFrom(FIRST_TEMPLATE);
  const store = createStore(reducePlayground, firstPlayground(work));
  keepWork(store, (thrown) =>
    studio.dispatch({ kind: 'fail', failure: failureOf('Keeping the source on this device', thrown) }),
  );
  const actions = createPlaygroundActions({
    store,
    workshop: createWorkshop(),
    studio,
    actions: studioActions,
    tincture,
  });
  const { settings } = studio.state();
  // The same picture again and again is what shows a change; without words there is little to see.
  const prompt = settings.prompt.trim() === '' ? 'red apple' : settings.prompt;
  studio.dispatch({ kind: 'set', settings: { prompt, seedLocked: true } });
  void studioActions
    .attempt('Reading the weights', () => weightsOf(work, tincture))
    .then((weights) => actions.setWeights(weights ?? []));
  return { store, actions };
}

/** The weights that belong to kept work: the template's, or the user's own. Throws where one of those was removed. */
async function weightsOf(work: Work, tincture: Tincture): Promise<readonly WeightsFile[]> {
  if (work.weights === undefined) return isTemplate(work.template) ? weightsFrom(work.template) : [];
  return Promise.all(
    work.weights.map(async ({ name, sha256 }) => {
      const blob = await tincture.kept(sha256, name);
      if (blob === undefined) throw missingWeights(name);
      return { name, bytes: new Uint8Array(await blob.arrayBuffer()) };
    }),
  );
}

export function Playground() {
  const studio = useStudio();
  parts ??= open(studio);
  return (
    <PlaygroundContext.Provider value={parts}>
      <Page />
    </PlaygroundContext.Provider>
  );
}

function Page() {
  const { actions } = parts!;
  const bring = useBring();
  const take = useMemo(() => ofDrop(bring), [bring]);
  useEffect(() => {
    const byKey = (event: KeyboardEvent) => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        void actions.draw();
      }
    };
    addEventListener('keydown', byKey);
    return () => {
      removeEventListener('keydown', byKey);
      actions.stop();
    };
  }, [actions]);
  return (
    <main class="playground">
      <WorkBar />
      <SourcePanel />
      <TrialPanel />
      <DropVeil
        words="Let go: weights are given to the plugin, a picture’s parameters are restored."
        take={take}
      />
    </main>
  );
}
