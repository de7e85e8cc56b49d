// Runs inside the page: the golden training steps on WebGPU.
import { blobSource } from '../../../client/formats/blob-source.ts';
import { embeddingDifferences, hypernetworkDifferences, openGolden } from '../golden-training.ts';

async function golden() {
  return openGolden(async (name) =>
    blobSource(name, await (await fetch(`/tests/golden/sd-tiny/${name}`)).blob()),
  );
}

export async function hypernetwork() {
  return hypernetworkDifferences(await golden(), 'webgpu', 'kept');
}

export async function embedding() {
  return embeddingDifferences(await golden(), 'webgpu');
}
