// The page: where everything stands, and the keys that work everywhere.
import { useEffect, useState } from 'preact/hooks';
import { Composer } from './components/composer.tsx';
import { DrawBar } from './components/draw-bar.tsx';
import { DropVeil } from './components/drop-veil.tsx';
import { EngineDialog } from './components/engine-dialog.tsx';
import { FailurePanel, Notices } from './components/failure-panel.tsx';
import { FineSettings } from './components/fine-settings.tsx';
import { Gallery } from './components/gallery.tsx';
import { Masthead } from './components/masthead.tsx';
import { PrintDialog } from './components/print-dialog.tsx';
import { Sheet } from './components/sheet.tsx';
import { StorageDialog } from './components/storage-dialog.tsx';
import { useStudio } from './components/studio-context.ts';
import { StyleRack } from './components/style-rack.tsx';

type Open = { readonly dialog: 'engine' | 'storage' } | { readonly dialog: 'print'; readonly number: number };

export function App() {
  const { actions } = useStudio();
  const [open, setOpen] = useState<Open>();
  const close = () => setOpen(undefined);
  const enlarge = (number: number) => setOpen({ dialog: 'print', number });

  useEffect(() => {
    const byKey = (event: KeyboardEvent) => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        void actions.draw();
      }
      // Escape belongs to a dialog while one is open.
      if (event.key === 'Escape' && document.querySelector('dialog[open]') === null) actions.stop();
    };
    addEventListener('keydown', byKey);
    return () => removeEventListener('keydown', byKey);
  }, [actions]);

  return (
    <>
      <Masthead
        onEngine={() => setOpen({ dialog: 'engine' })}
        onStorage={() => setOpen({ dialog: 'storage' })}
      />
      <main class="bench">
        <div class="compose">
          <Composer />
          <DrawBar />
        </div>
        <div class="centre">
          <FailurePanel />
          <Notices />
          <Sheet onEnlarge={enlarge} />
          <Gallery onEnlarge={enlarge} />
        </div>
        <StyleRack />
        <FineSettings />
      </main>
      {open?.dialog === 'engine' ? <EngineDialog onClose={close} /> : null}
      {open?.dialog === 'storage' ? <StorageDialog onClose={close} /> : null}
      {open?.dialog === 'print' ? (
        <PrintDialog number={open.number} onShow={enlarge} onClose={close} />
      ) : null}
      <DropVeil />
    </>
  );
}
