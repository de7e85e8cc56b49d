// What drawing begins on: noise, or a picture with how far it is drawn anew and the mask painted over it.
import { useMemo, useRef, useState } from 'preact/hooks';
import type { Settings } from '../state/settings.ts';
import { LIMITS, within } from '../state/settings.ts';
import { maskOf, type StartPicture } from '../state/start-picture.ts';
import type { StudioState } from '../state/studio.ts';
import { Icon } from './icon.tsx';
import { MaskDialog } from './mask-dialog.tsx';
import { MaskedCanvas } from './masked-canvas.tsx';
import { Slider } from './slider.tsx';
import { useSelected, useStudio } from './studio-context.ts';

const selectStart = (state: StudioState) => state.start;
const selectSettings = (state: StudioState) => state.settings;

export function StartPanel() {
  const { actions } = useStudio();
  const start = useSelected(selectStart);
  const input = useRef<HTMLInputElement>(null);
  return (
    <section class="start" aria-label="Start picture">
      {start === undefined ? (
        <button type="button" class="quiet start-pick" onClick={() => input.current?.click()}>
          <Icon name="open" /> Begin on a picture …
        </button>
      ) : (
        <Begun start={start} onOther={() => input.current?.click()} />
      )}
      <input
        ref={input}
        class="sr start-file"
        type="file"
        accept="image/*"
        tabIndex={-1}
        aria-label="Start picture"
        onChange={({ currentTarget }) => {
          const [file] = currentTarget.files ?? [];
          currentTarget.value = '';
          if (file !== undefined) void actions.beginOn(file);
        }}
      />
    </section>
  );
}

function Begun({ start, onOther }: { readonly start: StartPicture; readonly onOther: () => void }) {
  const { store, actions } = useStudio();
  const settings = useSelected(selectSettings);
  const [paints, setPaints] = useState(false);
  const mask = useMemo(() => maskOf(start), [start]);
  const set = (change: Partial<Settings>) => store.dispatch({ kind: 'set', settings: change });
  const masked = mask !== undefined;
  return (
    <>
      <div class="start-head">
        <button type="button" class="start-thumb" title="Paint a mask" onClick={() => setPaints(true)}>
          <MaskedCanvas
            picture={start.picture}
            mask={mask}
            label={`Start picture ${start.name}${masked ? ', with a mask' : ''}`}
          />
        </button>
        <div class="start-words">
          <p>
            <strong class="start-name">{start.name}</strong>
          </p>
          <p class="hint">
            {masked
              ? 'Only what is painted is drawn anew.'
              : 'All of it is drawn over. A mask keeps the rest.'}
          </p>
          <p class="start-buttons">
            <button type="button" class="quiet framed" onClick={() => setPaints(true)}>
              <Icon name="brush" /> {masked ? 'Change the mask' : 'Paint a mask'}
            </button>
            <button type="button" class="tool small" title="Another picture" onClick={onOther}>
              <Icon name="open" />
              <span class="sr">Another picture</span>
            </button>
            <button
              type="button"
              class="tool small"
              title="Begin on noise again"
              onClick={() => void actions.beginOnNoise()}
            >
              <Icon name="close" />
              <span class="sr">Begin on noise again</span>
            </button>
          </p>
        </div>
      </div>
      <Slider
        label="Drawn anew"
        value={settings.denoisingStrength}
        min={0}
        max={1}
        step={0.05}
        onChange={(value) => set({ denoisingStrength: within(value, LIMITS.denoisingStrength, 0.75) })}
      />
      {masked ? <MaskSettings settings={settings} set={set} /> : null}
      {paints ? <MaskDialog onClose={() => setPaints(false)} /> : null}
    </>
  );
}

const CONTENTS = [
  { name: 'original', title: 'the picture itself' },
  { name: 'fill', title: 'colours around it' },
  { name: 'latent noise', title: 'noise' },
  { name: 'latent nothing', title: 'nothing' },
] as const;

interface MaskSettingsProps {
  readonly settings: Settings;
  readonly set: (change: Partial<Settings>) => void;
}

function MaskSettings({ settings, set }: MaskSettingsProps) {
  const { maskBlur, maskedContent } = settings;
  return (
    <>
      <Slider
        label="Soft edge"
        value={maskBlur}
        min={0}
        max={64}
        step={1}
        onChange={(value) => set({ maskBlur: within(value, LIMITS.maskBlur, maskBlur) })}
      />
      <label class="field start-content">
        <span class="field-name">Painted part begins on</span>
        <select
          value={maskedContent}
          onChange={({ currentTarget }) => {
            const chosen = CONTENTS.find(({ name }) => name === currentTarget.value);
            if (chosen !== undefined) set({ maskedContent: chosen.name });
          }}
        >
          {CONTENTS.map(({ name, title }) => (
            <option key={name} value={name}>
              {title}
            </option>
          ))}
        </select>
      </label>
    </>
  );
}
