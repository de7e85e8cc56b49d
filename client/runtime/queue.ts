// A queue of one: calls into an instance of onnxruntime-web run one after another.

/** Runs tasks strictly in order; a task that fails does not stop the next one. */
export class SerialQueue {
  #tail: Promise<unknown> = Promise.resolve();

  /** Resolves or rejects as `task` does, once all tasks before it are over. */
  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(task);
    this.#tail = result.catch(() => undefined);
    return result;
  }
}
