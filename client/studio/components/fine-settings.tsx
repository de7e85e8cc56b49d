// Seed, steps, sampler, schedule, guidance and size; what is set more seldom is folded away.
import type { Settings } from '../state/settings.ts';
import { LIMITS, namedAs, within } from '../state/settings.ts';
import type { StudioState } from '../state/studio.ts';
import { FinerSettings } from './finer-settings.tsx';
import { HiresSettings } from './hires-settings.tsx';
import { SeedField } from './seed-field.tsx';
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
            value={fixed ? '' : (namedAs(tincture.schedules, settings.schedule)?.name ?? '')}
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
      <HiresSettings settings={settings} set={set} />
      <FinerSettings settings={settings} set={set} />
    </section>
  );
}
