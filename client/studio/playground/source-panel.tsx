// The source: its files and the SDK's to read, the editor, how the build stands, and what the compiler found.
import { useEffect, useRef } from 'preact/hooks';
import { BuildStatus } from './build-status.tsx';
import type { Editor } from './editor.ts';
import { createEditor } from './editor.ts';
import { LIBRARY } from './library.ts';
import { usePlay, usePlayground } from './playground-context.ts';
import type { PlaygroundState } from './playground-state.ts';
import { ProblemList } from './problem-list.tsx';

const selectFiles = (state: PlaygroundState) => state.work.files;
const selectOpen = (state: PlaygroundState) => state.open;
const selectEdition = (state: PlaygroundState) => state.edition;
const selectProblems = (state: PlaygroundState) => state.problems;

/** The SDK's sources first: kernels are for the curious. */
const LIBRARY_PATHS = Object.keys(LIBRARY).sort();

export function SourcePanel() {
  const { store, actions } = usePlayground();
  const files = usePlay(selectFiles);
  const open = usePlay(selectOpen);
  const edition = usePlay(selectEdition);
  const problems = usePlay(selectProblems);
  const frame = useRef<HTMLDivElement>(null);
  const editor = useRef<Editor | undefined>(undefined);

  useEffect(() => {
    const made = createEditor(frame.current!, 'Source of the plugin', {
      onEdit: actions.edit,
      onBuild: () => void actions.build(),
    });
    editor.current = made;
    return () => made.close();
  }, [actions]);

  // The text goes to the editor when another source is shown; what is typed comes from it.
  useEffect(() => editor.current?.forget(), [edition]);
  useEffect(() => {
    const own = store.state().work.files[open];
    editor.current?.show(open, own ?? LIBRARY[open] ?? '', own === undefined);
  }, [store, open, edition]);
  useEffect(() => editor.current?.mark(open, problems), [problems, open, edition]);

  const show = (path: string) => store.dispatch({ kind: 'open', path });
  const goTo = (path: string, line: number, column: number) => {
    if (path in files && path !== open) show(path);
    // After the effects that show the other source.
    requestAnimationFrame(() => editor.current?.goTo(line, column));
  };
  const reading = !(open in files);

  return (
    <section class="source" aria-label="Source">
      <div class="source-head">
        <div class="source-tabs">
          {Object.keys(files).map((path) => (
            <button
              key={path}
              type="button"
              class="source-tab"
              aria-pressed={path === open}
              onClick={() => show(path)}
            >
              {path.replace(/^assembly\//, '')}
            </button>
          ))}
          <select
            class={reading ? 'source-library reading' : 'source-library'}
            aria-label="Read the SDK’s sources"
            value={reading ? open : ''}
            onChange={(event) => {
              const { value } = event.currentTarget;
              show(value === '' ? Object.keys(files)[0]! : value);
            }}
          >
            <option value="">SDK …</option>
            {LIBRARY_PATHS.map((path) => (
              <option key={path} value={path}>
                {path.replace('/assembly/', '/')}
              </option>
            ))}
          </select>
        </div>
        <BuildStatus />
      </div>
      <div ref={frame} class="source-editor" />
      <ProblemList onGoTo={goTo} />
      <p class="hint source-keys">
        Built as you type. <kbd>Ctrl</kbd> + <kbd>Enter</kbd> draws, <kbd>Ctrl</kbd> + <kbd>Space</kbd>{' '}
        proposes, <kbd>Esc</kbd> then <kbd>Tab</kbd> leaves the editor.
      </p>
    </section>
  );
}
