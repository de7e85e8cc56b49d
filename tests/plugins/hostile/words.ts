// Hostile modules that lie in words: descriptions and reasons that are outside, endless, not UTF-8, not JSON, or more than text.
import { moduleText } from '../module-text.ts';
import { counted, data, type HostileEntry, words } from './entry.ts';

function describes(
  name: string,
  tries: string,
  kind: 'invalid' | 'trap',
  pointer: number,
  segment: string,
  says?: string,
): HostileEntry {
  return {
    name: `description-${name}`,
    tries,
    module: moduleText({
      tincture_describe: `(i32.const ${pointer})`,
      tincture_parameter: '(i32.const 0)',
      more: segment,
    }),
    must: { fails: 'start', kind, ...(says === undefined ? {} : { says }) },
  };
}

const json = (name: string, tries: string, text: string, says: string): HostileEntry =>
  describes(name, tries, 'invalid', 1024, data(1024, counted(text)), says);

function reasons(
  name: string,
  tries: string,
  pointer: number,
  segment: string,
  must: HostileEntry['must'],
): HostileEntry {
  return {
    name: `reason-${name}`,
    tries,
    module: moduleText({ tincture_apply: '(i32.const 1)', error: `(i32.const ${pointer})`, more: segment }),
    must,
  };
}

const PARAMETER = '"default":1,"minimum":0,"maximum":2';

export const WORDS: readonly HostileEntry[] = [
  describes('outside', 'to have its description read outside the memory', 'trap', 0x7fff_fff0, ''),
  describes(
    'past-the-end',
    'to have its description read over the end of the memory',
    'trap',
    65_528,
    data(65_528, words(100)),
  ),
  describes(
    'misaligned',
    'to have its description read from an odd place',
    'trap',
    1025,
    data(1025, words(0)),
  ),
  describes(
    'endless',
    'to have a description of 4 GiB',
    'invalid',
    1024,
    data(1024, words(0xffff_ffff)),
    'more than 16384',
  ),
  describes(
    'bytes',
    'to have a description that is not UTF-8',
    'invalid',
    1024,
    data(1024, `${words(2)}\\ff\\fe`),
    'not JSON',
  ),
  describes('null', 'to give no description where it offers one', 'invalid', 0, '', 'not JSON'),
  json('no-json', 'to have a description that is a program', 'while(true){}', 'not JSON'),
  json(
    'deep',
    "to overflow a parser's stack with four thousand brackets",
    `${'['.repeat(4000)}${']'.repeat(4000)}`,
    'is not what the ABI asks',
  ),
  json('member', 'to set what the host has not asked for', '{"strength":9}', 'is not what the ABI asks'),
  json(
    'prototype',
    "to change the prototype of the host's objects",
    '{"__proto__":{"half":true}}',
    'is not what the ABI asks',
  ),
  json(
    'strength',
    "to take the place of the host's own slider",
    `{"parameters":[{"name":"strength",${PARAMETER}}]}`,
    'must not be',
  ),
  json(
    'parameter-prototype',
    'to name a parameter like a member of every object',
    `{"parameters":[{"name":"__proto__",${PARAMETER}}]}`,
    'is not what the ABI asks',
  ),
  json(
    'parameter-bomb',
    'to ask for a hundred sliders',
    `{"parameters":[${Array.from({ length: 100 }, (_, i) => `{"name":"p${i}",${PARAMETER}}`).join()}]}`,
    'is not what the ABI asks',
  ),
  json(
    'infinite-range',
    'to have a range without end',
    '{"parameters":[{"name":"a","default":1,"minimum":0,"maximum":1e999}]}',
    'is not what the ABI asks',
  ),
  {
    name: 'parameters-without-function',
    tries: 'to show sliders that do nothing',
    module: moduleText({
      tincture_describe: '(i32.const 1024)',
      more: data(1024, counted(`{"parameters":[{"name":"a",${PARAMETER}}]}`)),
    }),
    must: { fails: 'start', kind: 'invalid', says: 'it describes parameters and cannot take them' },
  },
  reasons('outside', 'to have its reason read outside the memory', 0x7fff_fff0, '', {
    fails: 'apply',
    kind: 'trap',
  }),
  reasons(
    'past-the-end',
    'to have its reason read over the end of the memory',
    65_528,
    data(65_528, words(255)),
    {
      fails: 'apply',
      kind: 'trap',
    },
  ),
  reasons('misaligned', 'to have its reason read from an odd place', 1025, '', {
    fails: 'apply',
    kind: 'trap',
  }),
  reasons('endless', 'to give a reason of 4 GiB', 1024, data(1024, words(0xffff_ffff)), {
    fails: 'apply',
    kind: 'refused',
  }),
  reasons('bytes', 'to give a reason that is not UTF-8', 1024, data(1024, `${words(6)}no\\ff\\fe\\c3!`), {
    fails: 'apply',
    kind: 'refused',
    says: 'no\ufffd\ufffd\ufffd!',
  }),
  reasons(
    'control',
    'to forge what a terminal shows, with a reason of escape codes',
    1024,
    data(1024, counted('\u001b[2Jdone\r\n\u009b1A')),
    {
      fails: 'apply',
      kind: 'refused',
      says: '\ufffd[2Jdone\ufffd\ufffd\ufffd1A',
    },
  ),
];
