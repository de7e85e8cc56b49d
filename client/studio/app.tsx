// The page: its head, the view below it, and the dialogs that every view has.
import { useState } from 'preact/hooks';
import { useAccountState } from './account/account-context.ts';
import { AccountDialog } from './account/account-dialog.tsx';
import { DeviceDialog } from './account/device-dialog.tsx';
import { useAccountPlace } from './account/linked-dialog.ts';
import { EngineDialog } from './components/engine-dialog.tsx';
import { Masthead } from './components/masthead.tsx';
import { StorageDialog } from './components/storage-dialog.tsx';
import { useView } from './components/view.ts';
import { WatchBar } from './components/watch-bar.tsx';
import { DrawingPage } from './drawing-page.tsx';
import { lazyPage } from './lazy-page.tsx';
import { ModelsPage } from './models-page.tsx';

const LazyPlayground = lazyPage(
  'the playground',
  async () => (await import('./playground/playground.tsx')).Playground,
);
const LazyPublishing = lazyPage(
  'the publishing page',
  async () => (await import('./publishing/publishing.tsx')).Publishing,
);
const LazyGrid = lazyPage('the grid', async () => (await import('./grid/grid-page.tsx')).GridPage);
const LazyTraining = lazyPage(
  'the training page',
  async () => (await import('./training/training.tsx')).Training,
);
const LazyComparison = lazyPage(
  'the comparison',
  async () => (await import('./comparison/comparison.tsx')).Comparison,
);

export function App() {
  const view = useView();
  const [dialog, setDialog] = useState<'engine' | 'storage'>();
  const [place, openPlace] = useAccountPlace();
  const { handle } = useAccountState();
  const close = () => setDialog(undefined);
  const leave = () => openPlace(undefined);
  return (
    <>
      <Masthead
        view={view}
        handle={handle}
        onEngine={() => setDialog('engine')}
        onStorage={() => setDialog('storage')}
        onAccount={() => openPlace({ dialog: 'account' })}
      />
      <WatchBar />
      {view === 'playground' ? <LazyPlayground /> : null}
      {view === 'publish' ? <LazyPublishing /> : null}
      {view === 'grid' ? <LazyGrid /> : null}
      {view === 'train' ? <LazyTraining /> : null}
      {view === 'compare' ? <LazyComparison /> : null}
      {view === 'models' ? <ModelsPage /> : null}
      {view === 'draw' ? <DrawingPage /> : null}
      {dialog === 'engine' ? <EngineDialog onClose={close} /> : null}
      {dialog === 'storage' ? <StorageDialog onClose={close} /> : null}
      {place?.dialog === 'account' ? <AccountDialog onClose={leave} /> : null}
      {place?.dialog === 'device' ? (
        <DeviceDialog key={place.code} code={place.code} onClose={leave} />
      ) : null}
    </>
  );
}
