// What plugin authors import. An export that a plugin does not use costs it no byte.
export { activate, ACTIVATION_COUNT, PRELU, prelu } from '../../../wasm/assembly/activation';
export { blockBytes, gemm, packedBytes, packWeight } from '../../../wasm/assembly/gemm';
export { halfToFloat } from '../../../wasm/assembly/half';
export { layerNorm } from '../../../wasm/assembly/layer-norm';
export { addScaled } from '../../../wasm/assembly/residual';
export { tincture_alloc, tincture_free } from './memory';
export { Network, tincture_load } from './network';
export { Layer, Stack } from './stack';
export { fail, failMemory, failWith, OK, OUT_OF_MEMORY, REFUSED, tincture_error, UNKNOWN_WIDTH } from './status';
export { say, sayNumber } from './words';

/** The ABI's marker. The host calls it once, before anything else. */
export function tincture_abi_1(): void {}
