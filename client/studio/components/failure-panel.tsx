// Failures and notices in words, where the eye is; a failure stays until it is put away.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Failure } from '../state/failure.ts';
import type { StudioState } from '../state/studio.ts';
import { Icon } from './icon.tsx';
import { useSelected, useStudio } from './studio-context.ts';

const selectFailure = (state: StudioState) => state.failure;
const selectNotices = (state: StudioState) => state.notices;

/** The studio's failure. */
export function FailurePanel() {
  const { store } = useStudio();
  const failure = useSelected(selectFailure);
  return failure === undefined ? null : (
    <FailureWords failure={failure} onPutAway={() => store.dispatch({ kind: 'forgive' })} />
  );
}

export interface FailureWordsProps {
  readonly failure: Failure;
  readonly onPutAway: () => void;
}

export function FailureWords({ failure, onPutAway }: FailureWordsProps) {
  const panel = useRef<HTMLDivElement>(null);
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    setCopied(false);
    panel.current?.scrollIntoView({ block: 'nearest' });
  }, [failure]);
  const { doing, message, advice, code } = failure;
  const details = [doing, message, code, navigator.userAgent].filter((line) => line !== '').join('\n');
  return (
    <div ref={panel} class="failure" role="alert">
      <p class="failure-doing">{doing} failed</p>
      <p class="failure-message">{message}</p>
      {advice === '' ? null : <p class="failure-advice">{advice}</p>}
      <div class="tools">
        <button
          type="button"
          class="quiet"
          onClick={() =>
            navigator.clipboard.writeText(details).then(
              () => setCopied(true),
              () => setCopied(false),
            )
          }
        >
          <Icon name={copied ? 'check' : 'terminal'} /> {copied ? 'Copied' : 'Copy the details'}
        </button>
        <button type="button" class="quiet" onClick={onPutAway}>
          <Icon name="close" /> Put away
        </button>
        {code === '' ? null : <code class="failure-code">{code}</code>}
      </div>
    </div>
  );
}

/** The studio's notices. */
export function Notices() {
  const { store } = useStudio();
  const notices = useSelected(selectNotices);
  return <NoticeList notices={notices} onPutAway={() => store.dispatch({ kind: 'notice', notices: [] })} />;
}

export interface NoticeListProps {
  readonly notices: readonly string[];
  readonly onPutAway: () => void;
}

export function NoticeList({ notices, onPutAway }: NoticeListProps) {
  return (
    <div class="notices" role="status" aria-live="polite">
      {notices.length === 0 ? null : (
        <div class="notice">
          <ul>
            {notices.map((words) => (
              <li key={words}>{words}</li>
            ))}
          </ul>
          <button type="button" class="tool small" title="Put away" onClick={onPutAway}>
            <Icon name="close" />
            <span class="sr">Put the notice away</span>
          </button>
        </div>
      )}
    </div>
  );
}
