// The advanced drawer's fields, as a table: what each is called, and who needs it.
import { ACTIVATION_NAMES } from '../../training/description.ts';
import { INITIALIZATIONS } from '../../training/start-weights.ts';
import type { FormField, Preset } from './training-form.ts';

export interface FieldSpec {
  readonly field: FormField;
  readonly label: string;
  readonly hint?: string;
  /** A switch where there are neither choices nor a text. */
  readonly kind: 'text' | 'lines' | 'switch' | readonly string[];
  /** Only for one of the presets. */
  readonly preset?: Preset;
  /** What it sets is in the net already when a training goes on. */
  readonly shape?: boolean;
}

export interface FieldGroup {
  readonly title: string;
  readonly fields: readonly FieldSpec[];
}

export const FIELD_GROUPS: readonly FieldGroup[] = [
  {
    title: 'Learning',
    fields: [
      { field: 'warmup', label: 'Warm-up', hint: 'steps over which the rate rises', kind: 'text' },
      { field: 'batch', label: 'Pictures at once', kind: 'text' },
      { field: 'accumulate', label: 'Batches a step', kind: 'text' },
      { field: 'clip', label: 'Clip gradients', hint: 'value:X or norm:X', kind: 'text' },
      { field: 'weightDecay', label: 'Weight decay', kind: 'text' },
      { field: 'ema', label: 'Average of the weights', hint: 'its decay, such as 0.99', kind: 'text' },
      { field: 'minSnr', label: 'Min-SNR weighting', hint: 'such as 5', kind: 'text' },
      { field: 'snrFloor', label: 'Floor of the SNR weight', hint: 'such as 1', kind: 'text' },
      { field: 'seed', label: 'Seed', hint: 'all chances follow from it', kind: 'text', shape: true },
      { field: 'memory', label: 'Memory', hint: 'what is computed again', kind: ['', 'kept', 'cheap', 'segments'] },
      { field: 'spreadTimesteps', label: 'Timesteps from equal parts of the schedule', kind: 'switch' },
    ],
  },
  {
    title: 'Pictures',
    fields: [
      { field: 'size', label: 'Size', hint: 'such as 512x512', kind: 'text' },
      { field: 'crop', label: 'Cut out', hint: 'of another shape', kind: ['', 'focal'] },
      { field: 'holdBack', label: 'Held back', hint: 'only a loss looks at them', kind: 'text' },
      { field: 'buckets', label: 'Several shapes of the same area', kind: 'switch' },
      { field: 'flip', label: 'Each picture mirrored too', kind: 'switch' },
      { field: 'alpha', label: 'Transparent parts count less', kind: 'switch' },
      { field: 'sampled', label: 'Latents drawn, not their mean', kind: 'switch' },
    ],
  },
  {
    title: 'Words',
    fields: [
      { field: 'template', label: 'Prompts', hint: 'one a line; [filewords], [name]', kind: 'lines' },
      { field: 'tagDropout', label: 'Tags left out', hint: 'share, 0 to 1', kind: 'text' },
      { field: 'empty', label: 'Empty prompts', hint: 'share, 0 to 1', kind: 'text' },
      { field: 'shuffleTags', label: 'Tags in another order each time', kind: 'switch' },
    ],
  },
  {
    title: 'Network',
    fields: [
      { field: 'widths', label: 'Widths', kind: 'text', preset: 'style', shape: true },
      { field: 'layers', label: 'Layers', kind: 'text', preset: 'style', shape: true },
      { field: 'activation', label: 'Activation', kind: ['', ...ACTIVATION_NAMES], preset: 'style', shape: true },
      { field: 'initialization', label: 'Start weights', kind: ['', ...INITIALIZATIONS], preset: 'style', shape: true },
      { field: 'dropout', label: 'Dropout', hint: 'a rate for each layer', kind: 'text', preset: 'style', shape: true },
      { field: 'layerNorm', label: 'Layer norms', kind: 'switch', preset: 'style', shape: true },
      { field: 'activateOutput', label: 'Activation behind the last layer', kind: 'switch', preset: 'style', shape: true },
      { field: 'vectors', label: 'Vectors', hint: '1 to 75', kind: 'text', preset: 'subject', shape: true },
    ],
  },
  {
    title: 'On the way',
    fields: [
      { field: 'saveEvery', label: 'Save every', hint: 'steps; each minute anyway', kind: 'text' },
      { field: 'previewEvery', label: 'Preview every', hint: 'steps; 0 for none', kind: 'text' },
      { field: 'previewSeeds', label: 'Previews from', hint: 'seeds, such as 1, 2, 3', kind: 'text' },
      { field: 'previewPrompt', label: 'Preview of', kind: 'text' },
    ],
  },
]; // biome-ignore format: a table

/** What the empty choice of a list means. */
export const EMPTY_CHOICE: Partial<Record<FormField, string>> = {
  crop: 'the centre',
  memory: 'by its size',
  activation: 'relu',
  initialization: 'Normal',
};
