// The whole hostile corpus. Its entries are data; the text of modules is compiled where Node is.
import { BOMBS } from './bombs.ts';
import type { HostileEntry } from './entry.ts';
import { FEATURES } from './features.ts';
import { ILL_TYPED } from './ill-typed.ts';
import { MALFORMED } from './malformed.ts';
import { POINTERS } from './pointers.ts';
import { RUNNING } from './running.ts';
import { TABLES } from './tables.ts';
import { WORDS } from './words.ts';

export const CORPUS: readonly HostileEntry[] = [
  ...MALFORMED,
  ...FEATURES,
  ...BOMBS,
  ...ILL_TYPED,
  ...RUNNING,
  ...POINTERS,
  ...WORDS,
  ...TABLES,
];
