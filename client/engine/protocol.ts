// Messages between a page and the engine in its Worker.
import type { Backend } from '../runtime/session.ts';
import type { EngineOptions, GenerateRequest, GenerateResult, ModelFacts, Progress } from './engine.ts';
import type { WireError } from './wire-error.ts';

/** What a Worker needs to make the engine; callbacks and signals travel as messages. */
export type WorkerEngineOptions = Omit<EngineOptions, 'signal' | 'onProgress'>;

export type ToWorker =
  | {
      readonly kind: 'create';
      readonly id: number;
      readonly options: WorkerEngineOptions;
      readonly plugins: MessagePort;
    }
  | { readonly kind: 'generate'; readonly id: number; readonly request: GenerateRequest }
  | { readonly kind: 'abort'; readonly id: number }
  | { readonly kind: 'close'; readonly id: number };

export type FromWorker =
  | {
      readonly kind: 'created';
      readonly id: number;
      readonly backend: Backend;
      readonly backendReason: string;
      readonly model: ModelFacts;
    }
  | { readonly kind: 'progress'; readonly id: number; readonly progress: Progress }
  | { readonly kind: 'result'; readonly id: number; readonly result: GenerateResult }
  | { readonly kind: 'closed'; readonly id: number }
  | { readonly kind: 'error'; readonly id: number; readonly error: WireError };
