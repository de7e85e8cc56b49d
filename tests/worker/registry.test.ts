// The rules of publishing and finding, on D1 and R2 in workerd.
import fc from 'fast-check';
import { compare, prerelease } from 'semver';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MAX_MANIFEST_BYTES } from '../../plugins/contract/style.ts';
import { MAX_VERSIONS } from '../../worker/registry/publish.ts';
import { publishModel } from '../../worker/registry/publish-model.ts';
import { publishStyle } from '../../worker/registry/publish-style.ts';
import { rankOf } from '../../worker/registry/rank.ts';
import type { RegistryStores } from '../../worker/registry/release.ts';
import { listVersions, resolve } from '../../worker/registry/resolve.ts';
import { search } from '../../worker/registry/search.ts';
import type { LocalEdge } from '../../worker/serve.ts';
import { SAMPLE_STYLE } from '../contract/sample-style.ts';
import { MODEL_MANIFEST, putText, serveForTest } from './fixture.ts';

let edge: LocalEdge;
let stores: RegistryStores;
let weights: { sha256: string; size: number };
beforeAll(async () => {
  edge = await serveForTest();
  stores = edge.stores;
  weights = await putText(edge, 'weights');
});
afterAll(() => edge.close());

const style = (change: object) => ({
  ...SAMPLE_STYLE,
  blobs: { weights, plugin: null, previews: [] },
  ...change,
});
const everything = { limit: 100 };
const rowCount = async () =>
  (await stores.database.prepare('SELECT count(*) AS n FROM releases').first<{ n: number }>())?.n;

