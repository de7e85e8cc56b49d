// What crosses between a test in Node and a Worker in workerd, as text: plain values, typed arrays, sets, all numbers.

const ARRAYS = { Uint8Array, Float32Array, Int32Array } as const;
type ArrayName = keyof typeof ARRAYS;

interface Tagged {
  readonly wire: ArrayName | 'Set' | 'bigint' | 'number';
  readonly value: unknown;
}

/** The end of a line that plugin hosts speak over; transferred buffers are copied. */
export interface Port {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  close(): void;
}

/** The line over a WebSocket, as the MessagePort that it stands for. */
export function portOver(socket: {
  send(text: string): void;
  close(): void;
  addEventListener(type: 'message', listen: (event: { data: unknown }) => void): void;
}): MessagePort {
  const port: Port = {
    onmessage: null,
    postMessage: (message) => socket.send(toText(message)),
    close: () => socket.close(),
  };
  socket.addEventListener('message', ({ data }) => {
    port.onmessage?.({ data: fromText(String(data)) } as MessageEvent);
  });
  return port as unknown as MessagePort;
}

function toText(message: unknown): string {
  return JSON.stringify(message, (_, value: unknown): unknown => {
    if (typeof value === 'bigint') return { wire: 'bigint', value: String(value) } satisfies Tagged;
    // JSON has no NaN and no infinity.
    if (typeof value === 'number' && !Number.isFinite(value)) {
      return { wire: 'number', value: String(value) } satisfies Tagged;
    }
    if (value instanceof Set) return { wire: 'Set', value: [...value] } satisfies Tagged;
    if (!ArrayBuffer.isView(value)) return value;
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    // Buffers of Node are Uint8Arrays of another name.
    const wire = (value.constructor.name in ARRAYS ? value.constructor.name : 'Uint8Array') as ArrayName;
    return { wire, value: toBase64(bytes) } satisfies Tagged;
  });
}

function fromText(text: string): unknown {
  return JSON.parse(text, (_, value: unknown): unknown => {
    if (typeof value !== 'object' || value === null || !('wire' in value)) return value;
    const { wire, value: inner } = value as Tagged;
    if (wire === 'bigint') return BigInt(inner as string);
    if (wire === 'number') return Number(inner);
    if (wire === 'Set') return new Set(inner as unknown[]);
    return new ARRAYS[wire](fromBase64(inner as string).buffer);
  });
}

/** Both engines have `btoa`, one has `Uint8Array.toBase64`. */
function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 4096) {
    text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  }
  return btoa(text);
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
