// The comparison's form: texts as they are typed, and the two trainings that they make.
import type { ComparedKind } from '../../comparison/compare-kinds.ts';
import type { TrainingRequest } from '../../training/request.ts';
import { PRESETS, readForm } from '../training/training-form.ts';

/** An empty text means the default. */
export interface ComparisonForm {
  readonly name: string;
  readonly steps: string;
  readonly holdBack: string;
  readonly pictureSteps: string;
}

export const FIRST_COMPARISON: ComparisonForm = {
  name: 'my-style',
  steps: '200',
  holdBack: '',
  pictureSteps: '',
};

export interface ReadComparison {
  /** Undefined while there are faults. */
  readonly wish:
    | {
        readonly requests: Readonly<Record<ComparedKind, TrainingRequest>>;
        readonly holdBack: number | undefined;
        readonly pictureSteps: number | undefined;
      }
    | undefined;
  /** What is wrong, by field. */
  readonly faults: ReadonlyMap<keyof ComparisonForm, string>;
}

/** More steps would not be drawn by the engine either. */
const MAX_PICTURE_STEPS = 1000;

/** Reads the form: both kinds at the training page's defaults, named after their kinds. */
export function readComparison({ name, steps, holdBack, pictureSteps }: ComparisonForm): ReadComparison {
  const faults = new Map<keyof ComparisonForm, string>();
  const read = (preset: 'style' | 'subject', kind: ComparedKind) => {
    const named = name.trim() === '' ? '' : `${name.trim()}-${kind}`;
    const form = readForm({ ...PRESETS[preset], name: named, steps, holdBack });
    for (const field of ['name', 'steps', 'holdBack'] as const) {
      const fault = form.faults.get(field);
      if (fault !== undefined) faults.set(field, fault);
    }
    return form.request;
  };
  const hypernetwork = read('style', 'hypernetwork');
  const embedding = read('subject', 'embedding');
  const drawn = pictureSteps.trim() === '' ? undefined : Number(pictureSteps);
  if (drawn !== undefined && !(Number.isInteger(drawn) && drawn >= 1 && drawn <= MAX_PICTURE_STEPS)) {
    faults.set('pictureSteps', `must be a whole number from 1 to ${MAX_PICTURE_STEPS}`);
  }
  if (hypernetwork === undefined || embedding === undefined || faults.size > 0) {
    return { wish: undefined, faults };
  }
  const held = holdBack.trim() === '' ? undefined : hypernetwork.holdBack;
  return { wish: { requests: { hypernetwork, embedding }, holdBack: held, pictureSteps: drawn }, faults };
}
