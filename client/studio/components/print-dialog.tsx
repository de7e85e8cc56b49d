// A print enlarged, with its parameters, and the way to its neighbours.
import { useEffect } from 'preact/hooks';
import type { Print, StudioState } from '../state/studio.ts';
import { Icon } from './icon.tsx';
import { Modal } from './modal.tsx';
import { PictureCanvas } from './picture-canvas.tsx';
import { SheetTools } from './sheet-tools.tsx';
import { useSelected } from './studio-context.ts';

const selectPrints = (state: StudioState) => state.prints;
const selectCrisp = (state: StudioState) => state.crisp;

export interface PrintDialogProps {
  readonly number: number;
  readonly onShow: (number: number) => void;
  readonly onClose: () => void;
}

export function PrintDialog({ number, onShow, onClose }: PrintDialogProps) {
  const prints = useSelected(selectPrints);
  const crisp = useSelected(selectCrisp);
  const print = prints.find((entry) => entry.number === number);
  const go = (by: number) => {
    if (prints.some((entry) => entry.number === number + by)) onShow(number + by);
  };
  useEffect(() => {
    const byKey = ({ key }: KeyboardEvent) => {
      if (key === 'ArrowLeft') go(-1);
      if (key === 'ArrowRight') go(1);
    };
    addEventListener('keydown', byKey);
    return () => removeEventListener('keydown', byKey);
  });
  if (print === undefined) return null;
  return (
    <Modal title={`Picture ${number} of ${prints.length}`} kind="print-dialog" onClose={onClose}>
      <div class="enlarged">
        <button type="button" class="tool turn" aria-disabled={number === 1} onClick={() => go(-1)}>
          <Icon name="back" />
          <span class="sr">Earlier picture</span>
        </button>
        <div class="enlarged-picture" style={{ '--shape': print.picture.width / print.picture.height }}>
          <PictureCanvas picture={print.picture} crisp={crisp} label={`Picture ${number}, enlarged`} />
        </div>
        <button
          type="button"
          class="tool turn"
          aria-disabled={number === prints.length}
          onClick={() => go(1)}
        >
          <Icon name="forward" />
          <span class="sr">Later picture</span>
        </button>
      </div>
      <SheetTools print={print} />
      <Parameters print={print} />
    </Modal>
  );
}

function Parameters({ print }: { readonly print: Print }) {
  return (
    <details class="parameters" open>
      <summary>Parameters, as the PNG carries them</summary>
      <pre>{print.parameters}</pre>
    </details>
  );
}
