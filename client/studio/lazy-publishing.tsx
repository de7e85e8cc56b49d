// Fetches the publishing page when it is first opened: few visitors publish.
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { FailurePanel } from './components/failure-panel.tsx';
import { useStudio } from './components/studio-context.ts';

let fetched: ComponentType | undefined;

export function LazyPublishing() {
  const { actions } = useStudio();
  const [Page, setPage] = useState(() => fetched);
  useEffect(() => {
    if (fetched !== undefined) return;
    void actions.attempt('Opening the publishing page', async () => {
      const { Publishing } = await import('./publishing/publishing.tsx');
      fetched = Publishing;
      setPage(() => Publishing);
    });
  }, [actions]);
  if (Page !== undefined) return <Page />;
  return (
    <main class="opening" aria-busy="true">
      <FailurePanel />
      <p role="status">Opening the publishing page …</p>
    </main>
  );
}
