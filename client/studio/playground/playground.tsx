// The playground: a plugin's source on the left, the picture that it makes on the right, drawn anew as one types.
import { useEffect } from 'preact/hooks';
import { DropVeil } from '../components/drop-veil.tsx';
import { type Studio, useStudio } from '../components/studio-context.ts';
import './css/playground.css';
import { failureOf } from '../state/failure.ts';
import { createStore } from '../state/store.ts';
import { createWorkshop } from './build.ts';
import { keepWork, readWork } from './kept-work.ts';
import { createPlaygroundActions } from './playground-actions.ts';
import { PlaygroundContext, type PlaygroundParts } from './playground-context.ts';
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
    lists: tincture,
  });
  const { settings } = studio.state();
  // The same picture again and again is what shows a change; without words there is little to see.
  const prompt = settings.prompt.trim() === '' ? 'red apple' : settings.prompt;
  studio.dispatch({ kind: 'set', settings: { prompt, seedLocked: true } });
  actions.setWeights(isTemplate(work.template) ? weightsFrom(work.template) : []);
  return { store, actions };
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
        bring={bring}
      />
    </main>
  );
}
