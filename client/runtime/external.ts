// Hands a graph's weight files to onnxruntime-web with as few bytes in memory as each build allows.
import type { InferenceSession } from 'onnxruntime-common';
import type { ByteSource } from '../formats/entry.ts';
import type { EmittedGraph } from '../onnx/graph.ts';
import type { Gpu } from './gpu.ts';
import type { Build } from './ort.ts';

/** Only Workers have it, and the library of types for pages lacks it. */
declare class FileReaderSync {
  readAsArrayBuffer(blob: Blob): ArrayBuffer;
}

/** Weights on their way to the GPU at once: enough to keep it busy, little beside a checkpoint. */
const UPLOAD_AHEAD_BYTES = 32 * 2 ** 20;

type ExternalFiles = NonNullable<InferenceSession.SessionOptions['externalData']>;

/**
 * The graph's external files as session options, so that the file itself is never in memory: a source that reads
 * synchronously gives a view that reads on demand, as does a Blob in a Worker with the plain build; the JSPI build reads
 * ranges of a Blob while it makes the session. Where none of these is, the bytes are read once.
 */
export async function externalFiles(graph: EmittedGraph, build: Build, gpu?: Gpu): Promise<ExternalFiles> {
  return Promise.all(
    graph.external.map(async ({ path, source }) => ({ path, data: await fileData(source, build, gpu) })),
  );
}

async function fileData(source: ByteSource, build: Build, gpu: Gpu | undefined): Promise<Blob | Uint8Array> {
  const { blob, size } = source;
  // Native code takes bytes alone.
  if (build === 'native') return source.read(0, size);
  if (source.readSync !== undefined) {
    return bytesOnDemand(size, fillingOneBuffer(size, source.readSync.bind(source)));
  }
  if (blob === undefined) return source.read(0, size);
  if (build === 'jspi') return heldBlob(blob, gpu === undefined ? undefined : pace(gpu));
  if (typeof FileReaderSync === 'undefined') return source.read(0, size);
  return bytesOnDemand(
    size,
    (begin, end) => new Uint8Array(new FileReaderSync().readAsArrayBuffer(blob.slice(begin, end))),
  );
}

type ReadRange = (begin: number, end: number) => Uint8Array;

/**
 * A Uint8Array that holds nothing: `byteLength` is the file's, and `subarray` reads from it. These two are all that
 * the runtime asks of external data in bytes, once a tensor; it copies them before it asks again.
 */
function bytesOnDemand(size: number, read: ReadRange): Uint8Array {
  return Object.defineProperties(new Uint8Array(), {
    byteLength: { value: size },
    subarray: { value: read },
  });
}

/** No tensor of a 32-bit heap is larger; the buffer reserves addresses for it, not memory. */
const LARGEST_READ = 2 ** 31;

/** One buffer, resized for each tensor: a buffer each would be garbage faster than it is collected. */
function fillingOneBuffer(size: number, read: NonNullable<ByteSource['readSync']>): ReadRange {
  const buffer = new ArrayBuffer(0, { maxByteLength: Math.min(size, LARGEST_READ) });
  return (begin, end) => {
    buffer.resize(end - begin);
    const part = new Uint8Array(buffer);
    read(begin, part);
    return part;
  };
}

/** What a read of so many bytes waits for before it begins. */
type Wait = (bytes: number) => (() => Promise<unknown>) | undefined;

/**
 * Lets reads wait for the GPU now and then: each tensor goes up through a buffer of its own size that lives until the GPU has
 * copied it, so without waiting nearly all weights would be in memory twice.
 */
function pace({ device }: Gpu): Wait {
  let ahead = 0;
  return (bytes) => {
    ahead += bytes;
    if (ahead < UPLOAD_AHEAD_BYTES) return undefined;
    ahead = 0;
    return () => device.queue.onSubmittedWorkDone();
  };
}

/** Readers with a read under way. */
const READING = new Set<ReadableStreamBYOBReader>();

/**
 * A view of the Blob whose readers are held while they read. Chromium collects the stream of a Blob that only its own waiting
 * reader knows, as the runtime's suspended one does; that read then never ends, and neither does the making of the session.
 */
function heldBlob(blob: Blob, wait: Wait = () => undefined): Blob {
  return Object.defineProperty(blob.slice(), 'slice', {
    value: (begin: number, end: number) => {
      const part = blob.slice(begin, end);
      const begins = wait(part.size);
      return Object.defineProperty(part, 'stream', { value: () => heldStream(part, begins) });
    },
  });
}

/** The Blob's stream. The runtime reads it with a reader and nothing else. */
function heldStream(part: Blob, begins: (() => Promise<unknown>) | undefined): ReadableStream<Uint8Array> {
  const stream = Blob.prototype.stream.call(part);
  const getReader = stream.getReader.bind(stream) as (options: { mode: 'byob' }) => ReadableStreamBYOBReader;
  return Object.defineProperty(stream, 'getReader', {
    value: (options: { mode: 'byob' }) => {
      const reader = getReader(options);
      const read = reader.read.bind(reader);
      const waited = begins?.();
      return Object.defineProperty(reader, 'read', {
        value: async (view: Uint8Array<ArrayBuffer>) => {
          READING.add(reader);
          try {
            await waited;
            return await read(view);
          } finally {
            READING.delete(reader);
          }
        },
      });
    },
  });
}
