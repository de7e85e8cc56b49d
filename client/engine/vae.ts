// The VAE of one request's pictures: run whole, or over tiles where a whole run would take too much memory.
import type { AttentionLowering } from '../models/attention.ts';
import type { ModelConfig } from '../models/config.ts';
import { vaeRunBytes } from '../models/vae-memory.ts';
import type { Session } from '../runtime/session.ts';
import type { VaeTiling } from './engine.ts';
import type { Size } from './resample.ts';
import type { Sessions } from './sessions.ts';
import { type Tiling, tiledSession } from './tiles.ts';

/** Bytes of a whole run above which `auto` takes tiles: 832 pixels a side of Stable Diffusion are still drawn whole. */
export const WHOLE_RUN_BYTES = 2 ** 31;

/** As many latents as a picture of 512 pixels of Stable Diffusion has, which it was trained on, and a quarter of it. */
export const TILE = { side: 64, overlap: 16 } as const;

/** Decodes [1, c, h, w] and encodes [1, 3, H, W], each by one session of a single input and output. */
export interface Vae {
  decoder(): Promise<Session>;
  encoder(): Promise<Session>;
}

/** The tiles of a picture, or undefined where it is run whole. */
export function planTiles(
  config: Pick<ModelConfig, 'vae' | 'latentFactor'>,
  size: Size,
  mode: VaeTiling,
  wraps: boolean,
): Tiling | undefined {
  const isOneTile = Math.max(size.width, size.height) <= TILE.side * config.latentFactor;
  if (mode === 'off' || isOneTile) return undefined;
  if (mode === 'auto' && vaeRunBytes(config, size) <= WHOLE_RUN_BYTES) return undefined;
  return { ...TILE, wraps };
}

/** What the VAE is run on at once, in pixels: the picture, or a tile. */
export function runSize(
  { latentFactor }: Pick<ModelConfig, 'latentFactor'>,
  size: Size,
  tiles?: Tiling,
): Size {
  const most = tiles === undefined ? Number.POSITIVE_INFINITY : tiles.side * latentFactor;
  return { width: Math.min(size.width, most), height: Math.min(size.height, most) };
}

interface VaeOptions {
  readonly sessions: Sessions;
  readonly attention: AttentionLowering;
  readonly latentFactor: number;
  /** The picture's edges meet. */
  readonly wraps: boolean;
  readonly tiles: Tiling | undefined;
  readonly signal: AbortSignal;
}

/** A tile's own edges never meet, so that over tiles no convolution wraps: the tiles lie across the edges instead. */
export function openVae({ sessions, attention, latentFactor, wraps, tiles, signal }: VaeOptions): Vae {
  const padding = wraps && tiles === undefined ? 'wrap' : 'zeros';
  return {
    async decoder() {
      const session = await sessions.decoder(attention, padding);
      if (tiles === undefined) return session;
      const names = { input: 'latent', output: 'image', inputScale: 1, outputScale: latentFactor };
      return tiledSession(session, { ...names, tiling: tiles, signal });
    },
    async encoder() {
      const session = await sessions.encoder(attention, padding);
      if (tiles === undefined) return session;
      const names = { input: 'image', output: 'moments', inputScale: latentFactor, outputScale: 1 };
      return tiledSession(session, { ...names, tiling: tiles, signal });
    },
  };
}
