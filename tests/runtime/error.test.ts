// Failures of onnxruntime-web are sorted into codes that callers can act on.
import { expect, test } from 'vitest';
import { RuntimeError, runtimeFailure } from '../../client/runtime/error.ts';

test.each([
  'std::bad_alloc',
  "Can't create a session. failed to allocate a buffer of size 3221225472.",
  'RangeError: Array buffer allocation failed',
  'WebAssembly.Memory.grow(): Maximum memory size exceeded',
  'WebAssembly.Memory(): could not allocate memory',
  'Failed to allocate memory for requested buffer of size 1073741824',
  'Aborted(OOM). Build with -sASSERTIONS for more info.',
])('%s is out of memory', (message) => {
  expect(runtimeFailure('runtime/create', 'unet', new Error(message))).toMatchObject({
    code: 'runtime/out-of-memory',
    message: expect.stringMatching(/^unet: the session could not be created: no memory left/),
  });
});

test('a lost device and any other failure keep the graph and the cause', () => {
  for (const words of ['[Device] is lost.', 'A valid external Instance reference no longer exists.']) {
    const cause = new Error(words);
    expect(runtimeFailure('runtime/run', 'unet', cause)).toMatchObject({
      code: 'runtime/device-lost',
      cause,
    });
  }
  const other = runtimeFailure('runtime/run', 'decoder', new Error('ERROR_CODE: 1'));
  expect(other.code).toBe('runtime/run');
  expect(other.message).toBe('decoder: the run failed: ERROR_CODE: 1');
  expect(other.facts.where).toBe('decoder');
});

test('an error that is ours already passes as it is', () => {
  const ours = new RuntimeError('runtime/released', 'the session was released');
  expect(runtimeFailure('runtime/run', 'unet', ours)).toBe(ours);
});
