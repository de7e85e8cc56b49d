// Plugins that describe themselves, follow a schedule and make layers, and those that lie in doing so, as WebAssembly text.
import { type ModuleParts, moduleText } from '../plugins/module-text.ts';
import { DESCRIPTION } from './expectations.ts';
import { block, data, integers, linear, words } from './wat.ts';

const DONE = '(i32.const 0)';

function describes(said: string | Uint8Array, length?: number, parts: ModuleParts = {}): string {
  return moduleText({
    memory: '2 4',
    tincture_describe: '(i32.const 512)',
    more: words(512, said, length),
    ...parts,
  });
}

const parametersOf = (count: number): string =>
  JSON.stringify({
    parameters: Array.from({ length: count }, (_, i) => ({
      name: `p${i}`,
      default: 0,
      minimum: 0,
      maximum: 1,
    })),
  });

function schedules(entry: string, parts: ModuleParts = {}): string {
  return moduleText({ tincture_schedule: `${entry} ${DONE}`, ...parts });
}

interface Placed {
  readonly at?: number;
  readonly bytes: Uint8Array;
  /** What the table says. */
  readonly length?: number;
}

/** Hands out these blocks for both sides of every width; the table is at 1024, blocks from 1040 on unless `at` says otherwise. */
function makes(
  blocks: readonly Placed[],
  table = 1024,
  count = blocks.length,
  parts: ModuleParts = {},
): string {
  let next = 1040 + 16 * Math.ceil(blocks.length / 2);
  const places: number[] = [];
  const stored: string[] = [];
  for (const { at, bytes } of blocks) {
    places.push(at ?? next);
    stored.push(data(next, bytes));
    next += 16 * Math.ceil(bytes.length / 16);
  }
  const entries = blocks.flatMap(({ bytes, length }, i) => [places[i]!, length ?? bytes.length]);
  return moduleText({
    tincture_layers: `(i32.store (local.get 2) (i32.const ${table}))
      (i32.store offset=4 (local.get 2) (i32.const ${count})) ${DONE}`,
    more: `${integers(1024, entries)} ${stored.join(' ')}`,
    ...parts,
  });
}

/** One block for both sides, as the only layer. */
const one = (bytes: Uint8Array): string => makes([{ bytes }]);

/** State: 2048 gain, 2052 lift, 2056 the context's first value, 2060 the phase, 2064 a tensor's first value, 2068 the last set. */
const speaking = moduleText({
  memory: '1 4',
  tincture_describe: '(i32.const 512)',
  tincture_parameter: `(f32.store offset=2048 (i32.mul (local.get 0) (i32.const 4)) (local.get 1)) ${DONE}`,
  tincture_context: `(f32.store (i32.const 2056) (f32.load (local.get 2))) ${DONE}`,
  tincture_phase: `(f32.store (i32.const 2060) (f32.convert_i32_u (local.get 0))) ${DONE}`,
  tincture_tensor: `(f32.store (i32.const 2064) (f32.load offset=64 (local.get 1)))
    (f32.store (i32.const 2068) (f32.convert_i32_u (local.get 0))) ${DONE}`,
  tincture_schedule: `(local $i i32)
    (loop $next
      (f32.store (local.get 1) (f32.mul (f32.convert_i32_u (local.get $i)) (f32.const 0.25)))
      (i32.store offset=4 (local.get 1) (i32.and (local.get $i) (i32.const 1)))
      (local.set 1 (i32.add (local.get 1) (i32.const 8)))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get 0))))
    ${DONE}`,
  // The first key: (gain + lift) · strength more. The first three values: context, phase, tensor. The fourth: the set.
  tincture_apply: `
    (f32.store (local.get 2) (f32.add (f32.load (local.get 2))
      (f32.mul (local.get 4) (f32.add (f32.load (i32.const 2048)) (f32.load (i32.const 2052))))))
    (f32.store offset=0 (local.get 3) (f32.load (i32.const 2056)))
    (f32.store offset=4 (local.get 3) (f32.load (i32.const 2060)))
    (f32.store offset=8 (local.get 3) (f32.load (i32.const 2064)))
    (f32.store offset=12 (local.get 3) (f32.load (i32.const 2068)))
    ${DONE}`,
  // Linear [width, width] of the gain, with the phase plus the side as bias; widths above 8 are left alone.
  tincture_layers: `(local $i i32) (local $values i32)
    (if (i32.gt_u (local.get 0) (i32.const 8)) (then (return (i32.const 3))))
    (local.set $values (i32.mul (local.get 0) (i32.add (local.get 0) (i32.const 1))))
    (i32.store (i32.const 1024) (i32.const 1040))
    (i32.store (i32.const 1028) (i32.add (i32.const 32) (i32.mul (i32.const 4) (local.get $values))))
    (i32.store (i32.const 1040) (i32.const 1))
    (i32.store (i32.const 1048) (local.get 0))
    (i32.store (i32.const 1052) (local.get 0))
    (loop $next
      (f32.store offset=1072 (i32.mul (i32.const 4) (local.get $i))
        (select
          (f32.load (i32.const 2048))
          (f32.add (f32.load (i32.const 2060)) (f32.convert_i32_u (local.get 1)))
          (i32.lt_u (local.get $i) (i32.mul (local.get 0) (local.get 0)))))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $values))))
    (i32.store (local.get 2) (i32.const 1024))
    (i32.store offset=4 (local.get 2) (i32.const 1))
    ${DONE}`,
  more: words(512, JSON.stringify(DESCRIPTION)),
});

