// Seed, steps, sampler, schedule, guidance and size.
import type { Settings } from '../state/settings.ts';
import { LIMITS, namedAs, throwSeed, within } from '../state/settings.ts';
import type { StudioState } from '../state/studio.ts';
import { Icon } from './icon.tsx';
import { SizeFields } from './size-fields.tsx';
import { Slider } from './slider.tsx';
import { useSelected, useStudio } from './studio-context.ts';

const selectSettings = (state: StudioState) => state.settings;

export function FineSettings() {
  const { store, tincture } = useStudio();
  const settings = useSelected(selectSettings);
  const set = (change: Partial<Settings>) => store.dispatch({ kind: 'set', settings: change });
  const sampler = namedAs(tincture.samplers, settings.sampler);
  const fixed = sampler?.ownTimesteps === true;
  return (
    <section class="panel fine" aria-labelledby="fine-title">
      <h2 id="fine-title">Settings</h2>
      <SeedField seed={settings.seed} locked={settings.seedLocked} set={set} />
      <Slider
        label="Steps"
        value={settings.steps}
        min={1}
        max={60}
        step={1}
        onChange={(steps) => set({ steps: Math.round(within(steps, LIMITS.steps, settings.steps)) })}
      />
      <Slider
        label="Guidance"
        value={settings.guidance}
        min={1}
        max={15}
        step={0.5}
        onChange={(guidance) => set({ guidance: within(guidance, LIMITS.guidance, settings.guidance) })}
      />
      <div class="pair">
        <label class="field">
          <span class="field-name">Sampler</span>
          <select
            value={sampler?.name ?? ''}
            onChange={(event) => set({ sampler: event.currentTarget.value })}
          >
            {tincture.samplers.map(({ name, title }) => (
              <option key={name} value={name}>
                {title}
              </option>
            ))}
          </select>
        </label>
        <label class="field">
          <span class="field-name">Schedule</span>
          <select
            value={fixed ? '' : settings.schedule}
            disabled={fixed}
            title={fixed ? `${sampler.title} has timesteps of its own` : undefined}
            onChange={(event) => set({ schedule: event.currentTarget.value })}
          >
            <option value="">its own</option>
            {tincture.schedules.map(({ name, title }) => (
              <option key={name} value={name}>
                {title}
              </option>
            ))}
          </select>
        </label>
      </div>
      <SizeFields width={settings.width} height={settings.height} set={set} />
    </section>
  );
}

interface SeedFieldProps {
  readonly seed: string;
  readonly locked: boolean;
  readonly set: (change: Partial<Settings>) => void;
}

function SeedField({ seed, locked, set }: SeedFieldProps) {
  return (
    <div class="seed">
      <label class="field">
        <span class="field-name">Seed</span>
        <input
          type="text"
          inputMode="numeric"
          autocomplete="off"
          spellcheck={false}
          value={seed}
          // Who types a seed wants that seed: it must not be thrown away by the next picture.
          onInput={(event) => set({ seed: event.currentTarget.value, seedLocked: true })}
        />
      </label>
      <button type="button" class="tool" title="Throw a new seed" onClick={() => set({ seed: throwSeed() })}>
        <Icon name="dice" />
        <span class="sr">Throw a new seed</span>
      </button>
      <button
        type="button"
        class="tool"
        aria-pressed={locked}
        title={locked ? 'Locked: every picture uses this seed' : 'Unlocked: every picture gets a new seed'}
        onClick={() => set({ seedLocked: !locked })}
      >
        <Icon name={locked ? 'locked' : 'unlocked'} />
        <span class="sr">Keep this seed</span>
      </button>
    </div>
  );
}
