// The second pass: whether and how the picture is drawn again at a larger size.
import type { Settings } from '../state/settings.ts';
import { LIMITS, within } from '../state/settings.ts';
import type { StudioState } from '../state/studio.ts';
import { Slider } from './slider.tsx';
import { useSelected, useStudio } from './studio-context.ts';

export interface HiresSettingsProps {
  readonly settings: Settings;
  readonly set: (change: Partial<Settings>) => void;
}

const selectOnPicture = (state: StudioState) => state.start !== undefined;

export function HiresSettings({ settings, set }: HiresSettingsProps) {
  const { tincture } = useStudio();
  const onPicture = useSelected(selectOnPicture);
  const { hiresUpscaler, hiresScale, hiresSteps, hiresStrength } = settings;
  const upscaler = tincture.upscalers.find(({ name }) => name === hiresUpscaler);
  return (
    <details class="finer">
      <summary>
        Second pass, larger{' '}
        <span class="finer-state">
          {upscaler === undefined ? '' : onPicture ? 'not over a start picture' : `${hiresScale} ×`}
        </span>
      </summary>
      <div class="finer-body">
        <label class="field">
          <span class="field-name">Enlarged as</span>
          <select
            value={hiresUpscaler}
            onChange={(event) => {
              const chosen = tincture.upscalers.find(({ name }) => name === event.currentTarget.value);
              set({ hiresUpscaler: chosen?.name ?? '' });
            }}
          >
            <option value="">no second pass</option>
            {tincture.upscalers.map(({ name, title }) => (
              <option key={name} value={name}>
                {name === 'pixels' ? `Pixels (${title})` : title}
              </option>
            ))}
          </select>
        </label>
        {upscaler === undefined ? null : (
          <>
            <Slider
              label="Larger by"
              value={hiresScale}
              min={1}
              max={4}
              step={0.25}
              onChange={(value) => set({ hiresScale: within(value, LIMITS.hiresScale, hiresScale) })}
            />
            <Slider
              label="Its steps"
              value={hiresSteps}
              min={0}
              max={60}
              step={1}
              onChange={(value) =>
                set({ hiresSteps: Math.round(within(value, LIMITS.hiresSteps, hiresSteps)) })
              }
            />
            <Slider
              label="Drawn anew"
              value={hiresStrength}
              min={LIMITS.hiresStrength.min}
              max={1}
              step={0.05}
              onChange={(value) => set({ hiresStrength: within(value, LIMITS.hiresStrength, hiresStrength) })}
            />
            <p class="hint">
              The picture is enlarged and drawn once more. 0 steps are as many as the first pass has. Latents
              need about 0.5 or more of drawing anew, pixels less.
            </p>
          </>
        )}
      </div>
    </details>
  );
}
