// The library: what web apps, the studio and the command line use.
export { type ErrorFacts, TinctureError } from '../plugins/contract/error.ts';
export * from './account.ts';
export type { BlobCache } from './cache/blob-cache.ts';
export { opfsCache } from './cache/opfs.ts';
export { createEngine } from './engine/create.ts';
export { embeddingWord } from './engine/embedding-source.ts';
export { embeddingWords } from './engine/embeddings.ts';
export type {
  DrawnPicture,
  EmbeddingSource,
  Engine,
  EngineOptions,
  GenerateOptions,
  GenerateRequest,
  GenerateResult,
  HiresRequest,
  MaskedContent,
  ModelFacts,
  ModelFiles,
  ModelSource,
  Picture,
  Progress,
  Stage,
  StrengthPoint,
  StyleSource,
  StyleUse,
} from './engine/engine.ts';
export { EngineError } from './engine/errors.ts';
export { HIRES_UPSCALERS } from './engine/hires.ts';
export { VERSION } from './engine/version.ts';
export { createWorkerEngine } from './engine/worker-engine.ts';
export { listWorkingFiles, removeWorkingFiles } from './engine/working-files-opfs.ts';
export { blobSource } from './formats/blob-source.ts';
export { bytesSource } from './formats/bytes-source.ts';
export { digestOf } from './formats/digest.ts';
export { type Embedding, readEmbedding } from './formats/embedding.ts';
export type { ByteSource, TensorEntry, TensorFile } from './formats/entry.ts';
export { decodePng, encodePng } from './formats/png.ts';
export { readPngText } from './formats/png-text.ts';
export { openSafetensors } from './formats/safetensors.ts';
export { isStyleFile, openStyleFile, type StyleFile, writeStyleFile } from './formats/style-file.ts';
export { urlSource } from './formats/url.ts';
export type { Hypernetwork, HypernetworkDescription } from './hypernetwork/hypernetwork.ts';
export { HypernetworkSum } from './hypernetwork/merge.ts';
export { readHypernetwork } from './hypernetwork/read.ts';
export type { StrengthFactors } from './hypernetwork/strength.ts';
export { writeHypernetworkPt, writeHypernetworkSafetensors } from './hypernetwork/write.ts';
export { holdsModel, TOKENIZER_ADVICE } from './model-store/identify.ts';
export { type OwnModel, type OwnModels, openOwnModels, type Pick } from './model-store/own-models.ts';
export { createFrameHost } from './plugin-host/frame.ts';
export { type PictureParameters, parseParameters } from './prompt/parameters.ts';
export type { StyleParameters, StyleStrengths } from './prompt/style-fields.ts';
export { formatStyleTag, parseStyleTags } from './prompt/style-tags.ts';
export type {
  BlobReference,
  ModelPage,
  RegistryModel,
  RegistryStyle,
  StylePage,
} from './registry/answers.ts';
export { type BrowserKey, openBrowserKey, renewBrowserKey } from './registry/browser-key.ts';
export {
  createPublishing,
  type Publishing,
  type PublishProgress,
  type Signer,
  type StyleInHand,
  type Submitted,
} from './registry/publishing.ts';
export { createRegistry, type Registry, type StyleQuery } from './registry/registry.ts';
export { configureRuntime } from './runtime/configure.ts';
export type { Backend } from './runtime/session.ts';
export { SAMPLERS, SCHEDULES } from './sampling/names.ts';
export { relativeError, type Tensor, tensor } from './tensor/tensor.ts';
