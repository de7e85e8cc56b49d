// Mutated plugins that the validator accepts, in the host: every call is answered or fails with a PluginError, and none hangs.
import { expect, test } from 'vitest';
import { createNodeHost } from '../../../client/plugin-host/node.ts';
import { PluginError } from '../../../plugins/contract/plugin-error.ts';
import { validatePlugin } from '../../../plugins/contract/validator.ts';
import type { PluginHost } from '../../../plugins/host/plugin.ts';
import { converse } from '../hostile/runner.ts';
import { meteredHost } from './metered-host.ts';
import { mutate, takeApart } from './mutator.ts';
import { seededRandom } from './random.ts';
import { seeds } from './seeds.ts';

/** `TINCTURE_FUZZ_RUNS` counts mutations of the validator's test; of these, one in ten is run here, one in 200 in a thread. */
const RUNS = Number(process.env['TINCTURE_FUZZ_RUNS'] ?? '4000');
const SEED = Number(process.env['TINCTURE_FUZZ_SEED'] ?? '1');

/** Mutants of `salt` that are plugins still, for ever. */
async function* accepted(salt: number): AsyncGenerator<{ name: string; wasm: Uint8Array<ArrayBuffer> }> {
  const parts = (await seeds()).map(takeApart);
  for (let run = 0; ; run++) {
    const random = seededRandom(SEED * 1_000_003 + salt * 7_919 + run);
    const wasm = mutate(random, random.pick(parts), parts, 2);
    try {
      validatePlugin(wasm);
    } catch {
      continue;
    }
    yield { name: `run ${run}`, wasm };
  }
}

/** Runs so many; gives what is wrong, and how often each outcome was. */
async function converseWithMutants(
  host: PluginHost,
  salt: number,
  count: number,
  limits: { readonly deadlineMs: number },
): Promise<{ findings: string[]; outcomes: Map<string, number> }> {
  const findings: string[] = [];
  const outcomes = new Map<string, number>();
  let left = count;
  for await (const { name, wasm } of accepted(salt)) {
    const entry = { name, tries: '', must: 'nothing', wasm, limits } as const;
    const outcome = await converse(host, entry, () => undefined);
    const kind =
      outcome === undefined
        ? 'answered'
        : outcome.error instanceof PluginError
          ? outcome.error.kind
          : 'other';
    outcomes.set(kind, (outcomes.get(kind) ?? 0) + 1);
    // The types were checked: an engine that still refuses would say `invalid` at the start, in its own words.
    const { error } = outcome ?? {};
    if (
      kind === 'other' ||
      (error instanceof PluginError && /WebAssembly\.|Compiling function/.test(error.message))
    ) {
      findings.push(`${name}: ${outcome?.call}: ${String(error)}`);
    }
    if (--left === 0) break;
  }
  if (RUNS > 4000)
    process.stdout.write(`${count} mutants: ${JSON.stringify(Object.fromEntries(outcomes))}\n`);
  return { findings, outcomes };
}

test('metered, in this thread: the program of every home holds', { timeout: 7_200_000 }, async () => {
  const host = meteredHost(20_000_000n);
  const { findings, outcomes } = await converseWithMutants(host, 1, Math.ceil(RUNS / 10), {
    deadlineMs: 60_000,
  });
  await host.close();
  expect(findings).toEqual([]);
  expect(outcomes.get('answered')).toBeGreaterThan(0);
  expect(outcomes.get('trap')).toBeGreaterThan(0);
});

test('in threads, under a deadline', { timeout: 7_200_000 }, async () => {
  const host = createNodeHost();
  const { findings, outcomes } = await converseWithMutants(host, 2, Math.ceil(RUNS / 200), {
    deadlineMs: 3_000,
  });
  await host.close();
  expect(findings).toEqual([]);
  expect(outcomes.get('answered')).toBeGreaterThan(0);
});
