// Plugins as WebAssembly text: a whole one that does nothing, with any part of it said otherwise.
import wabtInit from 'wabt';
import {
  ABI_MARKER,
  type AbiSignature,
  OPTIONAL_FUNCTIONS,
  type OptionalFunction,
  REQUIRED_FUNCTIONS,
} from '../../plugins/contract/abi.ts';

/** Bodies of functions. Parameters are `(local.get 0)` and so on; `$next` is the first free byte of memory. */
export interface ModuleParts extends Partial<Record<OptionalFunction, string>> {
  readonly memory?: string;
  readonly marker?: string;
  readonly alloc?: string;
  readonly free?: string;
  readonly error?: string;
  /** More module fields, after all others. */
  readonly more?: string;
}

/** Bumps `$next`, grows memory as needed, gives 0 where it cannot. */
const ALLOC = `(local $at i32)
  (local.set $at (global.get $next))
  (global.set $next (i32.add (local.get $at) (i32.and (i32.add (local.get 0) (i32.const 15)) (i32.const -16))))
  (block $fits
    (loop $again
      (br_if $fits (i32.le_u (global.get $next) (i32.mul (memory.size) (i32.const 65536))))
      (br_if $again (i32.ge_s (memory.grow (i32.const 1)) (i32.const 0))))
    (global.set $next (local.get $at))
    (return (i32.const 0)))
  (local.get $at)`;

const DONE = '(i32.const 0)';

/** A plugin that offers what has a body here, and does nothing in an `apply` where no function has. Its memory ends with each call's blocks. */
export function moduleText(parts: ModuleParts = {}): string {
  const offered: [string, AbiSignature, string][] = [];
  for (const [name, signature] of Object.entries(OPTIONAL_FUNCTIONS)) {
    const body = parts[name as OptionalFunction];
    if (body !== undefined) offered.push([name, signature, body]);
  }
  const acts = parts.tincture_apply !== undefined || parts.tincture_layers !== undefined;
  if (!acts) offered.push(['tincture_apply', OPTIONAL_FUNCTIONS.tincture_apply, DONE]);
  const required: [string, AbiSignature, string][] = [
    [ABI_MARKER, REQUIRED_FUNCTIONS[ABI_MARKER], parts.marker ?? ''],
    ['tincture_alloc', REQUIRED_FUNCTIONS.tincture_alloc, parts.alloc ?? ALLOC],
    ['tincture_free', REQUIRED_FUNCTIONS.tincture_free, parts.free ?? ''],
    ['tincture_error', REQUIRED_FUNCTIONS.tincture_error, parts.error ?? DONE],
  ];
  const functions = [...required, ...offered].map(([name, { parameters, results }, body]) => {
    const inputs = parameters.length === 0 ? '' : `(param ${parameters.join(' ')})`;
    const outputs = results.length === 0 ? '' : `(result ${results.join(' ')})`;
    return `(func (export "${name}") ${inputs} ${outputs} ${body})`;
  });
  return `(module
    (memory (export "memory") ${parts.memory ?? '1 4'})
    (global $next (mut i32) (i32.const 4096))
    ${functions.join('\n')}
    ${parts.more ?? ''})`;
}

/** Compiles text; `check` false lets through what wabt dislikes. */
export async function compileText(text: string, check = true): Promise<Uint8Array<ArrayBuffer>> {
  const wabt = await wabtInit();
  const module = wabt.parseWat('plugin.wat', text, {
    relaxed_simd: true,
    threads: true,
    exceptions: true,
    memory64: true,
    extended_const: true,
    tail_call: true,
    gc: true,
    function_references: true,
    code_metadata: true,
  });
  try {
    if (check) module.validate();
    return new Uint8Array(module.toBinary({}).buffer);
  } finally {
    module.destroy();
  }
}
