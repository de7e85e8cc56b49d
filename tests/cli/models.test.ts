// The model store: adding from files, folders and URLs, whole or not at all; drawing with what is there.
import { createHash } from 'node:crypto';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { UsageError } from '../../client/cli/command.ts';
import { models } from '../../client/cli/models.ts';
import type { StoredTensor } from '../../client/formats/entry.ts';
import { fileSource } from '../../client/formats/node-file.ts';
import { openSafetensors, writeSafetensors } from '../../client/formats/safetensors.ts';
import { addModel, listModels, removeModel, storedModelFolder, verifyModel } from '../../client/node.ts';
import { GOLDEN, tinctureJson } from './run.ts';

const CHECKPOINT = readFileSync(`${GOLDEN}/sd-tiny/checkpoint.safetensors`);
const SHA256 = createHash('sha256').update(CHECKPOINT).digest('hex');
let folder: string;
let data: string;
const before = { ...process.env };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tincture-models-'));
  data = join(folder, 'data');
  process.env['TINCTURE_DATA'] = data;
  process.env['TINCTURE_CACHE'] = join(folder, 'cache');
});
afterEach(() => {
  process.env = { ...before };
  rmSync(folder, { recursive: true });
});

/** What the store holds, unfinished work too. */
const stored = (): string[] => readdirSync(join(data, 'models')).sort();

/** As the command line calls it; gives what it wrote. */
async function command(...args: string[]): Promise<string> {
  let text = '';
  const out = (line: string): void => {
    text += line;
  };
  await models.run(args, { out, note: () => {} });
  return text;
}

test('a folder is added, listed, drawn with by name, verified and removed', async () => {
  const added = JSON.parse(await command('add', `${GOLDEN}/sd2-tiny`, '--name', 'two', '--json'));
  expect(added).toMatchObject({ name: 'two', description: { family: 'Stable Diffusion 2.x', missing: [] } });
  expect(await command('list')).toMatch(/^two {2}Stable Diffusion 2\.x {2}\d\.\d M {2}F32 {2}\d\.\d MB$/);
  expect(await command('verify')).toBe('1 models, 4 files: all are what was added.');

  const drawn = await tinctureJson(
    'generate', 'red apple', '--model', 'two', '--steps', '1', '--sampler', 'DDIM', '--output', join(folder, 'a.png'),
  ); // biome-ignore format: pairs
  expect(drawn).toMatchObject({ width: 64, model: { name: 'two' } });

  writeFileSync(join(data, 'models', 'two', 'vocab.json'), '{}');
  await expect(command('verify', 'two')).rejects.toThrow('two, vocab.json: 2 bytes, not the');
  truncateSync(join(data, 'models', 'two', 'record.json'), 10);
  expect(await command('list')).toMatch(/damaged: .*the model’s record cannot be read/);
  await command('remove', 'two');
  expect(await listModels()).toEqual([]);
  await expect(removeModel('two')).rejects.toThrow('no model two');
});

test('the diffusers layout is added as it lies, and a checkpoint with the tokenizer that came with it', async () => {
  await addModel(`${GOLDEN}/sd-tiny-diffusers`);
  const { files, description } = (await listModels())[0] as Awaited<ReturnType<typeof addModel>>;
  expect(files.map(({ path }) => path)).toEqual([
    'checkpoint.safetensors', 'text-encoder.safetensors', 'vae.safetensors', 'vocab.json', 'merges.txt', 'model.json',
  ]); // biome-ignore format: short
  expect(description.parts.map(({ part, layout }) => `${part} ${layout}`)).toEqual([
    'unet diffusers', 'text diffusers', 'vae diffusers',
  ]); // biome-ignore format: short
  expect(await verifyModel('sd-tiny-diffusers')).toEqual(
    files.map(({ path }) => ({ path, problem: undefined })),
  );
});

