// What both containers of torch.save give.
import type { ByteSource } from './entry.ts';
import type { PickleValue } from './pickle-value.ts';

/** Where the storages of a file lie: every container gives this. */
export interface TorchContainer {
  readonly value: PickleValue;
  /** The file, or a source that stands for it where entries had to be inflated. */
  readonly source: ByteSource;
  /** First byte of each storage in the source. */
  readonly offsets: ReadonlyMap<string, number>;
}
