// Styles that are programs, in the engine on the golden model: what they make is what a file with the same numbers would.
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { Sessions, unetsKept } from '../../client/engine/sessions.ts';
import { storeFloat32, writeSafetensors } from '../../client/formats/safetensors.ts';
import {
  bytesSource,
  createEngine,
  type Engine,
  type GenerateRequest,
  parseParameters,
  readHypernetwork,
  relativeError,
  type StyleUse,
  tensor,
  writeHypernetworkSafetensors,
} from '../../client/index.ts';
import { loadStandardPlugin } from '../../client/plugin-host/standard-plugin.ts';
import { compileText, moduleText } from '../plugins/module-text.ts';
import { biasData, biasPlugin, packed } from './bias-plugin.ts';
import { type Composer, openComposer } from './composed.ts';

const GOLDEN = 'tests/golden/sd-tiny';
const PICTURE = { prompt: 'red apple', negativePrompt: 'blurry', seed: 7, sampler: 'euler', guidance: 3 };

let engine: Engine;
let composer: Composer;
beforeAll(async () => {
  engine = await createEngine({ model: GOLDEN, backend: 'wasm', threads: 1 });
  composer = await openComposer(GOLDEN);
});
afterAll(async () => {
  await engine.close();
  await composer.close();
});

const draw = async (styles: readonly StyleUse[], change: Partial<GenerateRequest> = {}) =>
  (await engine.generate({ ...PICTURE, steps: 3, styles, ...change })).latents.data;
const plain = () => draw([]);

describe('layers', () => {
  test('that a plugin hands back are those of the file', async () => {
    const styleA = await readHypernetwork(bytesSource('a', await readFile(`${GOLDEN}/style-a.pt`)));
    const weights = writeHypernetworkSafetensors(styleA);
    const file = await draw([{ style: `${GOLDEN}/style-a.pt`, strength: 0.8 }]);
    const made = await draw([
      { style: packed(await loadStandardPlugin(), { weights: [weights] }), strength: 0.8 },
    ]);
    expect(relativeError(made, file)).toBeLessThan(1e-6);
    expect(relativeError(made, await plain())).toBeGreaterThan(1e-3);
  });

  test('that a plugin makes bend text and self-attention, with the strength', async () => {
    const made = await draw([{ style: packed(await biasPlugin()), strength: -0.7 }]);
    const file = await draw([{ style: await biasData(0.25), strength: -0.7 }]);
    expect(relativeError(made, file)).toBeLessThan(1e-5);
    expect(relativeError(made, await plain())).toBeGreaterThan(1e-3);
  });

  test('come from the weights file where the plugin makes none', async () => {
    const { file } = await biasData(0.25);
    const weights = await file.read(0, file.size);
    const done = '(i32.const 0)';
    const text = moduleText({ memory: '1 64', tincture_apply: done, tincture_load: done });
    const passive = await compileText(text);
    const made = await draw([{ style: packed(passive, { weights: [weights] }) }]);
    expect(relativeError(made, await draw([{ style: await biasData(0.25, [32, 64]) }]))).toBeLessThan(1e-5);
  });

  test('know all weights files of the style, by their numbers', async () => {
    const file = (value: number) =>
      writeSafetensors(new Map([['t', storeFloat32(tensor([1], Float32Array.of(value)))]]), {});
    const style = packed(await biasPlugin({ tensors: true }), { weights: [file(0.25), file(0.125)] });
    const made = await draw([{ style, parameters: { amount: 0 } }]);
    expect(relativeError(made, await draw([{ style: await biasData(0.5) }]))).toBeLessThan(1e-5);
  });

  test('follow the prompt’s own context, before other styles and not the negative prompt’s', async () => {
    const style = packed(await biasPlugin({ context: 0.5 }));
    for (const prompt of ['red apple', 'a photo of a house']) {
      const { contexts } = await composer.encode({ prompt, negativePrompt: '', guidance: 1 });
      const last = contexts[0]!.data.at(-1)!;
      const uses = [{ style: await biasData(0.5) }, { style }];
      const file = [uses[0]!, { style: await biasData(Math.fround(0.25 + 0.5 * last)) }];
      expect(relativeError(await draw(uses, { prompt }), await draw(file, { prompt }))).toBeLessThan(1e-5);
    }
  });

  test('are asked for once: not for the same prompt again, but for other parameters and another prompt', async () => {
    const style = packed(await biasPlugin({ calls: 0.01, context: 0 }));
    const first = await draw([{ style }]);
    expect(await draw([{ style }])).toEqual(first);
    await draw([{ style, parameters: { amount: 1 } }]);
    const third = await draw([{ style }]);
    expect(relativeError(third, first)).toBeGreaterThan(1e-4);
    expect(await draw([{ style }], { steps: 3, seed: 7 })).toEqual(third);
    await draw([{ style }], { prompt: 'blue house' });
    expect(relativeError(await draw([{ style }]), third)).toBeGreaterThan(1e-4);
  });
});

