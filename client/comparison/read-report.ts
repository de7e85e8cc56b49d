// A comparison's report read back from its JSON, which may come from anyone: every field and size is checked.
import { z } from 'zod';
import { TinctureError } from '../../plugins/contract/error.ts';
import type { ComparisonReport } from './report-data.ts';

/** A larger file is not read. */
export const MAX_REPORT_BYTES = 64 * 2 ** 20;
/** Pictures shown, as `compare --shown` allows. */
const MAX_SHOWN = 32;
const MAX_PICTURE_CHARACTERS = 4 * 2 ** 20;

const words = (most: number) => z.string().max(most);
const count = z.int().min(0).max(1e9);
const share = z.number().min(0).max(1);
const figures = z.strictObject({ inStyle: share, follows: share });
/** PNG in the page's own address: nothing is fetched for a report. */
const pictures = z
  .array(
    z
      .string()
      .max(MAX_PICTURE_CHARACTERS)
      .regex(/^data:image\/png;base64,[A-Za-z0-9+/]+=*$/, 'must be a PNG as a data URL'),
  )
  .max(MAX_SHOWN);
const side = z.strictObject({ figures, pictures });
const trained = z.strictObject({
  steps: count,
  seconds: z.number().min(0),
  validationBefore: z.number().exactOptional(),
  validationAfter: z.number().exactOptional(),
  bytes: count,
  parameters: count,
  rate: words(1000),
  secondsAStep: z.number().min(0),
  lossAtEnd: z.number(),
  curve: z.array(z.number()).max(60),
});

const reportSchema = z
  .strictObject({
    format: z.literal(1),
    model: z.strictObject({ name: words(200), hash: words(64) }),
    data: z.strictObject({ pictures: count, batch: count, heldBack: count }),
    budget: z.union([z.strictObject({ steps: count }), z.strictObject({ minutes: z.number().min(0) })]),
    backend: z.enum(['webgpu', 'wasm', 'cpu']),
    captions: z.array(words(65_536)).max(MAX_SHOWN),
    seeds: z.array(words(20)).max(64),
    judged: count,
    accuracy: share,
    ceiling: figures,
    set: pictures,
    trained: z.strictObject({ hypernetwork: trained, embedding: trained }),
    sides: z.strictObject({ none: side, hypernetwork: side, embedding: side }),
  })
  .refine(
    ({ captions, set, sides }) =>
      [set, ...Object.values(sides).map((one) => one.pictures)].every(
        (list) => list.length === captions.length,
      ),
    { path: ['captions'], message: 'must be as many as the pictures of each side' },
  );

/** Throws `comparison/report` with the field that is wrong. */
export function readReport(text: string, where: string): ComparisonReport {
  const fail = (found: string, cause?: unknown): TinctureError =>
    new TinctureError('comparison/report', 'this is no report of a comparison', {
      where,
      expected: 'the report.json that `tincture compare` writes',
      found,
      cause,
    });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw fail('no JSON', cause);
  }
  const parsed = reportSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw fail(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`);
}
