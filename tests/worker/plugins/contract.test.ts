// The plugin host's contract at the edge: real workerd, plugins metered and in loaded Workers.
import { afterAll, beforeAll } from 'vitest';
import { pluginHostContract } from '../../plugin-host/suite.ts';
import { type EdgeHome, startEdgeHome } from './edge-home.ts';

let home: EdgeHome;
beforeAll(async () => {
  home = await startEdgeHome();
});
afterAll(() => home?.close());

pluginHostContract('in loaded Workers', () => home.createHost());
