// The page's half of the plugin benchmark.
import { createFrameHost } from '../../client/plugin-host/frame.ts';
import { measure, type Times } from './plugin-measure.ts';

/** Measures in this page, with the plugin in a sandboxed frame. */
export async function measureInPage(kernels: string, turns: number): Promise<Times> {
  const host = createFrameHost();
  try {
    return await measure(host, Uint8Array.fromBase64(kernels), turns, '/node_modules/onnxruntime-web/dist/');
  } finally {
    await host.close();
  }
}
