// The sheet: the picture, large, with a print's margin: its number, its words, and the control strip below.

import { durationText } from '../state/size-text.ts';
import type { Drawing, Print, StudioState } from '../state/studio.ts';
import { BlankSheet } from './blank-sheet.tsx';
import { ControlStrip } from './control-strip.tsx';
import { PictureCanvas } from './picture-canvas.tsx';
import { SheetTools } from './sheet-tools.tsx';
import { useSelected } from './studio-context.ts';

const selectDrawing = (state: StudioState) => state.drawing;
const selectPress = (state: StudioState) => state.press;
const selectCrisp = (state: StudioState) => state.crisp;
const selectShape = (state: StudioState) => state.settings.width / state.settings.height;
const selectPrint = (state: StudioState) => state.prints.find(({ number }) => number === state.shown);

export function Sheet({ onEnlarge }: { readonly onEnlarge: (number: number) => void }) {
  const drawing = useSelected(selectDrawing);
  const press = useSelected(selectPress);
  const print = useSelected(selectPrint);
  const crisp = useSelected(selectCrisp);
  const wanted = useSelected(selectShape);
  const shown = drawing === undefined ? print?.picture : undefined;
  const shape = shown === undefined ? wanted : shown.width / shown.height;
  const style = { '--shape': Number.isFinite(shape) && shape > 0 ? shape : 1 };
  return (
    <section class="sheet" aria-label="The picture" style={style}>
      <div class="plate" aria-busy={drawing !== undefined}>
        <i class="crop" aria-hidden="true" />
        {drawing !== undefined ? (
          <Underway drawing={drawing} />
        ) : print !== undefined ? (
          <button type="button" class="bare" title="Enlarge" onClick={() => onEnlarge(print.number)}>
            <PictureCanvas picture={print.picture} crisp={crisp} label={labelOf(print)} />
          </button>
        ) : (
          <BlankSheet />
        )}
      </div>
      <ControlStrip drawing={drawing} press={press} />
      {drawing === undefined && print !== undefined ? (
        <>
          <Margin print={print} />
          <SheetTools print={print} onEnlarge={() => onEnlarge(print.number)} />
        </>
      ) : null}
    </section>
  );
}

function Underway({ drawing }: { readonly drawing: Drawing }) {
  if (drawing.preview === undefined) return <div class="picture inking" />;
  return (
    <div class="wet">
      <PictureCanvas picture={drawing.preview} crisp={false} label="Preview of the picture on its way" />
    </div>
  );
}

function Margin({ print }: { readonly print: Print }) {
  const { settings } = print;
  return (
    <p class="margin">
      <span class="edition">№ {print.number}</span>
      <span class="words">{settings.prompt.trim() === '' ? 'untitled' : settings.prompt}</span>
      <span class="facts">
        seed {settings.seed} · {settings.steps} steps · {durationText(print.milliseconds)}
      </span>
    </p>
  );
}

function labelOf({ number, settings }: Print): string {
  return `Picture ${number}: ${settings.prompt.trim() === '' ? 'drawn without a prompt' : settings.prompt}`;
}
