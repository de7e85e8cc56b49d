// A program of its own that serves the edge, so that a test can end it and workerd at any moment: `node edge-process.ts SCRIPT DATA`.
import { readFile } from 'node:fs/promises';
import { serve } from '../../../worker/serve.ts';

const [scriptPath, dataDir] = process.argv.slice(2);
if (scriptPath === undefined || dataDir === undefined) throw new Error('usage: edge-process.ts SCRIPT DATA');
const edge = await serve({ port: 0, dataDir, script: await readFile(scriptPath, 'utf8') });
process.stdout.write(`${edge.url}\n`);
