// The drawing page: prompt, sheet, styles and settings, and the keys that draw and stop.
import { useEffect, useMemo, useState } from 'preact/hooks';
import { Composer } from './components/composer.tsx';
import { DrawBar } from './components/draw-bar.tsx';
import { DropVeil } from './components/drop-veil.tsx';
import { FailurePanel, Notices } from './components/failure-panel.tsx';
import { FineSettings } from './components/fine-settings.tsx';
import { Gallery } from './components/gallery.tsx';
import { PictureOffer } from './components/picture-offer.tsx';
import { PrintDialog } from './components/print-dialog.tsx';
import { Sheet } from './components/sheet.tsx';
import { StartPanel } from './components/start-panel.tsx';
import { useStudio } from './components/studio-context.ts';
import { StyleRack } from './components/style-rack.tsx';
import { ofDrop } from './state/drops.ts';

export function DrawingPage() {
  const { actions } = useStudio();
  const [enlarged, setEnlarged] = useState<number>();
  const take = useMemo(() => ofDrop(actions.bring), [actions]);

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
      <main class="bench">
        <div class="compose">
          <Composer />
          <StartPanel />
          <DrawBar />
        </div>
        <div class="centre">
          <FailurePanel />
          <Notices />
          <PictureOffer />
          <Sheet onEnlarge={setEnlarged} />
          <Gallery onEnlarge={setEnlarged} />
        </div>
        <StyleRack />
        <FineSettings />
      </main>
      {enlarged === undefined ? null : (
        <PrintDialog number={enlarged} onShow={setEnlarged} onClose={() => setEnlarged(undefined)} />
      )}
      <DropVeil
        words="Let go: a style is used, a picture is drawn on or its parameters are restored, a model is added."
        take={take}
      />
    </>
  );
}
