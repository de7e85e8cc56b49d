// The part of the contract about what plugins say: descriptions, parameters, schedules, layers; and the picture's budget.
import { withCardSection } from '../../plugins/contract/card-section.ts';
import type { LayerBlocks, Plugin, PluginHost } from '../../plugins/host/plugin.ts';
import {
  answers,
  assert,
  context,
  DESCRIPTION,
  fails,
  type Home,
  neverStarts,
  type Run,
  same,
  stillWorks,
} from './expectations.ts';

const makes = (plugin: Plugin): Promise<unknown> => plugin.layers(4);
const plans = (plugin: Plugin): Promise<unknown> => plugin.schedule(20);

/** The words of a block's header, and its values as float32. */
function read(block: Uint8Array): { header: number[]; values: Float32Array } {
  const whole = block.slice().buffer;
  return { header: [...new Uint32Array(whole, 0, 8)], values: new Float32Array(whole, 32) };
}

function speaking(host: PluginHost, home: Home): Promise<Plugin> {
  return host.start('speaking', home.plugins.speaking);
}

async function madeFor(plugin: Plugin, width: number): Promise<LayerBlocks> {
  const blocks = await plugin.layers(width);
  assert(blocks !== undefined, `nothing for width ${width}`);
  return blocks!;
}

/** A tensor block of one float32 named `a`. */
function tensorBlock(value: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(68);
  new Uint32Array(bytes.buffer, 0, 12).set([0, 0, 0, 0, 0, 0, 0, 0, 1]);
  bytes[48] = 97;
  new Float32Array(bytes.buffer, 64).set([value]);
  return bytes;
}

/** Applies a slow plugin until the budget ends it, each call well below the deadline; a picture begun anew gets a budget anew. */
const budget: Run = async (host, home) => {
  // On a busy machine a single call may take more than the first budget.
  for (const pictureBudgetMs of [500, 2_000, 8_000]) {
    const plugin = await host.start('slow', home.plugins.slow, { pictureBudgetMs, deadlineMs: 60_000 });
    const began = performance.now();
    let error: unknown;
    while (error === undefined && performance.now() - began < 2.5 * pictureBudgetMs) {
      plugin.beginPicture();
      error = await plugin.apply(context(1, 4), 1).then(
        () => undefined,
        (reason: unknown) => reason,
      );
    }
    if (error !== undefined) continue;
    const rest = async (): Promise<void> => {
      while (true) await plugin.apply(context(1, 4), 1);
    };
    await fails(rest(), 'plugin/deadline', 'slow', `${pictureBudgetMs} ms for all calls`);
    await fails(plugin.apply(context(1, 4), 1), 'plugin/closed', 'slow');
    await stillWorks(host, home);
    return;
  }
  throw new Error('no call was faster than 8 s');
};

