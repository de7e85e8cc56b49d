// Reads what a plugin says: its description, its schedule, its layers. None of it is trusted.
import { type PluginDescription, pluginDescriptionSchema } from '../contract/description.ts';
import { MAX_PHASES } from '../contract/limits.ts';
import { PluginError } from '../contract/plugin-error.ts';
import { allFinite, isFiniteBlock, readHeaders } from './layer-header.ts';
import type { ContextPair, LayerBlocks, StepSchedule } from './plugin.ts';

/** Parses a description. Throws `plugin/invalid` for what is not UTF-8, not JSON or not in the schema. */
export function readDescription(where: string, bytes: Uint8Array | undefined): PluginDescription {
  if (bytes === undefined) return pluginDescriptionSchema.parse({});
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    throw new PluginError('invalid', 'its description is not JSON', {
      where,
      found: cause instanceof Error ? cause.message.slice(0, 200) : String(cause),
      fix: 'tincture_describe must give JSON in UTF-8; see plugins/ABI.md.',
    });
  }
  const parsed = pluginDescriptionSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new PluginError('invalid', 'its description is not what the ABI asks', {
    where: issue.path.length === 0 ? where : `${where}, ${issue.path.join('.').slice(0, 200)}`,
    found: issue.message.slice(0, 200),
  });
}

/** Checks contexts that a plugin bent. Throws `plugin/non-finite` for NaN and infinity, and names the style. */
export function readContexts(
  where: string,
  width: number,
  rows: number,
  { k, v }: { readonly k: Float32Array; readonly v: Float32Array },
): ContextPair {
  for (const [name, side] of [
    ['keys', k],
    ['values', v],
  ] as const) {
    if (side.length !== rows * width) {
      throw new PluginError('invalid', `the ${name} came back in another shape`, {
        where,
        expected: `${rows * width} values for [${rows}, ${width}]`,
        found: String(side.length),
      });
    }
    if (allFinite(side)) continue;
    throw new PluginError('non-finite', `the ${name} hold NaN or infinity`, {
      where,
      fix: 'Lower its strength, or leave the style out: its weights are broken or too large.',
    });
  }
  return { width, rows, k, v };
}

/**
 * Reads a schedule's entries, 8 bytes for each step. Throws `plugin/non-finite` for a factor that is no number, `plugin/invalid` for a
 * phase that is out of range, or other than 0 where the plugin has no phases.
 */
export function readSchedule(
  where: string,
  steps: number,
  entries: Uint8Array<ArrayBuffer>,
  hasPhases: boolean,
): StepSchedule {
  const data = new DataView(entries.buffer, entries.byteOffset, 8 * steps);
  const strengths = new Float32Array(steps);
  const phases = new Int32Array(steps);
  const phasesEnd = hasPhases ? MAX_PHASES : 1;
  for (let step = 0; step < steps; step++) {
    const strength = data.getFloat32(8 * step, true);
    const phase = data.getUint32(8 * step + 4, true);
    if (!Number.isFinite(strength)) {
      throw new PluginError('non-finite', 'its schedule holds NaN or infinity', {
        where,
        found: `${strength} at step ${step}`,
      });
    }
    if (phase >= phasesEnd) {
      throw new PluginError('invalid', 'its schedule names an impossible phase', {
        where,
        expected: hasPhases ? `0 to ${MAX_PHASES - 1}` : '0, for it has no tincture_phase',
        found: `${phase} at step ${step}`,
      });
    }
    strengths[step] = strength;
    phases[step] = phase;
  }
  return { strengths, phases };
}

/**
 * Checks layers that a plugin made. Throws `plugin/invalid` where they are not what their headers say, and `plugin/non-finite` for
 * NaN and infinity. Undefined when both sides leave the width alone.
 */
export function readLayers(
  where: string,
  width: number,
  k: LayerBlocks['k'] | undefined,
  v: LayerBlocks['v'] | undefined,
): LayerBlocks | undefined {
  if (k === undefined && v === undefined) return undefined;
  if (k === undefined || v === undefined) {
    throw new PluginError('invalid', `it leaves only the ${k === undefined ? 'keys' : 'values'} alone`, {
      where: `${where}, width ${width}`,
      expected: 'layers for both sides, or for none',
    });
  }
  for (const [side, blocks] of [
    ['keys', k],
    ['values', v],
  ] as const) {
    const place = `${where}, width ${width}, ${side}`;
    readHeaders(place, width, blocks, 'invalid').forEach((header, index) => {
      if (isFiniteBlock(header, blocks[index]!)) return;
      throw new PluginError('non-finite', 'it made a layer that holds NaN or infinity', {
        where: `${place}, layer ${index}`,
      });
    });
  }
  return { k, v };
}
