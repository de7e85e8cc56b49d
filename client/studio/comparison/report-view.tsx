// A comparison's report: the answer in words, pictures side by side, numbers, and the losses.
import { COMPARED } from '../../comparison/compare-kinds.ts';
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

const CHART = { width: 600, height: 160 } as const;

export function ReportView({ report }: { readonly report: ComparisonReport }) {
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
