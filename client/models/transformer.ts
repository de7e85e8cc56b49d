// The UNet's spatial transformer: self-attention over places, cross-attention to the context, gated feed-forward.
import type { Value } from '../onnx/value.ts';
import { type AttentionLowering, attention, queryScale } from './attention.ts';
import { type Heads, headsAt } from './heads.ts';
import { channelsOf, lastAxis, type Network } from './network.ts';
import { inPrecision } from './precision.ts';

/** Layers between self-attention's input and its keys and values. */
export interface ContextBender {
  /** Rows x [rows, width] as keys and as values read them; undefined where this width is left alone. */
  bend(width: number, x: Value): readonly [k: Value, v: Value] | undefined;
}

/** What all transformers of a UNet share. */
export interface TransformerContext {
  /** [batch·tokens, contextWidth] */
  readonly k: Value;
  readonly v: Value;
  /** The int64 shape [batch, tokens, width] of projected contexts. */
  readonly shape: (width: number) => Value;
  readonly heads: Heads;
  readonly lowering: AttentionLowering;
  readonly styles: ContextBender | undefined;
}

/** CompVis's epsilon for the group norm before a transformer. */
const TRANSFORMER_NORM_EPSILON = 1e-6;
/** The feed-forward layer is this much wider than its input. */
const FEED_FORWARD_FACTOR = 4;

/**
 * x [batch, channels, height, width], shape kept. In between, places are rows [batch·places, channels], so that every
 * projection is one Gemm with its bias; only attention looks at [batch, places, channels].
 */
export function transformer(
  network: Network,
  path: string,
  x: Value,
  depth: number,
  context: TransformerContext,
): Value {
  const { graph } = network;
  const channels = channelsOf(x);
  return network.module(path, (module) => {
    const normalised = module.groupNorm('norm', x, TRANSFORMER_NORM_EPSILON);
    const places = graph.Transpose(graph.Reshape(normalised, [0, channels, -1]), [0, 2, 1]);
    const placesShape = graph.Shape(places);
    let rows = module.linear('proj_in', graph.Reshape(places, [-1, channels]), channels);
    for (let block = 0; block < depth; block++) {
      rows = module.module(`transformer_blocks.${block}`, (inner) =>
        transformerBlock(inner, rows, placesShape, context),
      );
    }
    const out = graph.Reshape(module.linear('proj_out', rows, channels), placesShape);
    const picture = graph.Reshape(graph.Transpose(out, [0, 2, 1]), graph.Shape(x));
    return graph.Add(picture, x);
  });
}

function transformerBlock(
  block: Network,
  rows: Value,
  placesShape: Value,
  context: TransformerContext,
): Value {
  const { graph } = block;
  const width = lastAxis(rows);
  const { styles } = context;
  const attend = (path: string, q: Value, k: Value, v: Value, keysShape: Value): Value =>
    block.module(path, (module) => {
      const { lowering } = context;
      const heads = headsAt(context.heads, width);
      const scale = queryScale(lowering, width, heads);
      const project = (name: string, x: Value, shape: Value, factor = 1): Value =>
        graph.Reshape(module.linear(name, x, width, { bias: false, scale: factor }), shape);
      const heard = attention(graph, lowering, {
        q: project('to_q', q, placesShape, scale),
        k: project('to_k', k, keysShape),
        v: project('to_v', v, keysShape),
        heads,
      });
      return module.linear('to_out.0', graph.Reshape(heard, [-1, width]), width);
    });

  const own = block.layerNorm('norm1', rows);
  // Styles' layers are float32 inputs of the graph.
  const bent = styles?.bend(width, inPrecision(graph, own, 'float32'));
  const [ownK, ownV] = bent?.map((x) => inPrecision(graph, x, block.precision)) ?? [own, own];
  const seen = graph.Add(attend('attn1', own, ownK!, ownV!, placesShape), rows);
  const asked = block.layerNorm('norm2', seen);
  const told = attend('attn2', asked, context.k, context.v, context.shape(width));
  const heard = graph.Add(told, seen);
  return graph.Add(feedForward(block, block.layerNorm('norm3', heard)), heard);
}

/** GEGLU (Shazeer, 2020): value · gelu(gate). The halves of one projection are two products: nothing is split. */
function feedForward(block: Network, x: Value): Value {
  const { graph } = block;
  const width = lastAxis(x);
  const hidden = FEED_FORWARD_FACTOR * width;
  return block.module('ff', (module) => {
    const half = (first: number): Value =>
      module.linear('net.0.proj', x, 2 * hidden, { rows: [first, first + hidden] });
    const gated = graph.Mul(half(0), graph.Gelu(half(hidden)));
    return module.linear('net.2', gated, width);
  });
}
