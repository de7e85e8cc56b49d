// What becomes of files that the user drops or opens: a model, styles, embeddings, pictures with parameters.
import { modelParts, sortFiles } from './drops.ts';
import { embeddingText } from './embeddings.ts';
import type { EngineKeeper } from './engine-keeper.ts';
import { droppedModelName } from './restore.ts';
import type { Store } from './store.ts';
import type { StudioAction, StudioState } from './studio.ts';
import type { Tincture } from './tincture.ts';

export interface BringerParts {
  readonly store: Store<StudioState, StudioAction>;
  readonly tincture: Tincture;
  readonly keeper: EngineKeeper;
  /** Runs `work`; what it throws becomes the failure panel. */
  attempt<Result>(doing: string, work: () => Promise<Result>): Promise<Result | undefined>;
  load(): Promise<boolean>;
  /** Shows the page of models and brings it a file. */
  toModels(file: File): void;
  /** Begins on a picture. */
  beginOn(file: File): Promise<void>;
  /** Ends the engine and the picture that it draws. */
  dismiss(): void;
}

/** The verb that takes files. What a file is, its content tells wherever names do not. */
export function createBringer(parts: BringerParts): (files: readonly File[]) => Promise<void> {
  const { store, tincture, keeper, attempt, dismiss, load, toModels, beginOn } = parts;
  const notice = (text: string): void => store.dispatch({ kind: 'notice', notices: [text] });

  const bringModel = async (files: readonly File[]): Promise<void> => {
    const parts = await modelParts(files);
    const name = droppedModelName(parts.manifest);
    keeper.bring(name, parts);
    dismiss();
    store.dispatch({
      kind: 'models',
      models: [{ name, origin: 'files', bytes: 0, defaults: tincture.defaultsOf(parts.manifest) }],
    });
    store.dispatch({ kind: 'choose-model', name });
    notice(`Model ${name} is taken from your files; nothing is uploaded.`);
    await load();
  };

  const bringStyle = async (file: File): Promise<void> => {
    if (await tincture.isModel(file)) {
      toModels(file);
      return;
    }
    const style = await tincture.describeStyle(file);
    store.dispatch({ kind: 'shelve', styles: [style] });
    store.dispatch({ kind: 'take', id: style.id });
    notice(`Style ${style.title} is in use, straight from your file; nothing is uploaded.`);
  };

  /** True when the file was an embedding. */
  const bringEmbedding = async (file: File): Promise<boolean> => {
    const embedding = await tincture.describeEmbedding(file);
    if (embedding === undefined) return false;
    store.dispatch({ kind: 'embed', embeddings: [embedding] });
    const { press } = store.state();
    const width = press.phase === 'ready' ? press.facts.contextWidth : undefined;
    notice(`Embedding ${embedding.name}: ${embeddingText(embedding, width)}. Nothing is uploaded.`);
    return true;
  };

  const bringPicture = async (file: File): Promise<void> => {
    const bytes = isPhoto(file) ? undefined : new Uint8Array(await file.arrayBuffer());
    const drawn = bytes && tincture.readParameters(bytes);
    if (drawn === undefined) await beginOn(file);
    else store.dispatch({ kind: 'offer', offered: { file, drawn } });
  };

  return async (files) => {
    const sorted = await sortFiles(files);
    if (sorted.model.length > 0) await attempt('Reading the dropped model', () => bringModel(sorted.model));
    for (const file of [...sorted.styles, ...sorted.pictures]) {
      await attempt(`Reading ${file.name}`, async () => {
        if (!isPhoto(file) && (await bringEmbedding(file))) return;
        await (sorted.pictures.includes(file) ? bringPicture(file) : bringStyle(file));
      });
    }
    if (sorted.unknown.length > 0) {
      const names = sorted.unknown.map(({ name }) => name).join(', ');
      notice(
        `${names}: not a file that the studio can use. It takes .pt and .safetensors hypernetworks and embeddings, ` +
          'pictures, and models.',
      );
    }
  };
}

/** A picture that can carry neither parameters nor an embedding. */
function isPhoto({ name }: File): boolean {
  return /\.(jpe?g|webp)$/i.test(name);
}
