// A comparison's report as one HTML page that needs nothing else: pictures, curves and numbers side by side.
import { COMPARED, type ComparedKind } from './compare.ts';
import { answerOf, type ComparisonReport } from './report-data.ts';

const COLUMNS = ['none', ...COMPARED] as const;
const TITLES = { none: 'neither', hypernetwork: 'hypernetwork', embedding: 'embedding' } as const;
/** Of the chart, in its own units. */
const [WIDTH, HEIGHT] = [600, 160];

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
img { display: block; width: 100%; min-width: 4.5rem; max-width: 12rem; image-rendering: pixelated; border-radius: .25rem; }
.pictures td { width: 22%; } svg { width: 100%; height: auto; }
.hypernetwork { color: var(--a); stroke: var(--a); } .embedding { color: var(--b); stroke: var(--b); }`;

/** The whole page. Every text of the report's is escaped. */
export function reportPage(report: ComparisonReport): string {
  const { model, data, budget } = report;
  const spent = 'steps' in budget ? `${budget.steps} steps` : `${budget.minutes} minutes`;
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>A hypernetwork and an embedding on the same pictures</title><style>${STYLE}</style>
<h1>Is an embedding easier than a hypernetwork?</h1>
${answerOf(report)
  .map((sentence) => `<p>${escaped(sentence)}</p>`)
  .join('\n')}
<p class="soft">${data.pictures} pictures, ${data.heldBack} held back, ${data.batch} a step, ${spent} each, over ${escaped(model.name)} (${escaped(model.hash)}), on ${escaped(report.backend)}.</p>
<h2>Pictures</h2>${pictures(report)}
<h2>Numbers</h2>${numbers(report)}
<h2>Loss</h2>${chart(report)}
<h2>What the figures are</h2>
<p class="soft">In the style: the share of ${report.judged} pictures that a linear classifier on eight pixel statistics calls the set’s style. It was
fitted to the set’s pictures, drawn through the model’s autoencoder, against those of the model alone, and tells ${percent(report.accuracy)} of
these right. Words followed: the share whose nearest picture of the set, by the means of 16 × 16 cells, has the same words; the set’s own pictures,
through the autoencoder, reach ${percent(report.ceiling.inStyle)} and ${percent(report.ceiling.follows)}. The loss held back is the mean over five
timesteps with fixed noise.</p>
</html>
`;
}

function pictures({ captions, set, sides }: ComparisonReport): string {
  const image = (source: string, words: string) =>
    `<td><img src="${escaped(source)}" alt="${escaped(words)}"></td>`;
  const rows = captions.map(
    (caption, i) =>
      `<tr><th scope="row">${escaped(caption)}</th>${image(set[i]!, `${caption}: a picture of the set`)}${COLUMNS.map(
        (column) => image(sides[column].pictures[i]!, `${caption}, drawn with ${TITLES[column]}`),
      ).join('')}</tr>`,
  );
  return `<div class="scroll"><table class="pictures"><thead><tr><th>words</th><th>the set</th>${COLUMNS.map(
    (column) => `<th class="${column}">${TITLES[column]}</th>`,
  ).join('')}</tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`;
}

function numbers(report: ComparisonReport): string {
  const { sides, trained } = report;
  const figure = (name: 'inStyle' | 'follows') =>
    COLUMNS.map((column) => percent(sides[column].figures[name]));
  const each = (show: (kind: ComparedKind) => string) => ['', ...COMPARED.map(show)];
  const loss = (value: number | undefined) => (value === undefined ? 'not measured' : value.toPrecision(4));
  const rows: [string, string[]][] = [
    ['in the style', figure('inStyle')],
    ['words followed', figure('follows')],
    ['loss at the end', each((kind) => loss(trained[kind].lossAtEnd))],
    ['loss held back, before', each((kind) => loss(trained[kind].validationBefore))],
    ['loss held back, after', each((kind) => loss(trained[kind].validationAfter))],
    ['numbers trained', each((kind) => trained[kind].parameters.toLocaleString('en'))],
    ['bytes of the file', each((kind) => trained[kind].bytes.toLocaleString('en'))],
    ['steps', each((kind) => String(trained[kind].steps))],
    ['seconds', each((kind) => trained[kind].seconds.toFixed(0))],
    ['seconds a step', each((kind) => trained[kind].secondsAStep.toPrecision(3))],
    ['rates', each((kind) => trained[kind].rate)],
  ];
  return `<div class="scroll"><table><thead><tr><th></th>${COLUMNS.map((column) => `<th class="${column}">${TITLES[column]}</th>`).join('')}</tr></thead><tbody>${rows
    .map(
      ([name, cells]) =>
        `<tr><th scope="row">${name}</th>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`,
    )
    .join('\n')}</tbody></table></div>`;
}

function chart({ trained }: ComparisonReport): string {
  const most = Math.max(...COMPARED.flatMap((kind) => trained[kind].curve), 1e-9);
  const line = (kind: ComparedKind) => {
    const { curve } = trained[kind];
    const points = curve.map(
      (loss, i) =>
        `${((WIDTH * i) / Math.max(1, curve.length - 1)).toFixed(1)},${(HEIGHT - (HEIGHT * loss) / most).toFixed(1)}`,
    );
    return `<polyline class="${kind}" fill="none" stroke-width="2" points="${points.join(' ')}"/>`;
  };
  return `<figure><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Loss over the steps, from 0 to ${most.toPrecision(3)}">${COMPARED.map(line).join('')}<path d="M0 ${HEIGHT}H${WIDTH}" stroke="currentColor"/></svg>
<figcaption>From the first step to the last, 0 to ${most.toPrecision(3)}: <span class="hypernetwork">hypernetwork</span>, <span class="embedding">embedding</span>.</figcaption></figure>`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
}
