// What the publishing page holds: the style's parts, its card as typed, pictures, and how far the sending is.
import type { PublishProgress, StyleFile, Submitted } from '../../index.ts';
import type { Failure } from '../state/failure.ts';
import type { EngineProgress } from '../state/tincture.ts';

export type Card = Omit<StyleFile['manifest'], 'blobs'>;

/** The card's fields as they stand in the form. */
export interface CardForm {
  readonly title: string;
  readonly name: string;
  readonly version: string;
  readonly author: string;
  readonly licence: string;
  readonly description: string;
  /** Between commas. */
  readonly tags: string;
  readonly triggerWords: string;
  readonly contextWidth: number;
}

export interface NamedFile {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What was brought, apart. */
export interface StyleParts {
  /** For drawing with it as it is. */
  readonly file: File;
  readonly kind: 'hypernetwork' | 'style' | 'embedding';
  /** Lines that say what it is. */
  readonly facts: readonly string[];
  readonly plugin: Uint8Array<ArrayBuffer> | undefined;
  readonly weights: readonly NamedFile[];
  /** Context widths to choose from. */
  readonly widths: readonly number[];
  /** Fields that the form does not show; a hypernetwork's layers are read off when it is packed. */
  readonly rest: Partial<Card>;
}

export interface Preview {
  readonly id: number;
  readonly png: Uint8Array<ArrayBuffer>;
}

export interface PublishingState {
  readonly parts: StyleParts | undefined;
  readonly form: CardForm;
  readonly previews: readonly Preview[];
  readonly nextId: number;
  /** What pictures are drawn of. */
  readonly prompt: string;
  readonly drawing: EngineProgress | undefined;
  readonly sending: PublishProgress | undefined;
  /** It was stopped on the way: going on sends only what is missing. */
  readonly stopped: boolean;
  readonly result: Submitted | undefined;
  readonly failure: Failure | undefined;
}

export const EMPTY_FORM: CardForm = {
  title: '',
  name: '',
  version: '1.0.0',
  author: '',
  licence: '',
  description: '',
  tags: '',
  triggerWords: '',
  contextWidth: 768,
};

export function firstPublishing(prompt: string): PublishingState {
  return {
    parts: undefined,
    form: EMPTY_FORM,
    previews: [],
    nextId: 1,
    prompt,
    drawing: undefined,
    sending: undefined,
    stopped: false,
    result: undefined,
    failure: undefined,
  };
}

export type PublishingAction =
  | {
      readonly kind: 'brought';
      readonly parts: StyleParts;
      readonly form: CardForm;
      readonly pngs: readonly Preview['png'][];
    }
  | { readonly kind: 'leave' }
  | { readonly kind: 'type'; readonly change: Partial<CardForm> }
  | { readonly kind: 'prompt'; readonly prompt: string }
  | { readonly kind: 'drawing'; readonly drawing: EngineProgress | undefined }
  | { readonly kind: 'add-preview'; readonly png: Preview['png'] }
  | { readonly kind: 'remove-preview'; readonly id: number }
  | { readonly kind: 'sending'; readonly sending: PublishProgress }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'published'; readonly result: Submitted }
  | { readonly kind: 'fail'; readonly failure: Failure }
  | { readonly kind: 'forgive' };

/** As the manifest bounds them. */
export const MAX_PREVIEWS = 8;

/** The next state. Pure. */
export function reducePublishing(state: PublishingState, action: PublishingAction): PublishingState {
  switch (action.kind) {
    case 'brought': {
      const previews = action.pngs.slice(0, MAX_PREVIEWS).map((png, index) => ({ id: index + 1, png }));
      return {
        ...firstPublishing(state.prompt),
        parts: action.parts,
        form: action.form,
        previews,
        nextId: previews.length + 1,
      };
    }
    case 'leave':
      return firstPublishing(state.prompt);
    case 'type':
      return { ...state, form: { ...state.form, ...action.change }, failure: undefined, stopped: false };
    case 'prompt':
      return { ...state, prompt: action.prompt };
    case 'drawing':
      return { ...state, drawing: action.drawing };
    case 'add-preview':
      if (state.previews.length >= MAX_PREVIEWS) return state;
      return {
        ...state,
        previews: [...state.previews, { id: state.nextId, png: action.png }],
        nextId: state.nextId + 1,
      };
    case 'remove-preview':
      return { ...state, previews: state.previews.filter(({ id }) => id !== action.id) };
    case 'sending':
      return { ...state, sending: action.sending, failure: undefined, stopped: false };
    case 'stopped':
      return { ...state, sending: undefined, stopped: true };
    case 'published':
      return { ...state, sending: undefined, stopped: false, result: action.result };
    case 'fail':
      return { ...state, sending: undefined, drawing: undefined, failure: action.failure };
    case 'forgive':
      return { ...state, failure: undefined };
  }
}

const ARCHITECTURE = 'stable-diffusion-v1';

/** The card that the form and the parts make; `layers` is left out where packing reads them off the weights. */
export function cardOf({
  form,
  parts,
}: Pick<PublishingState, 'form' | 'parts'>): Omit<Card, 'layers'> & Partial<Pick<Card, 'layers'>> {
  const { contextWidth, tags, triggerWords, ...texts } = form;
  return {
    parameters: [],
    ...parts?.rest,
    ...texts,
    description: form.description.trim(),
    tags: listOf(tags),
    triggerWords: listOf(triggerWords),
    base: { architecture: ARCHITECTURE, ...parts?.rest.base, contextWidth },
  };
}

/** The parts of a text between commas. */
export function listOf(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
