// Mutated modules: the validator answers with facts or a PluginError, soon, and its answer is the engine's.
import { expect, test } from 'vitest';
import { PluginError } from '../../../plugins/contract/plugin-error.ts';
import { validatePlugin } from '../../../plugins/contract/validator.ts';
import { mutate, takeApart } from './mutator.ts';
import { seededRandom } from './random.ts';
import { seeds } from './seeds.ts';

/** Mutations in all; `TINCTURE_FUZZ_RUNS=200000` for a long run, `TINCTURE_FUZZ_SEED` for another one. */
const RUNS = Number(process.env['TINCTURE_FUZZ_RUNS'] ?? '4000');
const SEED = Number(process.env['TINCTURE_FUZZ_SEED'] ?? '1');

/** Reasons that are about types: where one is given, no engine may accept. Others are the ABI's own rules and limits. */
const TYPE_REASON =
  /function \d+: (an operand is missing|an operand of the wrong type|operands are left|if without else|else without if|targets of a branch take|a (label|local|global|function|type|data segment|lane|table) that is not there|a constant global|bytes after)/;

function refusal(bytes: Uint8Array): PluginError | undefined {
  try {
    validatePlugin(bytes, { name: 'fuzzed' });
    return undefined;
  } catch (error) {
    if (error instanceof PluginError) return error;
    throw error;
  }
}

test('what it accepts the engine accepts, and what it finds ill typed the engine does too', {
  timeout: 7_200_000,
}, async () => {
  const parts = (await seeds()).map(takeApart);
  expect(parts.length).toBeGreaterThan(20);
  const outcomes = new Map<string, number>();
  const findings: string[] = [];
  let slowest = 0;
  for (let run = 0; run < RUNS; run++) {
    const random = seededRandom(SEED * 1_000_003 + run);
    const bytes = mutate(random, random.pick(parts), parts);
    const began = process.cpuUsage().user;
    const error = refusal(bytes);
    slowest = Math.max(slowest, (process.cpuUsage().user - began) / 1000);
    const engine = WebAssembly.validate(bytes);
    const outcome = error === undefined ? 'accepted' : error.what.replace(/\d+/g, '#').slice(0, 60);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    if (error === undefined && !engine) findings.push(`run ${run}: accepted, the engine refuses`);
    if (error !== undefined && engine && TYPE_REASON.test(error.message)) {
      findings.push(`run ${run}: ${error.message}, the engine accepts`);
    }
    if (error !== undefined && !/^fuzzed/.test(error.facts.where ?? ''))
      findings.push(`run ${run}: no place`);
  }
  if (RUNS > 4000) {
    const sorted = Object.fromEntries([...outcomes].sort(([, a], [, b]) => b - a));
    process.stdout.write(
      `${RUNS} mutations, slowest ${slowest} ms: ${JSON.stringify(sorted, null, 1)}\n${findings.join('\n')}\n`,
    );
  }
  expect(findings).toEqual([]);
  // A mutator that only breaks the framing, or never breaks anything, would prove nothing.
  expect(outcomes.get('accepted')).toBeGreaterThan(RUNS / 50);
  expect(outcomes.size).toBeGreaterThan(15);
  expect(slowest).toBeLessThan(5_000);
});
