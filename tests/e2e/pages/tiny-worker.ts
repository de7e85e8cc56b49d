// A Worker that calls a function of tiny.ts by name and posts what it gives.
import { tinyRun, tinyRunWithoutJspi } from './tiny.ts';

self.onmessage = async ({
  data: [name, args],
}: MessageEvent<['tinyRun' | 'tinyRunWithoutJspi', [undefined]]>) => {
  try {
    self.postMessage({ value: await { tinyRun, tinyRunWithoutJspi }[name](...args) });
  } catch (error) {
    self.postMessage({ error: String(error) });
  }
};
