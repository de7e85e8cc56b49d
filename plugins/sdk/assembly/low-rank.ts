// Linear layers stored as two thin int8 matrices: weight ≈ b · a, b [outputs, rank] and a [rank, inputs], a scale for each row.
import { tincture_alloc, tincture_free } from './memory';
import { dequantise, multiply } from './operations';
import { fail, failMemory, REFUSED } from './status';
import { Stack } from './stack';
import { FLOAT32, INT8, Tensor } from './tensor';

/** The five tensors of one layer. */
@unmanaged
export class LowRank {
  /** int8 [rank, inputs] and its float32 scales [rank]. */
  a: Tensor | null;
  aScales: Tensor | null;
  /** int8 [outputs, rank] and its float32 scales [outputs]. */
  b: Tensor | null;
  bScales: Tensor | null;
  /** Any dtype, [outputs]. */
  bias: Tensor | null;

  /** Where one lies; a plugin needs only one at a time. */
  static get place(): LowRank {
    return changetype<LowRank>(memory.data(20, 4));
  }

  /** Whether the tensors fit each other and a layer of `inputs` values; says so if not. */
  private fits(inputs: i32): bool {
    const a = this.a;
    const b = this.b;
    const aScales = this.aScales;
    const bScales = this.bScales;
    const bias = this.bias;
    // Where one is missing, the search for it has said so.
    if (a == null || b == null || aScales == null || bScales == null || bias == null) return false;
    const rank = a.axis(0);
    const outputs = b.axis(0);
    if (a.dtype != INT8 || b.dtype != INT8 || aScales.dtype != FLOAT32 || bScales.dtype != FLOAT32) {
      fail(REFUSED, 'the factors of a layer must be int8 with float32 scales');
      return false;
    }
    if (rank == 0 || outputs == 0) {
      fail(REFUSED, 'a factor of a layer is empty');
      return false;
    }
    return a.is(rank, inputs) && b.is(outputs, rank) && aScales.is(rank, 1) && bScales.is(outputs, 1) && bias.is(outputs, 1);
  }

  /** Appends two linear layers, x · aᵀ · bᵀ + bias: fewer multiplications than the whole weight. False after `fail`. */
  addThin(stack: Stack): bool {
    const inputs = stack.outputs;
    if (!this.fits(inputs)) return false;
    const a = this.a!;
    const b = this.b!;
    const rank = a.axis(0);
    const outputs = b.axis(0);
    const thin = stack.linear(rank);
    if (thin == 0) return false;
    unpack(a, this.aScales!, thin);
    memory.fill(thin + ((usize(rank) * usize(inputs)) << 2), 0, usize(rank) << 2);
    const wide = stack.linear(outputs);
    if (wide == 0) return false;
    unpack(b, this.bScales!, wide);
    this.bias!.toFloat(wide + ((usize(rank) * usize(outputs)) << 2));
    return true;
  }

  /** Appends one linear layer with the weight b · a. False after `fail`. */
  addWhole(stack: Stack): bool {
    const inputs = stack.outputs;
    if (!this.fits(inputs)) return false;
    const a = this.a!;
    const b = this.b!;
    const rank = a.axis(0);
    const outputs = b.axis(0);
    const left = tincture_alloc(b.count << 2);
    const right = tincture_alloc(a.count << 2);
    let weight: usize = 0;
    if (left == 0 || right == 0) {
      failMemory('the layers');
    } else {
      weight = stack.linear(outputs);
    }
    if (weight != 0) {
      unpack(b, this.bScales!, left);
      unpack(a, this.aScales!, right);
      multiply(left, right, outputs, rank, inputs, weight);
      this.bias!.toFloat(weight + ((usize(inputs) * usize(outputs)) << 2));
    }
    tincture_free(left);
    tincture_free(right);
    return weight != 0;
  }
}

/** Widens one factor. The scales come as float32, whatever the file holds, unless the plugin accepts halves. */
function unpack(factor: Tensor, scales: Tensor, out: usize): void {
  dequantise(factor.data, scales.data, factor.axis(0), factor.axis(1), out);
}
