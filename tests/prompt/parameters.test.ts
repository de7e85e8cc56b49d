// The text block of pictures: AUTOMATIC1111's spelling, older pictures, round trips, hostile blocks.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readFields } from '../../client/prompt/parameter-line.ts';
import {
  MAX_PARAMETERS_LENGTH,
  type PictureParameters,
  parseParameters,
  writeParameters,
} from '../../client/prompt/parameters.ts';

const full: PictureParameters = {
  prompt: 'a cat <hypernet:neon:0.7>\nsecond line',
  negativePrompt: 'blurry,\nlow quality',
  steps: 20,
  sampler: 'DPM++ 2M',
  scheduleType: 'Karras',
  guidance: 7.5,
  seed: 18446744073709551615n,
  size: { width: 512, height: 768 },
  modelHash: 'abcdef0123',
  model: 'tiny, v1: final',
  rng: 'CPU',
  variationSeed: 5n,
  variationStrength: 0.25,
  denoisingStrength: 0.5,
  clipSkip: 2,
  ensd: -31337,
  tiling: true,
  vaeTiling: 'on',
  maskBlur: 4,
  maskedContent: 'latent noise',
  hiresScale: 1.5,
  hiresSize: { width: 1024, height: 1536 },
  hiresSteps: 10,
  hiresUpscaler: 'Latent (nearest)',
  hypernetHashes: { neon: '0123456789', 'odd, name: x': 'fedcba9876' },
  embeddingHashes: { brush: 'aaaaaaaaaa' },
  styleParameters: [
    { style: 'neon', parameters: { glow: 0.5, 'line-width': -2 } },
    { style: 'neon', parameters: {} },
  ],
  styleStrengths: [
    { style: 'neon', strengths: { k: 0, v: 1.5, widths: { 320: -0.7 } }, overSteps: [{ at: 0, factor: 1 }] },
    { style: 'ink' },
  ],
  version: 'tincture 0.1.0',
  others: { 'Hires sampler': 'Euler', Note: 'say "hi"' },
};

describe('writeParameters', () => {
  it('writes AUTOMATIC1111’s block', () => {
    expect(writeParameters(full)).toBe(
      'a cat <hypernet:neon:0.7>\nsecond line\nNegative prompt: blurry,\nlow quality\n' +
        'Steps: 20, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7.5, Seed: 18446744073709551615, Size: 512x768, ' +
        'Model hash: abcdef0123, Model: "tiny, v1: final", RNG: CPU, Variation seed: 5, Variation seed strength: 0.25, ' +
        'Denoising strength: 0.5, Clip skip: 2, ENSD: -31337, Tiling: True, VAE tiling: on, ' +
        'Mask blur: 4, Masked content: latent noise, ' +
        'Hires upscale: 1.5, Hires resize: 1024x1536, Hires steps: 10, Hires upscaler: Latent (nearest), ' +
        'Hypernet hashes: "neon: 0123456789, odd, name: x: fedcba9876", TI hashes: "brush: aaaaaaaaaa", ' +
        'Style parameters: "[[\\"neon\\",{\\"glow\\":0.5,\\"line-width\\":-2}],[\\"neon\\",{}]]", ' +
        'Style strengths: "[[\\"neon\\",{\\"k\\":0,\\"v\\":1.5,\\"widths\\":{\\"320\\":-0.7},\\"steps\\":[[0,1]]}],[\\"ink\\",{}]]", ' +
        'Hires sampler: Euler, Note: say "hi", Version: tincture 0.1.0',
    );
  });

  it('leaves out what is not there', () => {
    expect(writeParameters({ prompt: 'x', negativePrompt: '', steps: 1, sampler: 'DDIM', seed: 0n })).toBe(
      'x\nSteps: 1, Sampler: DDIM, Seed: 0',
    );
  });

  it('refuses a field name that would not be read back', () => {
    expect(() => writeParameters({ prompt: 'x', others: { 'a: b': 'c' } })).toThrow(
      /cannot have this name; found a: b/,
    );
  });
});

