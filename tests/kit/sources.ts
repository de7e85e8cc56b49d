// Sources that the kit's tests compile, and a compiler for them.

import { type CompileResult, compilePlugin } from '../../client/kit/compile.ts';
import { readLibrary } from '../../client/kit/library.ts';

export const ENTRY = 'assembly/index.ts';

/** The exports that every plugin has. */
export const BASICS = `export { tincture_abi_1, tincture_alloc, tincture_error, tincture_free } from 'tincture';\n`;

/** x · (1 + strength), for keys and values. */
export const SCALE = `${BASICS}
import { addScaled, OK } from 'tincture';
export function tincture_apply(width: i32, rows: i32, k: usize, v: usize, strength: f32): i32 {
  addScaled(k, k, rows * width, strength);
  addScaled(v, v, rows * width, strength);
  return OK;
}
`;

export async function compile(source: string, release = true): Promise<CompileResult> {
  return compilePlugin({ files: { [ENTRY]: source }, entry: ENTRY, library: await readLibrary(), release });
}

/** The module of a source that compiles. */
export async function moduleOfSource(source: string): Promise<Uint8Array<ArrayBuffer>> {
  const { wasm, diagnostics } = await compile(source);
  if (wasm === undefined) throw new Error(diagnostics.map(({ message }) => message).join('\n'));
  return wasm;
}

/** A card that is valid as it is. */
export const CARD = {
  name: 'scale',
  version: '1.0.0',
  title: 'Scale',
  description: '',
  author: 'Nobody',
  licence: 'CC0-1.0',
  tags: [],
  triggerWords: [],
  base: { architecture: 'stable-diffusion-v1', contextWidth: 96 },
  parameters: [],
};
