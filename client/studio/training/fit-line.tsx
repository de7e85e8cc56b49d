// Whether this device can do it, and up to what size: told from the model's shapes before anything runs.
import type { Assessment } from '../../training/fit.ts';
import { useSelected, useStudio } from '../components/studio-context.ts';
import { sizeText } from '../state/size-text.ts';
import type { StudioState } from '../state/studio.ts';
import { useTrain, useTraining } from './training-context.ts';
import type { TrainingPageState } from './training-state.ts';

const selectFit = (state: TrainingPageState) => state.fit;
const selectKept = (state: TrainingPageState) => state.kept;
const selectBusy = (state: TrainingPageState) => state.run !== undefined;
const selectModel = (state: StudioState) => state.model;
const selectModels = (state: StudioState) => state.models;

const PLANS = {
  kept: 'everything is kept, which is fastest',
  cheap: 'cheap values are computed twice',
  segments: 'most values are computed twice, which is slower',
} as const;

export function FitLine({ atHand }: { readonly atHand: boolean }) {
  const { actions: studio } = useStudio();
  const { actions } = useTraining();
  const fit = useTrain(selectFit);
  const kept = useTrain(selectKept);
  const busy = useTrain(selectBusy);
  const model = useSelected(selectModel);
  const models = useSelected(selectModels);
  const other = kept !== undefined && kept.modelName !== model;
  return (
    <div class={fit.phase === 'known' ? `fit fit-${fit.assessment.verdict}` : 'fit'}>
      <p>
        Over <a href="#models">{model === '' ? 'no model yet' : model}</a>
        {fit.phase === 'known' ? ` on ${fit.onGpu ? 'WebGPU' : 'WebAssembly'}` : ''}
      </p>
      {other && !busy ? (
        <p class="fit-other" role="status">
          What is kept was trained over {kept.modelName} and goes on only there.{' '}
          {models.some(({ name }) => name === kept.modelName) ? (
            <button type="button" class="quiet framed" onClick={() => studio.chooseModel(kept.modelName)}>
              Use {kept.modelName}
            </button>
          ) : (
            'Add it under Models, or drop it on the picture page.'
          )}
        </p>
      ) : null}
      <p role="status">{fitWords(fit)}</p>
      {fit.phase === 'unknown' && !atHand && !busy ? (
        <button type="button" class="quiet framed" onClick={() => void actions.assess()}>
          Look whether it fits (fetches the model)
        </button>
      ) : null}
    </div>
  );
}

/** What was found out, in words. */
export function fitWords(fit: TrainingPageState['fit']): string {
  if (fit.phase === 'unknown') return '';
  if (fit.phase === 'looking') return 'Looking whether it fits this device …';
  const { need, room, largest, verdict } = fit.assessment;
  const size = shape(need.size);
  const needs = `${size} pixels need about ${sizeText(need.bytes)} on paper`;
  switch (verdict) {
    case 'fits':
      return `This device can do it: ${needs}; ${PLANS[need.memory]}.${up(need.size, largest)}`;
    case 'unknown':
      return `It may not fit: ${needs}, and this browser tells of ${sizeText(room.bytes)}.${down(largest)}`;
    case 'too-large':
      return `This device cannot do it: ${needs}, of ${sizeText(room.bytes)} that can be had.${down(largest)}`;
  }
}

function shape({ width, height }: { readonly width: number; readonly height: number }): string {
  return `${width} × ${height}`;
}

function up(asked: Assessment['need']['size'], largest: Assessment['largest']): string {
  if (largest === undefined || largest.width <= asked.width) return '';
  return ` ${shape(largest)} would fit too.`;
}

function down(largest: Assessment['largest']): string {
  return largest === undefined ? ' No size fits.' : ` ${shape(largest)} fits.`;
}
