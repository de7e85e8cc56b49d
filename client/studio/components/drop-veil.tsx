// The whole page takes files: a veil says so while one is held over it.
import { useEffect, useState } from 'preact/hooks';
import { useStudio } from './studio-context.ts';

const holdsFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') === true;

export interface DropVeilProps {
  /** What happens to files, for the one who holds them. */
  readonly words: string;
  readonly take: (dropped: DataTransfer) => Promise<void>;
}

export function DropVeil({ words, take }: DropVeilProps) {
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
      void actions.attempt('Reading the dropped files', () => take(dataTransfer));
    };
    addEventListener('dragover', over);
    addEventListener('dragleave', leave);
    addEventListener('drop', drop);
    return () => {
      removeEventListener('dragover', over);
      removeEventListener('dragleave', leave);
      removeEventListener('drop', drop);
    };
  }, [actions, take]);
  return held ? (
    <div class="veil" aria-hidden="true">
      <p>
        {words}
        <br />
        Nothing is uploaded.
      </p>
    </div>
  ) : null;
}
