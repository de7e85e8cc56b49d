// A chain of linear styles folded into one matrix and bias, against the same chain run layer by layer, as bare UNet sessions.
import { writeSync } from 'node:fs';
import type { StrengthenedHypernetwork } from '../../client/hypernetwork/hypernetwork.ts';
import { styleFeeds, styleSignature } from '../../client/models/styles.ts';
import { buildUnet } from '../../client/models/unet.ts';
import { createSession } from '../../client/runtime/create.ts';
import { relativeError, type Tensor, tensor } from '../../client/tensor/tensor.ts';
import { between, type Moment, now, openModel } from './engine-model.ts';
import { median, pairedRatio, report } from './engine-report.ts';
import { countMultiplications } from './style-multiplications.ts';
import { makeHypernetwork } from './style-networks.ts';

const TURNS = 10;
const STEPS = 8;
/** Points that a folded chain may be above its share of the multiplications. */
const POINTS = 0.05;
const ROUNDING = 1e-4;

const { engine, checkpoint, config } = await openModel();
const side = engine.model.defaults.width / config.latentFactor;
const rows = 2;

function wave(shape: readonly number[]): Tensor {
  const values = tensor(shape);
  for (let i = 0; i < values.data.length; i++) values.data[i] = Math.sin(i);
  return values;
}

const context = wave([rows, config.maxTokens, config.contextWidth]);
const inputs = {
  sample: wave([rows, config.latentChannels, side, side]),
  timestep: tensor([rows], Float32Array.of(500, 500)),
  context_k: context,
  context_v: context,
};
const sizes = { batch: rows, height: side, width: side, tokens: config.maxTokens };

/** A style that varies from step to step is never folded: that alone tells the two chains apart. */
function chainOf(length: number, varies: boolean): StrengthenedHypernetwork[] {
  return ['first', 'second', 'third one', 'the fourth'].slice(0, length).map((name) => ({
    hypernetwork: makeHypernetwork(name, config.selfAttentionWidths, 'linear'),
    strength: 0.7,
    varies,
  }));
}

async function start(styles: readonly StrengthenedHypernetwork[]) {
  const signature = styleSignature(styles, config);
  const session = await createSession(buildUnet(checkpoint, config, { signature }), { backend: 'wasm' });
  const feeds = { ...inputs, ...styleFeeds(styles, signature) };
  const turns: Moment[][] = [];
  return {
    turns,
    multiplications: countMultiplications(checkpoint, config, styles, sizes),
    prediction: async () => (await session.run(feeds)).noise_pred!.data,
    async turn() {
      const ends = [now()];
      for (let step = 0; step < STEPS; step++) {
        await session.run(feeds);
        ends.push(now());
      }
      turns.push(between(ends).slice(1));
    },
    release: () => session.release(),
  };
}

const reports = [];
const claims = [];
for (const length of [2, 4]) {
  const folded = await start(chainOf(length, false));
  const unfolded = await start(chainOf(length, true));
  const error = relativeError(await folded.prediction(), await unfolded.prediction());
  for (let turn = 0; turn < TURNS; turn++) {
    for (const one of turn % 2 === 0 ? [folded, unfolded] : [unfolded, folded]) await one.turn();
    writeSync(2, '.');
  }
  const ratio = pairedRatio(folded.turns, unfolded.turns);
  const share = folded.multiplications / unfolded.multiplications;
  for (const [what, { turns, multiplications }] of Object.entries({ folded, unfolded })) {
    reports.push({
      chain: `${length} linear, ${what}`,
      'processor ms/step': median(turns.flat().map(({ processor }) => processor)),
      'million multiplications': multiplications / 1e6,
    });
  }
  claims.push(
    {
      claim: `a chain of ${length} linear styles folded, against unfolded (its share of multiplications and 5 points)`,
      value: ratio,
      limit: share + POINTS,
      unit: '×',
    },
    {
      claim: `relative error of a chain of ${length}, folded against unfolded`,
      value: error,
      limit: ROUNDING,
      unit: '',
    },
  );
  await folded.release();
  await unfolded.release();
}
writeSync(2, '\n');
report(`Chains of linear styles on a step of ${engine.model.name}, wasm`, reports, claims);
await engine.close();
