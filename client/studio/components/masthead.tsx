// The page's head: the name, what runs, whether there is a network, and what is kept here.
import type { Press, StudioState } from '../state/studio.ts';
import { useSelected } from './studio-context.ts';
import type { View } from './view.ts';

const selectPress = (state: StudioState) => state.press;
const selectOnline = (state: StudioState) => state.online;
const selectTraining = (state: StudioState) => state.training;
const selectModel = (state: StudioState) => state.model;

/** Where keyboards get past the head, by view. */
const SKIPS: Readonly<Record<View, { readonly to: string; readonly words: string }>> = {
  draw: { to: '#prompt', words: 'Skip to the prompt' },
  grid: { to: '.grid-form select', words: 'Skip to the axes' },
  models: { to: '.bring-buttons button', words: 'Skip to the models' },
  train: { to: '.train button', words: 'Skip to the pictures' },
  compare: { to: '.comparison-open input', words: 'Skip to the report' },
  playground: { to: '.cm-content', words: 'Skip to the editor' },
  publish: { to: '.publish input', words: 'Skip to the form' },
};

export interface MastheadProps {
  readonly view: View;
  readonly onEngine: () => void;
  readonly onStorage: () => void;
  /** Who is signed in, as far as this browser knows. */
  readonly handle: string | undefined;
  readonly onAccount: () => void;
}

export function Masthead({ view, handle, onEngine, onStorage, onAccount }: MastheadProps) {
  const press = useSelected(selectPress);
  const online = useSelected(selectOnline);
  const model = useSelected(selectModel);
  const training = useSelected(selectTraining);
  const skip = SKIPS[view];
  return (
    <header class="masthead">
      <a
        class="skip"
        href={`#${view}`}
        onClick={(event) => {
          event.preventDefault();
          document.querySelector<HTMLElement>(skip.to)?.focus();
        }}
      >
        {skip.words}
      </a>
      <h1>
        <svg class="seal" viewBox="0 0 24 28" aria-hidden="true">
          <path class="seal-field" d="M2 2h20v12c0 6-4.500 10-10 12.500C6.500 24 2 20 2 14z" />
          <path class="seal-lines" d="M6 2v20.500M10 2v23.500M14 2v23.500M18 2v20.500" />
          <path class="seal-edge" d="M2 2h20v12c0 6-4.500 10-10 12.500C6.500 24 2 20 2 14z" />
        </svg>
        Tincture
      </h1>
      <nav class="views" aria-label="Views">
        <a href="#draw" aria-current={view === 'draw' ? 'page' : undefined}>
          Draw
        </a>
        <a href="#grid" aria-current={view === 'grid' ? 'page' : undefined}>
          Grid
        </a>
        <a href="#models" aria-current={view === 'models' ? 'page' : undefined}>
          Models
        </a>
        <a href="#train" aria-current={view === 'train' ? 'page' : undefined}>
          Train
          {training === undefined ? null : <span class="views-state">{training}</span>}
        </a>
        <a href="#playground" aria-current={view === 'playground' ? 'page' : undefined}>
          Playground
        </a>
        <a href="#publish" aria-current={view === 'publish' ? 'page' : undefined}>
          Publish
        </a>
        <a href="/styles">Styles</a>
      </nav>
      <p class="privacy">
        {view === 'publish'
          ? 'Only what you publish leaves this page.'
          : 'Prompts and pictures never leave this page.'}
      </p>
      <nav class="chips" aria-label="Engine, storage and account">
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
        <button
          type="button"
          class="chip"
          aria-haspopup="dialog"
          aria-label={handle === undefined ? 'Account' : `${handle}: account`}
          onClick={onAccount}
        >
          <span class="chip-handle">{handle ?? 'Account'}</span>
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
