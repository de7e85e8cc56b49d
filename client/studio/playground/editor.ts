// The editor: CodeMirror over one source, its problems at their lines, and how the page talks to it.
import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { javascript } from '@codemirror/lang-javascript';
import { bracketMatching, indentOnInput } from '@codemirror/language';
import type { Diagnostic as Mark } from '@codemirror/lint';
import { lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint';
import { EditorState, type Text } from '@codemirror/state';
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from '@codemirror/view';
import type { Diagnostic } from '../../kit/diagnostics.ts';
import { complete } from './completions.ts';
import { theme } from './editor-theme.ts';

export interface Editor {
  /** Shows another source; each keeps its own history while it is kept open by `path`. */
  show(path: string, text: string, readOnly: boolean): void;
  /** Marks what the compiler found in the source of `path`. */
  mark(path: string, problems: readonly Diagnostic[]): void;
  /** Puts the cursor at a place, both counted from 1, and the focus into the editor. */
  goTo(line: number, column: number): void;
  /** Forgets every history, for sources that were replaced. */
  forget(): void;
  close(): void;
}

export interface EditorEvents {
  readonly onEdit: (path: string, text: string) => void;
  /** Mod-S: what a hand does without thinking, here it builds. */
  readonly onBuild: () => void;
}

/** Makes an editor inside `parent`. */
export function createEditor(parent: HTMLElement, label: string, events: EditorEvents): Editor {
  const states = new Map<string, EditorState>();
  let shown = '';

  const build = (): boolean => {
    events.onBuild();
    return true;
  };
  const extensions = (readOnly: boolean) => [
    lineNumbers(),
    lintGutter(),
    highlightActiveLineGutter(),
    history(),
    drawSelection({ cursorBlinkRate: matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 1200 }),
    indentOnInput(),
    bracketMatching(),
    closeBrackets(),
    autocompletion({ override: [complete], icons: false }),
    highlightActiveLine(),
    javascript({ typescript: true }),
    theme,
    EditorState.readOnly.of(readOnly),
    EditorView.contentAttributes.of({ 'aria-label': readOnly ? `${label}, to be read only` : label }),
    EditorView.updateListener.of((update) => {
      if (update.docChanged && !readOnly) events.onEdit(shown, update.state.doc.toString());
    }),
    keymap.of([
      { key: 'Mod-s', preventDefault: true, run: build },
      ...closeBracketsKeymap,
      // Mod-Enter draws, on the whole page.
      ...defaultKeymap.filter(({ key }) => key !== 'Mod-Enter'),
      ...historyKeymap,
      ...completionKeymap,
      ...lintKeymap,
      indentWithTab,
    ]),
  ];

  const view = new EditorView({ parent });
  return {
    show(path, text, readOnly) {
      if (path === shown && view.state.doc.toString() === text) return;
      if (shown !== '') states.set(shown, view.state);
      shown = path;
      const kept = states.get(path);
      const fits = kept !== undefined && kept.doc.toString() === text;
      view.setState(fits ? kept : EditorState.create({ doc: text, extensions: extensions(readOnly) }));
      view.scrollDOM.scrollTo(0, 0);
    },
    mark(path, problems) {
      if (path !== shown) return;
      const { doc } = view.state;
      view.dispatch(setDiagnostics(view.state, marksOf(doc, path, problems)));
    },
    goTo(line, column) {
      const at = placeIn(view.state.doc, line, column);
      view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: 'center' }) });
      view.focus();
    },
    forget() {
      states.clear();
      shown = '';
    },
    close() {
      view.destroy();
    },
  };
}

/** Compiler findings of one source as CodeMirror's marks, whatever the text has become since. */
function marksOf(doc: Text, path: string, problems: readonly Diagnostic[]): Mark[] {
  return problems
    .filter(({ file, line }) => file === path && line > 0)
    .map(({ line, column, length, severity, message }) => {
      const from = placeIn(doc, line, column);
      const to = Math.min(doc.lineAt(from).to, from + length);
      return { from, to: Math.max(from, to), severity, message };
    });
}

function placeIn(doc: Text, line: number, column: number): number {
  const { from, to } = doc.line(Math.min(Math.max(line, 1), doc.lines));
  return Math.min(to, from + Math.max(column, 1) - 1);
}
