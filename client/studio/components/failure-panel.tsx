// Failures and notices in words, where the eye is; a failure stays until it is put away.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { StudioState } from '../state/studio.ts';
import { Icon } from './icon.tsx';
import { useSelected, useStudio } from './studio-context.ts';

const selectFailure = (state: StudioState) => state.failure;
const selectNotices = (state: StudioState) => state.notices;

export function FailurePanel() {
  const { store } = useStudio();
  const failure = useSelected(selectFailure);
  const panel = useRef<HTMLDivElement>(null);
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    setCopied(false);
    if (failure !== undefined) panel.current?.scrollIntoView({ block: 'nearest' });
  }, [failure]);
  if (failure === undefined) return null;
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
        <button type="button" class="quiet" onClick={() => store.dispatch({ kind: 'forgive' })}>
          <Icon name="close" /> Put away
        </button>
        {code === '' ? null : <code class="failure-code">{code}</code>}
      </div>
    </div>
  );
}

export function Notices() {
  const { store } = useStudio();
  const notices = useSelected(selectNotices);
  return (
    <div class="notices" role="status" aria-live="polite">
      {notices.length === 0 ? null : (
        <div class="notice">
          <ul>
            {notices.map((words) => (
              <li key={words}>{words}</li>
            ))}
          </ul>
          <button
            type="button"
            class="tool small"
            title="Put away"
            onClick={() => store.dispatch({ kind: 'notice', notices: [] })}
          >
            <Icon name="close" />
            <span class="sr">Put the notice away</span>
          </button>
        </div>
      )}
    </div>
  );
}
