// What a home gives the host: a place where a plugin runs that can be ended at any moment.
import type { Answer, Request } from './messages.ts';

export interface Sandbox {
  send(request: Request, transfer: ArrayBuffer[]): void;
  /** Ends it at once, whatever it computes. */
  end(): void;
}

export interface SandboxEvents {
  /** The sandbox answered. */
  onAnswer(answer: Answer): void;
  /** The sandbox ended without being asked to. */
  onDeath(reason: string): void;
}

/** Opens a sandbox that runs `sandboxProgram()`. One call, one plugin. */
export type OpenSandbox = (events: SandboxEvents) => Promise<Sandbox>;
