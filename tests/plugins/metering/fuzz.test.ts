// Random modules: the metered copy does bit for bit what the original does, and its fuel is what it says.
import { expect, test } from 'vitest';
import wabtInit from 'wabt';
import { type Call, pairOf } from './metered-run.ts';
import { RANDOM_FUNCTIONS, randomModule } from './random-module.ts';

/** `TINCTURE_FUZZ_RUNS` counts mutations of the validator's test; for every eight of these, a module of four functions runs here. */
const MODULES = Math.ceil(Number(process.env['TINCTURE_FUZZ_RUNS'] ?? '4000') / 8);
/** Against hangs only: a module takes about 7 ms, ten times that on a busy machine. */
const TIMEOUT_MS = 240_000 + 200 * MODULES;
const PLENTY = 10n ** 9n;
const FEATURES = { relaxed_simd: true };
const SPENT = 'unreachable';

test(
  `${MODULES} random modules: results, memories, globals and traps agree; fuel is exact`,
  async () => {
    const wabt = await wabtInit();
    let trapped = 0;
    let returned = 0;
    for (let seed = 0; seed < MODULES; seed++) {
      const parsed = wabt.parseWat('random.wat', randomModule(seed), FEATURES);
      const pair = pairOf(parsed.toBinary({}).buffer);
      parsed.destroy();
      for (let i = 0; i < RANDOM_FUNCTIONS; i++) {
        const what = `seed ${seed}, f${i}`;
        const call: Call = (it) => it[`f${i}`]!(seed * 31 + i, seed);
        const { used, ...metered } = pair.metered(PLENTY, call);
        if (used >= PLENTY) throw new Error(`${what} does not end`);
        const original = pair.original(call);
        expect({ ...metered, memory: 0 }, what).toEqual({ ...original, memory: 0 });
        if (Buffer.compare(metered.memory, original.memory) !== 0)
          throw new Error(`${what}: memories differ`);
        if (original.trap === undefined) returned++;
        else trapped++;

        const exact = pair.metered(used, call);
        expect([exact.result, exact.trap, exact.used], what).toEqual([original.result, original.trap, used]);
        const short = pair.metered(used - 1n, call);
        expect([short.trap, short.used >= used], what).toEqual([SPENT, true]);
      }
    }
    // Both ends must be common, or the comparison says little.
    expect(returned).toBeGreaterThan(MODULES);
    expect(trapped).toBeGreaterThan(MODULES / 4);
  },
  TIMEOUT_MS,
);