test.each([[14e6, 8], [300e6, 3], [2.2e9, 2], [7.7e9, 2]])('of %d bytes %d UNets are kept', (bytes, kept) => {
  expect(unetsKept(bytes)).toBe(kept);
}); // biome-ignore format: a row

test('a plugin with layers for no width of the model says that it changes nothing', async () => {
  const style = packed(await compileText(moduleText({ tincture_layers: '(i32.const 3)' })));
  const { notices, latents } = await engine.generate({ ...PICTURE, steps: 3, styles: [{ style }] });
  expect(notices.join()).toMatch(
    /style tones has no layers here; this model has 24, 32, 64, .* changes nothing/,
  );
  expect(latents.data).toEqual(await plain());
});

describe('schedules', () => {
  test('of zeros are no style at all', async () => {
    const style = packed(await biasPlugin({ schedule: [[0, 0], [0, 1], [0, 0]] }));
    expect(await draw([{ style }])).toEqual(await plain());
  }); // biome-ignore format: a row

  test('that fade and change phase are what the steps come to, in one session', async () => {
    const style = packed(await biasPlugin({ schedule: [[1, 0], [0.5, 2], [0, 0], [0.5, 2]] }));
    const unet = vi.spyOn(Sessions.prototype, 'unet');
    const made = await draw([{ style, strength: 0.8 }], { steps: 4 });
    expect(new Set(unet.mock.calls.map(([signature]) => signature.key)).size).toBe(1);
    unet.mockRestore();
    const half = { style: await biasData(0.75), strength: 0.4 };
    const steps = [[{ style: await biasData(0.25), strength: 0.8 }], [half], [], [half]];
    expect(relativeError(made, await composer.draw(PICTURE, steps))).toBeLessThan(1e-5);
  }); // biome-ignore format: a row

  test('of phases with layers of several shapes make one session for each, and say when there are too many', async () => {
    const unet = vi.spyOn(Sessions.prototype, 'unet');
    const cycle = (shapes: number, steps: number) =>
      Array.from({ length: steps }, (_, step) => [1, step % shapes] as const);
    try {
      const three = packed(await biasPlugin({ deep: true, schedule: cycle(3, 4) }));
      const { latents, notices } = await engine.generate({
        ...PICTURE,
        steps: 4,
        styles: [{ style: three }],
      });
      const sessions = await Promise.all(unet.mock.results.map(({ value }) => value));
      expect([new Set(sessions).size, notices]).toEqual([3, []]);
      const bias = [0.25, 0.5, 0.75, 0.25];
      const steps = await Promise.all(bias.map(async (value) => [{ style: await biasData(value) }]));
      expect(relativeError(latents.data, await composer.draw(PICTURE, steps))).toBeLessThan(1e-5);

      const nine = packed(await biasPlugin({ deep: true, schedule: cycle(9, 10) }));
      const many = await engine.generate({ ...PICTURE, steps: 10, styles: [{ style: nine }] });
      expect(many.notices).toEqual([expect.stringMatching(/have 9 shapes .* made anew between steps/)]);
    } finally {
      unet.mockRestore();
    }
  });

  test('leave other styles as they are, and samplers that run the UNet twice within their step', async () => {
    const picture = { ...PICTURE, sampler: 'heun' };
    const style = packed(await biasPlugin({ schedule: [[1, 0], [0, 0], [0, 0]] }));
    const other = { style: await biasData(0.5) };
    const made = await draw([other, { style }], { sampler: 'heun' });
    const both = [other, { style: await biasData(0.25) }];
    expect(relativeError(made, await composer.draw(picture, [both, [other], [other]]))).toBeLessThan(1e-5);
  }); // biome-ignore format: a row

  test('of the example plugin fade', async () => {
    const source = await biasData(0.25);
    const weights = await source.file.read(0, source.file.size);
    const style = packed(await readFile('build/plugins/fade.wasm'), { weights: [weights] });
    const made = await draw([{ style, parameters: { from: 1, to: -0.5 } }]);
    const steps = [1, 0.25, -0.5].map((strength) => [{ style: source, strength }]);
    expect(relativeError(made, await composer.draw(PICTURE, steps))).toBeLessThan(1e-5);
  });

  test('have an entry for each step that DDIM really takes', async () => {
    // 7 steps are 8: the plugin refuses any other number.
    const style = packed(await biasPlugin({ schedule: Array.from({ length: 8 }, () => [1, 0] as const) }));
    const made = await draw([{ style }], { sampler: 'ddim', steps: 7 });
    const file = await draw([{ style: await biasData(0.25) }], { sampler: 'ddim', steps: 7 });
    expect(relativeError(made, file)).toBeLessThan(1e-5);
    await expect(draw([{ style }], { sampler: 'ddim', steps: 5 })).rejects.toMatchObject({
      code: 'plugin/refused',
    });
  });
});

