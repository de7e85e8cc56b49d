// Convolutions that wrap: on a torus no place is special, so a picture moved around it is drawn the same, moved.
import { beforeAll, describe, expect, test } from 'vitest';
import { buildDecoder } from '../../client/models/decoder.ts';
import { buildEncoder } from '../../client/models/encoder.ts';
import { buildUnet } from '../../client/models/unet.ts';
import { graphBuilder } from '../../client/onnx/builder.ts';
import type { Padding } from '../../client/onnx/convolution.ts';
import { emitGraph } from '../../client/onnx/emit.ts';
import { relativeError, type Tensor, tensor } from '../../client/tensor/tensor.ts';
import { run } from './golden-graphs.ts';
import { type GoldenModel, openGoldenModel } from './golden-model.ts';
import { rolled } from './rolled.ts';

let model: GoldenModel;

beforeAll(async () => {
  model = await openGoldenModel('sd-tiny');
});

/** How far f(moved x) is from moved f(x), where the output has `scale` times the input's places. */
async function shiftError(
  f: (x: Tensor) => Promise<Tensor>,
  x: Tensor,
  [down, right]: readonly [number, number],
  scale: number,
): Promise<number> {
  const moved = await f(rolled(x, down, right));
  return relativeError(moved.data, rolled(await f(x), down * scale, right * scale).data);
}

describe('Conv', () => {
  test.each([
    [[1, 1, 1, 1], 1],
    [[1, 1, 1, 1], 2],
    [[0, 0, 1, 1], 2],
  ] as const)(
    'with pads %j and stride %i is that of the middle of three by three pictures',
    async (pads, stride) => {
      const convolution = (padding: Padding) => {
        const graph = graphBuilder('conv');
        const x = graph.input('x', 'float32', ['batch', 1, 'height', 'width']);
        const weight = graph.floats([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 1, 3, 3]);
        graph.output('y', graph.Conv(x, weight, graph.floats([0.5], [1]), { pads, stride, padding }));
        return emitGraph(graph);
      };
      const x = tensor(
        [1, 1, 4, 6],
        Float32Array.from({ length: 24 }, (_, i) => Math.sin(i * i)),
      );
      const nine = tensor(
        [1, 1, 12, 18],
        Float32Array.from({ length: 216 }, (_, i) => x.data[(Math.floor(i / 18) % 4) * 6 + (i % 6)]!),
      );
      const y = await run(convolution('wrap'), { x });
      const z = await run(convolution('zeros'), { x: nine });
      const [rows, columns] = [4 / stride, 6 / stride];
      expect(y.shape).toEqual([1, 1, rows, columns]);
      for (let i = 0; i < y.data.length; i++) {
        const middle = (rows + Math.floor(i / columns)) * 3 * columns + columns + (i % columns);
        expect(y.data[i]).toBeCloseTo(z.data[middle]!, 4);
      }
    },
  );
});

describe.each(['wrap', 'zeros'] as const)('with %s', (padding) => {
  const wraps = padding === 'wrap';
  const verdict = (error: number): void => {
    if (wraps) expect(error).toBeLessThan(1e-4);
    else expect(error).toBeGreaterThan(1e-2);
  };
  const words = wraps ? 'moves with its latent' : 'knows its edges';

  test(`what the decoder draws ${words}`, async () => {
    const graph = buildDecoder(model.file, model.config, { attention: 'plain', padding });
    const latent = await model.expected('latent');
    verdict(await shiftError((x) => run(graph, { latent: x }), latent, [3, 5], model.config.latentFactor));
  });

  test(`what the encoder finds ${wraps ? 'moves with its picture' : words}`, async () => {
    const graph = buildEncoder(model.file, model.config, { attention: 'plain', padding });
    const image = await model.expected('encode_input');
    const factor = model.config.latentFactor;
    const encode = (x: Tensor) => run(graph, { image: x });
    verdict(await shiftError(encode, image, [2 * factor, factor], 1 / factor));
  });

  test(`what the UNet predicts ${words}`, async () => {
    const graph = buildUnet(model.file, model.config, { attention: 'plain', padding });
    const [timestep, context] = [await model.expected('timestep'), await model.expected('context')];
    const predict = (sample: Tensor) =>
      run(graph, { sample, timestep, context_k: context, context_v: context });
    // A move must fit the coarsest level.
    const step = model.config.pixelMultiple / model.config.latentFactor;
    verdict(await shiftError(predict, await model.expected('sample'), [step, 2 * step], 1));
  });
});
