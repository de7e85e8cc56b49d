// The one GPU device that all WebGPU sessions share, and word of its loss.

/** Features that onnxruntime's kernels make use of where they are. */
const FEATURES: readonly GPUFeatureName[] = ['shader-f16', 'subgroups', 'timestamp-query'];

/**
 * Kernels of onnxruntime-web 1.30 that work in subgroups (flash attention) give wrong numbers, without an error,
 * where a subgroup is smaller than this: measured on SwiftShader, whose subgroups have 4 lanes.
 */
const SMALLEST_SUBGROUP = 8;

/** A device, and why it was lost once it is. */
export interface Gpu {
  readonly device: GPUDevice;
  lost: string | undefined;
}

let current: Promise<Gpu> | undefined;

/** The device in use; a new one when there was none or it was lost. Throws what WebGPU throws. */
export async function openGpu(): Promise<Gpu> {
  const gpu = await current?.catch(() => undefined);
  if (gpu === undefined || gpu.lost !== undefined) current = requestGpu();
  return current!;
}

/** Whether shaders may compute in half precision. Throws what WebGPU throws. */
export async function computesHalf(): Promise<boolean> {
  return (await openGpu()).device.features.has('shader-f16');
}

async function requestGpu(): Promise<Gpu> {
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) throw new Error('the browser offers no GPU adapter');
  const { subgroupMinSize } = adapter.info as { subgroupMinSize?: number };
  const smallSubgroups = subgroupMinSize !== undefined && subgroupMinSize < SMALLEST_SUBGROUP;
  const device = await adapter.requestDevice({
    requiredFeatures: FEATURES.filter(
      (feature) => adapter.features.has(feature) && !(feature === 'subgroups' && smallSubgroups),
    ),
    requiredLimits: largestLimits(adapter.limits),
  });
  const gpu: Gpu = { device, lost: undefined };
  device.lost.then(({ reason, message }) => {
    gpu.lost = message === '' ? reason : message;
  });
  return gpu;
}

/** All that the adapter allows: a checkpoint's tensors are far larger than the default limits of a buffer. */
function largestLimits(limits: GPUSupportedLimits): Record<string, number> {
  const largest: Record<string, number> = {};
  for (const name in limits) {
    const value = limits[name as keyof GPUSupportedLimits];
    if (typeof value === 'number') largest[name] = value;
  }
  return largest;
}
