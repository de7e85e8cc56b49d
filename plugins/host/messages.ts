// What host and sandbox say to each other. Each request has one answer of the same id, in order.

type Block = Uint8Array<ArrayBuffer>;

/** Compiles and starts the module, and asks for its description. */
export interface StartRequest {
  readonly kind: 'start';
  readonly id: number;
  /** Compiled already in homes that cannot compile. */
  readonly module: Uint8Array<ArrayBuffer> | WebAssembly.Module;
  /** Whether it describes itself. */
  readonly describes: boolean;
  /** For metered modules only: the exported i64 that counts down, and what it is set to for each request. */
  readonly fuel?: { readonly global: string; readonly amount: bigint };
}

/** A value for every parameter, by index. */
export interface ParametersRequest {
  readonly kind: 'parameters';
  readonly id: number;
  readonly values: readonly number[];
}

/** Layer blocks as the ABI lays them out, in order. */
export interface LoadRequest {
  readonly kind: 'load';
  readonly id: number;
  readonly set: number;
  readonly width: number;
  readonly k: readonly Block[];
  readonly v: readonly Block[];
}

/** Tensor blocks as the ABI lays them out, in order. */
export interface TensorsRequest {
  readonly kind: 'tensors';
  readonly id: number;
  readonly set: number;
  readonly blocks: readonly Block[];
}

/** The prompt's own context, [rows, width]. */
export interface ContextRequest {
  readonly kind: 'context';
  readonly id: number;
  readonly width: number;
  readonly rows: number;
  readonly context: Float32Array<ArrayBuffer>;
}

export interface ScheduleRequest {
  readonly kind: 'schedule';
  readonly id: number;
  readonly steps: number;
}

export interface PhaseRequest {
  readonly kind: 'phase';
  readonly id: number;
  readonly phase: number;
}

/**
 * Both contexts, [rows, width], each filling a buffer of its own that is handed over and comes back. Where they are equal, which they
 * are for the first style of a picture, only `k` travels: in a page the way leads into another process.
 */
export interface ApplyRequest {
  readonly kind: 'apply';
  readonly id: number;
  readonly width: number;
  readonly rows: number;
  readonly strength: number;
  readonly k: Float32Array<ArrayBuffer>;
  readonly v: Float32Array<ArrayBuffer> | undefined;
}

export interface LayersRequest {
  readonly kind: 'layers';
  readonly id: number;
  readonly width: number;
}

export type Request =
  | StartRequest
  | ParametersRequest
  | LoadRequest
  | TensorsRequest
  | ContextRequest
  | ScheduleRequest
  | PhaseRequest
  | ApplyRequest
  | LayersRequest;

/** How a call failed inside the sandbox; kinds of PluginError. */
export type FailureKind = 'invalid' | 'memory' | 'trap' | 'refused' | 'deadline';

/** `fuelUsed` is there for metered modules: what the request cost, at most one charge more than it had. */
export type Answer = { readonly fuelUsed?: bigint } & (
  | { readonly kind: 'done'; readonly id: number }
  /** `description` is what the plugin says, not yet parsed. */
  | { readonly kind: 'started'; readonly id: number; readonly description: Block | undefined }
  /** Eight bytes for each step, as the ABI lays them out. */
  | { readonly kind: 'scheduled'; readonly id: number; readonly entries: Block }
  | {
      readonly kind: 'applied';
      readonly id: number;
      readonly k: Float32Array<ArrayBuffer>;
      readonly v: Float32Array<ArrayBuffer>;
    }
  /** A side without layers is left alone. */
  | {
      readonly kind: 'layered';
      readonly id: number;
      readonly k: readonly Block[] | undefined;
      readonly v: readonly Block[] | undefined;
    }
  | { readonly kind: 'failed'; readonly id: number; readonly failure: FailureKind; readonly text: string }
);
