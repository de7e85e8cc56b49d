// Modules as bytes: a bare plugin in sections that tests may spoil, and modules taken apart and put together again.

export interface Section {
  readonly id: number;
  readonly content: readonly number[];
}

export const I32 = 0x7f;
const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** Unsigned LEB128. */
export function leb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low + 128 : low);
  } while (rest > 0);
  return bytes;
}

/** A count and its entries. */
export function list(entries: readonly (readonly number[])[]): number[] {
  return [...leb(entries.length), ...entries.flat()];
}

/** A name: its length and UTF-8. */
export function word(text: string): number[] {
  return sized([...new TextEncoder().encode(text)]);
}

/** Bytes with their number before them. */
export function sized(bytes: readonly number[]): number[] {
  return [...leb(bytes.length), ...bytes];
}

export function functionType(parameters: readonly number[], results: readonly number[]): number[] {
  return [0x60, ...sized(parameters), ...sized(results)];
}

/** The sections of a plugin that does nothing: marker, alloc, free, error and apply, in this order. */
export function bareSections(): Section[] {
  const types = [
    functionType([], []),
    functionType([I32], [I32]),
    functionType([I32], []),
    functionType([], [I32]),
    functionType([I32, I32, I32, I32, 0x7d], [I32]),
  ];
  const names = ['tincture_abi_1', 'tincture_alloc', 'tincture_free', 'tincture_error', 'tincture_apply'];
  const empty = [0, 0x0b];
  const zero = [0, 0x41, 0, 0x0b];
  return [
    { id: 1, content: list(types) },
    { id: 3, content: sized([0, 1, 2, 3, 4]) },
    { id: 5, content: [1, 1, 1, 4] },
    { id: 7, content: list([[...word('memory'), 2, 0], ...names.map((name, i) => [...word(name), 0, i])]) },
    { id: 10, content: list([empty, zero, empty, zero, zero].map(sized)) },
  ];
}

/** The module of these sections, whatever their order. */
export function assemble(
  sections: readonly Section[],
  tail: readonly number[] = [],
): Uint8Array<ArrayBuffer> {
  const parts = sections.map(({ id, content }) => [id, ...leb(content.length), ...content]);
  return Uint8Array.from([...HEADER, ...parts.flat(), ...tail]);
}

/** The bare plugin with one section in another's place, or before the first of a later id. */
export function bareWith(changed: Section): Uint8Array<ArrayBuffer> {
  const sections = bareSections();
  const same = sections.findIndex(({ id }) => id === changed.id);
  if (same >= 0) sections.splice(same, 1, changed);
  else {
    const later = sections.findIndex(({ id }) => rank(id) > rank(changed.id));
    sections.splice(later < 0 ? sections.length : later, 0, changed);
  }
  return assemble(sections);
}

/** The bare plugin whose `apply` has this body: locals, operators, end. */
export function bareWithBody(body: readonly number[]): Uint8Array<ArrayBuffer> {
  const empty = [0, 0x0b];
  const zero = [0, 0x41, 0, 0x0b];
  return bareWith({ id: 10, content: list([empty, zero, empty, zero, body].map(sized)) });
}

/** A custom section. */
export function custom(name: string, content: readonly number[]): Section {
  return { id: 0, content: [...word(name), ...content] };
}

/** The data's count stands between elements and code. */
function rank(id: number): number {
  return id === 12 ? 9.5 : id;
}
