// The models of this user on this disk: one folder each, with its model.json and a record of its files' digests.

import { randomUUID } from 'node:crypto';
import { readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileSource } from '../formats/node-file.ts';
import type { ModelDescription } from '../models/describe.ts';
import { fileDigest, type Watch } from './disk.ts';
import { StoreError } from './errors.ts';
import { checkModelName, dataFolder } from './paths.ts';

/** Beside model.json: what the model is and which bytes its files have. */
export const RECORD = 'record.json';

export interface StoredFile {
  /** Below the model's folder. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface ModelRecord {
  readonly name: string;
  /** Where it was added from. */
  readonly source: string;
  readonly description: ModelDescription;
  readonly files: readonly StoredFile[];
}

export interface StoredModel extends ModelRecord {
  readonly folder: string;
}

/** A folder in the store whose record cannot be read. */
export interface DamagedModel {
  readonly name: string;
  readonly folder: string;
  readonly problem: string;
}

export function modelsFolder(): string {
  return join(dataFolder(), 'models');
}

/** The folder of a stored model; undefined where there is none of that name. */
export async function storedModelFolder(name: string): Promise<string | undefined> {
  if (!/^[\w.-]+$/.test(name) || name.startsWith('.')) return undefined;
  const folder = join(modelsFolder(), name);
  const facts = await stat(join(folder, 'model.json')).catch(() => undefined);
  return facts?.isFile() === true ? folder : undefined;
}

/** All models by name, those that cannot be read too. */
export async function listModels(): Promise<(StoredModel | DamagedModel)[]> {
  const entries = await readdir(modelsFolder(), { withFileTypes: true }).catch(() => []);
  const names = entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name);
  return Promise.all(
    names.sort().map(async (name) => {
      const folder = join(modelsFolder(), name);
      try {
        return { ...(await readRecord(folder)), folder };
      } catch (error) {
        return { name, folder, problem: (error as Error).message };
      }
    }),
  );
}

/** Throws `store/not-found` where there is none of that name. */
export async function findModelRecord(name: string): Promise<StoredModel> {
  const folder = await existingFolder(name);
  return { ...(await readRecord(folder)), folder };
}

/** Removes a model; it is gone from the list at once. Gives its record where it could be read. */
export async function removeModel(name: string): Promise<ModelRecord | undefined> {
  const folder = await existingFolder(name);
  const record = await readRecord(folder).catch(() => undefined);
  const leaving = join(modelsFolder(), `.${name}.${randomUUID()}.leaving`);
  await rename(folder, leaving);
  await rm(leaving, { recursive: true, force: true });
  return record;
}

export interface Verdict {
  readonly path: string;
  readonly problem: string | undefined;
}

/** Reads every file of a model and holds it against its digest. Throws `store/not-found`, or the signal's reason. */
export async function verifyModel(name: string, watch: Watch = {}): Promise<Verdict[]> {
  const { folder, files } = await findModelRecord(name);
  const verdicts: Verdict[] = [];
  for (const { path, bytes, sha256 } of files) {
    const source = await fileSource(join(folder, path)).catch(() => undefined);
    if (source === undefined) verdicts.push({ path, problem: 'missing' });
    else if (source.size !== bytes) {
      verdicts.push({ path, problem: `${source.size} bytes, not the ${bytes} that were added` });
    } else {
      const found = await fileDigest(source, watch, `reading ${path}`);
      verdicts.push({ path, problem: found === sha256 ? undefined : 'other bytes than were added' });
    }
  }
  return verdicts;
}

async function existingFolder(name: string): Promise<string> {
  checkModelName(name);
  const folder = join(modelsFolder(), name);
  if ((await stat(folder).catch(() => undefined))?.isDirectory() === true) return folder;
  throw new StoreError('not-found', `no model ${name}`, {
    where: modelsFolder(),
    fix: '`tincture models list` tells the names.',
  });
}

async function readRecord(folder: string): Promise<ModelRecord> {
  const path = join(folder, RECORD);
  try {
    const record = JSON.parse(await readFile(path, 'utf8')) as ModelRecord;
    if (Array.isArray(record.files) && typeof record.description === 'object') return record;
  } catch (cause) {
    throw new StoreError('source', 'the model’s record cannot be read', { where: path, cause });
  }
  throw new StoreError('source', 'the model’s record is not one of ours', { where: path });
}
