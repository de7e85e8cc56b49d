// The Worker of `opfs.ts`: runs the contract and posts the failures.
import { opfsCache } from '../../../client/cache/opfs.ts';
import { CACHE_CASES } from '../contract.ts';

const failures: string[] = [];
for (const [name, run] of Object.entries(CACHE_CASES)) {
  const cache = opfsCache();
  await cache.clear();
  await run(cache).catch((error) => failures.push(`${name}: ${error}`));
}
postMessage(failures);
