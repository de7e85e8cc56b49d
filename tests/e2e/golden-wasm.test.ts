// The golden model on wasm inside Chromium.
import { goldenContract } from './golden-contract.ts';

goldenContract('wasm', 'fused');
