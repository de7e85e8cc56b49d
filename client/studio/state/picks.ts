// Files that were dropped or chosen, with their paths, and their handles where this browser gives them.
import type { Pick } from '../../index.ts';

/** A folder of more files is no model's. */
const MAX_FILES = 400;
const MAX_DEPTH = 4;

type Handle = FileSystemFileHandle | FileSystemDirectoryHandle;

/** Chromium's; the DOM's types do not have them yet. */
interface HandleItem extends DataTransferItem {
  getAsFileSystemHandle?(): Promise<Handle | null>;
}

interface PickerWindow {
  showOpenFilePicker?(options: { multiple: boolean }): Promise<FileSystemFileHandle[]>;
}

/** Whether chosen files can be remembered where they lie; otherwise they are copied. */
export function remembersFiles(): boolean {
  return 'showOpenFilePicker' in globalThis;
}

/** Asks for files with the browser's own dialog; empty when it was closed. */
export async function chooseFiles(): Promise<Pick[]> {
  try {
    const handles = await (globalThis as PickerWindow).showOpenFilePicker!({ multiple: true });
    return await Promise.all(handles.map(async (handle) => pickOf(handle, handle.name)));
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') return [];
    throw error;
  }
}

/** The files of an input element; of a folder, with their paths inside it. */
export function inputPicks(files: FileList | null, limit = MAX_FILES): Pick[] {
  return [...(files ?? [])].slice(0, limit).map((file) => ({
    path: file.webkitRelativePath === '' ? file.name : file.webkitRelativePath,
    file,
  }));
}

/** Everything of a drop, folders with what is in them. */
export async function droppedPicks(transfer: DataTransfer, limit = MAX_FILES): Promise<Pick[]> {
  // All must be asked for before the first await: the list is emptied when the event ends.
  const items = [...transfer.items].filter(({ kind }) => kind === 'file') as HandleItem[];
  const handles = items.map((item) => item.getAsFileSystemHandle?.());
  const entries = items.map((item) => item.webkitGetAsEntry?.() ?? null);
  const files = [...transfer.files];
  const picks: Pick[] = [];
  for (const [i, asked] of handles.entries()) {
    const handle = (await asked?.catch(() => null)) ?? null;
    const entry = entries[i];
    if (handle !== null) await fromHandle(handle, handle.name, 0, { picks, limit });
    else if (entry?.isDirectory === true)
      await fromEntry(entry as FileSystemDirectoryEntry, entry.name, 0, { picks, limit });
    else if (files[i] !== undefined) picks.push({ path: files[i].name, file: files[i] });
  }
  return picks;
}

async function pickOf(handle: FileSystemFileHandle, path: string): Promise<Pick> {
  return { path, file: await handle.getFile(), handle };
}

/** What is being gathered, and how many at most. */
interface Gathering {
  readonly picks: Pick[];
  readonly limit: number;
}

async function fromHandle(handle: Handle, path: string, depth: number, gathering: Gathering): Promise<void> {
  const { picks, limit } = gathering;
  if (picks.length >= limit || depth > MAX_DEPTH) return;
  if (handle.kind === 'file') {
    picks.push(await pickOf(handle as FileSystemFileHandle, path));
    return;
  }
  for await (const [name, child] of (handle as FileSystemDirectoryHandle).entries()) {
    await fromHandle(child as Handle, `${path}/${name}`, depth + 1, gathering);
  }
}

async function fromEntry(
  entry: FileSystemDirectoryEntry,
  path: string,
  depth: number,
  gathering: Gathering,
): Promise<void> {
  const { picks, limit } = gathering;
  if (depth > MAX_DEPTH) return;
  const reader = entry.createReader();
  for (;;) {
    const children = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (children.length === 0) return;
    for (const child of children) {
      if (picks.length >= limit) return;
      const inside = `${path}/${child.name}`;
      if (child.isDirectory) await fromEntry(child as FileSystemDirectoryEntry, inside, depth + 1, gathering);
      else {
        const file = await new Promise<File>((resolve, reject) =>
          (child as FileSystemFileEntry).file(resolve, reject),
        );
        picks.push({ path: inside, file });
      }
    }
  }
}

/** A name for a model, from the folder or from the largest file. */
export function nameOf(picks: readonly Pick[]): string {
  const largest = [...picks].sort((a, b) => b.file.size - a.file.size)[0];
  const path = largest?.path ?? 'model';
  const last = path.includes('/') ? path.split('/')[0]! : path.replace(/\.(safetensors|ckpt|pt|bin)$/i, '');
  return (
    last
      .replace(/[^A-Za-z0-9._-]+/g, '-')
      .replace(/^[.-]+/, '')
      .slice(0, 64) || 'model'
  );
}
