// The page: its head, the view below it, and the dialogs that every view has.
import { useState } from 'preact/hooks';
import { EngineDialog } from './components/engine-dialog.tsx';
import { Masthead } from './components/masthead.tsx';
import { StorageDialog } from './components/storage-dialog.tsx';
import { useView } from './components/view.ts';
import { WatchBar } from './components/watch-bar.tsx';
import { DrawingPage } from './drawing-page.tsx';
import { LazyPlayground } from './lazy-playground.tsx';

export function App() {
  const view = useView();
  const [dialog, setDialog] = useState<'engine' | 'storage'>();
  const close = () => setDialog(undefined);
  return (
    <>
      <Masthead view={view} onEngine={() => setDialog('engine')} onStorage={() => setDialog('storage')} />
      <WatchBar />
      {view === 'playground' ? <LazyPlayground /> : <DrawingPage />}
      {dialog === 'engine' ? <EngineDialog onClose={close} /> : null}
      {dialog === 'storage' ? <StorageDialog onClose={close} /> : null}
    </>
  );
}
