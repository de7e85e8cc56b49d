// Cosines and sines of large phases from plain arithmetic, the same to rounding on every backend.
import type { GraphBuilder } from '../onnx/builder.ts';
import type { Value } from '../onnx/value.ts';

/**
 * π in two parts (Cody & Waite, 1980): the first has 8 bits, so that its product with up to 2¹⁵ half turns, in halves,
 * is exact in float32.
 */
const HALF_TURN = [3.140625, Math.PI - 3.140625] as const;

/** Of x³, x⁵, x⁷ and x⁹ in sin x − x: least squares at Chebyshev's nodes of |x| ≤ π/2, off by 5e-9 at most. */
const SINE = [
  -0.1666665673163848, 0.008333010331626405, -0.00019806202354714057, 0.000002599278861237217,
] as const;

export type Wave = 'cosine' | 'sine';

/**
 * For each of the last axis its wave of phases float32 [rows, waves.length], from 0 to 2¹⁵ half turns; off by 1.2e-7 at
 * most up to 1000. GPUs' own functions are not used: WGSL lets them be off by 2⁻¹¹ between −π and π and by anything
 * beyond. SwiftShader's are off by 1.1e-4 of their norm, which trained weights showed.
 */
export function sinusoids(graph: GraphBuilder, phases: Value, waves: readonly Wave[]): Value {
  const scaled = (x: Value, factor: number): Value => graph.Mul(x, graph.scalar(factor));
  const leads = waves.map((wave) => (wave === 'cosine' ? 0.5 : 0));
  const row = (values: readonly number[]): Value => graph.floats(values, [1, waves.length]);
  // phase + lead·π = x + turns·π with |x| ≤ π/2, and sin of it is (−1)^turns · sin x.
  const turns = graph.Floor(graph.Add(scaled(phases, 1 / Math.PI), row(leads.map((lead) => lead + 0.5))));
  const whole = graph.Sub(turns, row(leads));
  const x = HALF_TURN.reduce((rest, part) => graph.Sub(rest, scaled(whole, part)), phases);
  const square = graph.Mul(x, x);
  const [highest, ...lower] = [...SINE].reverse() as [number, ...number[]];
  const series = lower.reduce(
    (sum, coefficient) => graph.Add(graph.Mul(sum, square), graph.scalar(coefficient)),
    graph.scalar(highest),
  );
  const sine = graph.Add(x, graph.Mul(graph.Mul(x, square), series));
  const halved = scaled(turns, 0.5);
  const odd = graph.Sub(halved, graph.Floor(halved));
  return graph.Mul(sine, graph.Sub(graph.scalar(1), scaled(odd, 4)));
}
