// OpenCLIP's text encoder under the names of OpenAI's: packed projections become byte ranges of their rows.
import type { TensorEntry } from '../formats/entry.ts';
import { DTYPE_BYTES } from '../tensor/tensor.ts';

const ENDS: Readonly<Record<string, string>> = {
  'token_embedding.weight': 'embeddings.token_embedding.weight',
  positional_embedding: 'embeddings.position_embedding.weight',
  'ln_final.weight': 'final_layer_norm.weight',
  'ln_final.bias': 'final_layer_norm.bias',
};

const IN_LAYER: Readonly<Record<string, string>> = {
  ln_1: 'layer_norm1',
  ln_2: 'layer_norm2',
  'attn.out_proj': 'self_attn.out_proj',
  'mlp.c_fc': 'mlp.fc1',
  'mlp.c_proj': 'mlp.fc2',
};

/** What OpenCLIP has besides the encoder's layers; no context depends on it. */
const UNUSED = /^(text_projection|logit_scale|attn_mask|visual\.)/;
const LAYER = /^transformer\.resblocks\.(\d{1,3})\.(.+)$/;
const PROJECTIONS = ['q_proj', 'k_proj', 'v_proj'] as const;

/**
 * The encoder's tensors by OpenAI's names. Stable Diffusion 2.x reads the last-but-one layer and then the final norm,
 * so the last layer is left out: nothing reads it. A name that is not OpenCLIP's keeps it, for the error.
 */
export function openClipTensors(tensors: ReadonlyMap<string, TensorEntry>): Map<string, TensorEntry> {
  let layers = 0;
  for (const name of tensors.keys()) layers = Math.max(layers, Number(LAYER.exec(name)?.[1] ?? -1) + 1);
  const renamed = new Map<string, TensorEntry>();
  for (const [name, entry] of tensors) {
    if (UNUSED.test(name)) continue;
    const layer = LAYER.exec(name);
    if (layer === null) {
      renamed.set(ENDS[name] ?? name, entry);
      continue;
    }
    const [, number, rest] = layer as unknown as [string, string, string];
    if (Number(number) === layers - 1) continue;
    const at = `encoder.layers.${number}`;
    const packed = /^attn\.in_proj_(weight|bias)$/.exec(rest);
    if (packed !== null) {
      for (const [part, projection] of PROJECTIONS.entries()) {
        renamed.set(`${at}.self_attn.${projection}.${packed[1]}`, third(entry, part));
      }
      continue;
    }
    const dot = rest.lastIndexOf('.');
    const module = IN_LAYER[rest.slice(0, dot)];
    renamed.set(module === undefined ? name : `${at}.${module}${rest.slice(dot)}`, entry);
  }
  return renamed;
}

/** One third of a tensor's rows: queries, keys and values lie one after another. */
function third(entry: TensorEntry, part: number): TensorEntry {
  const [rows = 0, ...rest] = entry.shape;
  const height = Math.floor(rows / 3);
  const shape = [height, ...rest];
  const bytes = DTYPE_BYTES[entry.dtype];
  if (entry.strides !== undefined) {
    const first = part * height * entry.strides[0]! * bytes;
    const last = shape.reduce((sum, length, axis) => sum + (length - 1) * entry.strides![axis]!, 0);
    return { ...entry, shape, offset: entry.offset + first, byteLength: (last + 1) * bytes };
  }
  const byteLength = shape.reduce((count, length) => count * length, bytes);
  return { ...entry, shape, offset: entry.offset + part * byteLength, byteLength };
}
