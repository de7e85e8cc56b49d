// The contract's fixtures as JSON, for homes that are reached over a wire: a page, a Worker of workerd. Bytes travel as base64.
import type { Fixtures, GoldenCase, Home } from './expectations.ts';
import { parseHypernetworks } from './parse.ts';

export interface Payload {
  readonly standard: string;
  readonly plugins: Readonly<Record<string, string>>;
  readonly files: Readonly<Record<string, string>>;
  readonly golden: readonly GoldenCase[];
}

/** What `contractPayload` of the suite packed. */
export async function unpackHome({ standard, plugins, files, golden }: Payload): Promise<Home> {
  return {
    standard: Uint8Array.fromBase64(standard),
    plugins: Object.fromEntries(bytesOf(plugins)) as Fixtures,
    golden,
    hypernetworks: await parseHypernetworks(new Map(bytesOf(files))),
  };
}

function bytesOf(texts: Readonly<Record<string, string>>): [string, Uint8Array<ArrayBuffer>][] {
  return Object.entries(texts).map(([name, text]) => [name, Uint8Array.fromBase64(text)]);
}
