// Reports from anyone: what is not as `compare` writes it is refused, and the page escapes what is.
import { expect, test } from 'vitest';
import { readReport } from '../../client/comparison/read-report.ts';
import { answerOf } from '../../client/comparison/report-answer.ts';
import { reportPage } from '../../client/comparison/report-page.ts';
import { SAMPLE_REPORT as REPORT, side } from './sample-report.ts';

test('the answer is in the report’s numbers', () => {
  expect(answerOf(readReport(JSON.stringify(REPORT), 'report.json'))).toEqual([
    'Of 20 pictures each, 90 % are in the style with the hypernetwork, 50 % with the embedding, 0 % with neither.',
    'Their words are followed by 80 % and 40 %, with neither by 30 %.',
    'The hypernetwork’s file is 10 times as large (2000 numbers beside 96), and its step takes 1.5 times as long.',
    'On the pictures held back the loss changed by −10.0 % with the hypernetwork and by +10.0 % with the embedding.',
  ]);
});

test('texts of a report are no markup on its page', () => {
  const page = reportPage(readReport(JSON.stringify(REPORT), 'report.json'));
  expect(page).toContain('over &#60;script&#62; (abc)');
  expect(page).not.toMatch(/<script|<img onerror/);
});

test.each([
  ['no JSON', 'hello'],
  ['format', JSON.stringify({ ...REPORT, format: 2 })],
  ['set', JSON.stringify({ ...REPORT, set: ['https://elsewhere.example/a.png'] })],
  ['sides', JSON.stringify({ ...REPORT, sides: { ...REPORT.sides, none: side(2, 0) } })],
  ['captions', JSON.stringify({ ...REPORT, captions: [] })],
  ['colour', JSON.stringify({ ...REPORT, colour: 1 })],
])('a report with a wrong %s is refused by name', (field, text) => {
  expect(() => readReport(text, 'mine.json')).toThrow(new RegExp(`mine\\.json.*no report.*${field}`, 's'));
});
