// Look-alike names: what is folded, and that the index folded the names of before in the same way.
import { createHash, createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keyIdOf, signManifest, verifyManifest } from '../../../plugins/contract/signature.ts';
import { skeletonOf } from '../../../worker/registry/names.ts';
import { PRESIGNED_SECONDS, presignedPart } from '../../../worker/storage/presigned.ts';
import { SAMPLE_STYLE } from '../../contract/sample-style.ts';

describe('skeletons', () => {
  test.each([
    ['blueprint', 'b1uepr1nt'],
    ['silhouette', 'si1h0uette'],
    ['ink-wash', 'inkvvash'],
    ['modern', 'modem'],
    ['clay', 'day'],
    ['glass', 'g1a55'],
  ])('%s looks like %s', (one, other) => {
    expect(skeletonOf(one)).toBe(skeletonOf(other));
  });

  test.each([
    ['ink', 'inky'],
    ['oil', 'coil'],
    ['neon', 'non'],
  ])('%s does not look like %s', (one, other) => {
    expect(skeletonOf(one)).not.toBe(skeletonOf(other));
  });

  test('the migration folds as the code does', async () => {
    const sql = await readFile(
      new URL('../../../worker/migrations/0003_publishing.sql', import.meta.url),
      'utf8',
    );
    const expression = /SELECT name,\s+(replace\(.*\)),\n/.exec(sql)?.[1];
    const database = new DatabaseSync(':memory:');
    const fold = database.prepare(`SELECT ${expression} AS skeleton FROM (SELECT ? AS name)`);
    const names = fc.stringMatching(/^[a-z0-9]{1,20}(-[a-z0-9]{1,20}){0,2}$/);
    fc.assert(
      fc.property(names, (name) => {
        expect(fold.get(name)).toEqual({ skeleton: skeletonOf(name) });
      }),
    );
    database.close();
  });
});

test('a signature holds for its manifest and its key alone', async () => {
  const pair = (await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as CryptoKeyPair;
  const publicKey = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
  const signature = await signManifest(SAMPLE_STYLE, pair.privateKey);
  const reordered = Object.fromEntries(Object.entries(SAMPLE_STYLE).reverse());
  expect(await verifyManifest(reordered, signature, publicKey)).toBe(true);
  expect(await verifyManifest({ ...SAMPLE_STYLE, title: 'Other' }, signature, publicKey)).toBe(false);
  expect(await verifyManifest(SAMPLE_STYLE, signature, new Uint8Array(32).fill(1))).toBe(false);
  expect(await verifyManifest(SAMPLE_STYLE, signature.slice(0, 85), publicKey)).toBe(false);
  expect(await verifyManifest(SAMPLE_STYLE, `${signature}==`, publicKey)).toBe(false);
  expect(keyIdOf(publicKey)).toBe(createHash('sha256').update(publicKey).digest('hex').slice(0, 16));
});

test('a presigned part is signed as AWS Signature Version 4 says, its length too', async () => {
  const keys = {
    R2_ACCOUNT_ID: 'account',
    R2_BUCKET: 'bucket',
    R2_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    R2_SECRET_ACCESS_KEY: 'secret',
  };
  const text = await presignedPart(
    keys,
    'the-id',
    'up+load/1=',
    7,
    16_777_216,
    new Date('2026-11-25T01:02:03Z'),
  );
  const url = new URL(text!);
  expect(url.origin + url.pathname).toBe('https://account.r2.cloudflarestorage.com/bucket/uploads/the-id');
  const signature = url.searchParams.get('X-Amz-Signature');
  expect(Object.fromEntries(url.searchParams)).toMatchObject({
    partNumber: '7',
    uploadId: 'up+load/1=',
    'X-Amz-Expires': String(PRESIGNED_SECONDS),
    'X-Amz-SignedHeaders': 'content-length;host',
  });
  // The specification's own steps, from nothing but the request.
  const encode = (part: string) =>
    encodeURIComponent(part).replaceAll(
      /[!'()*]/g,
      (it) => `%${it.charCodeAt(0).toString(16).toUpperCase()}`,
    );
  const query = [...url.searchParams]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
  const headers = 'content-length:16777216\nhost:account.r2.cloudflarestorage.com\n';
  const request = `PUT\n${url.pathname}\n${query}\n${headers}\ncontent-length;host\nUNSIGNED-PAYLOAD`;
  const scope = '20261125/auto/s3/aws4_request';
  const hash = createHash('sha256').update(request).digest('hex');
  const toSign = `AWS4-HMAC-SHA256\n20261125T010203Z\n${scope}\n${hash}`;
  const key = scope
    .split('/')
    .reduce<Buffer | string>((by, part) => createHmac('sha256', by).update(part).digest(), 'AWS4secret');
  expect(signature).toBe(createHmac('sha256', key).update(toSign).digest('hex'));
  expect(await presignedPart({ ...keys, R2_BUCKET: '' }, 'id', 'u', 1, 1)).toBeUndefined();
});
