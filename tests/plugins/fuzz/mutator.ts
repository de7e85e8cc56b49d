// Structured mutation of modules: sections, numbers, types, operators and whole functions change, and the framing is made anew.
import { ModuleReader } from '../../../plugins/contract/reader.ts';
import { assemble, leb, type Section, sized } from '../module-bytes.ts';
import { placesOf, sibling, someNumber, someOperator } from './operators.ts';
import type { Random } from './random.ts';

const CODE = 10;
const TYPE = 1;
const TYPE_CODES = [0x7f, 0x7e, 0x7d, 0x7c, 0x7b, 0x70, 0x6f, 0x60, 0x40];

/** A module taken apart as far as its framing goes. */
export interface Parts {
  readonly sections: readonly Section[];
  /** The functions, without their sizes. */
  readonly bodies: readonly (readonly number[])[];
}

/** Takes a whole module apart. */
export function takeApart(bytes: Uint8Array): Parts {
  const reader = new ModuleReader('seed', bytes, 8);
  const sections: Section[] = [];
  let bodies: number[][] = [];
  while (reader.at < bytes.length) {
    const id = reader.byte();
    const content = reader.take(reader.number());
    if (id === CODE) {
      const inner = new ModuleReader('code', content);
      bodies = Array.from({ length: inner.number() }, () => [...inner.take(inner.number())]);
    }
    sections.push({ id, content: [...content] });
  }
  return { sections, bodies };
}

/** Changes `parts` in one place or a few, at most `changes`; `others` give sections and functions. */
export function mutate(
  random: Random,
  parts: Parts,
  others: readonly Parts[],
  changes = 4,
): Uint8Array<ArrayBuffer> {
  let sections = [...parts.sections];
  const bodies = [...parts.bodies];
  const spoilt = new Set<number>();
  for (let left = 1 + random.below(changes); left > 0; left--) {
    // Most of what can be wrong is in the functions.
    if (random.below(3) > 0 && bodies.length > 0) {
      const index = random.below(bodies.length);
      bodies[index] = mutateBody(random, bodies[index]!, random.pick(others));
    } else {
      sections = mutateSections(random, sections, random.pick(others), spoilt);
    }
  }
  return assemble(
    sections.map((section) =>
      section.id === CODE && !spoilt.has(CODE)
        ? { id: CODE, content: [...leb(bodies.length), ...bodies.flatMap(sized)] }
        : section,
    ),
    random.below(200) === 0 ? [random.below(256)] : [],
  );
}

function mutateBody(random: Random, body: readonly number[], other: Parts): readonly number[] {
  const places = placesOf(body);
  if (places.length === 0) return body;
  const place = random.pick(places);
  const cut = (start: number, end: number, bytes: readonly number[] = []): number[] => [
    ...body.slice(0, start),
    ...bytes,
    ...body.slice(end),
  ];
  switch (random.below(9)) {
    case 0:
      return cut(place.start, place.immediates, sibling(random, place.code));
    case 1:
      return cut(place.start, place.end, someOperator(random));
    case 2:
      return cut(place.start, place.start, someOperator(random));
    case 3:
      return cut(place.start, place.end);
    case 4: {
      const last = random.pick(places);
      const [from, to] = place.start < last.start ? [place, last] : [last, place];
      return cut(from.start, from.start, body.slice(from.start, Math.min(to.end, from.start + 200)));
    }
    case 5: {
      const donor = other.bodies.length === 0 ? body : random.pick(other.bodies);
      const there = placesOf(donor);
      if (there.length === 0) return body;
      const from = random.pick(there);
      return cut(place.start, place.start, donor.slice(from.start, from.start + random.below(40)));
    }
    case 6:
      return other.bodies.length === 0 ? body : random.pick(other.bodies);
    case 7: {
      if (place.immediates === place.end) return cut(place.start, place.end);
      return cut(place.immediates, place.end, someNumber(random));
    }
    default: {
      // The locals, or any byte.
      const at = random.below(3) === 0 ? random.below(Math.min(6, body.length)) : random.below(body.length);
      return cut(at, at + 1, [random.below(256)]);
    }
  }
}

function mutateSections(random: Random, sections: Section[], other: Parts, spoilt: Set<number>): Section[] {
  const index = random.below(sections.length);
  const section = sections[index]!;
  const replaced = (content: readonly number[]): Section[] => {
    spoilt.add(section.id);
    return sections.with(index, { id: section.id, content });
  };
  const { content } = section;
  const at = random.below(content.length + 1);
  switch (random.below(10)) {
    case 0:
      return sections.toSpliced(index, 1);
    case 1:
      return sections.toSpliced(random.below(sections.length), 0, section);
    case 2: {
      const target = random.below(sections.length);
      return sections.with(index, sections[target]!).with(target, section);
    }
    case 3: {
      const donor = random.pick(other.sections);
      const same = sections.findIndex(({ id }) => id === donor.id);
      if (donor.id === CODE) spoilt.add(CODE);
      return same < 0 ? sections.toSpliced(index, 0, donor) : sections.with(same, donor);
    }
    case 4:
      return replaced(content.slice(0, at));
    case 5:
      return replaced(content.toSpliced(at, 0, ...someNumber(random)));
    case 6:
      return replaced(content.toSpliced(at, 1, ...someNumber(random)));
    case 7: {
      const types = sections.findIndex((it) => it.id === TYPE && it.content.length > 0);
      if (types < 0) return replaced(content.toSpliced(at, 1));
      const list = sections[types]!.content;
      return sections.with(types, {
        id: TYPE,
        content: list.with(random.below(list.length), random.pick(TYPE_CODES)),
      });
    }
    case 8:
      return sections.with(index, { id: random.below(15), content });
    default:
      return replaced(content.toSpliced(at, 1, random.below(256)));
  }
}
