// The last step: who signs, the button that publishes, how far it is, and what came of it.
import { useAccountState } from '../account/account-context.ts';
import { Icon } from '../components/icon.tsx';
import { useFaults } from './card-fields.tsx';
import { useHeld, usePublishing } from './publishing-context.ts';
import type { PublishingState } from './publishing-state.ts';

const selectSending = (state: PublishingState) => state.sending;
const selectStopped = (state: PublishingState) => state.stopped;
const selectResult = (state: PublishingState) => state.result;
const selectFailure = (state: PublishingState) => state.failure;
const selectForm = (state: PublishingState) => state.form;

export function SendBar() {
  const { store, actions } = usePublishing();
  const { me } = useAccountState();
  const faults = useFaults();
  const sending = useHeld(selectSending);
  const stopped = useHeld(selectStopped);
  const result = useHeld(selectResult);
  const failure = useHeld(selectFailure);
  const form = useHeld(selectForm);
  const [first] = faults;
  return (
    <section class="send-bar" aria-label="Publish">
      {failure === undefined ? null : (
        <div class="failure" role="alert">
          <p class="failure-doing">{failure.doing} failed</p>
          <p class="failure-message">{failure.message}</p>
          {failure.advice === '' ? null : <p class="failure-advice">{failure.advice}</p>}
          {failure.code === '' ? null : <code class="failure-code">{failure.code}</code>}
        </div>
      )}
      {result !== undefined ? (
        <div class="published" role="status">
          <p>
            <strong>
              {result.name} {result.version}
            </strong>{' '}
            {result.outcome === 'published' ? 'is published.' : 'was published already; nothing has changed.'}
          </p>
          <p class="published-ways">
            <a href={`/styles/${result.name}`}>Its page</a>
            <a href="#draw">Draw with it</a>
            <button type="button" class="quiet framed" onClick={() => store.dispatch({ kind: 'leave' })}>
              Publish another
            </button>
          </p>
        </div>
      ) : sending !== undefined ? (
        <div class="sending">
          <p class="sending-words" id="sending-words" role="status">
            {sending.message} …
          </p>
          <progress
            aria-labelledby="sending-words"
            {...(sending.total > 0 && sending.stage !== 'publishing'
              ? { value: sending.done, max: sending.total }
              : {})}
          />
          <button type="button" class="quiet framed" onClick={() => actions.stop()}>
            <Icon name="close" /> Cancel
          </button>
        </div>
      ) : (
        <>
          <p class="hint">
            {me === undefined ? (
              <>
                <a href="#account">Sign in</a> to publish. Published versions are public and never change;
                they can be hidden again, not recalled.
              </>
            ) : (
              <>
                Signed as <strong>{me.handle}</strong> with a key that stays in this browser. Published
                versions are public and never change; they can be hidden again, not recalled.
              </>
            )}
          </p>
          <button
            type="button"
            class="draw"
            aria-disabled={me === undefined || first !== undefined}
            title={first === undefined ? undefined : `${first[0]}: ${first[1]}`}
            onClick={() => (me === undefined || first !== undefined ? undefined : void actions.publish())}
          >
            {stopped ? 'Go on publishing' : `Publish ${form.name} ${form.version}`}
          </button>
          {first === undefined ? null : (
            <p class="hint" role="status">
              Still to be put right: {[...faults.keys()].join(', ')}.
            </p>
          )}
          {stopped ? <p class="hint">Stopped. What has arrived is not sent again.</p> : null}
        </>
      )}
    </section>
  );
}
