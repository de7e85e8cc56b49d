// The whole page takes files: a veil says so while one is held over it.
import { useEffect, useState } from 'preact/hooks';
import { droppedFiles } from '../state/drops.ts';
import { useStudio } from './studio-context.ts';

const holdsFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') === true;

export function DropVeil() {
  const { actions } = useStudio();
  const [held, setHeld] = useState(false);
  useEffect(() => {
    const over = (event: DragEvent) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      setHeld(true);
    };
    const leave = (event: DragEvent) => {
      // Leaving the window, not just one element for the next.
      if (event.relatedTarget === null) setHeld(false);
    };
    const drop = (event: DragEvent) => {
      if (!holdsFiles(event) || event.dataTransfer === null) return;
      event.preventDefault();
      setHeld(false);
      const { dataTransfer } = event;
      void actions.attempt('Reading the dropped files', async () =>
        actions.bring(await droppedFiles(dataTransfer)),
      );
    };
    addEventListener('dragover', over);
    addEventListener('dragleave', leave);
    addEventListener('drop', drop);
    return () => {
      removeEventListener('dragover', over);
      removeEventListener('dragleave', leave);
      removeEventListener('drop', drop);
    };
  }, [actions]);
  return held ? (
    <div class="veil" aria-hidden="true">
      <p>
        Let go: a style is used, a picture’s parameters are restored, a model is loaded.
        <br />
        Nothing is uploaded.
      </p>
    </div>
  ) : null;
}
