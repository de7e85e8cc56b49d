// The shaders of our own arithmetic on the GPU, and their pipelines, compiled once a device.

/** Terms of one weighted sum: with the result they are within the 8 storage buffers that every device binds. */
export const SUM_TERMS = 7;

/** A vector that begins with the length, and two of weights. */
export const PARAMETER_BYTES = 48;

const WORKGROUP = 64;
/** Invocations walk on by the width of the whole grid, so that this many groups serve any length. */
const MOST_WORKGROUPS = 4096;

/** `sum2` adds two terms, and so on. */
export type Kernel = `sum${number}` | 'blend' | 'finite';

/** The number of workgroups for so many values. */
export function workgroups(length: number): number {
  return Math.min(Math.ceil(length / WORKGROUP), MOST_WORKGROUPS);
}

const compiled = new WeakMap<GPUDevice, Map<Kernel, GPUComputePipeline>>();

/** Bindings of all: 0 the parameters, then what is read in order, then what is written. */
export function pipelineOf(device: GPUDevice, kernel: Kernel): GPUComputePipeline {
  const known = compiled.get(device) ?? new Map<Kernel, GPUComputePipeline>();
  compiled.set(device, known);
  const kept = known.get(kernel);
  if (kept !== undefined) return kept;
  const module = device.createShaderModule({ label: kernel, code: shader(kernel) });
  const pipeline = device.createComputePipeline({ label: kernel, layout: 'auto', compute: { module } });
  known.set(kernel, pipeline);
  return pipeline;
}

function shader(kernel: Kernel): string {
  if (kernel === 'finite') return FINITE;
  if (kernel === 'blend') {
    return elementwise(3, 'in0[i] * in1[i] + (1 - in0[i]) * in2[i]');
  }
  const count = Number(kernel.slice('sum'.length));
  const terms = Array.from(
    { length: count },
    (_, k) => `parameters.weights[${k >> 2}][${k & 3}] * in${k}[i]`,
  );
  return elementwise(count, terms.join(' + '));
}

const PARAMETERS = /* wgsl */ `
struct Parameters { length: vec4u, weights: array<vec4f, 2> }
@group(0) @binding(0) var<uniform> parameters: Parameters;`;

function elementwise(inputs: number, value: string): string {
  const bindings = Array.from(
    { length: inputs },
    (_, k) => `@group(0) @binding(${k + 1}) var<storage, read> in${k}: array<f32>;`,
  );
  return /* wgsl */ `${PARAMETERS}
${bindings.join('\n')}
@group(0) @binding(${inputs + 1}) var<storage, read_write> result: array<f32>;
${eachPlace(`result[i] = ${value};`)}`;
}

/** A value is NaN or infinite where all bits of its exponent are set: shaders may take it that such values never come. */
const FINITE = /* wgsl */ `${PARAMETERS}
@group(0) @binding(1) var<storage, read> bits: array<u32>;
@group(0) @binding(2) var<storage, read_write> found: atomic<u32>;
${eachPlace('if ((bits[i] & 0x7f800000u) == 0x7f800000u) { atomicOr(&found, 1u); }')}`;

function eachPlace(body: string): string {
  return /* wgsl */ `
@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var i = id.x; i < parameters.length.x; i += groups.x * ${WORKGROUP}) { ${body} }
}`;
}
