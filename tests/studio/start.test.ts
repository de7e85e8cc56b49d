// Pictures to begin on: strokes to masks, sizes, requests, commands, drafts, and what bringing a picture does.
import { describe, expect, it, vi } from 'vitest';
import { commandFor } from '../../client/studio/state/command.ts';
import { parseDraftStart } from '../../client/studio/state/draft.ts';
import { requestOf } from '../../client/studio/state/draw-request.ts';
import { type MaskStroke, paintMask, parseStrokes } from '../../client/studio/state/mask-strokes.ts';
import { FIRST_SETTINGS } from '../../client/studio/state/settings.ts';
import { createStarter } from '../../client/studio/state/start-actions.ts';
import { maskOf, maskPicture, type StartPicture, sizeOver } from '../../client/studio/state/start-picture.ts';
import { createStore } from '../../client/studio/state/store.ts';
import { FIRST_STATE, reduce } from '../../client/studio/state/studio.ts';
import type { Picture, Tincture } from '../../client/studio/state/tincture.ts';

const picture = (width: number, height: number): Picture => ({
  width,
  height,
  pixels: new Uint8ClampedArray(4 * width * height).fill(9),
});
const dot = (x: number, y: number, radius: number, erases = false): MaskStroke => ({
  kind: 'stroke',
  erases,
  radius,
  points: [x, y],
});
const rows = (width: number, height: number, strokes: readonly MaskStroke[]): string[] => {
  const { values } = paintMask(width, height, strokes);
  return Array.from({ length: height }, (_, y) =>
    [...values.subarray(y * width, (y + 1) * width)].map((value) => (value === 0 ? '.' : '#')).join(''),
  );
};
const start: StartPicture = {
  name: 'my cat.png',
  picture: picture(6, 4),
  sha256: 'ab',
  strokes: [dot(1, 1, 1.2)],
};

describe('strokes', () => {
  it('paint the pixels whose centres are within the brush, erase them, and may be anywhere', () => {
    expect(rows(6, 4, [dot(1, 1, 1.2)])).toEqual(['##....', '##....', '......', '......']);
    const line: MaskStroke = {
      kind: 'stroke',
      erases: false,
      radius: 0.6,
      points: [0.5, 1.5, 5.5, 1.5, 5.5, 3.5],
    };
    expect(rows(6, 4, [line])).toEqual(['......', '######', '.....#', '.....#']);
    expect(rows(6, 4, [line, dot(2.5, 1.5, 1, true)])).toEqual(['......', '#...##', '.....#', '.....#']);
    expect(rows(6, 4, [dot(-9, 99, 3), dot(6, 4, 1)])).toEqual(['......', '......', '......', '.....#']);
  });

  it('invert and clear all that was before them', () => {
    expect(rows(3, 2, [dot(0.5, 0.5, 0.5), { kind: 'invert' }])).toEqual(['.##', '###']);
    expect(rows(3, 2, [{ kind: 'invert' }, { kind: 'clear' }, dot(0.5, 0.5, 0.5)])).toEqual(['#..', '...']);
  });

  it('are read from a draft only where they are sound', () => {
    const sound = [dot(1, 2, 3), { kind: 'invert' }, { kind: 'clear' }];
    expect(parseStrokes(JSON.parse(JSON.stringify(sound)))).toEqual(sound);
    for (const value of [
      7,
      [7],
      [{ kind: 'other' }],
      [{ ...dot(1, 2, 3), points: [1] }],
      [{ ...dot(1, 2, 3), radius: '3' }],
    ]) {
      expect(parseStrokes(value)).toBeUndefined();
    }
  });
});

