// SQL of the worker: values come by bound parameters only. Whatever is put into a statement's text is a constant of the program.
import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';

const WORKER = new URL('../../worker/', import.meta.url);
const SQL = /^\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH|CREATE|DROP|ALTER|REPLACE|PRAGMA)\b/;
/** Constants, conditions out of lists of constants, and parts of the constant orders and sources of a search. */
const ALLOWED = [
  /^[A-Z][A-Z_]*$/,
  /^conditions\.join\(' AND '\)$/,
  /^(?:order|source)\.(?:columns|by|id|tables)$/,
  // Backup and restore: identifiers out of the schema, quoted, and lists of question marks.
  /^quoted\([\w.]+\)$/,
  /^\w+\.map\((?:quoted|\(\) => '\?')\)\.join\(', '\)$/,
  // Parameters by number, or literals.
  /^storedBytesSql\((?:'\?\d'|"''")(?:, (?:'\?\d'|"''"))*\)$/,
  /^selected$|^orderOf\(table\)$/,
];

/** Every template of SQL with what is put into it. */
async function templates(): Promise<{ readonly file: string; readonly parts: readonly string[] }[]> {
  const files = (await readdir(WORKER, { recursive: true })).filter((name) => name.endsWith('.ts'));
  const found: { file: string; parts: string[] }[] = [];
  for (const file of files) {
    const source = await readFile(new URL(file, WORKER), 'utf8');
    for (const [, text = ''] of source.matchAll(
      /`((?:[^`\\$]|\\.|\$(?!\{)|\$\{(?:[^`{}]|\{[^{}]*\})*\})*)`/gs,
    )) {
      if (!SQL.test(text)) continue;
      // A name that the same file gives to a literal is a constant too.
      const isLiteral = (name: string) =>
        new RegExp(`const ${name} =\\s*(?:'[^']*'|"[^"]*"|\`[^\`$]*\`);`).test(source);
      const parts = [...text.matchAll(/\$\{((?:[^{}]|\{[^{}]*\})*)\}/gs)].map(([, part]) => part!.trim());
      found.push({ file, parts: parts.filter((part) => !(/^[a-z]\w*$/.test(part) && isLiteral(part))) });
    }
  }
  return found;
}

test('nothing but constants is put into SQL', async () => {
  const all = await templates();
  expect(all.length).toBeGreaterThan(20);
  const refused = all.flatMap(({ file, parts }) =>
    parts.filter((part) => !ALLOWED.some((it) => it.test(part))).map((part) => `${file}: \${${part}}`),
  );
  expect(refused).toEqual([]);
});

test('conditions are literals, and no statement is put together with +', async () => {
  const files = (await readdir(WORKER, { recursive: true })).filter((name) => name.endsWith('.ts'));
  for (const file of files) {
    const source = (await readFile(new URL(file, WORKER), 'utf8')).replaceAll(/^\s*\/\/.*$/gm, '');
    for (const [, argument = ''] of source.matchAll(/\bconditions\.push\(([^)]*)\)/g)) {
      expect(argument, file).toMatch(/^'[^']*'$|^HAS_WORD$|^condition$|^order\.after$/);
    }
    for (const [call] of source.matchAll(/\.prepare\(\s*[^\s`'")][^)]*\)/g)) {
      expect(call, file).toMatch(/\.prepare\(\s*(?:[A-Z][A-Z_]*|statement|sql)\s*\)/);
    }
    expect(source, file).not.toMatch(/['"`]\s*\+\s*\w[^;]*\b(?:SELECT|INSERT INTO|UPDATE|DELETE FROM)\b/);
  }
});
