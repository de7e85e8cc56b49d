// A process of its own that loads a model in Node: arguments are the checkpoint, the manifest and the loading.
import { readFileSync } from 'node:fs';
import { fileSource } from '../../client/formats/node-file.ts';
import { loadModel } from './memory-load.ts';

/** The kernel's own record of this process's highest resident size, in bytes. */
function peak(): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
}

const [, , checkpoint, manifest, loading, steps] = process.argv;
if (checkpoint === undefined || manifest === undefined || loading === undefined) {
  throw new Error('usage: memory-node.ts CHECKPOINT MANIFEST LOADING STEPS');
}
const idle = process.memoryUsage().rss;
const started = performance.now();
const step = await loadModel(
  await fileSource(checkpoint),
  JSON.parse(readFileSync(manifest, 'utf8')),
  JSON.parse(loading),
);
const result = { held: peak() - idle, seconds: (performance.now() - started) / 1000, steps: [] as number[] };
for (let i = 0; i < Number(steps); i++) result.steps.push(await step());
console.log(JSON.stringify(result));
