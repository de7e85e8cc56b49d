// Every example is a folder that the kit builds, packs and tests, and the kit's module is the build's.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { decodePng } from '../../../client/formats/png.ts';
import { type AuthorTest, runAuthorTests, testFiles } from '../../../client/kit/author-tests.ts';
import { buildPlugin, packProject } from '../../../client/kit/build.ts';
import { openProject } from '../../../client/kit/project.ts';
import { withTemporaryFolder } from '../../../client/kit/temporary.ts';
import { validatePlugin } from '../../../plugins/contract/validator.ts';
import { path } from './example.ts';

/** What each may do, and how many files it is given. */
const EXAMPLES = {
  hypernetwork: { offers: ['apply', 'layers', 'load'], weights: 1 },
  blend: { offers: ['apply', 'describe', 'layers', 'load', 'parameter'], weights: 2 },
  fade: { offers: ['apply', 'describe', 'layers', 'load', 'parameter', 'schedule'], weights: 1 },
  'low-rank': { offers: ['apply', 'describe', 'layers', 'tensor'], weights: 1 },
  generator: { offers: ['apply', 'context', 'describe', 'layers', 'parameter', 'tensor'], weights: 4 },
} as const;

/** Whose own tests run here: each opens a text encoder in a process of its own, so that all five are for TINCTURE_EXAMPLE_TESTS=all. */
const TESTED =
  process.env['TINCTURE_EXAMPLE_TESTS'] === 'all' ? Object.keys(EXAMPLES) : ['fade', 'generator'];

test.each(Object.entries(EXAMPLES))(
  '%s packs, with its weights and its preview, and passes its own tests',
  async (name, example) => {
    const wasm = await readFile(path(`build/plugins/${name}.wasm`));
    const { offers } = validatePlugin(wasm, { name });
    expect([...offers].sort()).toEqual(example.offers.map((offer) => `tincture_${offer}`));

    const project = await openProject(path(`plugins/${name}`));
    const { manifest, bytes } = await packProject(project, wasm);
    const { weights, moreWeights = [], previews } = manifest.blobs;
    expect([weights, ...moreWeights]).toHaveLength(example.weights);
    expect(previews).toHaveLength(1);
    const { width, height } = decodePng(await readFile(path(`plugins/${name}/preview.png`)));
    expect(width * height).toBeGreaterThan(64 * 64 * 6);

    const readme = await readFile(path(`plugins/${name}/README.md`), 'utf8');
    expect(readme).toContain('](preview.png)');

    if (!TESTED.includes(name)) return;
    const done: AuthorTest[] = [];
    await withTemporaryFolder(async (folder) => {
      const style = join(folder, 'example.style');
      await writeFile(style, bytes);
      await runAuthorTests(project, await testFiles(project), style, (result) => done.push(result));
    });
    expect(done.filter(({ problem }) => problem !== null)).toEqual([]);
    expect(done.length).toBeGreaterThan(0);
  },
);

test('the kit compiles the same module', async () => {
  const { wasm } = await buildPlugin(await openProject(path('plugins/fade')), { release: true });
  expect(Buffer.from(wasm!).equals(await readFile(path('build/plugins/fade.wasm')))).toBe(true);
});
