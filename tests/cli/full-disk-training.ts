// Runs where a small disk of its own is mounted: trains onto it, and fills it once the first save is there.
import { readdirSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { trainRequest } from '../../client/cli/train-request.ts';
import { trainToFiles } from '../../client/cli/train-run.ts';
import { fileSource } from '../../client/formats/node-file.ts';
import { readHypernetwork } from '../../client/hypernetwork/read.ts';
import { readTrainingState } from '../../client/training/state-file.ts';

const [model, data, disk] = process.argv.slice(2) as [string, string, string];
const output = join(disk, 'mine.pt');
const request = await trainRequest('hypernetwork', {
  data, model, output, steps: '4', 'save-every': '2', widths: '24', rate: '1e-3',
}); // biome-ignore format: a table

/** Leaves no block free. */
function fill(): void {
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(join(disk, 'filler'), new Uint8Array(bavail * bsize));
}

const lines: string[] = [];
const failure: { code?: string; message: string } = await trainToFiles(
  request,
  new AbortController().signal,
  {
    say: (line) => lines.push(line),
    emit: (event) => {
      if ('event' in event && event.event === 'save') fill();
    },
  },
).then(
  () => ({ message: 'it was saved' }),
  (error) => error,
);
const { code, message } = failure;
const { description } = await readHypernetwork(await fileSource(output));
const { state } = await readTrainingState(await fileSource(request.companion));
const files = readdirSync(disk).sort();
console.log(
  JSON.stringify({ code, message, last: lines.at(-1), steps: [description.step, state.step], files }),
);
