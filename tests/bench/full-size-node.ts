// A process of its own that loads a full-size model in Node: arguments are the checkpoint, the manifest, a folder and latents' sides.
import { readFileSync } from 'node:fs';
import { folderWorkingFiles } from '../../client/engine/working-files-node.ts';
import { fileSource } from '../../client/formats/node-file.ts';
import { loadFullSize } from './full-size-load.ts';

/** The kernel's own record of this process's highest resident size, in bytes. */
function peak(): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
}

const [, , checkpoint, manifest, folder, ...sides] = process.argv;
if (checkpoint === undefined || manifest === undefined || folder === undefined) {
  throw new Error('usage: full-size-node.ts CHECKPOINT MANIFEST FOLDER SIDE…');
}
const idle = process.memoryUsage().rss;
const files = folderWorkingFiles(folder);
const model = await loadFullSize(await fileSource(checkpoint), JSON.parse(manifest), 'wasm', files);
const loaded = peak() - idle;
const steps = [];
for (const side of sides) steps.push({ side: Number(side), ...(await model.step(Number(side))) });
console.log(JSON.stringify({ times: model.times, peak: loaded, peakWithSteps: peak() - idle, steps }));
