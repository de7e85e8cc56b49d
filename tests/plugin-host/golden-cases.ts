// The golden hypernetworks and chains, read from the repository's copy.
import { readFile } from 'node:fs/promises';
import type { GoldenCase } from './expectations.ts';

const FOLDER = new URL('../golden/hypernetworks/', import.meta.url);

type Rows = readonly (readonly number[])[];
interface CasesFile {
  readonly cases: readonly {
    readonly file: string;
    readonly io: readonly { dim: number; multiplier: number; x: Rows; k: Rows; v: Rows }[];
  }[];
  readonly chains: readonly {
    readonly files: readonly string[];
    readonly multipliers: readonly number[];
    readonly dim: number;
    readonly x: Rows;
    readonly k: Rows;
    readonly v: Rows;
  }[];
}

export async function goldenCases(): Promise<GoldenCase[]> {
  const { cases, chains } = JSON.parse(await readFile(new URL('cases.json', FOLDER), 'utf8')) as CasesFile;
  return [
    ...cases.flatMap(({ file, io }) =>
      io.map(({ dim, multiplier, x, k, v }) => ({
        title: `${file} at width ${dim}`,
        files: [file],
        multipliers: [multiplier],
        width: dim,
        ...{ x, k, v },
      })),
    ),
    ...chains.map(({ files, multipliers, dim, x, k, v }) => ({
      title: `${files.join(' then ')} at width ${dim}`,
      files,
      multipliers,
      width: dim,
      ...{ x, k, v },
    })),
  ];
}

/** Bytes of every file that the cases name. */
export async function goldenFiles(
  cases: readonly GoldenCase[],
): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const names = new Set(cases.flatMap(({ files }) => files));
  return new Map(
    await Promise.all(
      [...names].map(async (name) => [name, new Uint8Array(await readFile(new URL(name, FOLDER)))] as const),
    ),
  );
}
