// The picture that the plugin makes of the current prompt, the same without the style behind it, and what changes it.
import { useState } from 'preact/hooks';
import { ControlStrip } from '../components/control-strip.tsx';
import { FailurePanel, Notices } from '../components/failure-panel.tsx';
import { useSelected } from '../components/studio-context.ts';
import { durationText } from '../state/size-text.ts';
import type { StudioState } from '../state/studio.ts';
import { Compared, CompareSlider } from './compared.tsx';
import { usePlay } from './playground-context.ts';
import type { PlaygroundState } from './playground-state.ts';
import { TrialSettings } from './trial-settings.tsx';

const selectNow = (state: PlaygroundState) => state.now;
/** The picture without the style, where it is the same in everything else. */
const selectPlain = ({ now, plain }: PlaygroundState) =>
  plain?.picture.width === now?.picture.width && plain?.picture.height === now?.picture.height
    ? plain
    : undefined;
const selectDrawing = (state: PlaygroundState) => state.drawing;
const selectFailure = (state: PlaygroundState) => state.failure;
/** The picture is that of an older source. */
const selectStale = ({ now, build, failure }: PlaygroundState) =>
  now !== undefined && (build.phase === 'wrong' || build.phase === 'refused' || failure !== undefined);
const selectPress = (state: StudioState) => state.press;
const selectShape = (state: StudioState) => state.settings.width / state.settings.height;

export function TrialPanel() {
  const now = usePlay(selectNow);
  const plain = usePlay(selectPlain);
  const drawing = usePlay(selectDrawing);
  const failure = usePlay(selectFailure);
  const stale = usePlay(selectStale);
  const press = useSelected(selectPress);
  const wanted = useSelected(selectShape);
  const [line, setLine] = useState(100);
  const shape = now === undefined ? wanted : now.picture.width / now.picture.height;
  const style = { '--shape': Number.isFinite(shape) && shape > 0 ? shape : 1 };
  const idle = drawing === undefined && press.phase !== 'loading';
  return (
    <section class="trial" aria-label="The picture">
      <FailurePanel />
      <Notices />
      <div class="sheet trial-sheet" style={style}>
        <div class={stale ? 'plate stale' : 'plate'} aria-busy={drawing !== undefined}>
          <i class="crop" aria-hidden="true" />
          {now === undefined ? (
            <div class={idle ? 'picture blank' : 'picture inking'} />
          ) : (
            <Compared now={now.picture} plain={plain?.picture} line={line} />
          )}
        </div>
        {now === undefined || plain === undefined ? null : <CompareSlider line={line} onLine={setLine} />}
        <div class="trial-standing">
          <ControlStrip drawing={drawing} press={press} />
          {idle && now !== undefined ? (
            <p class="facts">
              {stale
                ? 'The picture of the last source that worked.'
                : `Drawn in ${durationText(now.milliseconds)}, with the same seed each time.`}
            </p>
          ) : null}
        </div>
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
