// Learning-rate schedules against the reference's reading of them, and errors that point.
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { parseRateSchedule, RateTextError, rateAt } from '../../client/training/rate.ts';

interface GoldenRate {
  readonly schedule: string;
  readonly max_steps: number;
  readonly current_step: number;
  readonly segments?: [number, number][];
  readonly error?: boolean;
}

test('the golden schedules', async () => {
  const file = new URL('../golden/prompts.json', import.meta.url);
  const cases = (JSON.parse(await readFile(file, 'utf8')) as { learn_rate: GoldenRate[] }).learn_rate;
  expect(cases.length).toBeGreaterThan(5);
  for (const { schedule, max_steps: steps, current_step: current, segments, error } of cases) {
    if (error) expect(() => parseRateSchedule(schedule, steps, current), schedule).toThrow();
    else {
      const found = parseRateSchedule(schedule, steps, current).map(({ rate, until }) => [rate, until]);
      expect(found, schedule).toEqual(segments);
    }
  }
});

test('errors point at the place', () => {
  const message = (text: string): string => {
    try {
      parseRateSchedule(text, 100);
    } catch (error) {
      return (error as Error).message;
    }
    return 'no error';
  };
  expect(message('1e-3:10, fast:20')).toMatch(/character 10.*positive rate.*"fast"/s);
  expect(message('1e-3:ten')).toMatch(/character 6.*whole step.*"ten"/s);
  expect(message('1e-3:1:2')).toMatch(/character 1.*"1e-3:1:2"/s);
  expect(message('-1')).toMatch(/positive rate/);
  expect(message('Infinity')).toMatch(/positive rate/);
  expect(message('1e-3,'.repeat(2000))).toMatch(/too many parts/);
});

test.each([
  ['1e-3:10, fast:20', 10 - 1, 4],
  ['1e-3:ten', 5, 3],
  ['1e-3:', 5, 0],
  [':100', 0, 0],
])('in %j the wrong part is at %i, %i long', (text, at, length) => {
  let caught: unknown;
  try {
    parseRateSchedule(text, 100);
  } catch (error) {
    caught = error;
  }
  expect(caught).toBeInstanceOf(RateTextError);
  expect(caught).toMatchObject({ at, length });
});

test('the rate of a step', () => {
  const segments = parseRateSchedule('1e-3:2, 1e-4:4', 100);
  expect([0, 1, 2, 3, 4].map((step) => rateAt(segments, step))).toEqual([1e-3, 1e-3, 1e-4, 1e-4, undefined]);
});
