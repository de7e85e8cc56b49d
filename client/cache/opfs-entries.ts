// Entries of the origin-private file system that other pages, or the browser itself, may hold or remove at any time.

/** How often a file is tried that the browser still holds, and after how many milliseconds again. */
const TRIES = 40;
const PAUSE = 50;

/** The value, or undefined where the entry is gone, which is no error. */
export async function unlessMissing<T>(wanted: Promise<T>): Promise<T | undefined> {
  try {
    return await wanted;
  } catch (error) {
    if (named(error, 'NotFoundError')) return undefined;
    throw error;
  }
}

/**
 * Removes a file whose writer has just failed or was aborted, if it is there. Chromium lets go of such a file a moment later, and
 * refuses to remove it until then; after two seconds its refusal is thrown.
 */
export async function removeReleased(folder: FileSystemDirectoryHandle, name: string): Promise<void> {
  for (let left = TRIES; ; left--) {
    try {
      await unlessMissing(folder.removeEntry(name));
      return;
    } catch (error) {
      if (left === 0 || !named(error, 'NoModificationAllowedError')) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }
}

function named(error: unknown, name: string): boolean {
  return error instanceof DOMException && error.name === name;
}
