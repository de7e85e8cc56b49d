// Presigned URLs: parts of uploads that go to R2 directly, past the worker, where the deployment has keys.
import { AwsV4Signer } from 'aws4fetch';
import { stagingKey } from './r2.ts';

/** R2's S3 interface: an account's id, a bucket and a pair of keys that may write to it. */
export interface StorageKeys {
  readonly R2_ACCOUNT_ID?: string;
  readonly R2_BUCKET?: string;
  readonly R2_ACCESS_KEY_ID?: string;
  readonly R2_SECRET_ACCESS_KEY?: string;
}

/** Seconds that an URL is good for: a part on a slow line. */
export const PRESIGNED_SECONDS = 3600;

/**
 * The URL to PUT one part of exactly `size` bytes to, which the signature covers; undefined unless the environment has all four
 * values. `now` for tests.
 */
export async function presignedPart(
  env: StorageKeys,
  id: string,
  upload: string,
  part: number,
  size: number,
  now = new Date(),
): Promise<string | undefined> {
  const { R2_ACCOUNT_ID: account, R2_BUCKET: bucket } = env;
  const { R2_ACCESS_KEY_ID: accessKeyId, R2_SECRET_ACCESS_KEY: secretAccessKey } = env;
  if (!account || !bucket || !accessKeyId || !secretAccessKey) return undefined;
  const url = new URL(`https://${account}.r2.cloudflarestorage.com/${bucket}/${stagingKey(id)}`);
  url.searchParams.set('partNumber', String(part));
  url.searchParams.set('uploadId', upload);
  url.searchParams.set('X-Amz-Expires', String(PRESIGNED_SECONDS));
  const signer = new AwsV4Signer({
    method: 'PUT',
    url: url.href,
    headers: { 'content-length': String(size) },
    allHeaders: true,
    accessKeyId,
    secretAccessKey,
    service: 's3',
    region: 'auto',
    signQuery: true,
    datetime: now.toISOString().replaceAll(/[:-]|\.\d{3}/g, ''),
  });
  return (await signer.sign()).url.href;
}
