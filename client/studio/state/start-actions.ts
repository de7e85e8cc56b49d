// The verbs over the start picture: taken from a file or a print, opened again after a reload, taken away.
import { type DraftStart, readDraftStart } from './draft.ts';
import { PIXEL_MULTIPLE } from './settings.ts';
import { sizeOver } from './start-picture.ts';
import type { Store } from './store.ts';
import type { StudioAction, StudioState } from './studio.ts';
import type { Picture, Tincture } from './tincture.ts';

export interface StartActions {
  /** Begins on a picture's file, of any kind that the browser shows; at the size that fits it. */
  beginOn(file: File): Promise<void>;
  /** Begins on a picture of this session. */
  beginOnPrint(number: number): Promise<void>;
  /** Begins on noise again; the picture's file is forgotten. */
  beginOnNoise(): Promise<void>;
  /** What the draft of this tab began on. */
  reopen(): Promise<void>;
}

export interface StarterParts {
  readonly store: Store<StudioState, StudioAction>;
  readonly tincture: Tincture;
  /** Runs `work`; what it throws becomes the failure panel. */
  attempt<Result>(doing: string, work: () => Promise<Result>): Promise<Result | undefined>;
}

export function createStarter({ store, tincture, attempt }: StarterParts): StartActions {
  const labelOf = (name: string): string => `start picture ${name}`;
  const notice = (text: string): void => store.dispatch({ kind: 'notice', notices: [text] });

  /** Forgets the file of the start before, unless a new one has the same bytes. */
  const forget = async (kept: string | undefined): Promise<void> => {
    const before = store.state().start?.sha256;
    if (before !== undefined && before !== kept) await tincture.forget(before);
  };

  const take = async (name: string, picture: Picture, bytes: Uint8Array<ArrayBuffer>): Promise<void> => {
    let sha256: string | undefined;
    try {
      sha256 = await tincture.keep(bytes, labelOf(name));
    } catch {
      notice(`${name} could not be kept in this browser: it will be gone after a reload.`);
    }
    await forget(sha256);
    const { models, model, press } = store.state();
    const side = models.find((choice) => choice.name === model)?.defaults.width ?? picture.width;
    const multiple = press.phase === 'ready' ? press.facts.pixelMultiple : PIXEL_MULTIPLE;
    store.dispatch({ kind: 'begin-on', start: { name, picture, sha256 } });
    store.dispatch({ kind: 'set', settings: sizeOver(picture, side, multiple) });
  };

  const open = async ({ name, sha256, strokes }: DraftStart): Promise<void> => {
    const file = await tincture.kept(sha256, labelOf(name));
    if (file === undefined) {
      notice(`The start picture ${name} is no longer kept in this browser: drawing begins on noise.`);
      return;
    }
    const picture = await tincture.readPicture(new File([file], name));
    store.dispatch({ kind: 'begin-on', start: { name, picture, sha256, strokes } });
  };

  return {
    async beginOn(file) {
      await attempt(`Reading ${file.name}`, async () => {
        const picture = await tincture.readPicture(file);
        await take(file.name, picture, new Uint8Array(await file.arrayBuffer()));
      });
    },
    async beginOnPrint(number) {
      const print = store.state().prints.find((entry) => entry.number === number);
      if (print === undefined) return;
      await attempt('Beginning on the picture', () => take(`picture ${number}`, print.picture, print.png));
    },
    async beginOnNoise() {
      await attempt('Forgetting the start picture', async () => {
        await forget(undefined);
        store.dispatch({ kind: 'begin-on-noise' });
      });
    },
    async reopen() {
      const draft = readDraftStart();
      if (draft !== undefined) await attempt('Opening the start picture again', () => open(draft));
    },
  };
}
