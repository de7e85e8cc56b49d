// The seed: typed, thrown anew, or locked.
import type { Settings } from '../state/settings.ts';
import { throwSeed } from '../state/settings.ts';
import { Icon } from './icon.tsx';

export interface SeedFieldProps {
  readonly seed: string;
  readonly locked: boolean;
  readonly set: (change: Partial<Settings>) => void;
}

export function SeedField({ seed, locked, set }: SeedFieldProps) {
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
