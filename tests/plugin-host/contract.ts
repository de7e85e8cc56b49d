// The contract of every plugin host, run in Node and inside a page. It imports no test runner, so that a page can load it.
import type { LayerPair } from '../../client/hypernetwork/hypernetwork.ts';
import { encodePair } from '../../client/plugin-host/layer-block.ts';
import { relativeError } from '../../client/tensor/tensor.ts';
import { TinctureError } from '../../plugins/contract/error.ts';
import type { ContextPair, Plugin } from '../../plugins/host/plugin.ts';
import { SPEAKING } from './contract-speaking.ts';
import {
  assert,
  context,
  doubling,
  endsWith,
  fails,
  loadDoubling,
  neverStarts,
  type Run,
  refuses,
  same,
  started,
  startedToLoop,
} from './expectations.ts';

const TOLERANCE = 1e-5;

const golden: Run = async (host, home) => {
  const plugins = new Map<string, Plugin>();
  for (const { title, files, multipliers, width, x, k, v } of home.golden) {
    let pair: ContextPair = {
      rows: x.length,
      width,
      k: Float32Array.from(x.flat()),
      v: Float32Array.from(x.flat()),
    };
    for (const [i, file] of files.entries()) {
      const plugin = plugins.get(file) ?? (await host.start(file, home.standard));
      plugins.set(file, plugin);
      await plugin.load(0, width, encodePair(file, width, home.hypernetworks.get(file)!.widths.get(width)!));
      pair = await plugin.apply(pair, multipliers[i]!);
    }
    for (const [side, expected] of [
      ['k', k],
      ['v', v],
    ] as const) {
      const error = relativeError(pair[side], Float32Array.from(expected.flat()));
      assert(error <= TOLERANCE, `${title}, ${side}: relative error ${error}`);
    }
  }
  assert(home.golden.length >= 20, `only ${home.golden.length} golden cases`);
};