describe('parseParameters', () => {
  it('reads its own block back', () => {
    expect(parseParameters(writeParameters(full))).toEqual(full);
  });

  it('reads a block of the web UI', () => {
    const block =
      'masterpiece, (cat:1.2)\nNegative prompt: bad\nSteps: 28, Sampler: Euler a, CFG scale: 7, Seed: 123, Size: 512x512, ' +
      'Model hash: 6ce0161689, Model: v1-5, Lora hashes: "a: 1234, b: 5678", Version: v1.9.4\n';
    expect(parseParameters(block)).toEqual({
      prompt: 'masterpiece, (cat:1.2)',
      negativePrompt: 'bad',
      steps: 28,
      sampler: 'Euler a',
      guidance: 7,
      seed: 123n,
      size: { width: 512, height: 512 },
      modelHash: '6ce0161689',
      model: 'v1-5',
      version: 'v1.9.4',
      others: { 'Lora hashes': 'a: 1234, b: 5678' },
    });
  });

  it('turns the hypernetwork of older pictures into a tag', () => {
    const line = 'Steps: 20, Sampler: DDIM, Seed: 1, Hypernet: water';
    expect(parseParameters(`a cat\n${line}, Hypernet strength: 0.7`).prompt).toBe(
      'a cat<hypernet:water:0.7>',
    );
    expect(parseParameters(`a cat\n${line}`)).toEqual({
      prompt: 'a cat<hypernet:water:1>',
      steps: 20,
      sampler: 'DDIM',
      seed: 1n,
    });
  });

  it('takes a last line of few fields for prompt', () => {
    expect(parseParameters('a cat: fluffy, dog: small')).toEqual({ prompt: 'a cat: fluffy, dog: small' });
    expect(parseParameters('')).toEqual({ prompt: '' });
    expect(parseParameters('Negative prompt: x')).toEqual({ prompt: '', negativePrompt: 'x' });
  });

  it('keeps known fields that it cannot read as they stand', () => {
    const parsed = parseParameters('x\nSteps: many, Seed: 18446744073709551616, Size: big, Sampler: LMS');
    expect(parsed).toEqual({
      prompt: 'x',
      sampler: 'LMS',
      others: { Steps: 'many', Seed: '18446744073709551616', Size: 'big' },
    });
  });

  it('refuses a block without end', () => {
    expect(() => parseParameters('x'.repeat(MAX_PARAMETERS_LENGTH + 1))).toThrow(
      /too long; expected at most 262144/,
    );
  });

  it('is done with hostile blocks of the largest size', () => {
    for (const piece of ['ab:"', 'a:', ',', '"\\', ': ', 'Negative prompt:\n', 'ab:"x" y,']) {
      expect(parseParameters(piece.repeat(MAX_PARAMETERS_LENGTH / 32)).prompt).toBeTypeOf('string');
    }
  });

  it('reads back whatever was written', () => {
    const line = fc
      .string({ unit: 'grapheme' })
      .filter((text) => !/^\s*Negative prompt:/.test(text) && !text.includes('\n'));
    const lines = fc.array(line, { minLength: 1, maxLength: 3 }).map((all) => all.join('\n'));
    const value = fc.string({ unit: 'grapheme' });
    const seed = fc.bigInt(0n, 2n ** 64n - 1n);
    const name = fc
      .stringMatching(/^[\w.,-][\w .,:-]{0,12}$/)
      .filter((text) => !/: [0-9a-f]{8}/.test(`${text}: `));
    const digests = fc.dictionary(name, fc.stringMatching(/^[0-9a-f]{10}$/), { noNullPrototype: true });
    const decimal = fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0);
    const parameters = fc.record(
      {
        prompt: lines,
        negativePrompt: lines.filter((text) => text !== ''),
        steps: fc.integer({ min: 1, max: 1000 }),
        sampler: value,
        guidance: fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }),
        seed,
        size: fc.record(
          { width: fc.integer({ min: 8, max: 4096 }), height: fc.integer({ min: 8, max: 4096 }) },
          { noNullPrototype: true },
        ),
        model: value,
        rng: fc.constantFrom('CPU', 'NV'),
        hypernetHashes: digests,
        styleParameters: fc.array(
          fc.record(
            {
              style: fc.string(),
              parameters: fc.dictionary(name, decimal, { noNullPrototype: true }),
            },
            { noNullPrototype: true },
          ),
        ),
        styleStrengths: fc.array(
          fc.record(
            {
              style: fc.string(),
              overSteps: fc.array(fc.record({ at: decimal, factor: decimal }, { noNullPrototype: true })),
            },
            { requiredKeys: ['style'], noNullPrototype: true },
          ),
        ),
        version: value,
      },
      { requiredKeys: ['prompt', 'steps', 'sampler', 'seed', 'size'], noNullPrototype: true },
    );
    fc.assert(
      fc.property(parameters, (written) => {
        expect(parseParameters(writeParameters(written))).toEqual(written);
      }),
      { numRuns: 500 },
    );
  });
});

describe('style parameters', () => {
  it.each([
    '[["neon", {"glow": "1"}]]',
    '[["neon"]]',
    '[["neon", [1]]]',
    '[["neon", null]]',
    '[[1, {}]]',
    '{"neon": {"glow": 1}}',
    'neon',
  ])('%s is kept as it stands', (text) => {
    const block = `x\nSteps: 1, Sampler: DDIM, Seed: 0, Style parameters: ${JSON.stringify(text)}`;
    expect(parseParameters(block).others).toEqual({ 'Style parameters': text });
  });
});

describe('style strengths', () => {
  it.each([
    '[["ink", {"k": "1"}]]',
    '[["ink", {"glow": 1}]]',
    '[["ink", {"widths": {"wide": 1}}]]',
    '[["ink", {"widths": [1]}]]',
    '[["ink", {"steps": [[0]]}]]',
    '[["ink", {"steps": {"0": 1}}]]',
    '[["ink", {"steps": [[0, "1"]]}]]',
    '[[1, {}]]',
  ])('%s is kept as it stands', (text) => {
    const block = `x\nSteps: 1, Sampler: DDIM, Seed: 0, Style strengths: ${JSON.stringify(text)}`;
    expect(parseParameters(block).others).toEqual({ 'Style strengths': text });
  });
});

describe('readFields', () => {
  it.each([
    ['A b: 1, C: "x, y: z"', { 'A b': '1', C: 'x, y: z' }],
    ['A: "x" y, B: 2', { A: '"x" y', B: '2' }],
    ['A: "x, B: 2', { A: '"x', B: '2' }],
    ['A: "\\q", B: 2', { A: '"\\q"', B: '2' }],
    ['loose, A: 1,, B:', { A: '1', B: '' }],
    ['A: 1, A: 2', { A: '2' }],
  ])('reads %s', (line, fields) => {
    expect(Object.fromEntries(readFields(line))).toEqual(fields);
  });
});
