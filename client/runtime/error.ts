// What the runtime raises, and how onnxruntime-web's own failures are told apart.
import { type ErrorFacts, TinctureError } from '../../plugins/contract/error.ts';

export type RuntimeErrorCode =
  /** A backend was asked for that is not there. */
  | 'runtime/backend'
  /** configureRuntime came too late or with a bad value. */
  | 'runtime/configure'
  /** A session could not be made. */
  | 'runtime/create'
  /** A run failed, or its feeds do not fit the graph. */
  | 'runtime/run'
  /** The wasm heap or the GPU has no room left. */
  | 'runtime/out-of-memory'
  /** The GPU went away; release every session on it, then create new ones. */
  | 'runtime/device-lost'
  /** The session was released before. */
  | 'runtime/released';

/** Every error of client/runtime; `code` says which kind. */
export class RuntimeError extends TinctureError {
  override readonly name = 'RuntimeError';
  declare readonly code: RuntimeErrorCode;

  constructor(code: RuntimeErrorCode, what: string, facts: ErrorFacts = {}) {
    super(code, what, facts);
  }
}

/**
 * How engines, onnxruntime and WebGPU spell "no room": std::bad_alloc, a failed malloc, V8's RangeError for
 * a wasm memory that cannot grow, Dawn's out-of-memory error scope.
 */
const OUT_OF_MEMORY =
  /bad_alloc|out of memory|out-of-memory|failed to allocate|memory allocation|array buffer allocation|cannot enlarge memory|Aborted\(OOM\)|could not allocate|memory\.grow|maximum memory size/i;

/** How Dawn and onnxruntime say that the device is gone; the last is of a GPU process that has ended. */
const DEVICE_LOST =
  /device (was |is )?lost|device was destroyed|destroyed device|\[Device\] is lost|Instance reference no longer exists/i;

/** Wraps a failure of onnxruntime-web in a RuntimeError that names the graph; one that is already ours passes. */
export function runtimeFailure(
  code: 'runtime/create' | 'runtime/run',
  graph: string,
  cause: unknown,
): RuntimeError {
  if (cause instanceof RuntimeError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const doing = code === 'runtime/create' ? 'the session could not be created' : 'the run failed';
  if (OUT_OF_MEMORY.test(reason)) {
    return new RuntimeError('runtime/out-of-memory', `${doing}: no memory left`, {
      where: graph,
      found: reason,
      fix: 'Free other sessions, draw a smaller picture, or use a smaller checkpoint.',
      cause,
    });
  }
  if (DEVICE_LOST.test(reason)) return deviceLost(graph, reason, cause);
  return new RuntimeError(code, `${doing}: ${reason}`, { where: graph, cause });
}

/** The error of every call on a session whose GPU went away. */
export function deviceLost(graph: string, reason: string, cause?: unknown): RuntimeError {
  return new RuntimeError('runtime/device-lost', 'the GPU device was lost', {
    where: graph,
    found: reason.replace(/\.$/, ''),
    fix: 'Release the sessions and create them again.',
    cause,
  });
}