test('defaults that are given take the place of the model’s, and pictures are drawn with them', async () => {
  const turbo = ['--steps', '1', '--guidance', '1', '--sampler', 'Euler a', '--schedule', 'SGM Uniform'];
  await command('add', `${GOLDEN}/sd-tiny`, '--name', 'turbo', ...turbo);
  const { defaults } = JSON.parse(readFileSync(join(data, 'models', 'turbo', 'model.json'), 'utf8'));
  expect(defaults).toEqual({
    width: 64, height: 64, steps: 1, guidance: 1, sampler: 'euler_ancestral', schedule: 'sgm_uniform',
  }); // biome-ignore format: short
  const drawn = await tinctureJson(
    'generate', 'red apple', '--model', 'turbo', '--seed', '1', '--output', join(folder, 'a.png'),
  ); // biome-ignore format: pairs
  expect(drawn['parameters']).toContain(
    'Steps: 1, Sampler: Euler a, Schedule type: SGM Uniform, CFG scale: 1,',
  );
  await expect(command('add', `${GOLDEN}/sd-tiny`, '--steps', '0')).rejects.toThrow('--steps must be');
  await expect(command('add', `${GOLDEN}/sd-tiny`, '--sampler', 'PLMS')).rejects.toThrow('no such sampler');
  await expect(
    command('add', `${GOLDEN}/sd-tiny`, '--sampler', 'ddim', '--schedule', 'karras'),
  ).rejects.toThrow('DDIM has evenly spaced timesteps of its own');
});

test('a preview decoder is checked, kept beside the model, and refused where it is for another', async () => {
  const tiny = join(folder, 'taesd.safetensors');
  writeFileSync(tiny, await tinyDecoder());
  await command('add', `${GOLDEN}/sd-tiny`, '--name', 'seen', '--preview-decoder', tiny);
  const stored = JSON.parse(readFileSync(join(data, 'models', 'seen', 'model.json'), 'utf8'));
  expect(stored.previewDecoder).toBe('preview-decoder.safetensors');
  expect(await command('verify', 'seen')).toBe('1 models, 5 files: all are what was added.');
  const again = await addModel(join(data, 'models', 'seen'), { name: 'again' });
  expect(again.files.map(({ path }) => path)).toContain('preview-decoder.safetensors');
  const wrong = { previewDecoder: `${GOLDEN}/sd-tiny/checkpoint.safetensors` };
  await expect(addModel(`${GOLDEN}/sd-tiny`, { ...wrong, name: 'no' })).rejects.toThrow(
    'holds no small decoder',
  );
  expect(await listModels()).toHaveLength(2);
});

/** The golden small decoder without the numbers that lie beside it. */
async function tinyDecoder(): Promise<Uint8Array> {
  const file = await openSafetensors(await fileSource(`${GOLDEN}/tiny-decoder.safetensors`));
  const tensors = new Map<string, StoredTensor>();
  for (const { name, dtype, shape, offset, byteLength } of file.entries.values()) {
    if (name.startsWith('golden.')) continue;
    tensors.set(name, { dtype, shape, bytes: await file.source.read(offset, byteLength) });
  }
  return writeSafetensors(tensors, {});
}

test('a tokenizer that is nowhere is asked for in words, and remembered once it is given', async () => {
  const wide = join(folder, 'wide.safetensors');
  writeFileSync(wide, await wideTextEncoder());
  await expect(addModel(wide)).rejects.toThrow(
    /without a tokenizer.*of 600 tokens.*openai\/clip-vit-large-patch14/,
  );
  expect(stored()).toEqual([]);
  await expect(addModel(wide, { tokenizer: folder })).rejects.toThrow('the folder holds no tokenizer');
  await addModel(wide, { tokenizer: `${GOLDEN}/sd-tiny`, name: 'first' });
  await addModel(wide, { name: 'second' });
  expect(stored()).toEqual(['first', 'second']);
  await expect(addModel(wide, { name: 'second' })).rejects.toThrow('a model second is there already');
});

test('a separate VAE takes the inner one’s place', async () => {
  const own = await fileSource(`${GOLDEN}/sd-tiny-diffusers/vae/diffusion_pytorch_model.safetensors`);
  const model = await addModel(`${GOLDEN}/sd-tiny`, { vae: own.name });
  expect(model.files.map(({ path }) => path)).toContain('vae.safetensors');
  expect(model.description.parts.find(({ part }) => part === 'vae')).toMatchObject({
    layout: 'diffusers',
    file: own.name,
  });
});

