// The plugin's heap: address-ordered blocks, first fit, free neighbours joined while searching. A plugin holds some dozens.

/** In front of each block: its size with this header, and whether it is free. Keeps the payload 16-byte aligned. */
const HEADER: usize = 16;
const PAGE: usize = 65536;

/** Past the last byte of the blocks; 0 before the first. */
let end: usize = 0;

/** First byte of the blocks. A function, since a computed global would need a start function. */
// @ts-ignore: decorator
@inline
function start(): usize {
  return (__heap_base + 15) & ~15;
}

// @ts-ignore: decorator
@inline
function sizeOf(block: usize): usize {
  return load<usize>(block);
}
// @ts-ignore: decorator
@inline
function isFree(block: usize): bool {
  return load<u32>(block, 4) != 0;
}

/** Makes the memory reach `limit`; false when the declared maximum is in the way. */
function reach(limit: usize): bool {
  const have = usize(memory.size()) * PAGE;
  if (limit <= have) return true;
  return memory.grow(i32((limit - have + PAGE - 1) / PAGE)) >= 0;
}

/** A 16-byte aligned block of `size` bytes, or 0 when the memory is full. */
export function tincture_alloc(size: i32): usize {
  if (size < 0) return 0;
  if (end == 0) end = start();
  const wanted = (usize(size) + HEADER + 15) & ~15;
  let block = start();
  let last: usize = 0;
  while (block < end) {
    if (isFree(block)) {
      let next = block + sizeOf(block);
      while (next < end && isFree(next)) next += sizeOf(next);
      const space = next - block;
      store<usize>(block, space);
      if (space >= wanted) {
        if (space > wanted + HEADER) {
          store<usize>(block + wanted, space - wanted);
          store<u32>(block + wanted, 1, 4);
          store<usize>(block, wanted);
        }
        store<u32>(block, 0, 4);
        return block + HEADER;
      }
    }
    last = block;
    block += sizeOf(block);
  }
  // Nothing fits: grow at the end, taking a free last block along.
  const at = last != 0 && isFree(last) ? last : end;
  const limit = u64(at) + u64(wanted);
  if (limit > 0xffff_0000 || !reach(usize(limit))) return 0;
  end = usize(limit);
  store<usize>(at, wanted);
  store<u32>(at, 0, 4);
  return at + HEADER;
}

/** Gives a block back; 0 is ignored. */
export function tincture_free(pointer: usize): void {
  if (pointer != 0) store<u32>(pointer - HEADER, 1, 4);
}
