// The kernels as a module of their own, for tests and benchmarks: pointers in, pointers out, memory from `heap`.
export { activate, prelu } from './activation';
export { blockBytes, gemm, packedBytes, packWeight } from './gemm';
export { halfToFloat } from './half';
export { layerNorm } from './layer-norm';
export { addScaled } from './residual';

/** First byte that no kernel uses. */
export function heap(): usize {
  return (__heap_base + 15) & ~15;
}
