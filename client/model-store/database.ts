// A table of IndexedDB as a map: values by text keys, of what structured cloning can keep (file handles too).

/** One table; opened when first used. */
export interface Database<T> {
  get(key: string): Promise<T | undefined>;
  all(): Promise<T[]>;
  keys(): Promise<string[]>;
  put(key: string, value: T): Promise<void>;
  delete(key: string): Promise<void>;
}

const NAME = 'tincture';
const TABLES = ['models', 'tokenizers'] as const;

export function database<T>(table: (typeof TABLES)[number]): Database<T> {
  const use = async <R>(
    mode: IDBTransactionMode,
    work: (store: IDBObjectStore) => IDBRequest<R>,
  ): Promise<R> => {
    const opened = await openDatabase();
    try {
      return await settled(work(opened.transaction(table, mode).objectStore(table)));
    } finally {
      opened.close();
    }
  };
  return {
    get: (key) => use<T | undefined>('readonly', (store) => store.get(key)),
    all: () => use<T[]>('readonly', (store) => store.getAll()),
    keys: async () => (await use('readonly', (store) => store.getAllKeys())).map(String),
    async put(key, value) {
      await use('readwrite', (store) => store.put(value, key));
    },
    async delete(key) {
      await use('readwrite', (store) => store.delete(key));
    },
  };
}

function openDatabase(): Promise<IDBDatabase> {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => {
    for (const table of TABLES) request.result.createObjectStore(table);
  };
  return settled(request);
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
