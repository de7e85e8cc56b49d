// Failures, sizes, durations, file names and drafts in words.
import { describe, expect, it } from 'vitest';
import { parseDraft } from '../../client/studio/state/draft.ts';
import { failureOf, isAbort } from '../../client/studio/state/failure.ts';
import { pngName } from '../../client/studio/state/save-png.ts';
import { FIRST_SETTINGS } from '../../client/studio/state/settings.ts';
import { durationText, sizeText } from '../../client/studio/state/size-text.ts';
import { TinctureError } from '../../plugins/contract/error.ts';

describe('failureOf', () => {
  it('adds advice by area only where the error has none of its own', () => {
    const bare = new TinctureError('plugin/deadline', 'took too long', { where: 'style neon' });
    expect(failureOf('Drawing', bare)).toEqual({
      doing: 'Drawing',
      message: 'Style neon: took too long.',
      advice:
        'The style’s plugin was ended; the studio is unharmed. Take the style out of use, then draw again.',
      code: 'plugin/deadline',
    });
    const advised = new TinctureError('plugin/deadline', 'took too long', { fix: 'Use a smaller style.' });
    expect(failureOf('Drawing', advised)).toMatchObject({
      message: 'Took too long. Use a smaller style.',
      advice: '',
    });
  });

  it('keeps the spelling of a file’s name', () => {
    const error = new TinctureError('format/truncated', 'ends early', { where: 'styles/blueprint.pt' });
    expect(failureOf('Reading', error).message).toBe('styles/blueprint.pt: ends early.');
  });

  it('has words for a network that is gone and for what no one expected', () => {
    expect(failureOf('Searching', new TypeError('Failed to fetch')).message).toBe(
      'The server did not answer.',
    );
    expect(failureOf('Drawing', new RangeError('boom')).advice).toMatch(/Reload the page/);
    expect(failureOf('Drawing', 'text').message).toBe('Text.');
  });

  it('tells a stop from a failure', () => {
    expect(isAbort(new DOMException('stopped', 'AbortError'))).toBe(true);
    expect(isAbort(new Error('AbortError'))).toBe(false);
  });
});

it('sizes have at most three digits', () => {
  expect([0, 999, 1000, 11333566, 999_600, 4.3e9].map(sizeText)).toEqual([
    '0 bytes',
    '999 bytes',
    '1.0 kB',
    '11.3 MB',
    '1.0 MB',
    '4.3 GB',
  ]);
});

it('durations', () => {
  expect([840, 12_400, 185_000].map(durationText)).toEqual(['0.8 s', '12 s', '3 min 5 s']);
});

it('a saved picture is named after its words and seed', () => {
  const settings = { ...FIRST_SETTINGS, prompt: 'A <hypernet:neon:1>Red Apple, on/teal', seed: '9' };
  expect(pngName({ settings })).toBe('a-red-apple-on-teal-9.png');
  expect(pngName({ settings: { ...settings, prompt: '' } })).toBe('picture-9.png');
});

it('a draft keeps known fields of the right type only', () => {
  expect(parseDraft('{"prompt":"owl","steps":"many","seedLocked":true,"other":1}')).toEqual({
    prompt: 'owl',
    seedLocked: true,
  });
  for (const broken of [null, '', '{', '3', 'null']) expect(parseDraft(broken)).toEqual({});
});
