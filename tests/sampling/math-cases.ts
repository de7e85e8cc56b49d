// What every arithmetic of latents must give: run as it stands in Node and in a page, on arrays and on a device.
import type { Latent, LatentMath } from '../../client/sampling/latent.ts';

/** More values than one dispatch has invocations, and no multiple of anything. */
const MANY = 2 ** 18 + 2 ** 10 + 3;

/** What one arithmetic gave, by case. */
export type MathOutcome = Readonly<Record<string, readonly number[] | boolean>>;

/** The exact outcome, computed by hand; all numbers in it are exact in float32. */
export const EXPECTED_OUTCOME: MathOutcome = {
  'one term': [-2, 4, 0.5],
  'three terms': [1 + 20 - 0.5, -2 + 40 - 1, -0.25 + 160 + 4],
  'ten terms': [45 * 1, 45 * -2, 45 * -0.25],
  'the same latent twice': [3, -6, -0.75],
  'many values': [MANY, 3, 3 * (MANY - 1)],
  'a blend': [1, 20, 0.25 * -0.25 + 0.75 * 80],
  'three copies': [1, -2, -0.25, 1, -2, -0.25, 1, -2, -0.25],
  'the parts of two copies': [1, -2, -0.25],
  'what was uploaded is unchanged': [1, -2, -0.25],
  'the largest numbers are finite': true,
  'NaN is not finite': false,
  'infinity is not finite': false,
  'negative infinity in the last of many is not finite': false,
  'finite again': true,
  'swept all but what was kept and held': [1, -2, -0.25, 10, 20, 80],
};

/** Runs all cases. */
export async function mathOutcome<L extends Latent>(math: LatentMath<L>): Promise<MathOutcome> {
  const a = math.upload(Float32Array.of(1, -2, -0.25));
  const b = math.upload(Float32Array.of(10, 20, 80));
  const c = math.upload(Float32Array.of(0.5, 1, -4));
  const mask = math.upload(Float32Array.of(1, 0, 0.25));
  const counting = math.upload(Float32Array.from({ length: MANY }, (_, i) => i));
  const broken = new Float32Array(MANY);
  broken[MANY - 1] = Number.NEGATIVE_INFINITY;
  const read = async (latent: L): Promise<number[]> => [...(await math.read(latent))];
  const finite = (...values: number[]): Promise<boolean> =>
    math.isFinite(math.upload(Float32Array.from(values)));

  const tripled = await math.read(math.weightedSum([1, counting], [2, counting]));
  const outcome: Record<string, number[] | boolean> = {
    'one term': await read(math.weightedSum([-2, a])),
    'three terms': await read(math.weightedSum([1, a], [2, b], [-1, c])),
    'ten terms': await read(
      math.weightedSum(...Array.from({ length: 10 }, (_, weight) => [weight, a] as const)),
    ),
    'the same latent twice': await read(math.weightedSum([1, a], [2, a])),
    'many values': [tripled.length, tripled[1]!, tripled[MANY - 1]!],
    'a blend': await read(math.blend(mask, a, b)),
    'three copies': await read(math.repeat(a, 3)),
    'the parts of two copies': await read(math.split(math.repeat(a, 2), 2)[1]!),
    'what was uploaded is unchanged': await read(a),
    'the largest numbers are finite': await finite(3.4028234663852886e38, -3.4028234663852886e38, 1e-45),
    'NaN is not finite': await finite(0, Number.NaN),
    'infinity is not finite': await finite(Number.POSITIVE_INFINITY, 0),
    'negative infinity in the last of many is not finite': await math.isFinite(math.upload(broken)),
    'finite again': await finite(0, -0),
  };
  math.hold(a);
  math.sweep([b]);
  outcome['swept all but what was kept and held'] = [...(await read(a)), ...(await read(b))];
  math.sweep([]);
  return outcome;
}
