// Hands a graph's weight files to onnxruntime-web with as few bytes in memory as each build allows.
import type { InferenceSession } from 'onnxruntime-common';
import type { ByteSource } from '../formats/entry.ts';
import type { EmittedGraph } from '../onnx/graph.ts';
import type { Build } from './ort.ts';

/** Only Workers have it, and the library of types for pages lacks it. */
declare class FileReaderSync {
  readAsArrayBuffer(blob: Blob): ArrayBuffer;
}

type ExternalFiles = NonNullable<InferenceSession.SessionOptions['externalData']>;

/**
 * The graph's external files as session options. The JSPI build reads ranges of a Blob while it makes the session,
 * so the file itself is never in memory. The plain build would read the whole Blob first; in a Worker, where a Blob
 * can be read synchronously, it gets a view that reads on demand. Without either, the bytes are read once.
 */
export async function externalFiles(graph: EmittedGraph, build: Build): Promise<ExternalFiles> {
  return Promise.all(
    graph.external.map(async ({ path, source }) => ({ path, data: await fileData(source, build) })),
  );
}

async function fileData(source: ByteSource, build: Build): Promise<Blob | Uint8Array> {
  if (source.blob === undefined) return source.read(0, source.size);
  if (build === 'jspi') return source.blob;
  return typeof FileReaderSync !== 'undefined' ? bytesOnDemand(source.blob) : source.read(0, source.size);
}

/**
 * A Uint8Array that holds nothing: `byteLength` is the Blob's, and `subarray` reads from it. These two are all that
 * the plain build asks of external data, once a tensor.
 */
function bytesOnDemand(blob: Blob): Uint8Array {
  return Object.defineProperties(new Uint8Array(), {
    byteLength: { value: blob.size },
    subarray: {
      value: (begin: number, end: number) =>
        new Uint8Array(new FileReaderSync().readAsArrayBuffer(blob.slice(begin, end))),
    },
  });
}
