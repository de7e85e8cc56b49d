// Plugins that misbehave, as WebAssembly text. Node compiles them; the contract runs them in every home.
import wabtInit from 'wabt';

interface Parts {
  readonly memory?: string;
  readonly start?: string;
  readonly alloc?: string;
  readonly load?: string;
  readonly apply?: string;
  readonly error?: string;
  /** More module fields. */
  readonly more?: string;
}

/** A plugin that does nothing, except where a part says otherwise. Allocation bumps a pointer and never frees. */
export function pluginText(parts: Parts = {}): string {
  const bump = `(local $at i32)
    (local.set $at (global.get $next))
    (global.set $next (i32.add (local.get $at) (i32.and (i32.add (local.get 0) (i32.const 15)) (i32.const -16))))
    (block $fits
      (loop $again
        (br_if $fits (i32.le_u (global.get $next) (i32.mul (memory.size) (i32.const 65536))))
        (br_if $again (i32.ge_s (memory.grow (i32.const 1)) (i32.const 0))))
      (global.set $next (local.get $at))
      (return (i32.const 0)))
    (local.get $at)`;
  return `(module
    (memory (export "memory") ${parts.memory ?? '1 4'})
    (global $next (mut i32) (i32.const 4096))
    (func (export "tincture_abi_1") ${parts.start ?? ''})
    (func (export "tincture_alloc") (param i32) (result i32) ${parts.alloc ?? bump})
    (func (export "tincture_free") (param i32))
    (func (export "tincture_load") (param i32 i32 i32 i32 i32) (result i32) ${parts.load ?? '(i32.const 0)'})
    (func (export "tincture_apply") (param i32 i32 i32 i32 f32) (result i32) ${parts.apply ?? '(i32.const 0)'})
    (func (export "tincture_error") (result i32) ${parts.error ?? '(i32.const 0)'})
    ${parts.more ?? ''})`;
}

const LOOP = '(loop $again (br $again)) (i32.const 0)';

/** By what they do. */
const TEXTS = {
  quiet: pluginText(),
  loopsInApply: pluginText({ apply: LOOP }),
  loopsInLoad: pluginText({ load: LOOP }),
  loopsAtStart: pluginText({ start: '(loop $again (br $again))' }),
  traps: pluginText({ apply: 'unreachable' }),
  divides: pluginText({ apply: '(i32.div_u (i32.const 1) (i32.const 0))' }),
  writesOutside: pluginText({
    apply: '(f32.store (i32.const 0x7ffffff0) (f32.const 1)) (i32.const 0)',
  }),
  overflowsStack: pluginText({
    apply: '(call $deeper (i32.const 0))',
    more: '(func $deeper (param i32) (result i32) (i32.add (i32.const 1) (call $deeper (local.get 0))))',
  }),
  trapsAtStart: pluginText({ start: 'unreachable' }),
  dataOutside: pluginText({ more: '(data (i32.const 65535) "ab")' }),
  allocatesOutside: pluginText({ alloc: '(i32.const 0x10000000)' }),
  allocatesNegative: pluginText({ alloc: '(i32.const -16)' }),
  allocatesMisaligned: pluginText({ alloc: '(i32.const 1025)' }),
  growsForEver: pluginText({
    apply: '(loop $again (br_if $again (i32.ge_s (memory.grow (i32.const 1)) (i32.const 0)))) (i32.const 2)',
  }),
  writesNaN: pluginText({ apply: '(f32.store (local.get 3) (f32.const nan)) (i32.const 0)' }),
  refusesInWords: pluginText({
    apply: '(i32.const 7)',
    error: '(i32.const 256)',
    more: '(data (i32.const 256) "\\09\\00\\00\\00too loud!")',
  }),
  /** Takes the first layer of a stack and no other. */
  refusesSecondLayer: pluginText({ load: '(i32.ne (local.get 2) (i32.const 0))' }),
  refusesWithoutWords: pluginText({ load: '(i32.const 1)' }),
  saysTooMuch: pluginText({
    apply: '(i32.const 1)',
    error: '(i32.const 256)',
    more: '(data (i32.const 256) "\\ff\\ff\\00\\00\\ff\\fe!")',
    memory: '2 4',
  }),
  saysFromOutside: pluginText({ apply: '(i32.const 1)', error: '(i32.const 65534)' }),
  saysPastTheEnd: pluginText({
    apply: '(i32.const 1)',
    error: '(i32.const 65528)',
    more: '(data (i32.const 65528) "\\ff\\00\\00\\00")',
  }),
  importsSomething: `(module (import "env" "now" (func (result f64))) ${pluginText().slice('(module'.length)}`,
  startFunction: pluginText({ more: '(func $first) (start $first)' }),
  wrongSignature: pluginText().replace('(param i32 i32 i32 i32 f32)', '(param i32 i32 i32 i32 f64)'),
  manyPages: pluginText({ memory: '1 9000' }),
} as const;

export type HostileName = keyof typeof TEXTS;

/** Compiles text; `check` false leaves the types of bodies to the engine. */
export async function compileText(text: string, check = true): Promise<Uint8Array> {
  const wabt = await wabtInit();
  const module = wabt.parseWat('plugin.wat', text, {
    relaxed_simd: true,
    threads: true,
    exceptions: true,
    memory64: true,
    tail_call: true,
  });
  try {
    if (check) module.validate();
    return new Uint8Array(module.toBinary({}).buffer);
  } finally {
    module.destroy();
  }
}

/** All of them, compiled, and one whose body has the wrong type, which only an engine can tell. */
export async function hostilePlugins(): Promise<Record<HostileName | 'illTyped', Uint8Array>> {
  const built: Record<string, Uint8Array> = {};
  for (const [name, text] of Object.entries(TEXTS)) built[name] = await compileText(text);
  built['illTyped'] = await compileText(pluginText({ apply: '(f64.const 1)' }), false);
  return built as Record<HostileName | 'illTyped', Uint8Array>;
}
