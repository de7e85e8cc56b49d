// Runs in a page: counts the GPU buffers that are created and not yet destroyed, whoever makes them.

const alive = new Set<GPUBuffer>();
let watching = false;

/** Watches from now on. */
export function watchBuffers(): void {
  if (watching) return;
  watching = true;
  const { createBuffer } = GPUDevice.prototype;
  GPUDevice.prototype.createBuffer = function (descriptor) {
    const buffer = createBuffer.call(this, descriptor);
    alive.add(buffer);
    return buffer;
  };
  const { destroy } = GPUBuffer.prototype;
  GPUBuffer.prototype.destroy = function () {
    alive.delete(this);
    return destroy.call(this);
  };
}

/** Buffers alive, and their bytes. */
export function buffersAlive(): { count: number; bytes: number } {
  let bytes = 0;
  for (const { size } of alive) bytes += size;
  return { count: alive.size, bytes };
}