describe('parameters', () => {
  test('change the picture, are told in it, and are read back', async () => {
    const style = packed(await biasPlugin());
    const result = await engine.generate({
      ...PICTURE,
      steps: 3,
      styles: [
        { style, parameters: { amount: 0.5 } },
        { style, strength: 0.5 },
      ],
    });
    const file = await draw([{ style: await biasData(0.5) }, { style: await biasData(0.25), strength: 0.5 }]);
    expect(relativeError(result.latents.data, file)).toBeLessThan(1e-5);
    const { prompt, styleParameters } = parseParameters(result.parameters);
    expect(prompt).toBe('red apple <hypernet:tones:1> <hypernet:tones:0.5>');
    expect(styleParameters).toEqual([
      { style: 'tones', parameters: { amount: 0.5 } },
      { style: 'tones', parameters: { amount: 0.25 } },
    ]);
  });

  test.each<[Record<string, number>, RegExp]>([
    [{ curve: 1 }, /style tones has no such parameter; expected amount \(0 … 2\), found curve/],
    [{ strength: 1 }, /no such parameter.*given beside them/],
    [{ amount: 2.5 }, /parameter amount of tones.*expected 0 … 2, found 2\.5/],
    [{ amount: Number.NaN }, /parameter amount of tones.*NaN/],
  ])('%o are refused', async (parameters, words) => {
    const request = draw([{ style: packed(await biasPlugin()), parameters }]);
    await expect(request).rejects.toMatchObject({
      code: 'engine/request',
      message: expect.stringMatching(words),
    });
  });

  test('of a style that is data are refused', async () => {
    const request = draw([{ style: await biasData(1), parameters: { amount: 1 } }]);
    await expect(request).rejects.toThrow(/style bias has no such parameter; expected none/);
  });
});

describe('a plugin that fails', () => {
  test('is named, and the next pictures are as if nothing had been', async () => {
    const style = packed(await biasPlugin({ trapAbove: 0.9, calls: 0.01 }));
    const before = await draw([{ style }]);
    await expect(draw([{ style, parameters: { amount: 1 } }])).rejects.toMatchObject({
      name: 'PluginError',
      code: 'plugin/trap',
      message: expect.stringContaining('tones'),
    });
    expect(await draw([{ style }])).toEqual(before);
    expect(await plain()).toEqual(await composer.draw(PICTURE, [[], [], []]));
  });

  test.each<[string, () => Promise<StyleUse>, string]>([
    ['packed with another card', async () => ({ style: packed(await biasPlugin(), { cardDigest: 'a'.repeat(64) }) }), 'plugin/invalid'],
    ['without a function for its weights', async () => ({ style: packed(await biasPlugin(), { weights: [writeSafetensors(new Map(), {})] }) }), 'plugin/input'],
    ['that is no module', async () => ({ style: packed(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)) }), 'plugin/invalid'],
  ])('%s is refused by name', async (_what, use, code) => {
    await expect(draw([await use()])).rejects.toMatchObject({ code, message: expect.stringContaining('tones') });
  }); // biome-ignore format: a table
});
