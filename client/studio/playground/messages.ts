// What the page and the compiler's Worker say to each other.
import type { CompileRequest, CompileResult } from '../../kit/compile.ts';
import type { PackRequest } from '../../kit/pack.ts';

export type ToCompiler =
  | { readonly kind: 'compile'; readonly id: number; readonly request: CompileRequest }
  | { readonly kind: 'pack'; readonly id: number; readonly request: PackRequest };

/** What the compiler made, and how long it took, without its own loading. */
export type TimedResult = CompileResult & { readonly milliseconds: number };

/** An error that crossed the border: enough to say the same. */
export interface CompilerFault {
  readonly code: string;
  readonly message: string;
  /** What to do, where the error says so; its message then ends with it. */
  readonly fix?: string;
}

export type FromCompiler =
  /** The compiler itself is loaded; what was sent before is now worked on. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'compiled'; readonly id: number; readonly result: TimedResult }
  | { readonly kind: 'packed'; readonly id: number; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'failed'; readonly id: number; readonly fault: CompilerFault };
