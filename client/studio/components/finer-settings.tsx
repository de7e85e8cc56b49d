// What is set more seldom: how many pictures, a variation of the seed, whose random numbers, layers to skip, tiles.
import type { Settings } from '../state/settings.ts';
import { LIMITS, throwSeed, VAE_TILINGS, within } from '../state/settings.ts';
import type { StudioState } from '../state/studio.ts';
import { Icon } from './icon.tsx';
import { Slider } from './slider.tsx';
import { useSelected } from './studio-context.ts';

export interface FinerSettingsProps {
  readonly settings: Settings;
  readonly set: (change: Partial<Settings>) => void;
}

const selectLayers = (state: StudioState) =>
  state.press.phase === 'ready' ? state.press.facts.textLayers : LIMITS.clipSkip.max;

export function FinerSettings({ settings, set }: FinerSettingsProps) {
  const layers = useSelected(selectLayers);
  const whole = (value: number, limits: { min: number; max: number }, otherwise: number) =>
    Math.round(within(value, limits, otherwise));
  const skips = Math.max(1, Math.min(LIMITS.clipSkip.max, layers));
  return (
    <details class="finer">
      <summary>
        Pictures, variations and more <span class="finer-state">{stateOf(settings)}</span>
      </summary>
      <div class="finer-body">
        <Slider
          label="Pictures at once"
          value={settings.batchSize}
          min={1}
          max={8}
          step={1}
          onChange={(value) => set({ batchSize: whole(value, LIMITS.batchSize, settings.batchSize) })}
        />
        <Slider
          label="Times"
          value={settings.batchCount}
          min={1}
          max={10}
          step={1}
          onChange={(value) => set({ batchCount: whole(value, LIMITS.batchCount, settings.batchCount) })}
        />
        <Slider
          label="Variation"
          value={settings.variationStrength}
          min={0}
          max={1}
          step={0.01}
          onChange={(value) => set({ variationStrength: within(value, LIMITS.variationStrength, 0) })}
        />
        <div class="seed">
          <label class="field">
            <span class="field-name">Variation seed</span>
            <input
              type="text"
              inputMode="numeric"
              autocomplete="off"
              spellcheck={false}
              value={settings.variationSeed}
              onInput={(event) => set({ variationSeed: event.currentTarget.value })}
            />
          </label>
          <button
            type="button"
            class="tool"
            title="Throw a new variation seed"
            onClick={() => set({ variationSeed: throwSeed() })}
          >
            <Icon name="dice" />
            <span class="sr">Throw a new variation seed</span>
          </button>
        </div>
        <div class="pair">
          <label class="field">
            <span class="field-name">Random numbers</span>
            <select
              value={settings.rng}
              onChange={(event) => set({ rng: event.currentTarget.value === 'nv' ? 'nv' : 'cpu' })}
            >
              <option value="cpu">as on a processor</option>
              <option value="nv">as on NVIDIA’s</option>
            </select>
          </label>
          <label class="field">
            <span class="field-name">Later seed delta (ENSD)</span>
            <input
              class="number wide"
              type="number"
              step={1}
              value={settings.laterSeedDelta}
              onChange={(event) =>
                set({ laterSeedDelta: whole(Number(event.currentTarget.value), LIMITS.laterSeedDelta, 0) })
              }
            />
          </label>
        </div>
        <Slider
          label="Clip skip"
          value={settings.clipSkip}
          min={1}
          max={skips}
          step={1}
          onChange={(value) => set({ clipSkip: whole(value, { min: 1, max: skips }, settings.clipSkip) })}
        />
        <label class="check">
          <input
            type="checkbox"
            checked={settings.tiling}
            onChange={(event) => set({ tiling: event.currentTarget.checked })}
          />
          Seamless: opposite edges meet
        </label>
        <label class="field">
          <span class="field-name">Decode in tiles</span>
          <select
            value={settings.vaeTiling}
            title="Tiles bound the memory that large pictures take, and change them a little"
            onChange={({ currentTarget }) =>
              set({ vaeTiling: VAE_TILINGS.find((mode) => mode === currentTarget.value) ?? 'auto' })
            }
          >
            <option value="auto">where memory asks for it</option>
            <option value="on">whenever larger than a tile</option>
            <option value="off">never</option>
          </select>
        </label>
      </div>
    </details>
  );
}

/** What stands off its usual place, so that a folded part hides nothing. */
function stateOf(settings: Settings): string {
  const pictures = settings.batchSize * settings.batchCount;
  return [
    pictures > 1 ? `${pictures} pictures` : '',
    settings.variationStrength > 0 ? `variation ${settings.variationStrength}` : '',
    settings.rng === 'nv' ? 'NVIDIA’s numbers' : '',
    settings.laterSeedDelta === 0 ? '' : `ENSD ${settings.laterSeedDelta}`,
    settings.tiling ? 'seamless' : '',
    settings.vaeTiling === 'auto' ? '' : `decoded in tiles: ${settings.vaeTiling}`,
    settings.clipSkip > 1 ? `clip skip ${settings.clipSkip}` : '',
  ]
    .filter((words) => words !== '')
    .join(' · ');
}
