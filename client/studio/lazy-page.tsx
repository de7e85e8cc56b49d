// Fetches a page when it is first opened: few visitors open all of them, and some are larger than the rest of the studio.
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { FailurePanel } from './components/failure-panel.tsx';
import { useStudio } from './components/studio-context.ts';

/** A component that fetches another; `title` goes into words such as `Opening the playground`. */
export function lazyPage(title: string, fetchPage: () => Promise<ComponentType>): ComponentType {
  let fetched: ComponentType | undefined;
  return function LazyPage() {
    const { actions } = useStudio();
    const [Page, setPage] = useState(() => fetched);
    useEffect(() => {
      if (fetched !== undefined) return;
      void actions.attempt(`Opening ${title}`, async () => {
        const page = await fetchPage();
        fetched = page;
        setPage(() => page);
      });
    }, [actions]);
    if (Page !== undefined) return <Page />;
    return (
      <main class="opening" aria-busy="true">
        <FailurePanel />
        <p role="status">Opening {title} …</p>
      </main>
    );
  };
}
