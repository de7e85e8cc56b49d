// The playground's state and the one function that changes it.
import type { SourceFiles } from '../../kit/compile.ts';
import type { Diagnostic } from '../../kit/diagnostics.ts';
import type { Failure } from '../state/failure.ts';
import type { Drawing } from '../state/studio.ts';
import type { StyleParameter } from '../state/styles.ts';
import { STRENGTH, withParameter } from '../state/styles.ts';
import type { Picture } from '../state/tincture.ts';

/** What the author says of the style; the rest of the manifest's card is found out. */
export interface CardForm {
  readonly name: string;
  readonly version: string;
  readonly title: string;
  readonly author: string;
  readonly licence: string;
  readonly description: string;
}

/** A weights file of the style, in the order of the plugin's sets. */
export interface WeightsFile {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Weights of the user's own, which are kept on this device by their digest. */
export interface KeptWeights {
  readonly name: string;
  readonly sha256: string;
}

/** What is kept over a reload. */
export interface Work {
  readonly template: string;
  readonly files: SourceFiles;
  readonly entry: string;
  readonly card: CardForm;
  /** Width of the text context that it was begun for; the loaded model's counts where there is one. */
  readonly contextWidth: number;
  /** Absent: the template's. */
  readonly weights?: readonly KeptWeights[];
}

/** Where the newest sources stand on their way to a plugin that runs. */
export type Build =
  | { readonly phase: 'waiting' }
  /** `first`: the compiler itself is still on its way. */
  | { readonly phase: 'compiling'; readonly first: boolean }
  | { readonly phase: 'wrong' }
  /** The compiler broke or took too long, or the module is refused. */
  | { readonly phase: 'refused'; readonly failure: Failure }
  | { readonly phase: 'done'; readonly milliseconds: number; readonly bytes: number };

/** The style of the last sources that compiled. */
export interface Packed {
  readonly file: File;
  readonly parameters: readonly StyleParameter[];
}

/** A picture of the trial; `key` names all that it was drawn with. */
export interface Proof {
  readonly picture: Picture;
  readonly key: string;
  readonly milliseconds: number;
  readonly notices: readonly string[];
}

export interface PlaygroundState {
  readonly work: Work;
  /** Rises when the sources are replaced from outside of the editor. */
  readonly edition: number;
  /** Path of the source in the editor; one of the SDK's is shown to be read. */
  readonly open: string;
  readonly build: Build;
  readonly problems: readonly Diagnostic[];
  readonly packed: Packed | undefined;
  readonly weights: readonly WeightsFile[];
  readonly strength: number;
  /** Parameters that do not stand at their default. */
  readonly values: Readonly<Record<string, number>>;
  /** Draw after each successful build. */
  readonly auto: boolean;
  readonly drawing: Drawing | undefined;
  readonly now: Proof | undefined;
  /** The same picture without the style. */
  readonly plain: Proof | undefined;
  /** Why the newest picture could not be drawn; the one before it stays. */
  readonly failure: Failure | undefined;
}

export type PlaygroundAction =
  | { readonly kind: 'begin'; readonly work: Work; readonly weights: readonly WeightsFile[] }
  | { readonly kind: 'edit'; readonly path: string; readonly text: string }
  | { readonly kind: 'open'; readonly path: string }
  | { readonly kind: 'card'; readonly card: CardForm }
  | { readonly kind: 'weights'; readonly weights: readonly WeightsFile[] }
  | { readonly kind: 'kept'; readonly weights: readonly KeptWeights[] }
  | { readonly kind: 'compiling'; readonly first: boolean }
  | { readonly kind: 'problems'; readonly problems: readonly Diagnostic[] }
  | { readonly kind: 'refused'; readonly failure: Failure }
  | {
      readonly kind: 'packed';
      readonly packed: Packed;
      readonly milliseconds: number;
      readonly bytes: number;
    }
  | { readonly kind: 'strength'; readonly strength: number }
  | { readonly kind: 'value'; readonly name: string; readonly value: number }
  | { readonly kind: 'auto'; readonly auto: boolean }
  | { readonly kind: 'drawing'; readonly drawing: Drawing | undefined }
  | { readonly kind: 'drawn'; readonly now: Proof }
  | { readonly kind: 'plain'; readonly plain: Proof }
  | { readonly kind: 'fail'; readonly failure: Failure };

/** A fresh playground over `work`. */
export function firstPlayground(work: Work): PlaygroundState {
  return {
    work,
    edition: 0,
    open: work.entry,
    build: { phase: 'waiting' },
    problems: [],
    packed: undefined,
    weights: [],
    strength: STRENGTH.initial,
    values: {},
    auto: true,
    drawing: undefined,
    now: undefined,
    plain: undefined,
    failure: undefined,
  };
}

/** The next state. Pure: tests call it without a page. */
export function reducePlayground(state: PlaygroundState, action: PlaygroundAction): PlaygroundState {
  switch (action.kind) {
    case 'begin':
      return {
        ...firstPlayground(action.work),
        edition: state.edition + 1,
        weights: action.weights,
        auto: state.auto,
        now: state.now,
        plain: state.plain,
      };
    case 'edit': {
      const { work } = state;
      if (work.files[action.path] === action.text || !Object.hasOwn(work.files, action.path)) return state;
      return { ...state, work: { ...work, files: { ...work.files, [action.path]: action.text } } };
    }
    case 'open':
      return { ...state, open: action.path };
    case 'card':
      return { ...state, work: { ...state.work, card: action.card } };
    case 'weights':
      return { ...state, weights: action.weights };
    case 'kept':
      return { ...state, work: { ...state.work, weights: action.weights } };
    case 'compiling':
      return { ...state, build: { phase: 'compiling', first: action.first } };
    case 'problems': {
      const wrong = action.problems.some(({ severity }) => severity === 'error');
      return { ...state, problems: action.problems, ...(wrong ? { build: { phase: 'wrong' } } : {}) };
    }
    case 'refused':
      return { ...state, build: { phase: 'refused', failure: action.failure } };
    case 'packed':
      return withPacked(state, action);
    case 'strength':
      return Number.isFinite(action.strength) ? { ...state, strength: action.strength } : state;
    case 'value':
      return withValue(state, action.name, action.value);
    case 'auto':
      return { ...state, auto: action.auto };
    case 'drawing':
      return { ...state, drawing: keepPreview(state.drawing, action.drawing) };
    case 'drawn':
      return { ...state, now: action.now, failure: undefined };
    case 'plain':
      return { ...state, plain: action.plain };
    case 'fail':
      return { ...state, drawing: undefined, failure: action.failure };
  }
}

/** Values of parameters that the new build still has, inside their new ranges, stay. */
function withPacked(
  state: PlaygroundState,
  { packed, milliseconds, bytes }: Extract<PlaygroundAction, { kind: 'packed' }>,
): PlaygroundState {
  const next = { ...state, packed, build: { phase: 'done', milliseconds, bytes } as const, values: {} };
  return Object.entries(state.values).reduce((held, [name, value]) => withValue(held, name, value), next);
}

function withValue<State extends PlaygroundState>(state: State, name: string, value: number): State {
  const parameter = state.packed?.parameters.find((entry) => entry.name === name);
  if (parameter === undefined || !Number.isFinite(value)) return state;
  return { ...state, values: withParameter(state.values, parameter, value) };
}

function keepPreview(before: Drawing | undefined, now: Drawing | undefined): Drawing | undefined {
  if (now === undefined || now.preview !== undefined || before?.preview === undefined) return now;
  return { ...now, preview: before.preview };
}
