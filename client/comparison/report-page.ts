// A comparison's report as one HTML page that needs nothing else: pictures, curves and numbers side by side.
import { COMPARED, type ComparedKind } from './compare-kinds.ts';
import { answerOf } from './report-answer.ts';
import type { ComparisonReport } from './report-data.ts';
import {
  COLUMNS,
  circumstances,
  curvePoints,
  explanation,
  highestLoss,
  numberRows,
  TITLES,
} from './report-rows.ts';

/** Of the chart, in its own units. */
const CHART = { width: 600, height: 160 } as const;

const STYLE = `
:root { color-scheme: light dark; --ink: #1d2330; --soft: #5b6474; --line: #d9dde5; --paper: #fff; --a: #1f5fd0; --b: #c2410c; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ebf2; --soft: #9aa4b5; --line: #343b48; --paper: #14181f; --a: #7fb0ff; --b: #ff9d66; } }
body { margin: 0 auto; max-width: 62rem; padding: 2rem 1rem 4rem; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; } h2 { font-size: 1.1rem; margin-top: 2.5rem; }
p.soft, figcaption, caption { color: var(--soft); font-size: .9rem; text-align: left; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { border-bottom: 1px solid var(--line); padding: .4rem .75rem .4rem 0; text-align: right; }
th[scope=row], thead th:first-child { text-align: left; font-weight: 500; }
img { display: block; width: clamp(3.5rem, 17vw, 10rem); image-rendering: pixelated; border-radius: .25rem; }
.pictures th, .pictures td { text-align: left; padding-right: .5rem; font-size: .85rem; overflow-wrap: anywhere; } svg { width: 100%; height: auto; }
.hypernetwork { color: var(--a); stroke: var(--a); } .embedding { color: var(--b); stroke: var(--b); }`;

/** The whole page. Every text of the report's is escaped. */
export function reportPage(report: ComparisonReport): string {
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>A hypernetwork and an embedding on the same pictures</title><style>${STYLE}</style>
<h1>Is an embedding easier than a hypernetwork?</h1>
${answerOf(report)
  .map((sentence) => `<p>${escaped(sentence)}</p>`)
  .join('\n')}
<p class="soft">${escaped(circumstances(report))}</p>
<h2>Pictures</h2>${pictures(report)}
<h2>Numbers</h2>${numbers(report)}
<h2>Loss</h2>${chart(report)}
<h2>What the figures are</h2>
<p class="soft">${escaped(explanation(report))}</p>
</html>
`;
}

function pictures({ captions, set, sides }: ComparisonReport): string {
  const image = (source: string, words: string) =>
    `<td><img src="${escaped(source)}" alt="${escaped(words)}"></td>`;
  const rows = captions.map(
    (caption, i) =>
      `<tr><th scope="row">${escaped(caption)}</th>${image(set[i]!, `${caption}, of the set`)}${COLUMNS.map(
        (column) => image(sides[column].pictures[i]!, `${caption}, drawn with ${TITLES[column]}`),
      ).join('')}</tr>`,
  );
  return `<div class="scroll"><table class="pictures"><thead><tr><th>words</th><th>the set</th>${COLUMNS.map(
    (column) => `<th class="${column}">${TITLES[column]}</th>`,
  ).join('')}</tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`;
}

function numbers(report: ComparisonReport): string {
  const head = COLUMNS.map((column) => `<th class="${column}">${TITLES[column]}</th>`).join('');
  const rows = numberRows(report).map(
    ({ name, cells }) =>
      `<tr><th scope="row">${name}</th>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`,
  );
  return `<div class="scroll"><table><thead><tr><th></th>${head}</tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`;
}

function chart(report: ComparisonReport): string {
  const most = highestLoss(report);
  const line = (kind: ComparedKind) =>
    `<polyline class="${kind}" fill="none" stroke-width="2" points="${curvePoints(report.trained[kind].curve, most, CHART)}"/>`;
  const { width, height } = CHART;
  return `<figure><svg viewBox="0 0 ${width} ${height}" role="img" aria-label="Loss over the steps, from 0 to ${most.toPrecision(3)}">${COMPARED.map(line).join('')}<path d="M0 ${height}H${width}" stroke="currentColor"/></svg>
<figcaption>From the first step to the last, 0 to ${most.toPrecision(3)}: <span class="hypernetwork">hypernetwork</span>, <span class="embedding">embedding</span>.</figcaption></figure>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
}
