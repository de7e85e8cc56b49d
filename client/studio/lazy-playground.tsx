// Fetches the playground when it is first opened: its editor and compiler are larger than the rest of the studio.
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { FailurePanel } from './components/failure-panel.tsx';
import { useStudio } from './components/studio-context.ts';

let fetched: ComponentType | undefined;

export function LazyPlayground() {
  const { actions } = useStudio();
  const [Page, setPage] = useState(() => fetched);
  useEffect(() => {
    if (fetched !== undefined) return;
    void actions.attempt('Opening the playground', async () => {
      const { Playground } = await import('./playground/playground.tsx');
      fetched = Playground;
      setPage(() => Playground);
    });
  }, [actions]);
  if (Page !== undefined) return <Page />;
  return (
    <main class="opening" aria-busy="true">
      <FailurePanel />
      <p role="status">Opening the playground …</p>
    </main>
  );
}
