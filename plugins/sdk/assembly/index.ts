// What plugin authors import. A part that a plugin does not use costs it no byte.
export { blockBytes, gemm, packedBytes, packWeight } from '../../../wasm/assembly/gemm';
export { halfToFloat } from '../../../wasm/assembly/half';
export { layerNorm } from '../../../wasm/assembly/layer-norm';
export { addScaled } from '../../../wasm/assembly/residual';
export * from '../../../wasm/assembly/activation';
export { keepContext, promptContext, tincture_context } from './context';
export { acceptHalf, declare, describe, described, parameter, setParameter, tincture_parameter } from './description';
export { THIN, unpackLowRank, WHOLE } from './low-rank';
export { Matrix } from './matrix';
export { tincture_alloc, tincture_free } from './memory';
export { Network, tincture_load } from './network';
export { dequantise, meanOfRows, multiply, softmax } from './operations';
export { mix } from './parallel';
export { progress, writeStep } from './schedule';
export { Layer, Stack } from './stack';
export {
  fail, failMemory, failure, failWith, OK, OUT_OF_MEMORY, REFUSED, tincture_error, UNKNOWN_WIDTH,
} from './status';
export { beginName, FLOAT16, FLOAT32, INT32, INT8, Tensor, Tensors, tincture_tensor, UINT8 } from './tensor';
export { say, sayDecimal, sayNumber } from './words';

/** The ABI's marker. The host calls it once, before anything else. */
export function tincture_abi_1(): void {}