export const SPEAKING_TEXTS = {
  speaking,
  loopsInDescribe: describes('{}', undefined, {
    tincture_describe: '(loop $again (br $again)) (i32.const 0)',
  }),
  describesNoJson: describes('{"title": '),
  describesNoUtf8: describes(Uint8Array.of(0x22, 0xff, 0xfe, 0x22)),
  describesAnArray: describes('[]'),
  describesMore: describes('{"colour": "red"}'),
  describesEndlessly: describes('{}', 16_385),
  describesOutside: describes('{}', undefined, { tincture_describe: '(i32.const 0x20000)' }),
  describesMisaligned: describes('{}', undefined, { tincture_describe: '(i32.const 514)' }),
  describesManyParameters: describes(parametersOf(17), undefined, { tincture_parameter: DONE }),
  describesStrength: describes(
    '{"parameters":[{"name":"strength","default":0,"minimum":0,"maximum":1}]}',
    undefined,
    { tincture_parameter: DONE },
  ),
  describesWrongDefault: describes(
    '{"parameters":[{"name":"a","default":2,"minimum":0,"maximum":1}]}',
    undefined,
    { tincture_parameter: DONE },
  ),
  describesInfinity: describes(
    '{"parameters":[{"name":"a","default":0,"minimum":0,"maximum":1e999}]}',
    undefined,
    { tincture_parameter: DONE },
  ),
  describesDeaf: describes(parametersOf(1)),
  refusesParameter: describes(parametersOf(2), undefined, { tincture_parameter: '(local.get 0)' }),

  schedulesNaN: schedules('(f32.store offset=8 (local.get 1) (f32.const nan))'),
  schedulesPhase64: schedules('(i32.store offset=4 (local.get 1) (i32.const 64))', { tincture_phase: DONE }),
  schedulesWithoutPhases: schedules('(i32.store offset=4 (local.get 1) (i32.const 1))'),
  refusesSchedule: moduleText({ tincture_schedule: '(i32.const 1)' }),
  writesPastSchedule: schedules('(i32.store (i32.const 0x10000000) (i32.const 1))'),

  /** linear 4 → 2 as float16, prelu of one slope, layer norm, linear 2 → 4. */
  makesHalf: makes([
    { bytes: block([1, 1, 4, 2, 0], [0x3c00, 0x4000, 0xc000, 0x0001, 0, 0, 0, 0, 0x3800, 0x7bff], true) },
    { bytes: block([2, 0, 1, 0, 13], [0.25]) },
    { bytes: block([3, 0, 2, 0, 0], [1, 2, 3, 4]) },
    { bytes: block([2, 0, 0, 0, 8], []) },
    { bytes: linear(2, 4, 0.5) },
  ]),
  leavesWidths: moduleText({ tincture_layers: '(i32.const 3)' }),
  leavesKeys: makes([{ bytes: linear(4, 4) }], 1024, 1, {
    tincture_layers: `(if (i32.eqz (local.get 1)) (then (return (i32.const 3))))
      (i32.store (local.get 2) (i32.const 1024)) (i32.store offset=4 (local.get 2) (i32.const 1)) ${DONE}`,
  }),
  refusesLayers: makes([], 1024, 0, {
    tincture_layers: '(i32.const 1)',
    error: '(i32.const 256)',
    more: words(256, 'no idea'),
  }),
  tableOutside: makes([{ bytes: linear(4, 4) }], 0x20000),
  tableAtTheEnd: makes([{ bytes: linear(4, 4) }], 65_536 - 4),
  tableMisaligned: makes([{ bytes: linear(4, 4) }], 1026),
  tableEmpty: makes([{ bytes: linear(4, 4) }], 1024, 0),
  tableEndless: makes([{ bytes: linear(4, 4) }], 1024, 0xffffffff),
  layerMisaligned: makes([{ at: 1064, bytes: linear(4, 4) }]),
  layerOutside: makes([{ at: 0x20000, bytes: linear(4, 4) }]),
  layerPastTheEnd: makes([{ bytes: linear(4, 4), length: 65_536 }]),
  layersTooLarge: makes(
    Array.from({ length: 255 }, () => ({ at: 0, bytes: new Uint8Array(0), length: 1 << 21 })),
    1024,
    255,
    { memory: '40 40' },
  ),
  layerTooShort: makes([{ bytes: linear(4, 4), length: 28 }]),
  layerLonger: makes([{ bytes: linear(4, 4), length: 32 + 4 * 20 + 4 }]),
  layerHugeHeader: one(block([1, 0, 4, 0xffffffff, 0], [])),
  layerUnknownKind: one(block([4, 0, 4, 4, 0], new Array<number>(20).fill(1))),
  layerUnknownValues: one(block([1, 2, 4, 4, 0], new Array<number>(20).fill(1))),
  layerUnknownActivation: one(block([2, 0, 0, 0, 22], [])),
  layerWithSlopes: one(block([2, 0, 1, 0, 0], [1])),
  layerReserved: one(block([2, 0, 0, 0, 0, 0, 1, 0], [])),
  layersApart: makes([{ bytes: linear(4, 3) }, { bytes: linear(4, 4) }]),
  layersEndElsewhere: one(linear(4, 3)),
  normOfOtherWidth: one(block([3, 0, 3, 0, 0], [1, 1, 1, 0, 0, 0])),
  layersNaN: one(linear(4, 4, Number.NaN)),
  layersInfiniteHalf: one(block([1, 1, 4, 4, 0], [...new Array<number>(19).fill(0x3c00), 0xfc00], true)),
} as const;
