// What programs in Node use beyond the library: files on disk, the plugin sandbox, styles as their files store them.

export { nodePlatform } from './engine/platform-node.ts';
export { forgetWorkingCopies } from './engine/working-files-node.ts';
export { digestOf } from './formats/digest.ts';
export { fileSource } from './formats/node-file.ts';
export { amplified } from './hypernetwork/amplify.ts';
export { HypernetworkError } from './hypernetwork/errors.ts';
export type { Hypernetwork } from './hypernetwork/hypernetwork.ts';
export { HypernetworkSum } from './hypernetwork/merge.ts';
export { readHypernetwork, readHypernetworkRecord } from './hypernetwork/read.ts';
export { type HypernetworkRecord, hypernetworkOf } from './hypernetwork/record.ts';
export { writeHypernetworkPt, writeHypernetworkSafetensors } from './hypernetwork/write.ts';
export { type AddOptions, addModel } from './model-store/add.ts';
export {
  listModels,
  removeModel,
  type StoredModel,
  storedModelFolder,
  verifyModel,
} from './model-store/store.ts';
export type { ContextPair, PluginHost } from './plugin-host/host.ts';
export { encodePair } from './plugin-host/layer-block.ts';
export { createNodeHost } from './plugin-host/node.ts';
export { loadStandardPlugin } from './plugin-host/standard-plugin.ts';
export { type PictureParameters, parseParameters, writeParameters } from './prompt/parameters.ts';
export { parseStyleTags } from './prompt/style-tags.ts';
export { findSampler, findSchedule, resolveSampling } from './sampling/names.ts';
export { randomSeed } from './sampling/noise.ts';
export { elementCount, type Tensor, tensor } from './tensor/tensor.ts';
