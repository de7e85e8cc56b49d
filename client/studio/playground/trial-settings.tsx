// What the trial is drawn with: prompt, seed, strength, the plugin's parameters and its weights.
import { ParameterSliders } from '../components/parameter-sliders.tsx';
import { SeedField } from '../components/seed-field.tsx';
import { Slider } from '../components/slider.tsx';
import { useSelected, useStudio } from '../components/studio-context.ts';
import type { Settings } from '../state/settings.ts';
import type { StudioState } from '../state/studio.ts';
import type { StyleParameter } from '../state/styles.ts';
import { STRENGTH } from '../state/styles.ts';
import { usePlay, usePlayground } from './playground-context.ts';
import type { PlaygroundState } from './playground-state.ts';
import { WeightsList } from './weights-list.tsx';

const NONE: readonly StyleParameter[] = [];
const selectStrength = (state: PlaygroundState) => state.strength;
const selectValues = (state: PlaygroundState) => state.values;
const selectParameters = (state: PlaygroundState) => state.packed?.parameters ?? NONE;
const selectAuto = (state: PlaygroundState) => state.auto;
const selectBusy = (state: PlaygroundState) => state.drawing !== undefined;
const selectReady = (state: PlaygroundState) => state.packed !== undefined;
const selectPrompt = (state: StudioState) => state.settings.prompt;
const selectSeed = (state: StudioState) => state.settings.seed;
const selectLocked = (state: StudioState) => state.settings.seedLocked;

export function TrialSettings() {
  const { store: studio } = useStudio();
  const { store, actions } = usePlayground();
  const prompt = useSelected(selectPrompt);
  const seed = useSelected(selectSeed);
  const locked = useSelected(selectLocked);
  const strength = usePlay(selectStrength);
  const values = usePlay(selectValues);
  const parameters = usePlay(selectParameters);
  const auto = usePlay(selectAuto);
  const busy = usePlay(selectBusy);
  const ready = usePlay(selectReady);
  const set = (settings: Partial<Settings>) => {
    studio.dispatch({ kind: 'set', settings });
    if ('prompt' in settings || 'seed' in settings) actions.redrawSoon();
  };
  return (
    <div class="trial-settings">
      <div class="trial-words">
        <label class="field">
          <span class="field-name">What to draw</span>
          <input
            id="prompt"
            type="text"
            autocomplete="off"
            spellcheck={false}
            value={prompt}
            onInput={(event) => set({ prompt: event.currentTarget.value })}
          />
        </label>
        <SeedField seed={seed} locked={locked} set={set} />
      </div>
      <Slider
        label="Strength"
        value={strength}
        min={STRENGTH.min}
        max={STRENGTH.max}
        step={0.05}
        origin={0}
        onChange={actions.setStrength}
      />
      <ParameterSliders
        parameters={parameters}
        values={values}
        owner="the plugin"
        onChange={actions.setValue}
      />
      <WeightsList />
      <div class="trial-draw">
        <label class="check">
          <input
            type="checkbox"
            checked={auto}
            onChange={(event) => {
              store.dispatch({ kind: 'auto', auto: event.currentTarget.checked });
              actions.redrawSoon();
            }}
          />
          <span>Draw by itself, after each build and change</span>
        </label>
        {busy ? (
          <button type="button" class="draw stop" onClick={actions.stop}>
            Stop
          </button>
        ) : (
          <button
            type="button"
            class="draw"
            aria-disabled={!ready}
            onClick={() => (ready ? void actions.draw() : undefined)}
          >
            Draw
          </button>
        )}
      </div>
    </div>
  );
}
