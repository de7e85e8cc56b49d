// Pictures of a training's states, drawn by the engine at fixed seeds; its sessions live from the first one on.
import { basename, dirname, join } from 'node:path';
import type { Engine } from '../engine/engine.ts';
import { bytesSource } from '../formats/bytes-source.ts';
import type { NamedBytes } from '../kit/pack.ts';
import { writeWhole } from './output.ts';
import type { TrainRequest } from './train-request.ts';

/** Draws one picture for each of the request's preview seeds. */
export class Previews {
  readonly #request: TrainRequest;
  readonly #captions: readonly string[];
  #engine: Promise<Engine> | undefined;
  #latest: readonly NamedBytes[] = [];

  /** `captions` are the training set's: picture i shows the i-th, unless a prompt was asked for. */
  constructor(request: TrainRequest, captions: readonly string[]) {
    this.#request = request;
    this.#captions = captions;
  }

  /** The pictures that were drawn last, as PNG. */
  get latest(): readonly NamedBytes[] {
    return this.#latest;
  }

  /** Draws with the trained file, a .safetensors. Rejects with the signal's reason. */
  async draw(file: Uint8Array<ArrayBuffer>, signal?: AbortSignal): Promise<void> {
    const { kind, name, model, backend, previewSeeds } = this.#request;
    this.#engine ??= import('../index.ts').then(({ createEngine }) =>
      createEngine({ model, ...(backend && { backend }) }),
    );
    const engine = await this.#engine;
    const source = { name: `${name}.safetensors`, file: bytesSource(`${name}.safetensors`, file) };
    const drawn: NamedBytes[] = [];
    for (const [index, seed] of previewSeeds.entries()) {
      const { png } = await engine.generate(
        {
          prompt: this.#promptOf(index),
          seed,
          ...(kind === 'embedding' ? { embeddings: [source] } : { styles: [{ style: source }] }),
        },
        { ...(signal && { signal }) },
      );
      drawn.push({ name: `preview of seed ${seed}`, bytes: png });
    }
    this.#latest = drawn;
  }

  /** Writes the pictures of a step beside the output: STEM-STEP.png, with several seeds STEM-STEP-SEED.png. */
  async write(step: number): Promise<string[]> {
    const { output, previewSeeds } = this.#request;
    const stem = join(dirname(output), `${basename(output).replace(/\.[^.]+$/, '')}-${step}`);
    const paths: string[] = [];
    for (const [index, { bytes }] of this.#latest.entries()) {
      const path = previewSeeds.length === 1 ? `${stem}.png` : `${stem}-${previewSeeds[index]}.png`;
      await writeWhole(path, bytes);
      paths.push(path);
    }
    return paths;
  }

  #promptOf(index: number): string {
    const { kind, name, previewPrompt } = this.#request;
    if (previewPrompt !== undefined) return previewPrompt;
    const caption = this.#captions[index % this.#captions.length]!;
    return kind === 'embedding' ? `${caption}, ${name}` : caption;
  }

  async close(): Promise<void> {
    await (await this.#engine?.catch(() => undefined))?.close();
  }
}
