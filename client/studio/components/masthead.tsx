// The page's head: the name, what runs, whether there is a network, and what is kept here.
import type { Press, StudioState } from '../state/studio.ts';
import { useSelected } from './studio-context.ts';

const selectPress = (state: StudioState) => state.press;
const selectOnline = (state: StudioState) => state.online;
const selectModel = (state: StudioState) => state.model;

export interface MastheadProps {
  readonly onEngine: () => void;
  readonly onStorage: () => void;
}

export function Masthead({ onEngine, onStorage }: MastheadProps) {
  const press = useSelected(selectPress);
  const online = useSelected(selectOnline);
  const model = useSelected(selectModel);
  return (
    <header class="masthead">
      <a class="skip" href="#prompt">
        Skip to the prompt
      </a>
      <h1>
        <svg class="seal" viewBox="0 0 24 28" aria-hidden="true">
          <path class="seal-field" d="M2 2h20v12c0 6-4.500 10-10 12.500C6.500 24 2 20 2 14z" />
          <path class="seal-lines" d="M6 2v20.500M10 2v23.500M14 2v23.500M18 2v20.500" />
          <path class="seal-edge" d="M2 2h20v12c0 6-4.500 10-10 12.500C6.500 24 2 20 2 14z" />
        </svg>
        Tincture
      </h1>
      <p class="privacy">Prompts and pictures never leave this page.</p>
      <nav class="chips" aria-label="Engine and storage">
        {online ? null : (
          <span class="chip offline" role="status">
            offline
          </span>
        )}
        <button type="button" class={`chip engine-${press.phase}`} aria-haspopup="dialog" onClick={onEngine}>
          <span class="dot" aria-hidden="true" />
          {engineWords(press)}
          <span class="chip-model">{model === '' ? '' : ` · ${model}`}</span>
        </button>
        <button type="button" class="chip" aria-haspopup="dialog" onClick={onStorage}>
          Storage
        </button>
      </nav>
    </header>
  );
}

function engineWords(press: Press): string {
  switch (press.phase) {
    case 'empty':
      return 'Engine';
    case 'loading':
      return 'Loading';
    case 'failed':
      return 'Not loaded';
    case 'ready':
      return press.backend === 'webgpu' ? 'WebGPU' : 'WebAssembly';
  }
}
