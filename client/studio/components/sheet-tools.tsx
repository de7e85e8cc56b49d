// What one can do with a finished print: save, enlarge, use again, copy as a command.
import { useState } from 'preact/hooks';
import { commandFor } from '../state/command.ts';
import { savePng } from '../state/save-png.ts';
import type { Print, StudioState } from '../state/studio.ts';
import { Icon } from './icon.tsx';
import { useSelected, useStudio } from './studio-context.ts';

const selectCrisp = (state: StudioState) => state.crisp;

export interface SheetToolsProps {
  readonly print: Print;
  /** Absent where the print is already enlarged. */
  readonly onEnlarge?: () => void;
}

export function SheetTools({ print, onEnlarge }: SheetToolsProps) {
  const { store, actions } = useStudio();
  const crisp = useSelected(selectCrisp);
  const [copied, setCopied] = useState(false);
  const copy = () =>
    actions.attempt('Copying the command', async () => {
      const { shelf } = store.state();
      const { settings, styles, model, embeddings, start } = print;
      await navigator.clipboard.writeText(commandFor(settings, styles, shelf, model, embeddings, start));
      setCopied(true);
      setTimeout(() => setCopied(false), 2000);
    });
  return (
    <div class="tools" role="toolbar" aria-label="This picture">
      <button
        type="button"
        class="quiet"
        title="A PNG that carries its parameters"
        onClick={() => savePng(print)}
      >
        <Icon name="download" /> Download
      </button>
      {onEnlarge === undefined ? null : (
        <button type="button" class="quiet" onClick={onEnlarge}>
          <Icon name="enlarge" /> Enlarge
        </button>
      )}
      <button
        type="button"
        class="quiet"
        title="Put this picture’s settings back into the form, its seed locked"
        onClick={() => actions.useSettings(print.number)}
      >
        <Icon name="reuse" /> Use settings
      </button>
      <button
        type="button"
        class="quiet"
        title="Begin the next picture on this one"
        onClick={() => void actions.beginOnPrint(print.number)}
      >
        <Icon name="brush" /> Draw on it
      </button>
      <button
        type="button"
        class="quiet"
        title="The command line that draws this picture"
        onClick={() => void copy()}
      >
        <Icon name={copied ? 'check' : 'terminal'} /> {copied ? 'Copied' : 'Copy as command'}
      </button>
      <button
        type="button"
        class="quiet"
        aria-pressed={crisp}
        title="Show the picture’s own pixels with hard edges"
        onClick={() => store.dispatch({ kind: 'crisp', crisp: !crisp })}
      >
        <Icon name="pixels" /> Pixels
      </button>
    </div>
  );
}