/** Every behaviour that a home must have, by name. */
export const CONTRACT: Readonly<Record<string, Run>> = {
  'every golden hypernetwork and chain to 1e-5': golden,
  'strength scales what is added, and the input stays': async (host, home) => {
    const plugin = await host.start('doubling', home.standard);
    await loadDoubling(plugin, 5);
    const input = context(7, 5);
    const before = input.k.slice();
    same((await plugin.apply(input, 0)).k, before, 'strength 0');
    same((await plugin.apply(input, -0.5)).v, new Float32Array(35), 'strength −0.5');
    same(
      (await plugin.apply(input, 1)).k,
      before.map((value) => 3 * value),
      'strength 1',
    );
    same(input.k, before, 'the input');
  },
  'widths are kept apart, loading again replaces, an unknown width is refused': async (host, home) => {
    const plugin = await host.start('widths', home.standard);
    await loadDoubling(plugin, 4);
    await loadDoubling(plugin, 8);
    await loadDoubling(plugin, 4);
    const four = context(1, 4);
    same(
      (await plugin.apply(four, 1)).k,
      four.k.map((value) => 3 * value),
      'width 4',
    );
    await fails(plugin.apply(context(1, 6), 1), 'plugin/refused', 'no layers for width 6');
    const eight = context(1, 8);
    same(
      (await plugin.apply(eight, 1)).k,
      eight.k.map((value) => 3 * value),
      'width 8',
    );
  },
  'calls made at once are answered in order': async (host, home) => {
    const plugin = await host.start('queue', home.standard);
    const input = context(3, 4);
    const strengths = [0, 1, 2, 3];
    const [, ...results] = await Promise.all([
      loadDoubling(plugin, 4),
      ...strengths.map((strength) => plugin.apply(input, strength)),
    ]);
    strengths.forEach((strength, i) => {
      same(
        results[i]!.k,
        input.k.map((value) => (1 + 2 * strength) * value),
        `strength ${strength}`,
      );
    });
  },
  'two plugins run beside each other': async (host, home) => {
    const [one, two] = await Promise.all([
      host.start('one', home.standard),
      host.start('two', home.standard),
    ]);
    await Promise.all([loadDoubling(one!, 4), loadDoubling(two!, 4)]);
    const input = context(1, 4);
    await one!.close();
    same(
      (await two!.apply(input, 1)).k,
      input.k.map((value) => 3 * value),
      'the other plugin',
    );
  },
  'a loop in apply is ended': endsWith('loopsInApply', 'plugin/deadline', '500 ms'),
  'a loop in load is ended': endsWith('loopsInLoad', 'plugin/deadline', '500 ms'),
  'a loop at the start is ended': neverStarts('loopsAtStart', 'plugin/deadline', '500 ms'),
  'a loop in free is ended': endsWith('loopsInFree', 'plugin/deadline', '500 ms'),
  'calls that wait behind a loop are refused': async (host, home) => {
    const plugin = await startedToLoop(host, home, 'loopsInApply');
    const first = plugin.apply(context(1, 4), 1);
    const second = plugin.apply(context(1, 4), 1);
    await fails(first, 'plugin/deadline');
    await fails(second, 'plugin/closed');
  },
  'unreachable is a trap': endsWith('traps', 'plugin/trap'),
  'division by zero is a trap': endsWith('divides', 'plugin/trap'),
  'a write outside the memory is a trap': endsWith('writesOutside', 'plugin/trap'),
  'a stack overflow is a trap': endsWith('overflowsStack', 'plugin/trap'),
  'a trap at the start': neverStarts('trapsAtStart', 'plugin/trap'),
  'data outside the memory': neverStarts('dataOutside', 'plugin/invalid', 'data segment'),
  'a pointer outside the memory': endsWith('allocatesOutside', 'plugin/trap', '268435456'),
  'a pointer at the very end': endsWith('allocatesNegative', 'plugin/trap', '4294967280'),
  'a misaligned pointer': endsWith('allocatesMisaligned', 'plugin/trap', '1025'),
  'one place for keys and values': endsWith('allocatesTwice', 'plugin/trap', 'overlaps'),
  'a pointer that only growth would make valid': endsWith('allocatesAhead', 'plugin/trap', 'tincture_alloc'),
  'a trap in free': endsWith('trapsInFree', 'plugin/trap'),
  'a trap in error': endsWith('trapsInError', 'plugin/trap'),
  'the memory is looked up anew after each call': async (host, home) => {
    const plugin = await started(host, home, 'growsInApply');
    for (let call = 0; call < 5; call++) {
      same((await plugin.apply(context(1, 4), 1)).k, [7, ...context(1, 4).k.slice(1)], `call ${call}`);
    }
  },
  'growth stops at the declared maximum': refuses('growsForEver', 'plugin/memory'),
  'a context beyond the memory is refused, a smaller one is not': async (host, home) => {
    const plugin = await host.start('small', home.plugins.quiet);
    await fails(plugin.apply(context(1024, 64), 1), 'plugin/memory', 'small', '262144');
    same((await plugin.apply(context(1, 4), 1)).k, context(1, 4).k, 'the quiet plugin');
  },
  'a declared maximum above the cap': neverStarts('manyPages', 'plugin/memory', '536870912'),
  'a declared maximum above what the caller grants': async (host, home) => {
    const limits = { memoryBytes: 1 << 20 };
    await fails(host.start('greedy', home.standard, limits), 'plugin/memory', 'greedy', '1048576');
    await (await host.start('modest', home.plugins.quiet, limits)).close();
  },
  'NaN names the style': refuses('writesNaN', 'plugin/non-finite', 'values'),
  'NaN in the input is not the style’s fault': async (host, home) => {
    const plugin = await started(host, home, 'quiet');
    const input = { ...context(1, 4), k: Float32Array.of(0, 1, Number.NaN, 3) };
    await fails(plugin.apply(input, 1), 'plugin/non-finite', 'already');
  },
  'weights that are too large name the style': async (host, home) => {
    const plugin = await host.start('loud', home.standard);
    const layers = doubling(4);
    const huge = layers.k.map((layer) => ({
      ...layer,
      weight: { shape: [4, 4], data: new Float32Array(16).fill(3e38) },
    }));
    await plugin.load(0, 4, encodePair('huge', 4, { k: huge as unknown as LayerPair['k'], v: layers.v }));
    await fails(plugin.apply(context(2, 4), 1), 'plugin/non-finite', 'loud', 'keys');
  },
  'a refusal carries the plugin’s words': refuses('refusesInWords', 'plugin/refused', 'too loud!'),
  'a refusal without words': async (host, home) => {
    const plugin = await host.start('refusesWithoutWords', home.plugins.refusesWithoutWords);
    await fails(loadDoubling(plugin, 4), 'plugin/refused', 'gave no reason');
  },
  'a width whose layers did not all load is not applied': async (host, home) => {
    const plugin = await host.start('half', home.plugins.refusesSecondLayer);
    const { k, v } = doubling(4);
    await loadDoubling(plugin, 4);
    const twice = encodePair('twice', 4, { k: [...k, ...k], v });
    await fails(plugin.load(1, 4, twice), 'plugin/refused');
    await fails(
      plugin.apply(context(1, 4), 1),
      'plugin/refused',
      'half',
      'width 4',
      'file 1',
      'did not load',
    );
    same((await plugin.apply(context(1, 5), 1)).k, context(1, 5).k, 'another width');
    await plugin.load(1, 4, encodePair('once', 4, { k, v }));
    same((await plugin.apply(context(1, 4), 1)).k, context(1, 4).k, 'after a whole load');
  },
  'control characters of a plugin’s words do not get out': refuses(
    'refusesInControls',
    'plugin/refused',
    '\ufffd[2Jgone\ufffd',
  ),
  'error text is cut and never broken': async (host, home) => {
    const plugin = await started(host, home, 'saysTooMuch');
    const error = await plugin.apply(context(1, 4), 1).catch((reason: unknown) => reason as Error);
    assert(error instanceof TinctureError && error.code === 'plugin/refused', String(error));
    const found = (error as TinctureError).facts.found ?? '';
    assert(found.startsWith('\ufffd\ufffd!') && found.length === 1024, `${found.length} characters`);
  },
  'error text from outside the memory': endsWith('saysFromOutside', 'plugin/trap', 'tincture_error'),
  'error text past the end of the memory': endsWith('saysPastTheEnd', 'plugin/trap', 'outside the memory'),
  'imports are refused': neverStarts('importsSomething', 'plugin/invalid', 'byte', 'env.now'),
  'a start function is refused': neverStarts('startFunction', 'plugin/invalid', 'byte', 'start function'),
  'a wrong signature is refused': neverStarts('wrongSignature', 'plugin/invalid', 'tincture_apply', 'f64'),
  'ill-typed code is refused by the engine': neverStarts('illTyped', 'plugin/invalid'),
  'calls that the plugin does not offer are refused': async (host, home) => {
    const plugin = await host.start('mute', home.plugins.scales);
    await fails(plugin.setPhase(0), 'plugin/input', 'tincture_phase', 'tincture_apply');
    await fails(plugin.layers(4), 'plugin/input', 'tincture_layers');
    await fails(plugin.loadTensors(0, []), 'plugin/input', 'tincture_tensor');
    await fails(plugin.showContext(1, 1, new Float32Array(1)), 'plugin/input', 'tincture_context');
    await fails(loadDoubling(plugin, 4), 'plugin/input', 'tincture_load');
    await fails(plugin.setParameters({ gain: 1 }), 'plugin/input', 'no parameter gain', 'none');
    await plugin.setParameters({});
    const { strengths, phases } = await plugin.schedule(3);
    same(strengths, [1, 1, 1], 'strengths without a schedule');
    assert(phases.length === 3 && phases.every((phase) => phase === 0), `phases: ${phases.join()}`);
  },
  'impossible calls are refused before they are sent': async (host, home) => {
    const plugin = await started(host, home, 'quiet');
    const pair = () => encodePair('five', 5, doubling(5));
    await fails(plugin.load(0, 0, pair()), 'plugin/input', 'width');
    await fails(plugin.load(8, 5, pair()), 'plugin/input', 'file');
    await fails(plugin.load(0, 4, { k: [], v: [] }), 'plugin/input', 'layers');
    await fails(plugin.load(0, 4, pair()), 'plugin/input', 'layer 0', '4 inputs', '5');
    await fails(
      plugin.load(0, 5, { ...pair(), v: pair().v.map((block) => block.slice(0, -4)) }),
      'plugin/input',
      'long',
    );
    await fails(plugin.apply({ ...context(2, 4), rows: 3 }, 1), 'plugin/input', '12');
    await fails(plugin.apply({ ...context(2, 4), rows: 0 }, 1), 'plugin/input', 'rows');
    await fails(plugin.apply(context(2, 4), Number.NaN), 'plugin/input', 'strength');
    same((await plugin.apply(context(2, 4), 1)).k, context(2, 4).k, 'afterwards');
  },
  'a closed plugin and a closed host say so': async (host, home) => {
    const [one, two] = [await started(host, home, 'quiet'), await started(host, home, 'quiet')];
    await one.close();
    await one.close();
    await fails(one.apply(context(1, 4), 1), 'plugin/closed');
    await host.close();
    await fails(two.apply(context(1, 4), 1), 'plugin/closed');
    await fails(host.start('late', home.standard), 'plugin/closed', 'late');
  },
  ...SPEAKING,
};
