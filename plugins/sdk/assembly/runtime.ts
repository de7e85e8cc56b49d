// The compiler's runtime for plugins: objects (`new`, arrays, strings) live in the heap of memory.ts, beside what the host holds.
// It takes the place of the compiler's own stub (see wasm/flags.mjs), whose heap would begin at the same byte as ours.
// Nothing is collected. Small objects share chunks, so that the heap holds few blocks; a large one has a block of its own.
import { tincture_alloc, tincture_free } from 'tincture/plugins/sdk/assembly/memory';

/** In front of an object: bytes it may grow to, whether it has a block of its own, then its class and its size for the compiler. */
const OBJECT: usize = 16;
/** In front of a block of the heap: its size with these bytes. */
const BLOCK: usize = 16;
const CHUNK: usize = 16384;
/** Objects up to this many bytes go into chunks. */
const SMALL: usize = 1024;
const LARGEST: usize = 1 << 30;

/** Where the next small object goes, and where its chunk ends. */
// @ts-ignore: decorator
@lazy let next: usize = 0;
// @ts-ignore: decorator
@lazy let chunkEnd: usize = 0;

/** A block of the heap; traps when the memory is full, since an object cannot be refused. */
// @ts-ignore: decorator
@unsafe @global
export function __alloc(size: usize): usize {
  if (size > LARGEST) unreachable();
  const block = tincture_alloc(i32(size));
  if (block == 0) unreachable();
  return block;
}

// @ts-ignore: decorator
@unsafe @global
export function __realloc(block: usize, size: usize): usize {
  const have = load<usize>(block - BLOCK) - BLOCK;
  if (size <= have) return block;
  const larger = __alloc(size);
  memory.copy(larger, block, have);
  tincture_free(block);
  return larger;
}

// @ts-ignore: decorator
@unsafe @global
export function __free(block: usize): void {
  tincture_free(block);
}

/** An object of `size` bytes, 16-byte aligned, its class's number in front of it. */
// @ts-ignore: decorator
@unsafe @global
export function __new(size: usize, id: u32): usize {
  if (size > LARGEST) unreachable();
  const room = (size + 15) & ~15;
  const own = room > SMALL;
  let head: usize;
  if (own) {
    head = __alloc(OBJECT + room);
  } else {
    if (next + OBJECT + room > chunkEnd) {
      next = __alloc(CHUNK);
      chunkEnd = next + CHUNK;
    }
    head = next;
    next += OBJECT + room;
  }
  store<u32>(head, u32(room));
  store<u32>(head, u32(own), 4);
  store<u32>(head, id, 8);
  store<u32>(head, u32(size), 12);
  return head + OBJECT;
}

/** The object with `size` bytes, moved if it must. One that stands in the module's data has the room of its size. */
// @ts-ignore: decorator
@unsafe @global
export function __renew(object: usize, size: usize): usize {
  const head = object - OBJECT;
  const inData = object < __heap_base;
  const had = usize(load<u32>(head, 12));
  if (size <= (inData ? had : usize(load<u32>(head)))) {
    store<u32>(head, u32(size), 12);
    return object;
  }
  const larger = __new(size, load<u32>(head, 8));
  memory.copy(larger, object, had);
  if (!inData && load<u32>(head, 4) != 0) tincture_free(head);
  return larger;
}

// Without a collector there is nothing to link, pin, visit or collect.
// @ts-ignore: decorator
@global @unsafe
export function __link(_parent: usize, _child: usize, _several: bool): void {}
// @ts-ignore: decorator
@global @unsafe
export function __pin(object: usize): usize {
  return object;
}
// @ts-ignore: decorator
@global @unsafe
export function __unpin(_object: usize): void {}
// @ts-ignore: decorator
@global @unsafe
export function __visit(_object: usize, _cookie: u32): void {}
// @ts-ignore: decorator
@global @unsafe
export function __collect(): void {}
