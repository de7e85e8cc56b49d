// Style tags in prompts: `<hypernet:name:strength>` means the style `name` at that strength.
import { PromptError } from './error.ts';
import { checkPromptLength } from './limits.ts';

export interface StyleTag {
  /** The file's stem or the registry's name. */
  readonly name: string;
  /** 1 where the tag gives none. */
  readonly strength: number;
}

export interface TaggedPrompt {
  /** The prompt without any tags; nothing else is changed. */
  readonly text: string;
  /** In prompt order, repeated where the prompt repeats them. */
  readonly styles: readonly StyleTag[];
  /** Tags of other kinds of networks, such as `<lora:name:1>`, as they stand: AUTOMATIC1111's web UI takes them out of the prompt too. */
  readonly others: readonly string[];
}

const TAG = /<hypernet:([^<>]*)(>?)/gi;
const OTHER_TAG = /<\w+:[^<>]+>/g;
const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

/** Takes the style tags out. Throws `prompt/style-tag` for a tag without name or end, or with a strength that is no number. */
export function parseStyleTags(prompt: string): TaggedPrompt {
  checkPromptLength(prompt);
  const styles: StyleTag[] = [];
  const text = prompt.replace(TAG, (tag: string, inside: string, closed: string) => {
    if (closed === '') throw malformed(tag, 'a style tag is never closed');
    styles.push(readTag(tag, inside));
    return '';
  });
  const others = text.match(OTHER_TAG) ?? [];
  return { text: text.replace(OTHER_TAG, ''), styles, others };
}

/** The tag that `parseStyleTags` reads back. */
export function formatStyleTag({ name, strength }: StyleTag): string {
  return `<hypernet:${name}:${strength}>`;
}

function readTag(tag: string, inside: string): StyleTag {
  const [rawName = '', rawStrength, ...rest] = inside.split(':');
  const name = rawName.trim();
  if (name === '') throw malformed(tag, 'a style tag names no style');
  if (rest.length > 0) throw malformed(tag, 'a style tag has too many parts');
  if (rawStrength === undefined) return { name, strength: 1 };
  const strength = DECIMAL.test(rawStrength.trim()) ? Number(rawStrength) : Number.NaN;
  if (!Number.isFinite(strength)) throw malformed(tag, `the strength of style ${name} is not a number`);
  return { name, strength };
}

function malformed(tag: string, what: string): PromptError {
  return new PromptError('prompt/style-tag', what, {
    expected: '<hypernet:name> or <hypernet:name:0.8>',
    found: tag.length > 80 ? `${tag.slice(0, 80)}…` : tag,
  });
}
