// Compiles the corpus in Node, so that other homes get bytes.
import { compileText, moduleText } from '../module-text.ts';
import { CORPUS } from './corpus.ts';
import type { CompiledEntry } from './entry.ts';

/** All entries with their modules as bytes. */
export async function compileCorpus(): Promise<CompiledEntry[]> {
  return Promise.all(
    CORPUS.map(async ({ module, ...entry }) => ({
      ...entry,
      wasm: typeof module === 'string' ? await compileText(module, false) : module(),
    })),
  );
}

/** A plugin that behaves: adds the strength to every key, and takes it from every value. */
export function compileGood(): Promise<Uint8Array<ArrayBuffer>> {
  const bend = (pointer: number, operator: string): string =>
    `(local.set $i (i32.mul (i32.mul (local.get 0) (local.get 1)) (i32.const 4)))
     (loop $again
       (local.set $i (i32.sub (local.get $i) (i32.const 4)))
       (f32.store (i32.add (local.get ${pointer}) (local.get $i))
         (${operator} (f32.load (i32.add (local.get ${pointer}) (local.get $i))) (local.get 4)))
       (br_if $again (local.get $i)))`;
  // Frees everything when one buffer comes back: the host lends for one call only.
  return compileText(
    moduleText({
      free: '(global.set $next (i32.const 4096))',
      tincture_apply: `(local $i i32) ${bend(2, 'f32.add')} ${bend(3, 'f32.sub')} (i32.const 0)`,
    }),
  );
}
