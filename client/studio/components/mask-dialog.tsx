// Where the mask is painted: the picture, large, with a brush, an eraser and their size.
import { useMemo, useState } from 'preact/hooks';
import { encodePng } from '../../index.ts';
import { MASK_NAME } from '../state/command.ts';
import { type MaskStroke, paintMask } from '../state/mask-strokes.ts';
import { saveFile } from '../state/save-file.ts';
import { maskOf, maskPicture, type StartPicture } from '../state/start-picture.ts';
import type { StudioState } from '../state/studio.ts';
import { Icon } from './icon.tsx';
import { MaskPainter } from './mask-painter.tsx';
import { Modal } from './modal.tsx';
import { Slider } from './slider.tsx';
import { useSelected, useStudio } from './studio-context.ts';

const selectStart = (state: StudioState) => state.start;

export function MaskDialog({ onClose }: { readonly onClose: () => void }) {
  const start = useSelected(selectStart);
  return start === undefined ? null : (
    <Modal title="Paint what is drawn anew" kind="mask-dialog" onClose={onClose}>
      <Painting start={start} onClose={onClose} />
    </Modal>
  );
}

/** Of the picture's shorter side, at first. */
const FIRST_BRUSH = 0.12;

function Painting({ start, onClose }: { readonly start: StartPicture; readonly onClose: () => void }) {
  const { store } = useStudio();
  const { picture, strokes } = start;
  const shorter = Math.min(picture.width, picture.height);
  const [brush, setBrush] = useState(Math.max(1, Math.round(shorter * FIRST_BRUSH)));
  const [erases, setErases] = useState(false);
  const mask = useMemo(() => paintMask(picture.width, picture.height, strokes), [picture, strokes]);
  const add = (stroke: MaskStroke) => store.dispatch({ kind: 'mask', stroke });
  const painted = mask.values.reduce((count, value) => count + Number(value > 0), 0) / mask.values.length;
  const save = () => {
    const whole = maskOf(start);
    if (whole === undefined) return;
    saveFile(new Blob([encodePng(maskPicture(whole))], { type: 'image/png' }), MASK_NAME);
  };
  return (
    <>
      <MaskPainter picture={picture} mask={mask} radius={brush / 2} erases={erases} onStroke={add} />
      <div class="tools mask-tools" role="toolbar" aria-label="Mask">
        <button type="button" class="quiet" aria-pressed={!erases} onClick={() => setErases(false)}>
          <Icon name="brush" /> Paint
        </button>
        <button type="button" class="quiet" aria-pressed={erases} onClick={() => setErases(true)}>
          <Icon name="minus" /> Erase
        </button>
        <button
          type="button"
          class="quiet"
          aria-disabled={strokes.length === 0}
          onClick={() => store.dispatch({ kind: 'undo-mask' })}
        >
          <Icon name="undo" /> Undo
        </button>
        <button type="button" class="quiet" onClick={() => add({ kind: 'invert' })}>
          <Icon name="invert" /> Invert
        </button>
        <button
          type="button"
          class="quiet"
          aria-disabled={painted === 0}
          onClick={() => add({ kind: 'clear' })}
        >
          <Icon name="bin" /> Clear
        </button>
        <button type="button" class="quiet" aria-disabled={painted === 0} onClick={save}>
          <Icon name="download" /> Save the mask
        </button>
      </div>
      <Slider
        label="Brush"
        value={brush}
        min={1}
        max={Math.max(2, Math.round(shorter / 2))}
        step={1}
        onChange={(value) => setBrush(Math.min(Math.max(value, 1), 2 * shorter))}
      />
      <p class="hint" role="status">
        {painted === 0
          ? 'Nothing is painted: all of the picture is drawn over.'
          : `${Math.max(1, Math.round(100 * painted))} % is drawn anew, the rest stays as it is.`}{' '}
        By keyboard: arrows move the brush, space paints.
      </p>
      <button type="button" class="draw" onClick={onClose}>
        Done
      </button>
    </>
  );
}
