// Progress as a printer's control strip: one patch a step, inked when the step is done.
import { useEffect, useState } from 'preact/hooks';
import { sizeText } from '../state/size-text.ts';
import type { Drawing, Press } from '../state/studio.ts';

/** More patches than this are too narrow for a phone: then a patch stands for several steps. */
const MOST_PATCHES = 40;
const PLAIN_PATCHES = 20;

interface Standing {
  readonly words: string;
  readonly done: number;
  readonly total: number;
  /** What a screen reader hears; changes rarely. */
  readonly spoken: string;
}

export interface ControlStripProps {
  readonly drawing: Drawing | undefined;
  readonly press: Press;
}

export function ControlStrip({ drawing, press }: ControlStripProps) {
  const standing = standingOf(drawing, press);
  const [spoken, setSpoken] = useState('');
  useEffect(() => setSpoken(standing?.spoken ?? ''), [standing?.spoken]);
  return (
    <div class="strip-holder">
      {standing === undefined ? null : <Strip {...standing} />}
      <p class="sr" role="status" aria-live="polite">
        {spoken}
      </p>
    </div>
  );
}

function Strip({ words, done, total }: Standing) {
  const patches = Math.min(MOST_PATCHES, total);
  const inked = Math.floor((done / total) * patches + 1e-9);
  return (
    <div class="strip">
      <div
        class="patches"
        role="progressbar"
        aria-label={words}
        aria-valuemin={0}
        aria-valuemax={total}
        aria-valuenow={done}
      >
        {Array.from({ length: patches }, (_, index) => (
          <i key={index} class={index < inked ? 'patch inked' : index === inked ? 'patch next' : 'patch'} />
        ))}
      </div>
      <p class="strip-words" aria-hidden="true">
        {words}
      </p>
    </div>
  );
}

/** What is going on; undefined when nothing is. Loading by bytes is told in sizes, drawing in steps. */
function standingOf(drawing: Drawing | undefined, press: Press): Standing | undefined {
  if (press.phase === 'loading') return loading(press.message, press.done, press.total);
  if (drawing === undefined) return undefined;
  const { stage, message, done, total } = drawing;
  if (stage === 'unet' && done !== undefined && total !== undefined && total > 0) {
    const quarter = Math.floor((4 * done) / total);
    const spoken = quarter === 0 ? 'Drawing' : `Drawing: ${quarter * 25} percent`;
    return { words: `step ${done} of ${total}`, done, total, spoken };
  }
  return loading(message, done, total);
}

function loading(message: string, done: number | undefined, total: number | undefined): Standing {
  if (done === undefined || total === undefined || total <= 0) {
    return { words: message, done: 0, total: PLAIN_PATCHES, spoken: message };
  }
  const share = Math.min(1, done / total);
  // Small totals count things, such as files; large ones count bytes.
  const amount = total > 1000 ? `${sizeText(done)} of ${sizeText(total)}` : `${done} of ${total}`;
  return {
    words: `${message}: ${amount}`,
    done: Math.floor(share * PLAIN_PATCHES),
    total: PLAIN_PATCHES,
    spoken: message,
  };
}
