// A hypernetwork in the first sense of the word: a small network reads the prompt's context and makes the weights of another.
// h = tanh(mean(context) · Wᵀ + b); the layer is x ↦ (x · rᵀ) · w with r = h · Rᵀ and w = h · Sᵀ, for keys and for values.
import {
  activate, declare, describe, described, fail, failure, failMemory, meanOfRows, multiply, Network, OK, parameter,
  promptContext, REFUSED, TANH, Tensors, tincture_alloc, tincture_free, UNKNOWN_WIDTH,
} from 'tincture';
// The host calls these; the SDK has them ready. tincture_context keeps the prompt's context for promptContext().
export {
  tincture_abi_1, tincture_alloc, tincture_context, tincture_error, tincture_free, tincture_parameter, tincture_tensor,
} from 'tincture';

/** The first parameter: how far the prompt moves the weights. */
const TEMPER = 0;
/** The set that the generated layers go into. */
const MADE = 100;

export function tincture_describe(): usize {
  describe('Generator', 'A small network that reads the prompt and makes the style’s weights from it.');
  // Name, default, minimum, maximum.
  declare('temper', 1, 0, 4);
  return described();
}

/** Makes both sides of a width from the prompt that is shown at the moment. */
function generate(width: i32): i32 {
  const context = promptContext();
  if (context == null) return fail(REFUSED, 'no prompt has been shown yet');
  // Only the width of the text context has anything to read.
  if (context.columns != width) return UNKNOWN_WIDTH;
  const weight = Tensors.find(0, 'hidden.weight');
  const bias = Tensors.find(0, 'hidden.bias');
  if (weight == null || bias == null) return failure();
  const hidden = weight.axis(0);
  if (!weight.is(hidden, width) || !bias.is(hidden, 1)) return failure();

  // One block for the mean and the hidden values behind it.
  const mean = tincture_alloc((width + hidden) << 2);
  if (mean == 0) return failMemory('the hidden values');
  const h = mean + (usize(width) << 2);
  meanOfRows(context.data, context.rows, width, mean);
  multiply(weight.data, mean, hidden, width, 1, h);
  for (let i = 0; i < hidden; i++) {
    const at = h + (usize(i) << 2);
    store<f32>(at, (load<f32>(at) + load<f32>(bias.data + (usize(i) << 2))) * parameter(TEMPER));
  }
  activate(TANH, h, hidden);
  let status = make(width, 0, h, hidden, 'k.read', 'k.write');
  if (status == OK) status = make(width, 1, h, hidden, 'v.read', 'v.write');
  tincture_free(mean);
  return status;
}

/** Two linear layers: width → 1 with the weight `read` · h, then 1 → width with the weight `write` · h. */
function make(width: i32, side: i32, h: usize, hidden: i32, read: string, write: string): i32 {
  const reading = Tensors.find(0, read);
  const writing = Tensors.find(0, write);
  const stack = Network.begin(MADE, width, side);
  if (reading == null || writing == null || stack == null) return failure();
  if (!reading.is(width, hidden) || !writing.is(width, hidden)) return failure();
  // stack.linear gives where the weight [outputs, inputs] and then the bias [outputs] go.
  const thin = stack.linear(1);
  if (thin == 0) return failure();
  multiply(reading.data, h, width, hidden, 1, thin);
  store<f32>(thin + (usize(width) << 2), 0);
  const wide = stack.linear(width);
  if (wide == 0) return failure();
  multiply(writing.data, h, width, hidden, 1, wide);
  memory.fill(wide + (usize(width) << 2), 0, usize(width) << 2);
  return OK;
}

/** Bends both contexts in place; k and v are [rows, width] float32. */
export function tincture_apply(width: i32, rows: i32, k: usize, v: usize, strength: f32): i32 {
  const status = generate(width);
  return status == OK ? Network.apply(MADE, width, rows, k, v, strength) : status;
}
