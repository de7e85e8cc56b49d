// A font of 3 × 5 dots, for the numbers and short words along a contact sheet's edges.

/** Rows of three dots, from the top: `#` is ink. */
const GLYPHS: Readonly<Record<string, string>> = {
  '0': '### #.# #.# #.# ###', '1': '.#. ##. .#. .#. ###', '2': '##. ..# .#. #.. ###', '3': '##. ..# .#. ..# ##.',
  '4': '#.# #.# ### ..# ..#', '5': '### #.. ##. ..# ##.', '6': '.## #.. ### #.# ###', '7': '### ..# .#. .#. .#.',
  '8': '### #.# ### #.# ###', '9': '### #.# ### ..# ##.', '-': '... ... ### ... ...', '.': '... ... ... ... .#.',
  a: '... .## #.# #.# .##', b: '#.. ##. #.# #.# ##.', c: '... .## #.. #.. .##', d: '..# .## #.# #.# .##',
  e: '.#. #.# ### #.. .##', f: '.## .#. ### .#. .#.', g: '.## #.# .## ..# ##.', h: '#.. ##. #.# #.# #.#',
  i: '.#. ... .#. .#. .#.', j: '..# ... ..# #.# .#.', k: '#.. #.# ##. ##. #.#', l: '##. .#. .#. .#. ###',
  m: '... ### ### #.# #.#', n: '... ##. #.# #.# #.#', o: '... .#. #.# #.# .#.', p: '... ##. #.# ##. #..',
  q: '... .## #.# .## ..#', r: '... .## #.. #.. #..', s: '... .## ##. .## ##.', t: '.#. ### .#. .#. ..#',
  u: '... #.# #.# #.# .##', v: '... #.# #.# #.# .#.', w: '... #.# #.# ### ###', x: '... #.# .#. .#. #.#',
  y: '... #.# .## ..# ##.', z: '... ### .#. #.. ###', ':': '... .#. ... .#. ...', '=': '... ### ... ### ...',
  '+': '... .#. ### .#. ...', '_': '... ... ... ... ###', '/': '..# ..# .#. #.. #..',
}; // biome-ignore format: a table

const WIDTH = 3;
const HEIGHT = 5;
const GAP = 1;

/** Pixels that a text takes at `scale` pixels a dot. */
export function textSize(text: string, scale: number): { readonly width: number; readonly height: number } {
  return { width: Math.max(0, text.length * (WIDTH + GAP) - GAP) * scale, height: HEIGHT * scale };
}

/** As much of a text's beginning as `width` pixels hold. */
export function fitText(text: string, scale: number, width: number): string {
  return text.slice(0, Math.max(0, Math.floor((width / scale + GAP) / (WIDTH + GAP))));
}

/** Calls `ink` for each pixel of the text, from (0, 0); a character without a glyph is left blank. */
export function drawText(text: string, scale: number, ink: (x: number, y: number) => void): void {
  for (const [place, character] of [...text.toLowerCase()].entries()) {
    const rows = GLYPHS[character]?.split(' ') ?? [];
    for (const [row, dots] of rows.entries()) {
      for (let dot = 0; dot < WIDTH; dot++) {
        if (dots[dot] !== '#') continue;
        const left = (place * (WIDTH + GAP) + dot) * scale;
        for (let i = 0; i < scale * scale; i++) ink(left + (i % scale), row * scale + Math.floor(i / scale));
      }
    }
  }
}
