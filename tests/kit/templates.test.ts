// Every template: its folder compiles, packs, the same everywhere, and keeps what every plugin promises.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { bytesSource } from '../../client/formats/bytes-source.ts';
import { digestOfBytes } from '../../client/formats/digest.ts';
import { openStyleFile } from '../../client/formats/style-file.ts';
import { packProject } from '../../client/kit/build.ts';
import { checkPlugin } from '../../client/kit/check.ts';
import { compilePlugin } from '../../client/kit/compile.ts';
import { checkConformance } from '../../client/kit/conformance.ts';
import { readLibrary } from '../../client/kit/library.ts';
import { createProject } from '../../client/kit/new.ts';
import { openProject, readSources } from '../../client/kit/project.ts';
import { randomFactors, randomGenerator, randomHypernetwork } from '../../client/kit/template-weights.ts';
import { fillTemplate, TEMPLATES } from '../../client/kit/templates.ts';
import { withTemporaryFolder } from '../../client/kit/temporary.ts';
import { createNodeHost } from '../../client/plugin-host/node.ts';

const host = createNodeHost();
afterAll(() => host.close());
const values = Float32Array.from({ length: 77 * 96 }, (_, i) => Math.sin(i * i));
const context = { width: 96, rows: 77, k: values, v: values.slice() };

test.each(TEMPLATES)('%s builds, packs and conforms', async (template) => {
  await withTemporaryFolder(async (folder) => {
    const path = join(folder, 'my-style');
    const { files, command } = await createProject(path, template, []);
    expect(files).toEqual(expect.arrayContaining(['README.md', 'card.json', 'assembly/index.ts', 'test/style.test.ts']));
    const commands = readFileSync(join(path, 'README.md'), 'utf8').match(/^.* -- (build|test|preview|pack)\b/gm);
    expect(commands).toEqual(['build', 'test', 'preview', 'pack'].map((name) => `${command} ${name}`));
    const project = await openProject(path);
    expect(project.card).toMatchObject({ name: 'my-style', title: 'My style' });
    const { wasm, diagnostics } = await compilePlugin({
      files: await readSources(project),
      entry: project.card.files.plugin!,
      library: await readLibrary(),
      release: true,
    });
    expect(diagnostics).toEqual([]);
    expect(checkPlugin(wasm!)).toMatchObject({ problem: null, warnings: [] });
    const { bytes } = await packProject(project, wasm);
    const style = await openStyleFile(bytesSource('my-style.style', bytes));
    const results = await checkConformance(host, style, { context, selfAttentionWidths: [64, 128] });
    expect(results.filter(({ problem }) => problem !== null)).toEqual([]);
  });
}); // biome-ignore format: long

describe('a new folder', () => {
  test('says the commands that work in it, outside of the checkout and inside', async () => {
    await withTemporaryFolder(async (folder) => {
      const { command } = await createProject(join(folder, 'far'), 'procedural', []);
      const prefix = /^npm --prefix (\S+) run -s tincture --$/.exec(command)?.[1];
      expect(existsSync(join(folder, 'far', prefix!, 'client', 'setup', 'tincture.mjs'))).toBe(true);
    });
    const inside = mkdtempSync(fileURLToPath(new URL('../../build/new-', import.meta.url)));
    try {
      const { command } = await createProject(join(inside, 'near'), 'procedural', []);
      expect(command).toBe('npm run -s tincture --');
    } finally {
      rmSync(inside, { recursive: true });
    }
  });

  test('takes the author’s weights in place of the random ones', async () => {
    await withTemporaryFolder(async (folder) => {
      const weights = join(folder, 'mine.safetensors');
      writeFileSync(weights, randomHypernetwork('mine', 77));
      const path = join(folder, 'mine');
      await createProject(path, 'hypernetwork', [weights]);
      const { card } = await openProject(path);
      expect(card.files.weights).toEqual(['weights/style.safetensors']);
      expect(card.base.contextWidth).toBe(96);
    });
  });

  test('has a trained style as factors, eight times smaller', async () => {
    await withTemporaryFolder(async (folder) => {
      const path = join(folder, 'thin');
      const { notes } = await createProject(path, 'low-rank', [
        fileURLToPath(new URL('../../client/default-model/styles/risograph.safetensors', import.meta.url)),
      ]);
      expect(notes).toEqual([
        expect.stringMatching(/risograph\.safetensors is 8\.\d times smaller as factors/),
      ]);
      const { card } = await openProject(path);
      expect(card.files.weights).toEqual(['weights/factors.safetensors']);
    });
  });

  test('is refused where something is, and a failure leaves nothing', async () => {
    await withTemporaryFolder(async (folder) => {
      const path = join(folder, 'mine');
      await createProject(path, 'procedural', []);
      await expect(createProject(path, 'blend', [])).rejects.toThrow(/there already, and is left alone/);
      expect(existsSync(join(path, 'weights'))).toBe(false);
      await expect(createProject(join(folder, 'My Style'), 'blend', [])).rejects.toThrow(/found "My Style"/);
      await expect(createProject(join(folder, 'no', 'where'), 'blend', [])).rejects.toThrow(/does not exist/);
      await expect(createProject(join(folder, 'x'), 'procedural', ['a.pt'])).rejects.toThrow(/no --weights/);
      await expect(createProject(join(folder, 'x'), 'blend', ['a.pt'])).rejects.toThrow(/--weights 2 times/);
      await expect(createProject(join(folder, 'x'), 'hypernetwork', ['a.pt'])).rejects.toThrow(/a\.pt/);
      const hypernetwork = join(folder, 'h.safetensors');
      writeFileSync(hypernetwork, randomHypernetwork('h', 1));
      await expect(createProject(join(folder, 'x'), 'generator', [hypernetwork])).rejects.toThrow(
        /does not take hypernetworks/,
      );
      expect(readdirSync(folder).sort()).toEqual(['h.safetensors', 'mine']);
    });
  });
});

test('random weights are the same on every machine', () => {
  const digests = [randomHypernetwork('style', 1), randomFactors(4), randomGenerator(5)].map(digestOfBytes);
  expect(digests.map((digest) => digest.slice(0, 16))).toEqual([
    'f6b1710a4d790841',
    '455c2226ede618a6',
    '1454809e8e98c77f',
  ]);
});

test('a name in the card and the README, and nowhere else', () => {
  const filled = fillTemplate({ 'card.json': '{"name":"a","title":"A"}', 'README.md': '# A\n\ntext', 'b.ts': '# A' }, 'two-words');
  expect(filled).toEqual({
    'card.json': '{\n  "name": "two-words",\n  "title": "Two words"\n}\n',
    'README.md': '# Two words\n\ntext',
    'b.ts': '# A',
  });
}); // biome-ignore format: long
