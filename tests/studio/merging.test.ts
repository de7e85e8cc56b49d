// Merging in the studio: the sum of styles at hand as a file that reads back, and what has no sum.
import { readFile } from 'node:fs/promises';
import { describe, expect, it, vi } from 'vitest';
import { blobSource, HypernetworkSum, readHypernetwork, TinctureError } from '../../client/index.ts';
import { fileNameOf, mergeStyles } from '../../client/studio/state/merge-styles.ts';
import { type ShelfStyle, STRENGTH } from '../../client/studio/state/styles.ts';

const GOLDEN = 'tests/golden/hypernetworks';
const fileOf = async (name: string) => new File([new Uint8Array(await readFile(`${GOLDEN}/${name}`))], name);
const style = (name: string, file?: File): ShelfStyle => ({
  id: name,
  name,
  title: name,
  description: '',
  origin: file === undefined ? 'registry' : 'file',
  ...(file && { file }),
  triggerWords: [],
  strength: STRENGTH,
});
const forever = new AbortController().signal;

describe('merging', () => {
  it.each(['pt', 'safetensors'] as const)(
    'gives the weighted sum as a .%s, of files and of the registry’s',
    async (format) => {
      const relu = await fileOf('relu.pt');
      const tincture = { styleWeights: vi.fn(async () => relu) };
      const parts = [
        { style: style('mine', relu), weight: 0.75 },
        { style: style('theirs'), weight: -0.25 },
      ];
      const asked: number[] = [];
      const { file, recipe } = await mergeStyles(parts, 'half', format, tincture, {
        signal: forever,
        onPart: (part) => asked.push(part),
      });
      expect([file.name, asked]).toEqual([`half.${format}`, [0, 1]]);
      expect(recipe).toMatch(/^weighted sum: 0\.75 × relu.* \+ -0\.25 × relu/);
      const { description, widths } = await readHypernetwork(blobSource(file.name, file));
      expect(description.name).toBe('half');
      const whole = await readHypernetwork(blobSource('relu.pt', relu));
      const sum = new HypernetworkSum();
      sum.add(whole, 0.5, 'relu');
      for (const [width, { k }] of widths) {
        const layers = [k[0], whole.widths.get(width)!.k[0]].map((layer) =>
          layer?.kind === 'linear' ? layer.weight.data : undefined,
        );
        expect(layers[0]).toEqual(layers[1]!.map((value) => value * 0.5));
      }
    },
  );

  it('names the style of another shape, and stops when it is told to', async () => {
    const tincture = {
      styleWeights: async () => Promise.reject(new TinctureError('studio/weights', 'none')),
    };
    const parts = await Promise.all(
      ['relu.pt', 'swish-ln.pt'].map(async (name) => ({ style: style(name, await fileOf(name)), weight: 1 })),
    );
    await expect(mergeStyles(parts, 'x', 'pt', tincture, { signal: forever })).rejects.toThrow(
      /swish-ln\.pt/,
    );
    const stopped = AbortSignal.abort(new DOMException('stopped', 'AbortError'));
    await expect(mergeStyles(parts, 'x', 'pt', tincture, { signal: stopped })).rejects.toThrow('stopped');
  });

  it('names files as systems like them', () => {
    expect(['a/b:c', '  ..x ', 'Tusche 2', '///'].map(fileNameOf)).toEqual([
      'a-b-c',
      'x',
      'Tusche 2',
      undefined,
    ]);
  });
});
