// A small graph that tells whether a device's fused attention gives the right numbers.
import { graphBuilder } from '../onnx/builder.ts';
import { emitGraph } from '../onnx/emit.ts';
import type { EmittedGraph } from '../onnx/graph.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import type { ModelConfig } from './architecture.ts';
import { attention, queryScale } from './attention.ts';
import { headsAt } from './heads.ts';

/** More queries and keys than a tile of any kernel has, and no multiple of one. */
const QUERIES = 100;
const KEYS = 77;
/** A kernel that skips keys or lanes is off by some tenths; float32 in another order by less than 1e-5. */
const TOLERANCE = 1e-3;

export interface AttentionProbe {
  readonly graph: EmittedGraph;
  readonly feeds: Readonly<Record<string, Tensor>>;
  /** Whether the fused and the plain lowering agree, from the outputs of one run. */
  agrees(outputs: Readonly<Record<string, Tensor>>): boolean;
}

/**
 * Both lowerings of attention side by side, at each head width of the model's UNet. Measured: onnxruntime-web 1.30's
 * flash attention is wrong by tenths on GPUs with small subgroups, without an error; a device whose outputs do not
 * agree must be given graphs with `attention: 'plain'`.
 */
export function attentionProbe({ selfAttentionWidths, unet }: ModelConfig): AttentionProbe {
  const graph = graphBuilder('attention-probe');
  const feeds: Record<string, Tensor> = {};
  for (const width of selfAttentionWidths) {
    const input = (name: string, rows: number) => {
      feeds[`${name}.${width}`] = waves([1, rows, width], rows + name.length);
      return graph.input(`${name}.${width}`, 'float32', [1, rows, width]);
    };
    const q = input('q', QUERIES);
    const k = input('keys', KEYS);
    const v = input('values', KEYS);
    const heads = headsAt(unet.heads, width);
    const scale = graph.scalar(queryScale('plain', width, heads));
    const plain = attention(graph, 'plain', { q: graph.Mul(q, scale), k, v, heads });
    const fused = attention(graph, 'fused', { q, k, v, heads });
    graph.output(`difference.${width}`, graph.Sub(fused, plain));
  }
  return {
    graph: emitGraph(graph),
    feeds,
    agrees: (outputs) =>
      selfAttentionWidths.every((width) =>
        outputs[`difference.${width}`]?.data.every((value) => Math.abs(value) < TOLERANCE),
      ),
  };
}

/** Numbers in −2 … 2 without a pattern that a kernel could get right by luck. */
function waves(shape: readonly number[], phase: number): Tensor {
  const result = tensor(shape);
  for (let i = 0; i < result.data.length; i++) result.data[i] = 2 * Math.sin(i * i * 0.37 + phase);
  return result;
}