export const SPEAKING: Readonly<Record<string, Run>> = {
  'a plugin describes itself, and says what it offers': async (host, home) => {
    const plugin = await speaking(host, home);
    assert(plugin.name === 'speaking', plugin.name);
    const described = JSON.stringify(plugin.description);
    assert(described === JSON.stringify(DESCRIPTION), described);
    assert(
      plugin.facts.offers.has('tincture_schedule') && !plugin.facts.offers.has('tincture_load'),
      'offers',
    );
    const quiet = await host.start('quiet', home.plugins.quiet);
    const empty = JSON.stringify(quiet.description);
    assert(empty === '{"half":false,"parameters":[]}', empty);
  },
  'parameters arrive by name, with defaults, and only within their range': async (host, home) => {
    const plugin = await speaking(host, home);
    const first = async (): Promise<number> =>
      (await plugin.apply(context(1, 4), 1)).k[0]! - context(1, 4).k[0]!;
    await plugin.setParameters({});
    assert((await first()) === 1.5, 'defaults');
    await plugin.setParameters({ lift: 0.25, gain: -2 });
    assert((await first()) === -1.75, 'both');
    await plugin.setParameters({ lift: 1 });
    assert((await first()) === 2.5, 'one, and the default of the other');
    await fails(plugin.setParameters({ gain: 4.001 }), 'plugin/input', 'gain', '-2 to 4', '4.001');
    await fails(plugin.setParameters({ gain: Number.NaN }), 'plugin/input', 'gain', 'NaN');
    await fails(plugin.setParameters({ toString: 1 }), 'plugin/input', 'toString', 'gain, lift');
    assert((await first()) === 2.5, 'after refusals');
  },
  'context, tensors and phases arrive': async (host, home) => {
    const plugin = await speaking(host, home);
    const shown = Float32Array.of(0.5, 1, 2, 3, 4, 5, 6, 7);
    await plugin.showContext(4, 2, shown);
    assert(shown.length === 8, 'the context stays');
    await plugin.loadTensors(5, [tensorBlock(-3), tensorBlock(8)]);
    await plugin.setPhase(63);
    same((await plugin.apply(context(1, 4), 1)).v, [0.5, 63, 8, 5], 'what arrived');
    await fails(plugin.setPhase(64), 'plugin/input', 'phase', '63');
    await fails(plugin.showContext(4, 3, shown), 'plugin/input', '12', '8');
    await fails(plugin.loadTensors(-1, []), 'plugin/input', 'file');
    await fails(plugin.loadTensors(0, [new Uint8Array(16)]), 'plugin/input', 'tensor 0');
  },
  'a schedule': async (host, home) => {
    const plugin = await speaking(host, home);
    const { strengths, phases } = await plugin.schedule(5);
    same(strengths, [0, 0.25, 0.5, 0.75, 1], 'strengths');
    assert([...phases].join() === '0,1,0,1,0', `phases ${phases.join()}`);
    assert((await plugin.schedule(1000)).phases.length === 1000, 'a long one');
    await fails(plugin.schedule(0), 'plugin/input', 'steps');
    await fails(plugin.schedule(1001), 'plugin/input', 'steps', '1000');
  },
  'layers of both sides, by phase and parameter; a width left alone': async (host, home) => {
    const plugin = await speaking(host, home);
    await plugin.setParameters({ gain: 3 });
    await plugin.setPhase(2);
    const { k, v } = await madeFor(plugin, 2);
    assert(k.length === 1 && v.length === 1, `${k.length} and ${v.length} layers`);
    assert(read(k[0]!).header.join() === '1,0,2,2,0,0,0,0', read(k[0]!).header.join());
    same(read(k[0]!).values, [3, 3, 3, 3, 2, 2], 'keys');
    same(read(v[0]!).values, [3, 3, 3, 3, 3, 3], 'values');
    assert((await plugin.layers(9)) === undefined, 'width 9');
    same(read((await madeFor(plugin, 8)).k[0]!).values.slice(-1), [2], 'width 8');
  },
  'layers of every kind, halves too': async (host, home) => {
    const plugin = await host.start('makesHalf', home.plugins.makesHalf);
    const { k, v } = await madeFor(plugin, 4);
    for (const side of [k, v]) {
      const headers = side.map((block) => read(block).header.slice(0, 5).join());
      assert(headers.join(' ') === '1,1,4,2,0 2,0,1,0,13 3,0,2,0,0 2,0,0,0,8 1,0,2,4,0', headers.join(' '));
    }
    await fails(plugin.layers(8), 'plugin/invalid', '8 inputs', '4');
  },
  'a width that is left alone on both sides': async (host, home) => {
    const plugin = await host.start('leavesWidths', home.plugins.leavesWidths);
    assert((await plugin.layers(4)) === undefined, 'undefined');
  },
  'a width that is left alone on one side': answers('leavesKeys', makes, 'plugin/invalid', 'keys'),
  'slow calls within the deadline end with the picture’s budget': budget,

  'a loop in describe is ended': neverStarts('loopsInDescribe', 'plugin/deadline', '500 ms'),
  'a description that is not JSON': neverStarts('describesNoJson', 'plugin/invalid', 'JSON'),
  'a description that is not UTF-8': neverStarts('describesNoUtf8', 'plugin/invalid', 'JSON'),
  'a description that is no object': neverStarts('describesAnArray', 'plugin/invalid'),
  'a description with a member of its own': neverStarts('describesMore', 'plugin/invalid', 'colour'),
  'a description that is too long': neverStarts('describesEndlessly', 'plugin/invalid', '16385', '16384'),
  'a description outside the memory': neverStarts('describesOutside', 'plugin/trap', 'description'),
  'a misaligned description': neverStarts('describesMisaligned', 'plugin/trap', 'misaligned'),
  'too many parameters': neverStarts('describesManyParameters', 'plugin/invalid', 'parameters', '16'),
  'a parameter named strength': neverStarts('describesStrength', 'plugin/invalid', 'parameters.0.name'),
  'a default out of range': neverStarts('describesWrongDefault', 'plugin/invalid', 'parameters.0.default'),
  'a range without an end': neverStarts('describesInfinity', 'plugin/invalid', 'parameters.0.maximum'),
  'parameters that it cannot take': neverStarts('describesDeaf', 'plugin/invalid', 'tincture_parameter'),
  'a parameter that is refused': answers(
    'refusesParameter',
    (plugin) => plugin.setParameters({}),
    'plugin/refused',
  ),

  'NaN in a schedule': answers('schedulesNaN', plans, 'plugin/non-finite', 'step 1'),
  'a phase out of range': answers('schedulesPhase64', plans, 'plugin/invalid', '64 at step 0'),
  'a phase without phases': answers('schedulesWithoutPhases', plans, 'plugin/invalid', 'tincture_phase'),
  'a schedule that is refused': answers('refusesSchedule', plans, 'plugin/refused'),
  'a schedule written outside': answers('writesPastSchedule', plans, 'plugin/trap'),

  'layers that are refused': answers('refusesLayers', makes, 'plugin/refused', 'no idea'),
  'a table outside the memory': answers('tableOutside', makes, 'plugin/trap', 'table'),
  'a table past the end of the memory': answers('tableAtTheEnd', makes, 'plugin/trap', 'table'),
  'a misaligned table': answers('tableMisaligned', makes, 'plugin/trap', 'table'),
  'an empty table': answers('tableEmpty', makes, 'plugin/invalid', '0 layers'),
  'an endless table': answers('tableEndless', makes, 'plugin/invalid', '4294967295 layers'),
  'a misaligned layer': answers('layerMisaligned', makes, 'plugin/trap', 'layer 0'),
  'a layer outside the memory': answers('layerOutside', makes, 'plugin/trap', 'layer 0'),
  'a layer past the end of the memory': answers('layerPastTheEnd', makes, 'plugin/trap', 'layer 0'),
  'layers that are too large together': answers('layersTooLarge', makes, 'plugin/invalid', '268435456'),
  'a layer shorter than its header': answers('layerTooShort', makes, 'plugin/invalid', 'header'),
  'a layer longer than its header implies': answers('layerLonger', makes, 'plugin/invalid', '112', '116'),
  'a header beyond all bounds': answers('layerHugeHeader', makes, 'plugin/invalid', '4294967295'),
  'an unknown kind of layer': answers('layerUnknownKind', makes, 'plugin/invalid', 'kind'),
  'an unknown type of values': answers('layerUnknownValues', makes, 'plugin/invalid', 'values'),
  'an unknown activation': answers('layerUnknownActivation', makes, 'plugin/invalid', '22'),
  'slopes that an activation has not': answers('layerWithSlopes', makes, 'plugin/invalid', 'relu'),
  'words of the header that must be zero': answers('layerReserved', makes, 'plugin/invalid', '0,1,0'),
  'layers that do not follow each other': answers('layersApart', makes, 'plugin/invalid', 'layer 1', '3'),
  'layers that end in another width': answers('layersEndElsewhere', makes, 'plugin/invalid', 'last layer'),
  'a norm of another width': answers('normOfOtherWidth', makes, 'plugin/invalid', 'width 4'),
  'NaN in a layer': answers('layersNaN', makes, 'plugin/non-finite', 'keys', 'layer 0'),
  'infinity in halves': answers('layersInfiniteHalf', makes, 'plugin/non-finite', 'layer 0'),

  'a module that belongs to another card is refused before it runs': async (host, home) => {
    const digest = '00'.repeat(32);
    const packed = withCardSection(home.plugins.scales, digest);
    await (await host.start('own', packed, { cardSha256: digest })).close();
    await (await host.start('unpacked', home.plugins.scales, { cardSha256: digest })).close();
    const other = '11'.repeat(32);
    await fails(
      host.start('foreign', packed, { cardSha256: other }),
      'plugin/invalid',
      'foreign',
      digest,
      other,
    );
  },
};
