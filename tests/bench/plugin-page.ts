// The page's half of the plugin benchmark.
import { createFrameHost } from '../../client/plugin-host/frame.ts';
import { type Measured, type Modules, measure } from './plugin-measure.ts';

/** `Modules` as text, which is what crosses into a page. */
export interface ModulesInBase64 {
  readonly kernels: Readonly<Record<keyof Modules['kernels'], string>>;
  readonly multiplyAdd: Readonly<Record<keyof Modules['multiplyAdd'], string>>;
  readonly multiplyAddsPerLoop: number;
  readonly idle: string;
}

/** Measures in this page, with the plugin in a sandboxed frame. */
export async function measureInPage(modules: ModulesInBase64): Promise<Measured> {
  const bytes = ({ baseline, relaxed }: ModulesInBase64['kernels']) => ({
    baseline: Uint8Array.fromBase64(baseline),
    relaxed: Uint8Array.fromBase64(relaxed),
  });
  const host = createFrameHost();
  try {
    return await measure(
      host,
      {
        ...modules,
        kernels: bytes(modules.kernels),
        multiplyAdd: bytes(modules.multiplyAdd),
        idle: Uint8Array.fromBase64(modules.idle),
      },
      '/node_modules/onnxruntime-web/dist/',
    );
  } finally {
    await host.close();
  }
}
