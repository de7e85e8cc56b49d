// What programs use to publish and to find: a part of the library that starts without the engine's parts.
export { folderCache } from './cache/folder.ts';
export { memoryCache } from './cache/memory.ts';
export type { RegistryStyle } from './registry/answers.ts';
export {
  type BlobToSend,
  blobsOf,
  createPublishing,
  type Publishing,
  type PublishProgress,
  type Signer,
  type StyleInHand,
} from './registry/publishing.ts';
export { createRegistry, type Registry } from './registry/registry.ts';
