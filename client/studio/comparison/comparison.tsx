// The comparison page: what `tincture compare` found, a hypernetwork and an embedding on the same pictures side by side.
import { useState } from 'preact/hooks';
import { COMPARED } from '../../comparison/compare-kinds.ts';
import { MAX_REPORT_BYTES, readReport } from '../../comparison/read-report.ts';
import { answerOf } from '../../comparison/report-answer.ts';
import type { ComparisonReport } from '../../comparison/report-data.ts';
import {
  COLUMNS,
  circumstances,
  curvePoints,
  explanation,
  highestLoss,
  numberRows,
  TITLES,
} from '../../comparison/report-rows.ts';
import { TinctureError } from '../../index.ts';
import { DropVeil } from '../components/drop-veil.tsx';
import { FailurePanel } from '../components/failure-panel.tsx';
import { useStudio } from '../components/studio-context.ts';
import './css/comparison.css';

const CHART = { width: 600, height: 160 } as const;
const COMMAND = 'npm run -s tincture -- compare --data pictures --output both --minutes 10';

/** Kept while one looks at another page. */
let kept: ComparisonReport | undefined;

export function Comparison() {
  const { actions } = useStudio();
  const [report, setReport] = useState(kept);
  const take = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    if (file.size > MAX_REPORT_BYTES) {
      throw new TinctureError('comparison/report', 'the file is too large for a report', {
        where: file.name,
        expected: `at most ${MAX_REPORT_BYTES} bytes`,
        found: String(file.size),
      });
    }
    kept = readReport(await file.text(), file.name);
    setReport(kept);
  };
  return (
    <main class="comparison">
      <header class="comparison-head">
        <h2>Compare</h2>
        <p>
          Is an embedding easier than a hypernetwork? Both, trained on the same pictures with the same budget.
        </p>
        <label class="quiet comparison-open">
          Open a report.json
          <input
            class="sr"
            type="file"
            accept=".json,application/json"
            onChange={(event) => {
              const [file] = event.currentTarget.files ?? [];
              void actions.attempt('Reading the report', () => take(file));
            }}
          />
        </label>
      </header>
      <FailurePanel />
      {report === undefined ? (
        <p class="hint">
          A report comes from <code>{COMMAND}</code> in a terminal, which trains both, draws with each, and
          measures. Open its report.json here, or drop it on the page.
        </p>
      ) : (
        <Report report={report} />
      )}
      <DropVeil words="Let go: the report is shown." take={async ({ files }) => take(files[0])} />
    </main>
  );
}

function Report({ report }: { readonly report: ComparisonReport }) {
  const most = highestLoss(report);
  return (
    <article>
      {answerOf(report).map((sentence) => (
        <p key={sentence}>{sentence}</p>
      ))}
      <p class="hint">{circumstances(report)}</p>
      <Pictures report={report} />
      <h3>Numbers</h3>
      <div class="comparison-scroll">
        <table>
          <thead>
            <tr>
              <td />
              {COLUMNS.map((column) => (
                <th key={column} scope="col" class={`of-${column}`}>
                  {TITLES[column]}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {numberRows(report).map(({ name, cells }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                {COLUMNS.map((column, i) => (
                  <td key={column}>{cells[i]}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <h3>Loss</h3>
      <figure>
        <svg
          viewBox={`0 0 ${CHART.width} ${CHART.height}`}
          role="img"
          aria-label={`Loss over the steps, from 0 to ${most.toPrecision(3)}`}
        >
          {COMPARED.map((kind) => (
            <polyline
              key={kind}
              class={`of-${kind}`}
              fill="none"
              stroke-width="2"
              points={curvePoints(report.trained[kind].curve, most, CHART)}
            />
          ))}
          <path d={`M0 ${CHART.height}H${CHART.width}`} stroke="currentColor" />
        </svg>
        <figcaption class="hint">
          From the first step to the last, 0 to {most.toPrecision(3)}:{' '}
          <span class="of-hypernetwork">hypernetwork</span>, <span class="of-embedding">embedding</span>.
        </figcaption>
      </figure>
      <h3>What the figures are</h3>
      <p class="hint">{explanation(report)}</p>
    </article>
  );
}

function Pictures({ report }: { readonly report: ComparisonReport }) {
  const { captions, set, sides } = report;
  return (
    <div class="comparison-scroll">
      <table class="comparison-pictures">
        <thead>
          <tr>
            <th scope="col">words</th>
            <th scope="col">the set</th>
            {COLUMNS.map((column) => (
              <th key={column} scope="col" class={`of-${column}`}>
                {TITLES[column]}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {captions.map((caption, i) => (
            <tr key={set[i]}>
              <th scope="row">{caption}</th>
              <td>
                <img src={set[i]} alt={`${caption}, of the set`} />
              </td>
              {COLUMNS.map((column) => (
                <td key={column}>
                  <img src={sides[column].pictures[i]} alt={`${caption}, drawn with ${TITLES[column]}`} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
