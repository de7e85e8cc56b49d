// Pictures and training share one device: while a step of training runs, here or in another tab, pictures wait for its end.
import { DEVICE_LOCK } from '../../training/locks.ts';
import type { StudioEngine } from './tincture.ts';

/** The engine, whose pictures are drawn between steps of training. */
export function inTurns(engine: StudioEngine): StudioEngine {
  return {
    backend: engine.backend,
    backendReason: engine.backendReason,
    model: engine.model,
    close: () => engine.close(),
    async generate(request, options = {}) {
      const { signal, onProgress } = options;
      const held = (await navigator.locks.query()).held?.some(
        ({ name, mode }) => name === DEVICE_LOCK && mode === 'exclusive',
      );
      if (held) onProgress?.({ stage: 'model', message: 'waiting for the step of training under way' });
      return navigator.locks.request(DEVICE_LOCK, { mode: 'shared', ...(signal && { signal }) }, () =>
        engine.generate(request, options),
      );
    },
  };
}
