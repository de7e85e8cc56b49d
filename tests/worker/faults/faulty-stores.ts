// Bindings whose n-th call fails, before or after it has had its effect, as a network between worker and store fails.
import type { D1Database, D1PreparedStatement, R2Bucket, R2MultipartUpload } from '@cloudflare/workers-types';

/** `before`: the call never reached the store. `after`: it did all of its work, and only the answer was lost. */
export type FaultTime = 'before' | 'after';

export class InjectedFault extends Error {
  override readonly name = 'InjectedFault';
}

/** Counts the calls of all bindings that it is given to. */
export class Fault {
  calls = 0;
  readonly #at: number;
  readonly #time: FaultTime;

  /** `at` counts from 1; 0: none fails. */
  constructor(at: number, time: FaultTime) {
    this.#at = at;
    this.#time = time;
  }

  async call<T>(work: () => Promise<T>): Promise<T> {
    const fails = ++this.calls === this.#at;
    if (fails && this.#time === 'before') throw new InjectedFault('lost on the way to the store');
    const result = await work();
    if (fails) throw new InjectedFault('lost on the way from the store');
    return result;
  }
}

/** D1 through the fault: each query and each batch is one call. */
export function faultyDatabase(database: D1Database, fault: Fault): D1Database {
  const inner = new WeakMap<object, D1PreparedStatement>();
  const wrap = (statement: D1PreparedStatement): D1PreparedStatement => {
    const outer = {
      bind: (...values: unknown[]) => wrap(statement.bind(...values)),
      first: (...args: []) => fault.call(() => statement.first(...args)),
      all: () => fault.call(() => statement.all()),
      run: () => fault.call(() => statement.run()),
      raw: () => fault.call(() => statement.raw()),
    } as unknown as D1PreparedStatement;
    inner.set(outer, statement);
    return outer;
  };
  return {
    prepare: (sql: string) => wrap(database.prepare(sql)),
    batch: (statements: D1PreparedStatement[]) =>
      fault.call(() => database.batch(statements.map((statement) => inner.get(statement)!))),
    exec: (sql: string) => fault.call(() => database.exec(sql)),
  } as unknown as D1Database;
}

/** R2 through the fault: each operation is one call, and each of a multipart upload. */
export function faultyBucket(bucket: R2Bucket, fault: Fault): R2Bucket {
  const upload = (multipart: R2MultipartUpload): R2MultipartUpload =>
    through(multipart, fault, (value) => value);
  return through(bucket, fault, (value, method) =>
    method === 'createMultipartUpload' ? upload(value as R2MultipartUpload) : value,
  );
}

/** All methods of `target` as calls of the fault; `resumeMultipartUpload` asks nothing of the store. */
function through<T extends object>(
  target: T,
  fault: Fault,
  result: (value: unknown, method: string) => unknown,
): T {
  return new Proxy(target, {
    get(object, method) {
      const value = Reflect.get(object, method);
      if (typeof value !== 'function' || typeof method !== 'string') return value;
      if (method === 'resumeMultipartUpload') {
        return (...args: unknown[]) => through(value.apply(object, args) as T, fault, (it) => it);
      }
      return (...args: unknown[]) => fault.call(async () => result(await value.apply(object, args), method));
    },
  });
}
