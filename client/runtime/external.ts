// Hands a graph's weight files to onnxruntime-web with as few bytes in memory as each build allows.
import type { InferenceSession } from 'onnxruntime-common';
import type { ByteSource } from '../formats/entry.ts';
import type { EmittedGraph } from '../onnx/graph.ts';
import type { Build } from './ort.ts';

type ExternalFiles = NonNullable<InferenceSession.SessionOptions['externalData']>;

/**
 * The graph's external files as session options. The JSPI build reads byte ranges of a Blob while the session
 * is made; the plain build would read the whole Blob first, so it gets bytes that are read on demand.
 */
export async function externalFiles(graph: EmittedGraph, build: Build): Promise<ExternalFiles> {
  return Promise.all(
    graph.external.map(async ({ path, source }) => ({ path, data: await fileData(source, build) })),
  );
}

async function fileData(source: ByteSource, build: Build): Promise<Blob | Uint8Array> {
  if (source.blob !== undefined && build === 'jspi') return source.blob;
  return source.read(0, source.size);
}
