// The companion of a result: all that training needs to go on exactly. Safetensors with the facts in the metadata.
import type { ByteSource } from '../formats/entry.ts';
import { openSafetensors, storeFloat32, writeSafetensors } from '../formats/safetensors.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { TrainingError } from './error.ts';
import type { TrainingState } from './training-state.ts';

/** What can be trained. */
export type TrainingKind = 'hypernetwork' | 'embedding' | 'model';

/** What must be the same for the numbers to be the same. */
export interface TrainingFacts {
  readonly kind: TrainingKind;
  readonly name: string;
  /** First ten hex digits of the checkpoint's SHA-256. */
  readonly modelHash: string;
  readonly modelName: string;
  /** All random numbers follow from the seed and the step. */
  readonly seed: bigint;
}

const METADATA_KEY = 'tincture.training';
const OPTIONS_KEY = 'tincture.training.options';
const FORMAT = 1;
/** Where there are any: the states of rollouts. */
const ROLLOUTS = 'rollouts';
const PARTS = ['weights', 'means', 'squares'] as const;
/** Where an average is kept. */
const AVERAGES = 'averages';

/** A state with what is known of it. */
export interface SavedTraining {
  readonly state: TrainingState;
  readonly facts: TrainingFacts;
  /** What the program that trained kept with it, as it wrote it. */
  readonly options?: string;
}

/** The file of a state. `options` is kept as it is. */
export function writeTrainingState(
  state: TrainingState,
  facts: TrainingFacts,
  options?: string,
): Uint8Array<ArrayBuffer> {
  const kept = state.averages === undefined ? PARTS : [...PARTS, AVERAGES];
  const parts = kept.flatMap((part) =>
    [...state[part as keyof Pick<TrainingState, 'weights'>]].map(
      ([name, tensor]) => [`${part}.${name}`, tensor] as const,
    ),
  );
  const all = state.rollouts === undefined ? parts : [...parts, [ROLLOUTS, state.rollouts] as const];
  const tensors = new Map(all.map(([name, tensor]) => [name, storeFloat32(tensor)] as const));
  const description = { format: FORMAT, step: state.step, ...facts, seed: String(facts.seed) };
  return writeSafetensors(tensors, {
    [METADATA_KEY]: JSON.stringify(description),
    ...(options !== undefined && { [OPTIONS_KEY]: options }),
  });
}

/**
 * Reads a state back. Throws `training/state` for a file that is none, or whose tensors are incomplete or not
 * finite, and what `openSafetensors` throws.
 */
export async function readTrainingState(source: ByteSource): Promise<SavedTraining> {
  const file = await openSafetensors(source);
  const { step, ...about } = described(file.metadata, source.name);
  const names = [...file.entries.keys()].flatMap((name) =>
    name.startsWith('weights.') ? [name.slice('weights.'.length)] : [],
  );
  const rolls = file.entries.has(ROLLOUTS) ? 1 : 0;
  const averaged = file.entries.has(`${AVERAGES}.${names[0]}`);
  const parts = PARTS.length + (averaged ? 1 : 0);
  if (names.length === 0 || file.entries.size !== parts * names.length + rolls) {
    throw invalid(source.name, 'the state is incomplete');
  }
  const checked = async (name: string): Promise<Tensor> => {
    const tensor = await file.read(name);
    if (!tensor.data.every(Number.isFinite)) throw invalid(source.name, `${name} is not finite`);
    return tensor;
  };
  const read = async (part: string): Promise<Map<string, Tensor>> => {
    const tensors = new Map<string, Tensor>();
    for (const name of names) {
      const entry = file.entries.get(`${part}.${name}`);
      if (
        entry?.dtype !== 'F32' ||
        entry.shape.join() !== file.entries.get(`weights.${name}`)!.shape.join()
      ) {
        throw invalid(source.name, `the state lacks ${part} of ${name}`);
      }
      tensors.set(name, await checked(entry.name));
    }
    return tensors;
  };
  const state = {
    step,
    weights: await read('weights'),
    means: await read('means'),
    squares: await read('squares'),
    ...(averaged && { averages: await read(AVERAGES) }),
    ...(rolls > 0 && { rollouts: await checked(ROLLOUTS) }),
  };
  return { state, ...about };
}

