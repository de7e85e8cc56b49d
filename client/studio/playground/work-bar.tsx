// The playground's head: what is worked on, new work from a template, and the way out as files.
import { useState } from 'preact/hooks';
import { Icon } from '../components/icon.tsx';
import { useStudio } from '../components/studio-context.ts';
import { saveFile } from '../state/save-file.ts';
import { CardDialog } from './card-dialog.tsx';
import { usePlay, usePlayground } from './playground-context.ts';
import type { PlaygroundState } from './playground-state.ts';
import { TemplateDialog } from './template-dialog.tsx';

const selectWork = (state: PlaygroundState) => state.work;
const selectReady = (state: PlaygroundState) => state.packed !== undefined && state.build.phase === 'done';

export function WorkBar() {
  const studio = useStudio();
  const { actions } = usePlayground();
  const work = usePlay(selectWork);
  const ready = usePlay(selectReady);
  const [dialog, setDialog] = useState<'template' | 'card'>();
  const close = () => setDialog(undefined);

  const saveSources = () => {
    for (const [path, text] of Object.entries(work.files)) {
      saveFile(new Blob([text], { type: 'text/plain' }), `${work.card.name}-${path.replace(/^.*\//, '')}`);
    }
  };
  const use = () =>
    studio.actions.attempt('Taking the style to the drawing page', async () => {
      const file = await actions.packed();
      if (file === undefined) return;
      await studio.actions.bring([file]);
      location.hash = '#draw';
    });

  return (
    <header class="work-bar">
      <div class="work-title">
        <h2>Playground</h2>
        <p>
          <strong>{work.card.title}</strong> <span class="work-words">{work.card.description}</span>
        </p>
      </div>
      <div class="work-tools" role="toolbar" aria-label="This style">
        <button type="button" class="quiet" aria-haspopup="dialog" onClick={() => setDialog('template')}>
          <Icon name="add" /> New…
        </button>
        <button type="button" class="quiet" title="The source, as a file" onClick={saveSources}>
          <Icon name="download" /> Source
        </button>
        <button
          type="button"
          class="quiet"
          aria-disabled={!ready}
          title="Put the style among those of the drawing page"
          onClick={() => (ready ? void use() : undefined)}
        >
          <Icon name="forward" /> Draw with it
        </button>
        <button
          type="button"
          class="quiet strong"
          aria-haspopup="dialog"
          aria-disabled={!ready}
          title={ready ? 'One file to use, to share, to publish' : 'First the source must compile'}
          onClick={() => (ready ? setDialog('card') : undefined)}
        >
          <Icon name="download" /> Download .style
        </button>
      </div>
      {dialog === 'template' ? <TemplateDialog onClose={close} /> : null}
      {dialog === 'card' ? <CardDialog onClose={close} /> : null}
    </header>
  );
}