describe('publishing', () => {
  test('a style is found as it was published', async () => {
    const manifest = style({ name: 'first' });
    expect(await publishStyle(stores, manifest)).toBe('published');
    expect(await resolve(stores, 'style', 'first', '1.0.0')).toEqual({
      name: 'first',
      version: '1.0.0',
      manifest,
      files: [{ path: 'weights', ...weights }],
      publishedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      publisher: 'tincture',
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      signature: null,
      keyId: null,
      trial: 'not-run',
      yanked: false,
      yankReason: null,
      downloads: { version: 0, total: 0 },
    });
  });

  test('the same again changes nothing, in whatever order its keys come', async () => {
    const reversed = Object.fromEntries(Object.entries(style({ name: 'first' })).reverse());
    const before = await rowCount();
    expect(await publishStyle(stores, reversed)).toBe('unchanged');
    expect(await rowCount()).toBe(before);
  });

  test('other content under the same version is refused and leaves the first', async () => {
    const changed = style({ name: 'first', title: 'Forged' });
    await expect(publishStyle(stores, changed)).rejects.toMatchObject({ code: 'registry/conflict' });
    expect((await resolve(stores, 'style', 'first', '1.0.0')).manifest).toMatchObject({ title: 'Blueprint' });
  });

  test.each([
    ['missing', { sha256: 'e'.repeat(64), size: 7 }, 'no such blob'],
    ['of another size', { size: 8 }, '7 bytes'],
  ])('a version whose blob is %s does not become visible', async (_case, change, found) => {
    const manifest = style({ name: 'half' });
    const spoilt = { ...manifest, blobs: { ...manifest.blobs, weights: { ...weights, ...change } } };
    await expect(publishStyle(stores, spoilt)).rejects.toMatchObject({
      code: 'registry/missing-blob',
      facts: { found },
    });
    await expect(resolve(stores, 'style', 'half', 'latest')).rejects.toMatchObject({
      code: 'registry/not-found',
    });
  });

  test('a version whose batch fails in the middle leaves no row', async () => {
    // The last statement of the batch breaks: the table that it writes to refuses this path.
    await stores.database
      .prepare(
        `CREATE TRIGGER refuse BEFORE INSERT ON release_files WHEN new.path = 'previews/0'
         BEGIN SELECT RAISE(ABORT, 'refused by the test'); END`,
      )
      .run();
    const manifest = style({ name: 'torn', blobs: { weights, plugin: null, previews: [weights] } });
    await expect(publishStyle(stores, manifest)).rejects.toThrow('refused by the test');
    await stores.database.prepare('DROP TRIGGER refuse').run();
    await expect(resolve(stores, 'style', 'torn', '1.0.0')).rejects.toMatchObject({
      code: 'registry/not-found',
    });
    const files = stores.database.prepare("SELECT count(*) AS n FROM release_files WHERE name = 'torn'");
    expect(await files.first()).toEqual({ n: 0 });
  });

  test('two publishers of one version at once: the same content is one version, other content loses', async () => {
    const same = await Promise.all([1, 2].map(() => publishStyle(stores, style({ name: 'race' }))));
    expect(same.sort()).toContain('published');
    expect(await listVersions(stores, 'style', 'race')).toHaveLength(1);
    const other = await Promise.allSettled(
      ['A', 'B'].map((title) => publishStyle(stores, style({ name: 'race', version: '2.0.0', title }))),
    );
    const lost = other.filter((it) => it.status === 'rejected').map((it) => it.reason.code);
    expect(lost).toEqual(['registry/conflict']);
  });

  test('the limits on a manifest’s bytes, a model’s files and a name’s versions are enforced', async () => {
    const file = (path: string) => ({ path, ...weights });
    const files = ['checkpoint.safetensors', 'vocab.json', 'merges.txt'].map(file);
    const model = { version: '1.0.0', manifest: { ...MODEL_MANIFEST, name: 'limits' }, files };
    const heavy = { ...model, manifest: { ...model.manifest, notes: 'é'.repeat(MAX_MANIFEST_BYTES / 2) } };
    await expect(publishModel(stores, heavy)).rejects.toMatchObject({
      code: 'registry/invalid',
      facts: { expected: `at most ${MAX_MANIFEST_BYTES} bytes` },
    });
    const more = Array.from({ length: 14 }, (_, index) => file(`more-${index}`));
    await expect(publishModel(stores, { ...model, files: [...files, ...more] })).rejects.toMatchObject({
      facts: { where: 'files' },
    });
    const fill = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${MAX_VERSIONS})
      INSERT INTO releases (kind, name, version, rank, manifest, digest, architecture, search_text, published_at)
      SELECT 'style', 'full', '0.0.' || i, i, '{}', '', 'x', '', '2026-01-01' FROM n`;
    await stores.database.prepare(fill).run();
    await expect(publishStyle(stores, style({ name: 'full' }))).rejects.toMatchObject({
      code: 'registry/invalid',
      facts: { where: 'full', expected: `at most ${MAX_VERSIONS}` },
    });
    await stores.database.prepare("DELETE FROM releases WHERE name = 'full'").run();
  });

  test('a manifest that breaks a rule is refused by field', async () => {
    await expect(publishStyle(stores, style({ name: 'Bad' }))).rejects.toMatchObject({
      code: 'registry/invalid',
      facts: { where: 'style.json name' },
    });
  });

  test.each([
    ['version', { version: '1' }, 'version'],
    ['name', { manifest: { ...MODEL_MANIFEST, name: 'A b' } }, 'model.json name'],
    ['path', { manifest: { ...MODEL_MANIFEST, checkpoint: '../x' } }, 'model.json checkpoint'],
    ['file that is not there', { manifest: { ...MODEL_MANIFEST, checkpoint: 'other' } }, 'other'],
  ])('a model with a wrong %s is refused', async (_case, change, where) => {
    const file = (path: string) => ({ path, ...weights });
    const files = ['checkpoint.safetensors', 'vocab.json', 'merges.txt'].map(file);
    const draft = { version: '1.0.0', manifest: MODEL_MANIFEST, files };
    await expect(publishModel(stores, { ...draft, ...change })).rejects.toMatchObject({
      code: 'registry/invalid',
      facts: { where },
    });
    const twice = { ...draft, files: [...files, file('vocab.json')] };
    await expect(publishModel(stores, twice)).rejects.toMatchObject({ code: 'registry/invalid' });
    await expect(resolve(stores, 'model', 'tiny', 'latest')).rejects.toMatchObject({
      code: 'registry/not-found',
    });
  });
});

describe('resolving', () => {
  const VERSIONS = ['1.0.0', '1.2.0', '1.10.0', '2.0.0-beta.2', '2.0.0-beta.10', '0.9.0'];
  beforeAll(async () => {
    for (const version of VERSIONS) await publishStyle(stores, style({ name: 'many', version }));
    await publishStyle(stores, style({ name: 'draft', version: '0.1.0-alpha' }));
  });

  test.each([
    ['latest', '1.10.0'],
    ['*', '1.10.0'],
    ['1', '1.10.0'],
    ['^1.0.0', '1.10.0'],
    ['~1.2', '1.2.0'],
    ['<1', '0.9.0'],
    ['1.0.0 || 0.9.0', '1.0.0'],
    ['2.0.0-beta.2', '2.0.0-beta.2'],
    ['^2.0.0-beta.1', '2.0.0-beta.10'],
  ])('%s is %s', async (wanted, version) => {
    expect((await resolve(stores, 'style', 'many', wanted)).version).toBe(version);
  });

  test.each([
    ['3', 'registry/not-found'],
    ['1.0.1', 'registry/not-found'],
    ['2', 'registry/not-found'],
    ['newest', 'registry/invalid'],
  ])('%s is %s', async (wanted, code) => {
    await expect(resolve(stores, 'style', 'many', wanted)).rejects.toMatchObject({ code });
  });

  test('the latest of nothing but pre-releases is a pre-release', async () => {
    expect((await resolve(stores, 'style', 'draft', 'latest')).version).toBe('0.1.0-alpha');
  });

  test('versions are listed releases first, highest first', async () => {
    const versions = (await listVersions(stores, 'style', 'many')).map(({ version }) => version);
    expect(versions).toEqual(['1.10.0', '1.2.0', '1.0.0', '0.9.0', '2.0.0-beta.10', '2.0.0-beta.2']);
  });

  test('a yanked version hides from all but its exact number', async () => {
    await stores.database
      .prepare(
        "UPDATE releases SET yanked_at = '2026-01-01T00:00:00Z' WHERE name = 'many' AND version = '1.10.0'",
      )
      .run();
    expect((await resolve(stores, 'style', 'many', 'latest')).version).toBe('1.2.0');
    expect((await resolve(stores, 'style', 'many', '^1')).version).toBe('1.2.0');
    expect(await listVersions(stores, 'style', 'many')).toHaveLength(5);
    const page = await search(stores, 'style', { ...everything, text: 'many' });
    expect(page.releases.map(({ version }) => version)).toEqual(['1.2.0']);
    expect(await resolve(stores, 'style', 'many', '1.10.0')).toMatchObject({
      version: '1.10.0',
      yanked: true,
    });
  });

  test('a style of yanked versions only is not found and not listed', async () => {
    await stores.database.prepare("UPDATE releases SET yanked_at = '2026-01-01' WHERE name = 'draft'").run();
    await expect(resolve(stores, 'style', 'draft', 'latest')).rejects.toMatchObject({
      code: 'registry/not-found',
    });
    expect((await search(stores, 'style', { ...everything, text: 'draft' })).releases).toEqual([]);
  });

  test('a style is no model', async () => {
    await expect(resolve(stores, 'model', 'many', '1.0.0')).rejects.toMatchObject({
      code: 'registry/not-found',
    });
  });
});

describe('searching', () => {
  beforeAll(async () => {
    const sd2 = { architecture: 'stable-diffusion-v2', contextWidth: 1024 };
    await publishStyle(stores, style({ name: 'find-a', title: 'Ölbild', author: 'Findable Ann' }));
    await publishStyle(stores, style({ name: 'find-b', description: '100% _raw_ findable', base: sd2 }));
    await publishStyle(
      stores,
      style({ name: 'find-c', tags: ['findable', 'ink'], triggerWords: ['ＩＮＫ wash'] }),
    );
  });
  const names = async (wanted: object) =>
    (await search(stores, 'style', { ...everything, sort: 'name', ...wanted })).releases.map(
      ({ name }) => name,
    );

  test.each([
    [{ text: 'findable' }, ['find-a', 'find-b', 'find-c']],
    [{ text: 'FINDABLE ann' }, ['find-a']],
    [{ text: 'ölbild' }, ['find-a']],
    [{ text: 'o\u0308lbild' }, ['find-a']],
    [{ text: 'ink WASH' }, ['find-c']],
    [{ text: '100%' }, ['find-b']],
    [{ text: '_raw_' }, ['find-b']],
    [{ text: 'find%able' }, []],
    [{ text: "'; DROP TABLE releases; --" }, []],
    [{ text: '   findable   ', contextWidth: 96 }, ['find-a', 'find-c']],
    [{ text: 'findable', architecture: 'stable-diffusion-v2' }, ['find-b']],
    [{ text: 'findable', architecture: 'stable-diffusion-v2', contextWidth: 768 }, []],
  ])('%o finds %o', async (wanted, expected) => {
    expect(await names(wanted)).toEqual(expected);
  });

  test('pages join to the whole, in order of name', async () => {
    const whole = await names({});
    expect(whole).toEqual([...whole].sort());
    const joined: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await search(stores, 'style', { limit: 2, cursor });
      expect(page.releases.length).toBeLessThanOrEqual(2);
      joined.push(...page.releases.map(({ name }) => name));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(joined).toEqual(whole);
  });

  test.each([
    ['cursor', { cursor: 'AAAA' }],
    ['cursor', { cursor: '~' }],
    ['q', { text: 'a b c d e f g h i' }],
  ])('a wrong %s is refused', async (where, wanted) => {
    await expect(search(stores, 'style', { ...everything, ...wanted })).rejects.toMatchObject({
      code: 'registry/invalid',
      facts: { where },
    });
  });
});

test('ranks sort as semver orders versions, releases above pre-releases', () => {
  const number = fc.oneof(fc.nat(20), fc.nat());
  const identifier = fc.oneof(number.map(String), fc.stringMatching(/^[a-zA-Z-][0-9a-zA-Z-]{0,3}$/));
  const version = fc
    .tuple(number, number, number, fc.array(identifier, { maxLength: 3 }))
    .map(
      ([major, minor, patch, tail]) =>
        `${major}.${minor}.${patch}${tail.length > 0 ? `-${tail.join('.')}` : ''}`,
    );
  const isRelease = (text: string) => (prerelease(text) === null ? 1 : 0);
  fc.assert(
    fc.property(version, version, (a, b) => {
      const [rankA, rankB] = [rankOf(a), rankOf(b)];
      const order = rankA < rankB ? -1 : rankA > rankB ? 1 : 0;
      expect(order).toBe(Math.sign(isRelease(a) - isRelease(b)) || compare(a, b));
    }),
    { numRuns: 2000 },
  );
});
