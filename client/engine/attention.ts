// Chooses how attention is lowered: plain operators where the scores are small, else the fused kernel if it is right here.
import type { AttentionLowering } from '../models/attention.ts';
import { type PictureSize, unetScoreBytes, vaeScoreBytes } from '../models/attention-memory.ts';
import { attentionProbe } from '../models/attention-probe.ts';
import type { ModelConfig } from '../models/config.ts';
import { createSession } from '../runtime/create.ts';
import type { Backend } from '../runtime/session.ts';

/** Largest score matrix for which plain attention is taken: up to here it is as fast as the fused kernel. */
export const PLAIN_SCORE_BYTES = 64 * 2 ** 20;

/** The choice, with words for the user when the better one had to be left. */
export interface AttentionChoice {
  /** The UNet's. */
  readonly attention: AttentionLowering;
  /** The VAE's, whose one attention has one head. */
  readonly vae: AttentionLowering;
  readonly notice?: string;
}

/** Chooses for each picture of one model; the fused kernel is tried out at most once. */
export class AttentionChooser {
  readonly #config: ModelConfig;
  readonly #backend: Backend;
  #fusedIsRight: Promise<boolean> | undefined;

  constructor(config: ModelConfig, backend: Backend) {
    this.#config = config;
    this.#backend = backend;
  }

  /** `vaeSize` is what the VAE is run on at once, in pixels: the picture, or a tile of it. */
  async choose(size: PictureSize, vaeSize: Pick<PictureSize, 'width' | 'height'>): Promise<AttentionChoice> {
    const small = vaeScoreBytes(this.#config, vaeSize) <= PLAIN_SCORE_BYTES;
    if (small && unetScoreBytes(this.#config, size) <= PLAIN_SCORE_BYTES) {
      return { attention: 'plain', vae: 'plain' };
    }
    this.#fusedIsRight ??= probe(this.#config, this.#backend);
    // Asked again by the next picture where it could not be tried, as on a GPU that was lost.
    this.#fusedIsRight.catch(() => {
      this.#fusedIsRight = undefined;
    });
    // onnxruntime-web 1.30's fused kernel overflows an integer in the wasm build at the VAE's 4,096 places of 512 pixels.
    const vae = small || this.#backend !== 'webgpu' ? 'plain' : 'fused';
    if (await this.#fusedIsRight) return { attention: 'fused', vae };
    return {
      attention: 'plain',
      vae: 'plain',
      notice:
        'This GPU’s fused attention kernel gave wrong numbers in a test, so a slower one that needs more memory was used.',
    };
  }
}

/**
 * Runs the fused kernel once on known numbers. Some GPUs get it wrong without a word (seen with subgroups of four), and
 * a wrong picture is worse than a slower one. The processor's kernels are the same everywhere and need no probe.
 */
async function probe(config: ModelConfig, backend: Backend): Promise<boolean> {
  if (backend !== 'webgpu') return true;
  const { graph, feeds, agrees } = attentionProbe(config);
  const session = await createSession(graph, { backend });
  try {
    return agrees(await session.run(feeds));
  } finally {
    await session.release();
  }
}
