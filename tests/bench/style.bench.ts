// What styles add to a step: nothing when they bend the text alone, their share of the arithmetic when they bend all.
import { writeSync } from 'node:fs';
import type { Hypernetwork } from '../../client/hypernetwork/hypernetwork.ts';
import type { GenerateRequest } from '../../client/index.ts';
import { type Moment, openModel, timeSteps } from './engine-model.ts';
import { median, pairedRatio, report } from './engine-report.ts';
import { countMultiplications } from './style-multiplications.ts';
import { makeHypernetwork, styleFile } from './style-networks.ts';

const TURNS = 10;
const STEPS = 12;
/** A folded chain is one matrix however long it is; what is left is the machine's noise. */
const NOISE = 1.03;

const { engine, checkpoint, config } = await openModel();
const { contextWidth, selfAttentionWidths, defaults } = engine.model;
if (selfAttentionWidths.includes(contextWidth)) {
  throw new Error(
    `no style of this model bends the text alone: self-attention has the context's width ${contextWidth}`,
  );
}
const all = [...new Set([contextWidth, ...selfAttentionWidths])];
const textOnly = makeHypernetwork('text only', [contextWidth], 'relu');
const full = makeHypernetwork('full', all, 'relu');
const linear = ['first', 'second', 'third one', 'the fourth'].map((name) =>
  makeHypernetwork(name, all, 'linear'),
);
const chain = (length: number): Hypernetwork[] => linear.slice(0, length);

/** Plain comes first: it is every other one's peer. */
const variants: readonly { name: string; styles: readonly Hypernetwork[] }[] = [
  { name: 'no style', styles: [] },
  { name: 'one on the text only', styles: [textOnly] },
  { name: 'one on all widths, relu', styles: [full] },
  { name: 'chain of 1 linear', styles: chain(1) },
  { name: 'chain of 2 linear', styles: chain(2) },
  { name: 'chain of 4 linear', styles: chain(4) },
];
const files = new Map([textOnly, full, ...linear].map((network) => [network, styleFile(network)]));
const requestOf = (styles: readonly Hypernetwork[]): GenerateRequest => ({
  prompt: 'a red apple',
  seed: 1,
  steps: STEPS,
  guidance: 4,
  styles: styles.map((network) => ({ style: files.get(network)!, strength: 0.7 })),
});

const times = new Map<string, Moment[][]>(variants.map(({ name }) => [name, []]));
for (let turn = 0; turn <= TURNS; turn++) {
  for (const { name, styles } of variants) {
    const steps = await timeSteps(engine, requestOf(styles));
    if (turn > 0) times.get(name)!.push(steps); // The first turn makes the sessions.
  }
  writeSync(2, '.');
}
writeSync(2, '\n');

const sizes = {
  batch: 2,
  height: defaults.height / config.latentFactor,
  width: defaults.width / config.latentFactor,
  tokens: config.maxTokens,
};
const count = (styles: readonly Hypernetwork[]) =>
  countMultiplications(
    checkpoint,
    config,
    styles.map((hypernetwork) => ({ hypernetwork, strength: 0.7 })),
    sizes,
  );
const plainCount = count([]);
const plainTimes = times.get(variants[0]!.name)!;
const ratio = (name: string, peer = plainTimes) => pairedRatio(times.get(name)!, peer);

const one = times.get('chain of 1 linear')!;
const fullShare = count([full]) / plainCount;
report(
  `Styles on a step of ${engine.model.name} (${defaults.width}×${defaults.height}, two rows, wasm)`,
  variants.map(({ name, styles }) => ({
    styles: name,
    'processor ms/step': median(
      times
        .get(name)!
        .flat()
        .map(({ processor }) => processor),
    ),
    'wall ms/step': median(
      times
        .get(name)!
        .flat()
        .map(({ wall }) => wall),
    ),
    '× plain': ratio(name),
    'million multiplications': count(styles) / 1e6,
    'share × plain': count(styles) / plainCount,
  })),
  [
    {
      claim: 'a style on the text only, against none',
      value: ratio('one on the text only'),
      limit: 1.01,
      unit: '×',
    },
    {
      claim: 'a style on all widths, against its share of the multiplications and 5 points',
      value: ratio('one on all widths, relu'),
      limit: fullShare + 0.05,
      unit: '×',
    },
    {
      claim: 'a linear chain of 2 against 1',
      value: ratio('chain of 2 linear', one),
      limit: NOISE,
      unit: '×',
    },
    {
      claim: 'a linear chain of 4 against 1',
      value: ratio('chain of 4 linear', one),
      limit: NOISE,
      unit: '×',
    },
  ],
);
await engine.close();
