// What a plugin may say of itself: the schema's defaults, and each thing that it refuses.
import { expect, test } from 'vitest';
import { pluginDescriptionSchema } from '../../plugins/contract/description.ts';
import { MAX_PARAMETERS_DESCRIBED } from '../../plugins/contract/limits.ts';
import { firstIssue } from '../../plugins/contract/style.ts';

const CURVE = { name: 'curve', title: 'Curve', default: 1, minimum: 0.25, maximum: 4 };

/** The first complaint as `field: what`, or `fine`. */
function complaint(value: unknown): string {
  const { error } = pluginDescriptionSchema.safeParse(value);
  if (error === undefined) return 'fine';
  const { field, message } = firstIssue(error);
  return `${field}: ${message}`;
}

test('every member is optional', () => {
  expect(pluginDescriptionSchema.parse({})).toEqual({ half: false, parameters: [] });
  const whole = { title: 'Fade', description: 'Strong, then gone.', half: true, parameters: [CURVE] };
  expect(pluginDescriptionSchema.parse(whole)).toEqual(whole);
  const { title: _, ...untitled } = CURVE;
  expect(complaint({ parameters: [untitled] })).toBe('fine');
  expect(complaint({ parameters: [{ ...CURVE, minimum: 1, maximum: 1 }] })).toBe('fine');
});

test('other members, wrong types and too much of anything are refused', () => {
  expect(complaint({ strength: 1 })).toContain('strength: ');
  expect(complaint({ parameters: [{ ...CURVE, step: 1 }] })).toContain('parameters.0.step: ');
  expect(complaint([])).toContain('expected object');
  expect(complaint({ half: 1 })).toContain('half: ');
  expect(complaint({ title: '' })).toContain('title: ');
  expect(complaint({ title: 'a'.repeat(101) })).toContain('title: ');
  expect(complaint({ description: 'a'.repeat(4001) })).toContain('description: ');
  const many = Array.from({ length: MAX_PARAMETERS_DESCRIBED + 1 }, (_, i) => ({ ...CURVE, name: `p${i}` }));
  expect(complaint({ parameters: many })).toContain('parameters: ');
  expect(complaint({ parameters: many.slice(1) })).toBe('fine');
});

test('parameters have names of their own and finite ranges around their defaults', () => {
  const one = (change: object): string => complaint({ parameters: [{ ...CURVE, ...change }] });
  expect(one({ name: 'strength' })).toContain('parameters.0.name: must not be `strength`');
  expect(one({ name: 'Curve' })).toContain('parameters.0.name: ');
  expect(one({ name: 'a--b' })).toContain('parameters.0.name: ');
  expect(one({ default: 5 })).toContain('must lie between minimum and maximum');
  expect(one({ default: 0 })).toContain('must lie between minimum and maximum');
  expect(one({ maximum: Number.POSITIVE_INFINITY })).toContain('parameters.0.maximum: ');
  expect(one({ default: Number.NaN })).toContain('parameters.0.default: ');
  expect(complaint({ parameters: [CURVE, CURVE] })).toContain('parameters: must not repeat a name');
});
