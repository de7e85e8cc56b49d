// Until the first step of the next picture: with another strength, with another style of the same shape, and with a UNet made anew.
import { writeSync } from 'node:fs';
import type { GenerateRequest } from '../../client/index.ts';
import { live } from '../../client/runtime/live.ts';
import { openModel } from './engine-model.ts';
import { median, report } from './engine-report.ts';
import { makeHypernetwork, styleFile } from './style-networks.ts';

const TURNS = 10;
/** A switch is held to this share of what a rebuild takes, a step included on both sides. */
const SHARE = 0.3;

const { engine } = await openModel();
const { contextWidth, selfAttentionWidths } = engine.model;
const widths = [...new Set([contextWidth, ...selfAttentionWidths])];
const [one, other] = ['one', 'the other'].map((name) => styleFile(makeHypernetwork(name, widths, 'relu')));

interface Switch {
  /** Milliseconds of wall time: sessions made, and the one step. */
  readonly sessions: number;
  readonly step: number;
  /** Sessions more than before. */
  readonly made: number;
}

async function draw(style: GenerateRequest['styles']): Promise<Switch> {
  const before = live().sessions;
  const { milliseconds } = await engine.generate({
    prompt: 'a red apple',
    seed: 1,
    steps: 1,
    guidance: 4,
    sampler: 'euler',
    styles: style!,
  });
  return {
    sessions: milliseconds.model ?? 0,
    step: milliseconds.unet ?? 0,
    made: live().sessions - before,
  };
}

const switches = {
  'the same style, another strength': [] as Switch[],
  'another style of the same shape': [] as Switch[],
  'a style of another shape: a UNet is made': [] as Switch[],
};
await draw([{ style: other!, strength: 0.5 }]);
await draw([{ style: one!, strength: 0.5 }]);
for (let turn = 1; turn <= TURNS; turn++) {
  const [strength, style, rebuild] = Object.values(switches) as [Switch[], Switch[], Switch[]];
  strength.push(await draw([{ style: one!, strength: turn / TURNS }]));
  style.push(await draw([{ style: other!, strength: turn / TURNS }]));
  const reshaped = makeHypernetwork(`shape ${turn}`, widths, 'relu', 1 + turn / 16);
  // The most recently used sessions stay: the shape at hand is never the one that goes.
  rebuild.push(await draw([{ style: styleFile(reshaped), strength: 0.5 }]));
  await draw([{ style: one!, strength: 0.5 }]);
  writeSync(2, '.');
}
writeSync(2, '\n');

const middle = (all: readonly Switch[], of: (each: Switch) => number): number => median(all.map(of));
const whole = ({ sessions, step }: Switch): number => sessions + step;
const [strength, style, rebuild] = Object.values(switches) as [Switch[], Switch[], Switch[]];
if ([...strength, ...style].some(({ made }) => made !== 0)) throw new Error('a switch made a session');
report(
  `Until the first step of the next picture of ${engine.model.name} is done, wasm`,
  Object.entries(switches).map(([what, all]) => ({
    what,
    'sessions ms': middle(all, ({ sessions }) => sessions),
    'step ms': middle(all, ({ step }) => step),
    '÷ rebuild': middle(all, whole) / middle(rebuild, whole),
  })),
  [
    {
      claim: 'another strength, against a rebuild',
      value: middle(strength, whole) / middle(rebuild, whole),
      limit: SHARE,
      unit: '×',
    },
    {
      claim: 'another style of the same shape, against a rebuild',
      value: middle(style, whole) / middle(rebuild, whole),
      limit: SHARE,
      unit: '×',
    },
  ],
);
await engine.close();
