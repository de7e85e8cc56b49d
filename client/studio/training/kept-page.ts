// What the training page keeps in this browser, and how it finds it again after a reload.
import { blobSource } from '../../index.ts';
import { KEPT, type KeptTraining } from '../../training/kept-training.ts';
import { NO_LOSSES, readLosses } from '../../training/losses.ts';
import { readTrainingFacts } from '../../training/state-file.ts';
import type { SetPicture } from './bring-pictures.ts';
import { LossCurve } from './loss-curve.ts';
import { formOfOptions, keptOptions } from './training-form.ts';
import type { KeptState, PreviewRow, TrainingPageState } from './training-state.ts';

/** The project's file: the form and the list of pictures, whose files lie beside it. */
export function projectText({ form, pictures, model }: TrainingPageState): string {
  return JSON.stringify({
    preset: form.preset,
    form: keptOptions(form),
    model,
    pictures: pictures.map(({ id, name, caption, width, height }) => ({ id, name, caption, width, height })),
  });
}

/** Everything that is kept, as far as it is sound. Throws what a damaged state throws. */
export async function readKept(kept: KeptTraining): Promise<Partial<TrainingPageState>> {
  const project = await readProject(kept);
  const state = await readKeptState(kept);
  const step = state?.step ?? 0;
  const losses = await kept.read(KEPT.losses);
  return {
    ...project,
    kept: state,
    losses: new LossCurve(losses === undefined ? NO_LOSSES : readLosses(await losses.text(), step)),
    previews: await readPreviews(kept, step),
  };
}

/** What the kept state is of; undefined without one. Throws `training/state`. */
export async function readKeptState(kept: KeptTraining): Promise<KeptState | undefined> {
  const file = await kept.read(KEPT.state);
  if (file === undefined) return undefined;
  const { step, facts } = await readTrainingFacts(blobSource('the kept training', file));
  const { name, kind, modelName, modelHash } = facts;
  return { step, name, kind, modelName, modelHash };
}

async function readProject(
  kept: KeptTraining,
): Promise<Partial<Pick<TrainingPageState, 'form' | 'pictures' | 'model'>>> {
  const file = await kept.read(KEPT.project);
  if (file === undefined) return {};
  let value: Record<string, unknown>;
  try {
    value = Object(JSON.parse(await file.text()));
  } catch {
    return {};
  }
  const { preset, form, model, pictures } = value;
  const found: SetPicture[] = [];
  for (const entry of Array.isArray(pictures) ? pictures : []) {
    const { id, name, caption, width, height } = Object(entry) as Record<string, unknown>;
    if (typeof id !== 'string' || !/^[0-9a-f-]{36}$/.test(id)) continue;
    if (typeof name !== 'string' || typeof caption !== 'string') continue;
    if (typeof width !== 'number' || typeof height !== 'number') continue;
    const picture = await kept.read(KEPT.picture(id));
    if (picture !== undefined) found.push({ id, name, caption, width, height, file: picture });
  }
  return {
    form: formOfOptions(form, preset === 'subject' ? 'subject' : 'style'),
    model: typeof model === 'string' ? model : '',
    pictures: found,
  };
}

async function readPreviews(kept: KeptTraining, upTo: number): Promise<PreviewRow[]> {
  const rows = new Map<number, Map<number, Blob>>();
  for (const name of await kept.list('previews')) {
    const match = /^(\d{1,7})-(\d)\.png$/.exec(name);
    if (match === null || Number(match[1]) > upTo) continue;
    const [step, number] = [Number(match[1]), Number(match[2])];
    const file = await kept.read(KEPT.preview(step, number));
    if (file === undefined) continue;
    const row = rows.get(step) ?? new Map<number, Blob>();
    rows.set(step, row.set(number, file));
  }
  return [...rows]
    .sort(([a], [b]) => a - b)
    .map(([step, files]) => ({
      step,
      files: [...files].sort(([a], [b]) => a - b).map(([, file]) => file),
    }));
}
