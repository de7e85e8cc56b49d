// URL sources against servers with ranges, without ranges, and with lies.
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { openSafetensors } from '../../client/formats/safetensors.ts';
import { BLOCK_BYTES, MAX_FULL_DOWNLOAD_BYTES, urlSource } from '../../client/formats/url.ts';
import { goldenBytes } from './golden.ts';

let server: Server | undefined;

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/file.safetensors`;
}

afterEach(async () => {
  server?.closeAllConnections();
  await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
  server = undefined;
});

/** Serves ranges of `bytes` and notes them. */
function ranges(bytes: Uint8Array, seen: string[]): RequestListener {
  return (request, response) => {
    const range = request.headers.range ?? '';
    seen.push(range);
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range)!;
    const end = Math.min(Number(last), bytes.length - 1);
    response.writeHead(206, { 'content-range': `bytes ${first}-${end}/${bytes.length}` });
    response.end(bytes.subarray(Number(first), end + 1));
  };
}

describe('urlSource', () => {
  test('reads header and tensors by ranges, small ones from one block', async () => {
    const bytes = goldenBytes('sd-tiny/checkpoint.safetensors');
    const seen: string[] = [];
    const source = await urlSource(await serve(ranges(bytes, seen)));
    expect(source.size).toBe(bytes.length);
    const file = await openSafetensors(source);
    const name = 'model.diffusion_model.input_blocks.0.0.weight';
    const { offset } = file.entries.get(name)!;
    const weight = await file.read(name);
    expect(weight.data[0]).toBe(new DataView(bytes.buffer).getFloat32(offset, true));
    expect(seen.length).toBeLessThanOrEqual(3);
    expect(seen[0]).toBe(`bytes=0-${BLOCK_BYTES - 1}`);
    const large = await source.read(1_000_001, BLOCK_BYTES);
    expect(Buffer.compare(large, bytes.subarray(1_000_001, 1_000_001 + BLOCK_BYTES))).toBe(0);
  });

  test('a small file from a server without ranges is downloaded once', async () => {
    const bytes = goldenBytes('sd-tiny/expected.safetensors');
    let requests = 0;
    const url = await serve((_request, response) => {
      requests++;
      response.writeHead(200).end(bytes);
    });
    const file = await openSafetensors(await urlSource(url));
    expect((await file.read('init_noise')).shape).toEqual([1, 4, 8, 8]);
    expect(requests).toBe(1);
  });

  test('a large declared file without ranges is refused before its body', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': String(MAX_FULL_DOWNLOAD_BYTES + 1) });
      response.flushHeaders();
    });
    await expect(urlSource(url)).rejects.toMatchObject({
      code: 'format/network',
      message: expect.stringMatching(/no range requests.*Download the file and open it from disk/s),
    });
  });

  test('a body without a length and without an end is cut off at the bound', async () => {
    const chunk = new Uint8Array(2 ** 22);
    let sent = 0;
    const url = await serve((_request, response) => {
      response.writeHead(200);
      const more = (): void => {
        while (!response.destroyed && response.write(chunk)) sent += chunk.length;
        sent += chunk.length;
      };
      response.on('drain', more);
      more();
    });
    await expect(urlSource(url)).rejects.toMatchObject({ code: 'format/network' });
    expect(sent).toBeLessThan(2 * MAX_FULL_DOWNLOAD_BYTES);
  });

  test('a server that sends more than the range is stopped', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(206, { 'content-range': 'bytes 0-9/10' });
      response.end(new Uint8Array(11));
    });
    await expect(urlSource(url)).rejects.toMatchObject({ code: 'format/too-large' });
  });

  test('a server that sends less than the range', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(206, { 'content-range': 'bytes 0-9/10' });
      response.end(new Uint8Array(9));
    });
    await expect(urlSource(url)).rejects.toMatchObject({ code: 'format/truncated' });
  });

  test('a range without a total', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(206, { 'content-range': 'bytes 0-9/*' }).end(new Uint8Array(10));
    });
    await expect(urlSource(url)).rejects.toThrow(/without the size of the file/);
  });

  test('an error status, a dead server and an abort', async () => {
    const url = await serve((_request, response) => response.writeHead(404).end('no'));
    await expect(urlSource(url)).rejects.toThrow(`${url}: the server refused; found status 404`);
    await expect(urlSource('http://127.0.0.1:1/x')).rejects.toMatchObject({ code: 'format/network' });
    const reason = new Error('stop');
    await expect(urlSource(url, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  test('reads past the end are refused without a request', async () => {
    const seen: string[] = [];
    const source = await urlSource(await serve(ranges(new Uint8Array(10), seen)));
    await expect(source.read(5, 6)).rejects.toMatchObject({ code: 'format/truncated' });
    expect(seen).toHaveLength(1);
  });
});
