// The one large button: draws, and while drawing stops.
import { sizeText } from '../state/size-text.ts';
import type { StudioState } from '../state/studio.ts';
import { useSelected, useStudio } from './studio-context.ts';

const selectBusy = (state: StudioState) => state.drawing !== undefined;
const selectPress = (state: StudioState) => state.press;
const selectBytes = (state: StudioState) => state.models.find(({ name }) => name === state.model)?.bytes ?? 0;

export function DrawBar() {
  const { actions } = useStudio();
  const busy = useSelected(selectBusy);
  const press = useSelected(selectPress);
  const bytes = useSelected(selectBytes);
  const fetches = press.phase === 'empty' && bytes > 0;
  return (
    <div class="draw-bar">
      {busy ? (
        <button type="button" class="draw stop" onClick={() => actions.stop()}>
          Stop
        </button>
      ) : (
        <button type="button" class="draw" onClick={() => void actions.draw()}>
          {fetches ? `Fetch the model (${sizeText(bytes)}) and draw` : 'Draw'}
        </button>
      )}
    </div>
  );
}
