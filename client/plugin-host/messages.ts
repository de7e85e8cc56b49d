// What host and sandbox say to each other. Each request has one answer of the same id, in order.

/** Compiles and starts the module. */
export interface StartRequest {
  readonly kind: 'start';
  readonly id: number;
  readonly module: Uint8Array<ArrayBuffer>;
}

/** Layer blocks as the ABI lays them out, in order. */
export interface LoadRequest {
  readonly kind: 'load';
  readonly id: number;
  readonly width: number;
  readonly k: readonly Uint8Array<ArrayBuffer>[];
  readonly v: readonly Uint8Array<ArrayBuffer>[];
}

/** Both contexts, [rows, width], each filling a buffer of its own that is handed over and comes back. */
export interface ApplyRequest {
  readonly kind: 'apply';
  readonly id: number;
  readonly width: number;
  readonly rows: number;
  readonly strength: number;
  readonly k: Float32Array<ArrayBuffer>;
  readonly v: Float32Array<ArrayBuffer>;
}

export type Request = StartRequest | LoadRequest | ApplyRequest;

/** How a call failed inside the sandbox; kinds of PluginError. */
export type FailureKind = 'invalid' | 'memory' | 'trap' | 'refused';

export type Answer =
  | { readonly kind: 'done'; readonly id: number }
  | {
      readonly kind: 'applied';
      readonly id: number;
      readonly k: Float32Array<ArrayBuffer>;
      readonly v: Float32Array<ArrayBuffer>;
    }
  | { readonly kind: 'failed'; readonly id: number; readonly failure: FailureKind; readonly text: string };
