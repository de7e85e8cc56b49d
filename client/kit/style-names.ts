// A style's name out of a file's or a project's, and a title out of a name.

/** A name as styles have them, out of any text; empty where no letter or digit is left. */
export function styleNameFrom(text: string): string {
  return text
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 64)
    .replaceAll(/^-+|-+$/g, '');
}

/** `line-art` becomes `Line art`. */
export function titleFrom(name: string): string {
  return `${name.slice(0, 1).toUpperCase()}${name.slice(1).replaceAll('-', ' ')}`;
}
