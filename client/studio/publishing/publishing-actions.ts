// What the user can make the publishing page do: each verb drives the library and tells the store.
import {
  bytesSource,
  createPublishing,
  decodePng,
  encodePng,
  openBrowserKey,
  openStyleFile,
  renewBrowserKey,
  type Signer,
  TinctureError,
} from '../../index.ts';
import { packStyle } from '../../kit/pack.ts';
import type { AccountKeeper } from '../account/account-keeper.ts';
import type { Studio } from '../components/studio-context.ts';
import { requestOf } from '../state/draw-request.ts';
import { withWord } from '../state/embeddings.ts';
import { failureOf, isAbort } from '../state/failure.ts';
import { PIXEL_MULTIPLE, settingsFault, throwSeed } from '../state/settings.ts';
import type { Store } from '../state/store.ts';
import { bringStyle } from './bring-style.ts';
import { cardOf, type PublishingAction, type PublishingState } from './publishing-state.ts';

export interface PublishingActions {
  /** A style takes the page; pictures become its previews. */
  bring(files: readonly File[]): Promise<void>;
  /** Draws one preview with the loaded model. */
  drawPreview(): Promise<void>;
  /** Packs, signs and sends; goes on where it was stopped. */
  publish(): Promise<void>;
  /** Stops drawing and sending. What has arrived stays for the next try. */
  stop(): void;
}

export function createPublishingActions(
  store: Store<PublishingState, PublishingAction>,
  studio: Studio,
  keeper: AccountKeeper,
): PublishingActions {
  const publishing = createPublishing(location.origin);
  let drawing: AbortController | undefined;
  let sending: AbortController | undefined;

  const fail = (doing: string, thrown: unknown): void =>
    store.dispatch({ kind: 'fail', failure: failureOf(doing, thrown) });

  const drawPreview = async (): Promise<void> => {
    const { parts, prompt, form } = store.state();
    if (parts === undefined || drawing !== undefined) return;
    const abort = new AbortController();
    drawing = abort;
    store.dispatch({ kind: 'forgive' });
    store.dispatch({ kind: 'drawing', drawing: { stage: 'model', message: 'preparing' } });
    try {
      const engine = await studio.actions.engineFor(abort.signal);
      if (engine === undefined) return;
      const isEmbedding = parts.kind === 'embedding';
      const shown = isEmbedding && !prompt.includes(form.name) ? withWord(prompt, form.name) : prompt;
      const settings = {
        ...studio.store.state().settings,
        prompt: shown,
        negativePrompt: '',
        seed: throwSeed(),
      };
      const fault = settingsFault(settings, engine.model.pixelMultiple ?? PIXEL_MULTIPLE);
      if (fault !== undefined) throw new TinctureError('publishing/preview', fault);
      const file = { name: form.name, file: parts.file };
      const request = requestOf(settings, isEmbedding ? [] : [{ style: file, strength: 1 }], studio.tincture);
      const { picture } = await engine.generate(
        { ...request, embeddings: isEmbedding ? [file] : [] },
        {
          signal: abort.signal,
          onProgress: (progress) => {
            if (!abort.signal.aborted) store.dispatch({ kind: 'drawing', drawing: progress });
          },
        },
      );
      // Without the text that a saved picture carries: a prompt is not to travel with the style unasked.
      if (store.state().parts === parts) store.dispatch({ kind: 'add-preview', png: encodePng(picture) });
    } catch (thrown) {
      if (!abort.signal.aborted && !isAbort(thrown)) fail('Drawing a preview', thrown);
    } finally {
      drawing = undefined;
      store.dispatch({ kind: 'drawing', drawing: undefined });
    }
  };

  /** This browser's key, registered; a new one where the old one was revoked. */
  const signer = async (handle: string): Promise<Signer> => {
    const { account } = keeper;
    const known = await account.keys();
    let key = await openBrowserKey(handle);
    if (known.some(({ id, revokedAt }) => id === key.id && revokedAt !== null)) {
      key = await renewBrowserKey(handle);
    }
    if (!known.some(({ id }) => id === key.id)) {
      await account.addKey({ publicKey: key.publicKey, name: 'This browser' });
    }
    return key;
  };

  return {
    drawPreview,
    async bring(files) {
      const style = files.find(({ name }) => /\.(?:pt|bin|safetensors|style)$/i.test(name));
      const pictures = files.filter(({ name }) => /\.png$/i.test(name));
      try {
        if (style === undefined && (pictures.length === 0 || store.state().parts === undefined)) {
          throw new TinctureError('publishing/file', 'none of the files is a style', {
            where: files.map(({ name }) => name).join(', '),
            expected: '.pt, .bin, .safetensors or .style',
          });
        }
        if (style !== undefined) {
          const { press } = studio.store.state();
          const width = press.phase === 'ready' ? press.facts.contextWidth : undefined;
          const author = keeper.store.state().me?.displayName ?? '';
          store.dispatch({ kind: 'brought', ...(await bringStyle(style, author, width)) });
        }
        for (const picture of pictures) {
          const { width, height, pixels } = decodePng(
            new Uint8Array(await picture.arrayBuffer()),
            picture.name,
          );
          store.dispatch({ kind: 'add-preview', png: encodePng({ width, height, pixels }) });
        }
      } catch (thrown) {
        fail('Reading the file', thrown);
        return;
      }
      if (style !== undefined && store.state().previews.length === 0) await drawPreview();
    },
    async publish() {
      const { parts, previews } = store.state();
      if (parts === undefined || sending !== undefined) return;
      const { me } = keeper.store.state();
      const abort = new AbortController();
      sending = abort;
      try {
        if (me === undefined) {
          throw new TinctureError('publishing/account', 'you are not signed in', {
            fix: 'Sign in under “Account” at the top, then publish.',
          });
        }
        store.dispatch({
          kind: 'sending',
          sending: { stage: 'looking', message: 'packing and signing', done: 0, total: 0 },
        });
        const { bytes } = await packStyle({
          card: cardOf(store.state()),
          plugin: parts.plugin,
          weights: parts.weights,
          previews: previews.map(({ png }, index) => ({ name: `preview ${index + 1}`, bytes: png })),
        });
        const style = await openStyleFile(bytesSource(parts.file.name, bytes), abort.signal);
        const result = await publishing.publish(style, await signer(me.handle), {
          signal: abort.signal,
          onProgress: (progress) => {
            if (!abort.signal.aborted) store.dispatch({ kind: 'sending', sending: progress });
          },
        });
        store.dispatch({ kind: 'published', result });
        await studio.actions.findStyles('');
      } catch (thrown) {
        if (abort.signal.aborted) store.dispatch({ kind: 'stopped' });
        else fail('Publishing', thrown);
      } finally {
        sending = undefined;
      }
    },
    stop() {
      drawing?.abort();
      sending?.abort(new DOMException('stopped', 'AbortError'));
    },
  };
}
