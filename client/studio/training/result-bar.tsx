// What came of the training, and the ways from here: onto the picture page, into files, or from the beginning.
import { Icon } from '../components/icon.tsx';
import { SureButton } from './sure-button.tsx';
import { useTrain, useTraining } from './training-context.ts';
import type { TrainingPageState } from './training-state.ts';

const selectKept = (state: TrainingPageState) => state.kept;
const selectBusy = (state: TrainingPageState) => state.run !== undefined;
const selectLosses = (state: TrainingPageState) => state.losses;
const selectVersion = (state: TrainingPageState) => state.lossVersion;

export function ResultBar() {
  const { actions } = useTraining();
  const kept = useTrain(selectKept);
  const busy = useTrain(selectBusy);
  const losses = useTrain(selectLosses);
  useTrain(selectVersion);
  if (kept === undefined) return null;
  const held = losses.validation;
  return (
    <div class="result-bar">
      <p class="result-words">
        <strong>{kept.name}</strong>, step {kept.step}
        {held === undefined ? null : (
          <span class="result-loss">
            {' '}
            · loss of the held-back pictures {held[0].toPrecision(3)} → {held[1].toPrecision(3)} (
            {percent(held[1] / held[0] - 1)})
          </span>
        )}
      </p>
      <p class="result-buttons">
        <button type="button" class="quiet framed strong" onClick={() => void actions.tryIt()}>
          <Icon name="forward" /> Try it
        </button>
        <button
          type="button"
          class="quiet framed"
          title="What AUTOMATIC1111’s web UI loads"
          onClick={() => void actions.download('pt')}
        >
          <Icon name="download" /> .pt
        </button>
        <button type="button" class="quiet framed" onClick={() => void actions.download('safetensors')}>
          <Icon name="download" /> .safetensors
        </button>
        <button
          type="button"
          class="quiet framed"
          title="Everything to go on from, here or with tincture train --resume"
          onClick={() => void actions.download('state')}
        >
          <Icon name="download" /> State
        </button>
        {busy ? null : (
          <SureButton
            words="Start over"
            question="Forget what was learnt?"
            onSure={() => void actions.startOver()}
          />
        )}
      </p>
    </div>
  );
}

function percent(share: number): string {
  const value = Math.round(100 * share);
  return `${value > 0 ? '+' : value < 0 ? '−' : ''}${Math.abs(value)} %`;
}
