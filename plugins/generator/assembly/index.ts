// A hypernetwork in the original sense: a small network reads the prompt's context and makes the weights of the style's layers.
import {
  declare, describe, described, fail, failMemory, failure, meanOfRows, mix, Network, OK, parameter, promptContext, REFUSED, softmax, Stack,
  TANH, Tensor, Tensors, tincture_alloc, tincture_free, unpackLowRank, WHOLE,
} from 'tincture';
export {
  tincture_abi_1, tincture_alloc, tincture_context, tincture_error, tincture_free, tincture_parameter, tincture_tensor,
} from 'tincture';

/** Sets 0 … 2 are the bases, set 3 holds the gate: the small network. */
const BASES = 3;
const GATE = 3;
/** Answers of the gate: a share for each base, and one for leaving the picture as it is. */
const SHARES = BASES + 1;
/** The set that is generated. */
const GENERATED = 100;
const SHARPNESS = 0;

/** The gate's answers, float32. */
const shares: usize = memory.data(16, 16);

export function tincture_describe(): usize {
  describe('Chameleon', 'Living things become silhouettes, technical ones blueprints, the night pink prints; food is left alone.');
  declare('sharpness', 1, 0.25, 8);
  return described();
}

/** One layer of the gate from its tensors; false after `fail`. */
function addLinear(gate: Stack, weight: Tensor | null, bias: Tensor | null): bool {
  if (weight == null || bias == null) return false;
  const outputs = weight.axis(0);
  if (!weight.is(outputs, gate.outputs) || !bias.is(outputs, 1)) return false;
  const values = gate.linear(outputs);
  if (values == 0) return false;
  weight.toFloat(values);
  bias.toFloat(values + (usize(weight.count) << 2));
  return true;
}

/** tanh(x · W₀ᵀ + b₀) · W₁ᵀ + b₁ for contexts of this width; null after `fail`. */
function gateFor(width: i32): Stack | null {
  const ready = Network.find(GATE, width, 0);
  if (ready != null && ready.outputs == SHARES) return ready;
  const gate = Network.begin(GATE, width, 0);
  if (gate == null) return null;
  if (!addLinear(gate, Tensors.find(GATE, 'gate.0.weight'), Tensors.find(GATE, 'gate.0.bias'))) return null;
  if (!gate.activation(TANH)) return null;
  if (!addLinear(gate, Tensors.find(GATE, 'gate.1.weight'), Tensors.find(GATE, 'gate.1.bias'))) return null;
  if (gate.outputs == SHARES) return gate;
  fail(REFUSED, 'the gate must have four outputs');
  return null;
}

/** shares = softmax(sharpness · gate(mean of the context's rows)). */
function askGate(): i32 {
  const context = promptContext();
  if (context == null) return fail(REFUSED, 'no context was shown');
  const gate = gateFor(context.columns);
  if (gate == null) return failure();
  const pooled = tincture_alloc(context.columns << 2);
  if (pooled == 0) return failMemory('the shares');
  meanOfRows(context.data, context.rows, context.columns, pooled);
  const status = gate.forward(1, pooled, shares);
  tincture_free(pooled);
  if (status != OK) return status;
  for (let i = 0; i < SHARES; i++) {
    const share = shares + (usize(i) << 2);
    store<f32>(share, load<f32>(share) * parameter(SHARPNESS));
  }
  softmax(shares, 1, SHARES);
  return OK;
}

/** f = Σ shareᵢ · baseᵢ as one network; the last share multiplies nothing. */
function generate(width: i32, side: i32): i32 {
  for (let base = 0; base < BASES; base++) {
    const status = unpackLowRank(base, width, WHOLE);
    if (status != OK) return status;
  }
  const status = askGate();
  return status == OK ? mix(GENERATED, width, side, 0, BASES, shares) : status;
}

export function tincture_apply(width: i32, rows: i32, k: usize, v: usize, strength: f32): i32 {
  const keys = generate(width, 0);
  if (keys != OK) return keys;
  const values = generate(width, 1);
  return values == OK ? Network.apply(GENERATED, width, rows, k, v, strength) : values;
}

export function tincture_layers(width: i32, side: i32, out: usize): i32 {
  const status = generate(width, side);
  return status == OK ? Network.layers(GENERATED, width, side, out) : status;
}
