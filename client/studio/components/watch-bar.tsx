// Says that the page follows a kit on this computer, what it last told, and lets one part with it.
import { useEffect, useState } from 'preact/hooks';
import { failureOf } from '../state/failure.ts';
import { watch, watchAddress } from '../state/watch.ts';
import { Icon } from './icon.tsx';
import { useStudio } from './studio-context.ts';

export function WatchBar() {
  const { store, actions } = useStudio();
  const [address, setAddress] = useState<string>();
  const [words, setWords] = useState('connecting …');
  const [findings, setFindings] = useState<readonly string[]>([]);

  useEffect(() => {
    void actions.attempt('Watching', async () => setAddress(watchAddress(location.search)));
  }, [actions]);

  useEffect(() => {
    if (address === undefined) return;
    return watch(address, (news) => {
      setFindings(news.kind === 'errors' ? news.findings : []);
      if (news.kind === 'connected') setWords('connected; a build is drawn as soon as it is there');
      if (news.kind === 'lost') setWords('not there; trying again');
      if (news.kind === 'errors') setWords('the last build failed; the style before it stays');
      if (news.kind === 'built') {
        setWords(`built at ${new Date().toLocaleTimeString()}`);
        void actions.follow(news.file);
      }
      if (news.kind === 'fault') {
        store.dispatch({ kind: 'fail', failure: failureOf('Fetching the watched style', news.thrown) });
      }
    });
  }, [address, actions, store]);

  if (address === undefined) return null;
  const part = () => {
    setAddress(undefined);
    const plain = new URL(location.href);
    plain.searchParams.delete('watch');
    history.replaceState(null, '', plain);
  };
  return (
    <aside class="watch-bar" aria-label="Watching a style on this computer">
      <p>
        <span class="dot" aria-hidden="true" /> Watching <code>{address}</code>
      </p>
      <p role="status">{words}</p>
      <button type="button" class="quiet" onClick={part}>
        <Icon name="close" /> Disconnect
      </button>
      {findings.length === 0 ? null : (
        <ul class="watch-findings">
          {findings.map((finding, index) => (
            <li key={index}>{finding}</li>
          ))}
        </ul>
      )}
    </aside>
  );
}
