// Runs where a small disk of its own is mounted: adds a model, and fills the disk once the first bytes are there.
import { readdirSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addModel, listModels } from '../../client/node.ts';

const [model, disk] = process.argv.slice(2) as [string, string];
process.env['TINCTURE_DATA'] = disk;

/** Leaves no block free. */
function fill(): void {
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(join(disk, 'filler'), new Uint8Array(bavail * bsize));
}

await addModel(model, { name: 'before' });
const failure: { code?: string; message: string } = await addModel(model, {
  name: 'after',
  onProgress: fill,
}).then(
  () => ({ message: 'it was added' }),
  (error) => error,
);
const { code, message } = failure;
const stored = readdirSync(join(disk, 'models')).sort();
console.log(JSON.stringify({ code, message, stored, listed: (await listModels()).map(({ name }) => name) }));
