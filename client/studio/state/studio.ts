// The studio's state and the one function that changes it.
import type { StrengthPoint } from '../../index.ts';
import type { ShelfEmbedding } from './embeddings.ts';
import { withEmbeddings } from './embeddings.ts';
import type { Failure } from './failure.ts';
import type { ModelDefaults, Settings } from './settings.ts';
import { FIRST_SETTINGS, withDefaults } from './settings.ts';
import type { StartAction, StartPicture } from './start-picture.ts';
import { reduceStart } from './start-picture.ts';
import { type FactorOf, withCurve, withFactor } from './strengths.ts';
import type { ShelfStyle, StyleInUse } from './styles.ts';
import { adjust, move, putBack, shelve, strengthen, take } from './styles.ts';
import type { Backend, DrawnWith, ModelFacts, Picture, Stage } from './tincture.ts';

/** A model to choose: in the registry, or in files that were dropped. */
export interface ModelChoice {
  readonly name: string;
  readonly origin: 'registry' | 'files';
  /** Bytes to download, 0 when in hand. */
  readonly bytes: number;
  readonly defaults: ModelDefaults;
}

/** Where the engine stands. */
export type Press =
  | { readonly phase: 'empty' }
  | { readonly phase: 'loading'; readonly message: string; readonly done?: number; readonly total?: number }
  | {
      readonly phase: 'ready';
      readonly backend: Backend;
      readonly reason: string;
      readonly facts: ModelFacts;
    }
  | { readonly phase: 'failed' };

/** A picture on its way. */
export interface Drawing {
  readonly stage: Stage;
  readonly message: string;
  readonly done?: number;
  readonly total?: number;
  readonly preview?: Picture;
}

/** A finished picture of this session, with what it was drawn with. */
export interface Print {
  /** 1 for the session's first. */
  readonly number: number;
  readonly picture: Picture;
  readonly png: Uint8Array<ArrayBuffer>;
  readonly parameters: string;
  /** The seed is locked in: these settings draw this picture. */
  readonly settings: Settings;
  readonly styles: readonly StyleInUse[];
  /** Those whose words its prompts hold. */
  readonly embeddings: readonly ShelfEmbedding[];
  /** What it was drawn on; undefined for noise. */
  readonly start: StartPicture | undefined;
  readonly model: string;
  /** Of the whole batch. */
  readonly milliseconds: number;
}

/** A picture that was brought and carries its parameters: to be restored, or drawn on. */
export interface OfferedPicture {
  readonly file: File;
  readonly drawn: DrawnWith;
}

export interface StudioState {
  readonly settings: Settings;
  /** What drawing begins on; undefined for noise. */
  readonly start: StartPicture | undefined;
  readonly offered: OfferedPicture | undefined;
  readonly shelf: readonly ShelfStyle[];
  readonly inUse: readonly StyleInUse[];
  readonly embeddings: readonly ShelfEmbedding[];
  readonly models: readonly ModelChoice[];
  readonly model: string;
  readonly wantedBackend: Backend | 'auto';
  readonly press: Press;
  readonly drawing: Drawing | undefined;
  readonly prints: readonly Print[];
  /** Number of the print on the sheet. */
  readonly shown: number | undefined;
  readonly failure: Failure | undefined;
  readonly notices: readonly string[];
  readonly online: boolean;
  /** Hard pixel edges when enlarging, instead of smooth ones. */
  readonly crisp: boolean;
  /** How far a training is, such as `34 %`; undefined when none is under way. */
  readonly training: string | undefined;
}

export const FIRST_STATE: StudioState = {
  settings: FIRST_SETTINGS,
  start: undefined,
  offered: undefined,
  shelf: [],
  inUse: [],
  embeddings: [],
  models: [],
  model: '',
  wantedBackend: 'auto',
  press: { phase: 'empty' },
  drawing: undefined,
  prints: [],
  shown: undefined,
  failure: undefined,
  notices: [],
  online: true,
  crisp: false,
  training: undefined,
};

export type StudioAction =
  | { readonly kind: 'set'; readonly settings: Partial<Settings> }
  | { readonly kind: 'models'; readonly models: readonly ModelChoice[] }
  | { readonly kind: 'choose-model'; readonly name: string }
  | { readonly kind: 'forget-model'; readonly name: string }
  | { readonly kind: 'choose-backend'; readonly backend: Backend | 'auto' }
  | { readonly kind: 'press'; readonly press: Press }
  | { readonly kind: 'shelve'; readonly styles: readonly ShelfStyle[] }
  | { readonly kind: 'take'; readonly id: string }
  | { readonly kind: 'put-back'; readonly id: string }
  | { readonly kind: 'strength'; readonly id: string; readonly strength: number }
  | { readonly kind: 'parameter'; readonly id: string; readonly name: string; readonly value: number }
  | { readonly kind: 'factor'; readonly id: string; readonly of: FactorOf; readonly factor: number }
  | { readonly kind: 'curve'; readonly id: string; readonly points: readonly StrengthPoint[] }
  | { readonly kind: 'move'; readonly id: string; readonly to: number }
  | { readonly kind: 'draw' }
  | { readonly kind: 'progress'; readonly drawing: Drawing }
  | { readonly kind: 'embed'; readonly embeddings: readonly ShelfEmbedding[] }
  | { readonly kind: 'drop-embedding'; readonly name: string }
  | {
      readonly kind: 'printed';
      readonly prints: readonly Omit<Print, 'number'>[];
      readonly notices: readonly string[];
    }
  | { readonly kind: 'collect'; readonly print: Omit<Print, 'number'> }
  | { readonly kind: 'stopped'; readonly notices: readonly string[] }
  | { readonly kind: 'show'; readonly number: number }
  | {
      readonly kind: 'restore';
      readonly settings: Settings;
      readonly inUse: readonly StyleInUse[];
      /** Left out, what is begun on stays. */
      readonly start?: StartPicture | undefined;
    }
  | { readonly kind: 'offer'; readonly offered: OfferedPicture | undefined }
  | StartAction
  | { readonly kind: 'fail'; readonly failure: Failure }
  | { readonly kind: 'forgive' }
  | { readonly kind: 'notice'; readonly notices: readonly string[] }
  | { readonly kind: 'online'; readonly online: boolean }
  | { readonly kind: 'crisp'; readonly crisp: boolean }
  | { readonly kind: 'training'; readonly training: string | undefined };

