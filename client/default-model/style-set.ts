// Makes a small training set in one ink from the default model's own drawings: node client/default-model/style-set.ts FOLDER
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodePng, type Pixels } from '../formats/png.ts';
import { createEngine } from '../index.ts';

const NAMES = [
  'red apple', 'banana', 'strawberry', 'carrot', 'pizza', 'panda', 'fox', 'penguin', 'octopus', 'butterfly',
  'house', 'rocket', 'sailboat', 'star', 'sun', 'bell', 'key', 'guitar', 'crown', 'umbrella',
];
/** The ink, and how far tones and things themselves take it; as style_pictures.py prints its risograph. */
const INK = [0, 128, 120];
const [THING, TONE] = [0.45, 0.65];
/** What is paler than this on all channels is paper. */
const PAPER = 235;
const SEED = 11n;

function inked({ width, height, pixels }: Pixels): Pixels {
  const printed = pixels.slice();
  for (let i = 0; i < pixels.length; i += 4) {
    const channels = [...pixels.slice(i, i + 3)];
    const thing = Math.min(...channels) < PAPER ? 1 : 0;
    const bright = channels.reduce((sum, value) => sum + value, 0) / 765;
    const ink = Math.min(1, THING * thing + TONE * (1 - bright));
    printed.set(INK.map((value) => 255 + (value - 255) * ink), i);
  }
  return { width, height, pixels: printed };
}

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('Name the folder for the pictures.');
await mkdir(folder, { recursive: true });
const engine = await createEngine({ model: fileURLToPath(new URL('.', import.meta.url)) });
for (const name of NAMES) {
  const { picture } = await engine.generate({ prompt: name, seed: SEED });
  await writeFile(join(folder, `${name}.png`), encodePng(inked(picture)));
}
await engine.close();
