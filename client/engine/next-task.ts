// Lets the event loop turn: without it a chain of settled promises starves signals, messages and timers.

/**
 * Resolves in a new task. Awaited before each UNet run, so that an abort is heard between steps: the wasm backend
 * computes synchronously and its promises settle without ever leaving the microtask queue. A timer would cost 4 ms in
 * browsers; this costs microseconds.
 */
export function nextTask(): Promise<void> {
  if (typeof setImmediate === 'function') return new Promise((resolve) => setImmediate(resolve));
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