/** What a state is of, and its step, without its tensors. Throws as `readTrainingState` does. */
export async function readTrainingFacts(
  source: ByteSource,
): Promise<Omit<SavedTraining, 'state'> & { readonly step: number }> {
  return described((await openSafetensors(source)).metadata, source.name);
}

function described(
  metadata: Readonly<Record<string, string>>,
  where: string,
): Omit<SavedTraining, 'state'> & { readonly step: number } {
  const options = metadata[OPTIONS_KEY];
  return { ...parseFacts(metadata[METADATA_KEY], where), ...(options !== undefined && { options }) };
}

function parseFacts(text: string | undefined, where: string): { step: number; facts: TrainingFacts } {
  if (text === undefined) throw invalid(where, 'the file holds no state of a training');
  let value: Record<string, unknown>;
  try {
    value = Object(JSON.parse(text));
  } catch (cause) {
    throw new TrainingError('training/state', 'the description is not JSON', { where, cause });
  }
  const { format, step, kind, name, modelHash, modelName, seed } = value;
  const sound =
    format === FORMAT &&
    Number.isSafeInteger(step) &&
    (step as number) >= 0 &&
    (kind === 'hypernetwork' || kind === 'embedding' || kind === 'model') &&
    [name, modelHash, modelName, seed].every((entry) => typeof entry === 'string') &&
    /^\d{1,20}$/.test(seed as string);
  if (!sound) throw invalid(where, 'the description of the state is wrong');
  const texts = { name, modelHash, modelName } as Pick<TrainingFacts, 'name' | 'modelHash' | 'modelName'>;
  return {
    step: step as number,
    facts: { kind: kind as TrainingFacts['kind'], ...texts, seed: BigInt(seed as string) },
  };
}

/** Throws `training/state` when a state is of another kind or model than what is asked for. */
export function checkResumableOver(
  facts: TrainingFacts,
  wanted: Pick<TrainingFacts, 'kind' | 'modelHash' | 'modelName'>,
): void {
  if (facts.kind !== wanted.kind) {
    throw mismatch(facts, 'the state is of another kind', wanted.kind, facts.kind);
  }
  if (facts.modelHash !== wanted.modelHash) {
    throw mismatch(
      facts,
      'the state was trained over another model',
      `${wanted.modelName} (${wanted.modelHash})`,
      `${facts.modelName} (${facts.modelHash})`,
    );
  }
}

function mismatch({ name }: TrainingFacts, what: string, expected: string, found: string): TrainingError {
  return new TrainingError('training/state', what, { where: name, expected, found });
}

/** Throws `training/state` when a state cannot go on as what is asked for, naming what differs. */
export function checkResumable(
  { state, facts }: SavedTraining,
  wanted: Pick<TrainingFacts, 'kind' | 'modelHash' | 'modelName'>,
  weights: ReadonlyMap<string, Tensor>,
): void {
  checkResumableOver(facts, wanted);
  const shapes = (tensors: ReadonlyMap<string, Tensor>): string =>
    [...tensors]
      .map(([name, { shape }]) => `${name} [${shape.join(', ')}]`)
      .sort()
      .join('; ');
  if (shapes(weights) !== shapes(state.weights)) {
    throw mismatch(
      facts,
      'the state has other layers than what shall be trained',
      shapes(weights).slice(0, 200),
      shapes(state.weights).slice(0, 200),
    );
  }
}

function invalid(where: string, what: string): TrainingError {
  return new TrainingError('training/state', what, {
    where,
    expected: 'a .training.safetensors file that training wrote',
  });
}