describe('what is no model leaves the store as it was:', () => {
  test.each([
    ['nothing at all', 'missing.safetensors', undefined, 'nothing is there'],
    ['a truncated checkpoint', 'cut.safetensors', CHECKPOINT.subarray(0, 4_000_000), 'lies past the end of the file'],
    ['a web page', 'page.safetensors', Buffer.from('<!doctype html><title>Log in</title>'), 'header is too large; this may not be a safetensors file'],
    ['an archive that is no checkpoint', 'zip.ckpt', Buffer.from('504b0304', 'hex'), 'no end record'],
    ['another family', 'flux.safetensors', oneTensor('double_blocks.0.img_attn.qkv.weight'), 'this is a Flux model'],
    ['a part without the others', 'vae.safetensors', oneTensor('first_stage_model.quant_conv.weight'), 'heads cannot be told'],
  ])('%s', async (_, name, bytes, words) => {
    const path = join(folder, name);
    if (bytes !== undefined) writeFileSync(path, bytes);
    await expect(addModel(path, { tokenizer: `${GOLDEN}/sd-tiny` })).rejects.toThrow(words);
    expect(stored()).toEqual([]);
  }); // biome-ignore format: a table

  test('a folder that is none, a wrong digest, an impossible name, a stop in the middle', async () => {
    mkdirSync(join(folder, 'empty'));
    await expect(addModel(join(folder, 'empty'))).rejects.toThrow(
      'the folder is no model; expected model.json, or model_index.json',
    );
    const partial = join(folder, 'partial');
    cpSync(`${GOLDEN}/sd-tiny-diffusers`, partial, { recursive: true });
    rmSync(join(partial, 'vae', 'diffusion_pytorch_model.safetensors'));
    await expect(addModel(partial)).rejects.toThrow(
      'a part of the model has no weights; expected vae/diffusion_pytorch_model.safetensors or vae/',
    );
    await expect(addModel(`${GOLDEN}/sd-tiny`, { sha256: '0'.repeat(64) })).rejects.toMatchObject({
      code: 'store/digest',
    });
    await expect(addModel(`${GOLDEN}/sd-tiny`, { name: '../up' })).rejects.toMatchObject({
      code: 'store/name',
    });
    const abort = new AbortController();
    const onProgress = () => abort.abort(new Error('enough'));
    await expect(addModel(`${GOLDEN}/sd-tiny`, { signal: abort.signal, onProgress })).rejects.toThrow(
      'enough',
    );
    expect(stored()).toEqual([]);
    expect(await storedModelFolder('..')).toBeUndefined();
  });

  test('wrong usage', async () => {
    await expect(command()).rejects.toThrow(UsageError);
    await expect(command('list', '--name', 'x')).rejects.toThrow('--name is for models add');
    await expect(command('add', 'x', '--sha256', 'abc')).rejects.toThrow('64 hexadecimal digits');
    await expect(command('add', 'x', '--prediction', 'noise')).rejects.toThrow('epsilon or v');
  });
});

