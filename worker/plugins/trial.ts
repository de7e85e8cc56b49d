// The trial that a published plugin must pass, where the deployment can run plugins.
import { cardOf } from '../../plugins/contract/card-section.ts';
import type { Bindings } from '../environment.ts';
import { RegistryError } from '../registry/error.ts';
import type { Trial } from '../registry/submit-style.ts';
import { edgePluginHost } from './edge-host.ts';
import { tryPlugin } from './try-plugin.ts';

/** Less than users give: a call without weights does little, and who publishes waits for it. */
const TRIAL_LIMITS = { deadlineMs: 2_000, pictureBudgetMs: 6_000 } as const;

/**
 * Runs a plugin on a fixed context with these bindings. Throws `registry/trial` for a call that does not end, or gives numbers
 * that are not finite. `not-run` without the Worker Loader, and for a plugin whose memory is larger than the edge's.
 */
export function trialIn(env: Pick<Bindings, 'LOADER'>): Trial {
  return async (manifest, wasm) => {
    const host = edgePluginHost(env);
    if (host === undefined) return 'not-run';
    try {
      const trial = await tryPlugin(host, wasm, cardOf(manifest), TRIAL_LIMITS);
      if (trial.finished) return 'passed';
      if (trial.call === 'start' && trial.kind === 'memory') return 'not-run';
      throw new RegistryError('trial', 'the plugin did not pass its trial', {
        where: `${manifest.name} ${manifest.version}, ${trial.call}`,
        expected: 'every call to end, with finite numbers',
        found: trial.reason,
        fix: 'tincture test runs the same in the sandbox on your machine.',
      });
    } finally {
      await host.close();
    }
  };
}
