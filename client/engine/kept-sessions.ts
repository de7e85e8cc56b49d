// Sessions by key, as many as there is room for: the one that was used longest ago goes first.

interface Releasable {
  release(): Promise<void>;
}

/** Not reentrant: one session is asked for at a time. */
export class KeptSessions<S extends Releasable> {
  readonly #room: number;
  /** In order of last use. */
  readonly #sessions = new Map<string, Promise<S>>();

  constructor(room: number) {
    this.#room = room;
  }

  /** The kept one, or a new one, for which room is made first. One that failed to be made is forgotten. */
  async get(key: string, beforeMaking: () => Promise<void>, make: () => Promise<S>): Promise<S> {
    const kept = this.#sessions.get(key);
    if (kept !== undefined) {
      this.#sessions.delete(key);
      this.#sessions.set(key, kept);
      return kept;
    }
    await beforeMaking();
    await this.#makeRoom();
    const session = make();
    session.catch(() => this.#sessions.delete(key));
    this.#sessions.set(key, session);
    return session;
  }

  async #makeRoom(): Promise<void> {
    for (const [key, session] of this.#sessions) {
      if (this.#sessions.size < this.#room) return;
      this.#sessions.delete(key);
      await (await session).release();
    }
  }

  /** Releases all; one that could not be made holds nothing. */
  async releaseAll(): Promise<void> {
    const all = [...this.#sessions.values()];
    this.#sessions.clear();
    const settled = await Promise.allSettled(all);
    for (const result of settled) if (result.status === 'fulfilled') await result.value.release();
  }
}
