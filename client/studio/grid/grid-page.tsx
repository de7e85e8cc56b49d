// The grid's page: two axes, the pictures as they come, and the labelled sheet to save.
import { useState } from 'preact/hooks';
import { valuesText } from '../../kit/grid.ts';
import { FailurePanel } from '../components/failure-panel.tsx';
import { Icon } from '../components/icon.tsx';
import { PictureCanvas } from '../components/picture-canvas.tsx';
import { PrintDialog } from '../components/print-dialog.tsx';
import { type Studio, usePart, useSelected, useStudio } from '../components/studio-context.ts';
import { saveFile } from '../state/save-file.ts';
import { createStore, type Store } from '../state/store.ts';
import type { StudioState } from '../state/studio.ts';
import { AxisFields } from './axis-fields.tsx';
import './css/grid.css';
import { createGridActions, type GridActions } from './grid-actions.ts';
import { FIRST_GRID, type GridAction, type GridSheet, type GridState, reduceGrid } from './grid-state.ts';

interface GridParts {
  readonly store: Store<GridState, GridAction>;
  readonly actions: GridActions;
}

/** One for the page: a grid goes on, and is still there, when one comes back. */
let parts: GridParts | undefined;

function open(studio: Studio): GridParts {
  const store = createStore(reduceGrid, FIRST_GRID);
  return { store, actions: createGridActions(store, studio) };
}

const all = (state: GridState) => state;
const selectPrompt = (state: StudioState) => state.settings.prompt;

export function GridPage() {
  const studio = useStudio();
  parts ??= open(studio);
  const { store, actions } = parts;
  const { x, y, sheet, drawing, notices, failure } = usePart(store, all);
  const prompt = useSelected(selectPrompt);
  const [enlarged, setEnlarged] = useState<number>();
  return (
    <main class="grid-page">
      <header class="grid-head">
        <h2>Grid</h2>
        <p>
          One picture for each value, or pair of values, of <q>{prompt.trim() === '' ? '…' : prompt}</q>; all
          else is as on the drawing page.
        </p>
      </header>
      <FailurePanel />
      <form
        class="grid-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (drawing === undefined) void actions.draw();
          else actions.stop();
        }}
      >
        <AxisFields
          title="Columns"
          form={x}
          optional={false}
          onChange={(change) => store.dispatch({ kind: 'axis', axis: 'x', change })}
        />
        <AxisFields
          title="Rows"
          form={y}
          optional
          onChange={(change) => store.dispatch({ kind: 'axis', axis: 'y', change })}
        />
        <div class="grid-go">
          <button type="submit" class={drawing === undefined ? 'draw' : 'draw stop'}>
            {drawing === undefined ? 'Draw the grid' : 'Stop'}
          </button>
          <p class="hint" role="status">
            {drawing ?? ''}
          </p>
        </div>
      </form>
      {failure === undefined ? null : (
        <div class="failure" role="alert">
          <p class="failure-doing">{failure.doing} failed</p>
          <p class="failure-message">{failure.message}</p>
          {failure.advice === '' ? null : <p class="failure-advice">{failure.advice}</p>}
        </div>
      )}
      {notices.map((notice) => (
        <p key={notice} class="hint">
          {notice}
        </p>
      ))}
      {sheet === undefined ? null : (
        <Sheet sheet={sheet} onOpen={(place) => setEnlarged(actions.open(place))} />
      )}
      {enlarged === undefined ? null : (
        <PrintDialog number={enlarged} onShow={setEnlarged} onClose={() => setEnlarged(undefined)} />
      )}
    </main>
  );
}

const selectCrisp = (state: StudioState) => state.crisp;

function Sheet({ sheet, onOpen }: { readonly sheet: GridSheet; readonly onOpen: (place: string) => void }) {
  const crisp = useSelected(selectCrisp);
  const { x, y, cells, png } = sheet;
  const rows = y?.values ?? [{ text: '', label: '' }];
  return (
    <section class="grid-sheet" aria-label="The grid">
      <header class="grid-sheet-head">
        <p class="hint">
          columns: {x.name} {valuesText(x)}
          {y === undefined ? '' : ` · rows: ${y.name} ${valuesText(y)}`}
        </p>
        {png === undefined ? null : (
          <button
            type="button"
            class="quiet framed"
            onClick={() => saveFile(new Blob([png], { type: 'image/png' }), 'grid.png')}
          >
            <Icon name="download" /> Save the sheet
          </button>
        )}
      </header>
      <div class="grid-scroll">
        <table>
          <thead>
            <tr>
              {y === undefined ? null : <td />}
              {x.values.map(({ text, label }) => (
                <th key={text} scope="col">
                  {label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((across, row) => (
              <tr key={across.text}>
                {y === undefined ? null : <th scope="row">{across.label}</th>}
                {x.values.map(({ text, label }, column) => {
                  const place = `${row},${column}`;
                  const cell = cells.get(place);
                  const words = [across.label, label].filter((part) => part !== '').join(', ');
                  return (
                    <td key={text}>
                      {cell === undefined ? (
                        <span class="grid-blank" aria-hidden="true" />
                      ) : (
                        <button type="button" class="thumb" title="Open" onClick={() => onOpen(place)}>
                          <PictureCanvas picture={cell.picture} crisp={crisp} label={`Picture of ${words}`} />
                        </button>
                      )}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="hint">A picture that is opened joins this session’s pictures, with its settings.</p>
    </section>
  );
}