describe('the start picture', () => {
  it('takes strokes and takes them back; a mask without a painted pixel is none', () => {
    const strokes = (...actions: Parameters<typeof reduce>[1][]) =>
      actions.reduce(reduce, FIRST_STATE).start?.strokes;
    const begin = {
      kind: 'begin-on',
      start: { name: 'a', picture: picture(2, 2), sha256: undefined },
    } as const;
    const paint = { kind: 'mask', stroke: dot(1, 1, 1) } as const;
    expect(strokes(begin, paint, paint)).toHaveLength(2);
    expect(strokes(begin, paint, paint, { kind: 'undo-mask' })).toHaveLength(1);
    expect(strokes(begin, paint, begin)).toEqual([]);
    expect(strokes(begin, { kind: 'begin-on-noise' })).toBeUndefined();
    expect(strokes(paint)).toBeUndefined();
    expect(maskOf({ ...start, strokes: [dot(1, 1, 1), { kind: 'clear' }] })).toBeUndefined();
  });

  it('gives a size of its shape that the model draws well', () => {
    expect(sizeOver(picture(64, 96), 64, 8)).toEqual({ width: 64, height: 96 });
    expect(sizeOver(picture(2000, 1500), 512, 64)).toEqual({ width: 768, height: 576 });
    expect(sizeOver(picture(70, 5), 512, 64)).toEqual({ width: 64, height: 64 });
  });

  it('goes into the request, with its mask in black and white, in the place of a second pass', () => {
    const settings = {
      ...FIRST_SETTINGS,
      maskedContent: 'fill',
      hiresUpscaler: 'latent',
      hiresSteps: 5,
    } as const;
    const request = requestOf(settings, [], { samplers: [] }, [], start);
    expect(request).toMatchObject({
      image: start.picture,
      denoisingStrength: 0.75,
      maskBlur: 4,
      maskedContent: 'fill',
    });
    expect(request.hires).toBeUndefined();
    const white = request.mask!.pixels.filter((value, i) => i % 4 === 0 && value === 255);
    expect([request.mask!.width, request.mask!.height, white.length]).toEqual([6, 4, 4]);
    expect([...maskPicture(maskOf(start)!).pixels.subarray(0, 4)]).toEqual([255, 255, 255, 255]);
    const unmasked = requestOf(settings, [], { samplers: [] }, [], { ...start, strokes: [] });
    expect(unmasked.mask).toBeUndefined();
    const fromNoise = requestOf(settings, [], { samplers: [] });
    expect(fromNoise.image).toBeUndefined();
    expect(fromNoise.hires).toEqual({ upscaler: 'latent', scale: 2, steps: 5, denoisingStrength: 0.7 });
  });

  it('is told by the command line', () => {
    const settings = { ...FIRST_SETTINGS, denoisingStrength: 0.5, maskedContent: 'latent noise' } as const;
    expect(commandFor(settings, [], [], 'm', [], start)).toContain(
      "--image 'my cat.png' --denoise 0.5 --mask mask.png --mask-blur 4 --masked-content latent-noise --width",
    );
    const hires = { ...FIRST_SETTINGS, hiresUpscaler: 'pixels', hiresScale: 1.5, hiresSteps: 8 } as const;
    expect(commandFor(hires, [], [], 'm')).toContain(
      '--hires-upscaler pixels --hires-scale 1.5 --hires-steps 8 --hires-denoise 0.7 --width',
    );
    expect(commandFor(hires, [], [], 'm', [], { ...start, strokes: [] })).not.toMatch(/hires|mask/);
  });

  it('is a draft by its digest and strokes; nonsense is none', () => {
    const draft = { name: 'a.png', sha256: 'ab', strokes: [dot(1, 2, 3)] };
    expect(parseDraftStart(JSON.stringify(draft))).toEqual(draft);
    expect(parseDraftStart(JSON.stringify({ ...draft, strokes: 'x' }))).toEqual({ ...draft, strokes: [] });
    for (const json of [null, '', '[]', '7', '{"name":1,"sha256":"a"}'])
      expect(parseDraftStart(json)).toBeUndefined();
  });
});

describe('beginning', () => {
  function studio(keep: Tincture['keep'] = async (bytes) => `digest of ${bytes.length}`) {
    const forget = vi.fn(async () => {});
    const store = createStore(reduce, FIRST_STATE);
    const parts = { keep, forget, kept: async () => undefined, readPicture: async () => picture(130, 65) };
    const attempt = async <R>(_doing: string, work: () => Promise<R>): Promise<R | undefined> => work();
    const tincture = parts as unknown as Tincture;
    return { store, forget, starter: createStarter({ store, tincture, attempt }) };
  }

  it('on a file keeps it, takes its shape, and forgets the one before', async () => {
    const { store, forget, starter } = studio();
    store.dispatch({
      kind: 'models',
      models: [{ name: 'm', origin: 'files', bytes: 0, defaults: { width: 64 } }],
    });
    await starter.beginOn(new File(['abc'], 'a.jpg'));
    expect(store.state().start).toMatchObject({ name: 'a.jpg', sha256: 'digest of 3', strokes: [] });
    expect(store.state().settings).toMatchObject({ width: 96, height: 48 });
    await starter.beginOn(new File(['abcd'], 'b.jpg'));
    expect(forget.mock.calls).toEqual([['digest of 3']]);
    await starter.beginOnNoise();
    expect(store.state().start).toBeUndefined();
    expect(forget.mock.calls).toEqual([['digest of 3'], ['digest of 4']]);
  });

  it('goes on where the browser has no room, and says what that means', async () => {
    const { store, starter } = studio(async () => {
      throw new Error('full');
    });
    await starter.beginOn(new File(['abc'], 'a.jpg'));
    expect(store.state().start).toMatchObject({ name: 'a.jpg', sha256: undefined });
    expect(store.state().notices[0]).toMatch(/could not be kept.*gone after a reload/);
  });
});
