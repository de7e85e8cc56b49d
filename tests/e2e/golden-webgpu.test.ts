// The golden model on WebGPU inside Chromium, on SwiftShader. Fused attention is right there because the runtime
// asks for a device without subgroups where they are small.
import { goldenContract } from './golden-contract.ts';

goldenContract('webgpu', 'fused');
