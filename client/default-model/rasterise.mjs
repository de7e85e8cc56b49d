// Draws icons of Iconify's JSON packages as 64×64 RGBA, one after another in a raw file.
// Usage: node rasterise.mjs WORK LIST.json OUT.raw — WORK holds node_modules, LIST is [{ set, icon }, …].
import { createRequire } from 'node:module';
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

const SIZE = 64;
const [work, list, out] = process.argv.slice(2);
const require = createRequire(resolve(work, 'package.json'));
const sharp = require('sharp');
const sets = new Map();

function svg({ set, icon }) {
  if (!sets.has(set)) sets.set(set, require(`@iconify-json/${set}/icons.json`));
  const { icons, width = 16, height = 16 } = sets.get(set);
  const { body, left = 0, top = 0, width: w = width, height: h = height } = icons[icon];
  const box = `viewBox="${left} ${top} ${w} ${h}" width="${w}" height="${h}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ${box}>${body}</svg>`;
}

const transparent = { r: 0, g: 0, b: 0, alpha: 0 };
const pictures = [];
for (const entry of JSON.parse(readFileSync(list, 'utf8'))) {
  const { width = 16 } = (svg(entry), sets.get(entry.set));
  const picture = sharp(Buffer.from(svg(entry)), { density: (72 * 4 * SIZE) / width })
    .resize(SIZE - 4, SIZE - 4, { fit: 'contain', background: transparent })
    .extend({ top: 2, bottom: 2, left: 2, right: 2, background: transparent })
    .ensureAlpha();
  pictures.push(await picture.raw().toBuffer());
}
writeFileSync(out, Buffer.concat(pictures));