/** The next state. Pure: tests call it without a page. */
export function reduce(state: StudioState, action: StudioAction): StudioState {
  switch (action.kind) {
    case 'set':
      return { ...state, settings: { ...state.settings, ...action.settings } };
    case 'models':
      return withModels(state, action.models);
    case 'choose-model':
      return chooseModel(state, action.name);
    case 'forget-model':
      return forgetModel(state, action.name);
    case 'choose-backend':
      return { ...state, wantedBackend: action.backend, press: { phase: 'empty' } };
    case 'press':
      return { ...state, press: action.press };
    case 'shelve':
      return { ...state, shelf: shelve(state.shelf, action.styles) };
    case 'take': {
      const style = state.shelf.find(({ id }) => id === action.id);
      return style === undefined ? state : { ...state, inUse: take(state.inUse, style) };
    }
    case 'put-back':
      return { ...state, inUse: putBack(state.inUse, action.id) };
    case 'strength':
      return { ...state, inUse: strengthen(state.inUse, action.id, action.strength) };
    case 'parameter': {
      const style = state.shelf.find(({ id }) => id === action.id);
      if (style === undefined) return state;
      return { ...state, inUse: adjust(state.inUse, style, action.name, action.value) };
    }
    case 'factor':
      return { ...state, inUse: withFactor(state.inUse, action.id, action.of, action.factor) };
    case 'curve':
      return { ...state, inUse: withCurve(state.inUse, action.id, action.points) };
    case 'move':
      return { ...state, inUse: move(state.inUse, action.id, action.to) };
    case 'draw':
      return {
        ...state,
        drawing: { stage: 'model', message: 'preparing' },
        failure: undefined,
        notices: [],
      };
    case 'progress':
      // A late message of a picture that was stopped must not start it again; a step without preview keeps the last.
      if (state.drawing === undefined) return state;
      return { ...state, drawing: keepPreview(state.drawing, action.drawing) };
    case 'printed': {
      const first = state.prints.length + 1;
      const prints = action.prints.map((print, i) => ({ ...print, number: first + i }));
      return {
        ...state,
        drawing: undefined,
        prints: [...state.prints, ...prints],
        shown: first,
        notices: action.notices,
      };
    }
    case 'collect': {
      const number = state.prints.length + 1;
      return { ...state, prints: [...state.prints, { ...action.print, number }], shown: number };
    }
    case 'embed':
      return { ...state, embeddings: withEmbeddings(state.embeddings, action.embeddings) };
    case 'drop-embedding':
      return { ...state, embeddings: state.embeddings.filter(({ name }) => name !== action.name) };
    case 'stopped':
      return { ...state, drawing: undefined, notices: action.notices };
    case 'show':
      return state.prints.some(({ number }) => number === action.number)
        ? { ...state, shown: action.number }
        : state;
    case 'restore':
      return {
        ...state,
        settings: action.settings,
        inUse: action.inUse,
        start: 'start' in action ? action.start : state.start,
        offered: undefined,
      };
    case 'offer':
      return { ...state, offered: action.offered };
    case 'begin-on':
    case 'begin-on-noise':
    case 'mask':
    case 'undo-mask':
      return { ...state, start: reduceStart(state.start, action), offered: undefined };
    case 'fail':
      return { ...state, failure: action.failure, drawing: undefined };
    case 'forgive':
      return { ...state, failure: undefined };
    case 'notice':
      return { ...state, notices: action.notices };
    case 'online':
      return { ...state, online: action.online };
    case 'training':
      return state.training === action.training ? state : { ...state, training: action.training };
    case 'crisp':
      return { ...state, crisp: action.crisp };
  }
}

function keepPreview(before: Drawing, now: Drawing): Drawing {
  return now.preview === undefined && before.preview !== undefined
    ? { ...now, preview: before.preview }
    : now;
}

/** New choices of models; the first is chosen when none is. */
function withModels(state: StudioState, arrivals: readonly ModelChoice[]): StudioState {
  const byName = new Map(state.models.map((model) => [model.name, model]));
  for (const model of arrivals) byName.set(model.name, model);
  const models = [...byName.values()];
  const first = models[0];
  const next = { ...state, models };
  return state.model === '' && first !== undefined ? chooseModel(next, first.name) : next;
}

/** Without the model; where it was chosen, the first that is left is. */
function forgetModel(state: StudioState, name: string): StudioState {
  const models = state.models.filter((model) => model.name !== name);
  if (state.model !== name) return { ...state, models };
  const next = { ...state, models, model: '', press: { phase: 'empty' as const } };
  return models[0] === undefined ? next : chooseModel(next, models[0].name);
}

/** Another model brings its own proposals for size, steps, guidance and sampler. */
function chooseModel(state: StudioState, name: string): StudioState {
  const model = state.models.find((choice) => choice.name === name);
  if (model === undefined) return state;
  return {
    ...state,
    model: name,
    press: { phase: 'empty' },
    settings: withDefaults(state.settings, model.defaults),
  };
}