describe('from an URL', () => {
  let server: Server;
  let url: string;
  let asked: { range: string | undefined; ifRange: string | undefined }[];
  /** What the server does with one request; the file's bytes otherwise. */
  let behave: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  let etag: string;

  beforeAll(async () => {
    server = createServer((request, response) => {
      const { range, 'if-range': ifRange } = request.headers;
      asked.push({ range, ifRange: ifRange as string | undefined });
      if (behave?.(request, response)) return;
      serve(response, range !== undefined && ifRange === etag ? Number(/\d+/.exec(range)?.[0]) : 0);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/tiny.safetensors`;
  });
  afterAll(() => void server.close());
  beforeEach(() => {
    asked = [];
    behave = undefined;
    etag = '"one"';
  });

  function serve(response: ServerResponse, start: number, end = CHECKPOINT.length): void {
    if (start >= CHECKPOINT.length) {
      response.writeHead(416, { 'content-range': `bytes */${CHECKPOINT.length}` }).end();
      return;
    }
    const headers = { etag, 'content-length': CHECKPOINT.length - start };
    const range = { 'content-range': `bytes ${start}-${CHECKPOINT.length - 1}/${CHECKPOINT.length}` };
    response.writeHead(start === 0 ? 200 : 206, start === 0 ? headers : { ...headers, ...range });
    response.write(CHECKPOINT.subarray(start, end), () =>
      end < CHECKPOINT.length ? response.destroy() : response.end(),
    );
  }

  const add = (more = {}) => addModel(url, { sha256: SHA256, tokenizer: `${GOLDEN}/sd-tiny`, ...more });
  /** The golden model’s heads cannot be told from its tensors; by then the download is whole and right. */
  const arrived = 'heads cannot be told from its width';
  const downloads = (): string[] => readdirSync(join(data, 'models', '.downloads'));

  test('a broken connection goes on where it broke', async () => {
    behave = (request, response) => {
      if (request.headers.range !== undefined) return false;
      serve(response, 0, 3_000_000);
      return true;
    };
    await expect(add()).rejects.toThrow(arrived);
    expect(asked[0]).toEqual({ range: undefined, ifRange: undefined });
    expect(asked[1]!.ifRange).toBe('"one"');
    expect(Number(/\d+/.exec(asked[1]!.range!)?.[0])).toBeGreaterThan(0);
    // What is no model here is not kept for another try.
    expect(downloads()).toEqual([]);
  });

  test('a stopped download is gone on with by the next call, unless the server has another file by then', async () => {
    const stop = async () => {
      const abort = new AbortController();
      const onProgress = (_: string, done: number) => done > 1_000_000 && abort.abort(new Error('enough'));
      await expect(add({ signal: abort.signal, onProgress })).rejects.toThrow('enough');
    };
    await stop();
    expect(downloads()).toHaveLength(2);
    await stop();
    expect(asked[1]!.range).toMatch(/^bytes=\d{7}-$/);
    etag = '"two"';
    await expect(add()).rejects.toThrow(arrived);
    expect(asked[2]!.ifRange).toBe('"one"');
  });

  test('other bytes than the digest names, an answer that is none, a server that is not there', async () => {
    await expect(add({ sha256: '0'.repeat(64) })).rejects.toMatchObject({ code: 'store/digest' });
    expect(downloads()).toEqual([]);
    behave = (_, response) => {
      response.writeHead(404).end('gone');
      return true;
    };
    await expect(add()).rejects.toThrow('the server refused the download; expected status 200, found 404');
    await expect(addModel('http://127.0.0.1:1/x.safetensors')).rejects.toThrow('goes on where it stopped');
    expect(stored()).toEqual(['.downloads']);
  });

  test('more bytes than were announced, or than any model has, are refused', async () => {
    behave = (_, response) => {
      response.writeHead(200, { 'content-length': 65e9 }).write('x');
      return true;
    };
    await expect(add()).rejects.toThrow('the server sends too much');
  });
});

function oneTensor(name: string): Uint8Array {
  return writeSafetensors(new Map([[name, { dtype: 'F32', shape: [1], bytes: new Uint8Array(4) }]]));
}

/** A model whose text encoder is as wide as one of CLIP's heads, with 600 tokens; all of its numbers are zero. */
async function wideTextEncoder(): Promise<Uint8Array> {
  const file = await openSafetensors(await fileSource(`${GOLDEN}/sd-tiny/checkpoint.safetensors`));
  const text = (name: string) => name.startsWith('cond_stage_model.');
  const cross = (name: string) => /attn2\.to_[kv]\.weight$/.test(name);
  const tensors = [...file.entries.values()].map(({ name, dtype, shape }) => {
    const widened = text(name) || cross(name) ? shape.map((length) => (length === 24 ? 64 : length)) : shape;
    const bytes = new Uint8Array(widened.reduce((count, length) => count * length, dtype === 'I64' ? 8 : 4));
    return [name, { dtype, shape: widened, bytes }] as const;
  });
  return writeSafetensors(new Map(tensors));
}
