// The worker with faults: `x-fault-call` and `x-fault-time` choose which call of its stores fails; `x-calls` tells how many it made.

import type { Bindings } from '../../../worker/environment.ts';
import worker from '../../../worker/index.ts';
import { Fault, type FaultTime, faultyBucket, faultyDatabase } from './faulty-stores.ts';

/** What the test itself brought about is no news; any other failure of the edge is. */
const tell = console.error;
console.error = (...lines) => {
  if (!String(lines[0]).includes('"InjectedFault"')) tell(...lines);
};

export default {
  async fetch(request: Request, env: Bindings, context: never): Promise<Response> {
    const fault = new Fault(
      Number(request.headers.get('x-fault-call') ?? 0),
      (request.headers.get('x-fault-time') ?? 'before') as FaultTime,
    );
    const faulty = { ...env, DB: faultyDatabase(env.DB, fault), BLOBS: faultyBucket(env.BLOBS, fault) };
    const answer = await worker.fetch(request, faulty, context);
    const headers = new Headers(answer.headers);
    headers.set('x-calls', String(fault.calls));
    return new Response(answer.body, { status: answer.status, headers });
  },
};
