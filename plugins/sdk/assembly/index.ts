// What plugin authors import. Re-export the four `tincture_` functions here and write `tincture_load` and `tincture_apply`.
export { activate, ACTIVATION_COUNT, PRELU, prelu } from '../../../wasm/assembly/activation';
export { blockBytes, gemm, packedBytes, packWeight } from '../../../wasm/assembly/gemm';
export { halfToFloat } from '../../../wasm/assembly/half';
export { layerNorm } from '../../../wasm/assembly/layer-norm';
export { addScaled } from '../../../wasm/assembly/residual';
export * from './layer';
export { tincture_alloc, tincture_free } from './memory';
export { fail, OK, OUT_OF_MEMORY, REFUSED, say, sayNumber, tincture_error, UNKNOWN_WIDTH } from './status';

/** The ABI's marker. The host calls it once, before anything else. */
export function tincture_abi_1(): void {}
