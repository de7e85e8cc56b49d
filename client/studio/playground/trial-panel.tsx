// The picture that the plugin makes of the current prompt, before it the same without the style, and what changes it.
import { useState } from 'preact/hooks';
import { ControlStrip } from '../components/control-strip.tsx';
import { FailurePanel, Notices } from '../components/failure-panel.tsx';
import { PictureCanvas } from '../components/picture-canvas.tsx';
import { useSelected } from '../components/studio-context.ts';
import type { StudioState } from '../state/studio.ts';
import { usePlay } from './playground-context.ts';
import type { PlaygroundState } from './playground-state.ts';
import { TrialSettings } from './trial-settings.tsx';

const selectNow = (state: PlaygroundState) => state.now;
const selectPlain = (state: PlaygroundState) => state.plain;
const selectDrawing = (state: PlaygroundState) => state.drawing;
const selectFailure = (state: PlaygroundState) => state.failure;
const selectStale = (state: PlaygroundState) =>
  state.now !== undefined && (state.build.phase !== 'done' || state.failure !== undefined);
const selectPress = (state: StudioState) => state.press;
const selectCrisp = (state: StudioState) => state.crisp;
const selectShape = (state: StudioState) => state.settings.width / state.settings.height;

export function TrialPanel() {
  const now = usePlay(selectNow);
  const drawing = usePlay(selectDrawing);
  const failure = usePlay(selectFailure);
  const stale = usePlay(selectStale);
  const press = useSelected(selectPress);
  const wanted = useSelected(selectShape);
  const shape = now === undefined ? wanted : now.picture.width / now.picture.height;
  const style = { '--shape': Number.isFinite(shape) && shape > 0 ? shape : 1 };
  return (
    <section class="trial" aria-label="The picture">
      <FailurePanel />
      <Notices />
      <div class="sheet" style={style}>
        <div class={stale ? 'plate stale' : 'plate'} aria-busy={drawing !== undefined}>
          <i class="crop" aria-hidden="true" />
          {now === undefined ? (
            <div class={drawing === undefined ? 'trial-blank blank' : 'trial-blank inking'} />
          ) : (
            <Compared />
          )}
        </div>
        <ControlStrip drawing={drawing} press={press} />
        {failure === undefined ? null : (
          <div class="failure" role="alert">
            <p class="failure-doing">{failure.doing} failed</p>
            <p>{failure.message}</p>
            {failure.advice === '' ? null : <p class="failure-advice">{failure.advice}</p>}
          </div>
        )}
        {now === undefined || now.notices.length === 0 ? null : (
          <ul class="trial-notices">
            {now.notices.map((words) => (
              <li key={words}>{words}</li>
            ))}
          </ul>
        )}
      </div>
      <TrialSettings />
    </section>
  );
}

/** The picture with the style over the one without it, and the line between them. */
function Compared() {
  const now = usePlay(selectNow);
  const plain = usePlay(selectPlain);
  const crisp = useSelected(selectCrisp);
  const [line, setLine] = useState(0);
  if (now === undefined) return null;
  const without = plain?.picture;
  const comparable =
    without !== undefined && without.width === now.picture.width && without.height === now.picture.height;
  return (
    <>
      <div class="compared" style={{ '--line': comparable ? `${line}%` : '0%' }}>
        {comparable ? (
          <PictureCanvas picture={without} crisp={crisp} label="The picture without the style" />
        ) : null}
        <div class="compared-now">
          <PictureCanvas picture={now.picture} crisp={crisp} label="The picture with the style" />
        </div>
        {comparable && line > 0 && line < 100 ? <i class="compared-line" aria-hidden="true" /> : null}
      </div>
      {comparable ? (
        <div class="compare">
          <button type="button" class="quiet" aria-pressed={line === 0} onClick={() => setLine(0)}>
            With
          </button>
          <input
            type="range"
            min={0}
            max={100}
            step={1}
            value={line}
            style={{ '--from': '0%', '--to': `${line}%` }}
            aria-label="How much of the picture is shown without the style, in percent"
            onInput={(event) => setLine(Number(event.currentTarget.value))}
          />
          <button type="button" class="quiet" aria-pressed={line === 100} onClick={() => setLine(100)}>
            Without
          </button>
        </div>
      ) : null}
    </>
  );
}
