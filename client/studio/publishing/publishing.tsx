// The publishing page: a style is dropped, looked at, given its card and previews, signed and sent.
import { useEffect, useMemo } from 'preact/hooks';
import { useAccount } from '../account/account-context.ts';
import type { AccountKeeper } from '../account/account-keeper.ts';
import { DropVeil } from '../components/drop-veil.tsx';
import { FailurePanel, Notices } from '../components/failure-panel.tsx';
import { Icon } from '../components/icon.tsx';
import { type Studio, useStudio } from '../components/studio-context.ts';
import { ofDrop } from '../state/drops.ts';
import { createStore } from '../state/store.ts';
import { CardFields } from './card-fields.tsx';
import './css/publishing.css';
import { PreviewRow } from './preview-row.tsx';
import { createPublishingActions } from './publishing-actions.ts';
import { PublishingContext, type PublishingParts, useHeld, usePublishing } from './publishing-context.ts';
import { firstPublishing, type PublishingState, reducePublishing } from './publishing-state.ts';
import { SendBar } from './send-bar.tsx';

/** One for the page: what is half done is still there when one comes back. */
let parts: PublishingParts | undefined;

function open(studio: Studio, keeper: AccountKeeper): PublishingParts {
  const { prompt } = studio.store.state().settings;
  const store = createStore(reducePublishing, firstPublishing(prompt.trim() === '' ? 'red apple' : prompt));
  return { store, actions: createPublishingActions(store, studio, keeper) };
}

export function Publishing() {
  const studio = useStudio();
  const keeper = useAccount();
  parts ??= open(studio, keeper);
  const { actions } = parts;
  const take = useMemo(() => ofDrop(actions.bring), [actions]);
  // Who is not known to be signed in is simply not: the page says so where it matters.
  useEffect(() => void keeper.look().catch(() => undefined), [keeper]);
  return (
    <PublishingContext.Provider value={parts}>
      <Page />
      <DropVeil words="Let go: a style is taken up, pictures become its previews." take={take} />
    </PublishingContext.Provider>
  );
}

const selectParts = (state: PublishingState) => state.parts;
const selectFailure = (state: PublishingState) => state.failure;

const KINDS = { style: 'A packed style', hypernetwork: 'A hypernetwork', embedding: 'An embedding' } as const;

function Page() {
  const { store, actions } = usePublishing();
  const style = useHeld(selectParts);
  const failure = useHeld(selectFailure);
  return (
    <main class={style === undefined ? 'publish publish-empty' : 'publish'}>
      <header class="publish-head">
        <h2>Publish</h2>
        <p>A style for everybody: signed by you, found by its words, drawn on their own machines.</p>
      </header>
      <FailurePanel />
      <Notices />
      {style === undefined ? (
        <section class="publish-drop">
          <p class="publish-invitation">
            Drop a <code>.pt</code>, <code>.safetensors</code> or <code>.style</code> file here: a style or an
            embedding.
          </p>
          <label class="file-choice quiet framed">
            <Icon name="open" /> Choose a file
            <input
              type="file"
              class="sr"
              accept=".pt,.bin,.safetensors,.style"
              onChange={(event) => void actions.bring([...(event.currentTarget.files ?? [])])}
            />
          </label>
          <p class="hint">It is read here. Nothing leaves this page until you publish.</p>
          {failure === undefined ? null : (
            <div class="failure" role="alert">
              <p class="failure-doing">{failure.doing} failed</p>
              <p class="failure-message">{failure.message}</p>
              {failure.advice === '' ? null : <p class="failure-advice">{failure.advice}</p>}
            </div>
          )}
        </section>
      ) : (
        <>
          <div class="publish-look">
            <section class="publish-facts" aria-labelledby="facts-title">
              <h3 id="facts-title">{style.file.name}</h3>
              <p>{KINDS[style.kind]}</p>
              <ul>
                {style.facts.map((fact) => (
                  <li key={fact}>{fact}</li>
                ))}
              </ul>
              <button
                type="button"
                class="quiet framed"
                onClick={() => {
                  actions.stop();
                  store.dispatch({ kind: 'leave' });
                }}
              >
                <Icon name="back" /> Another file
              </button>
            </section>
            <PreviewRow />
          </div>
          <div class="publish-card">
            <h3>Card</h3>
            <CardFields />
            <SendBar />
          </div>
        </>
      )}
    </main>
  );
}
