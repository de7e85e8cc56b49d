// The Worker's side of a comparison in a page: model, pictures and engine opened here, both kinds trained, drawn and judged.
import { createEngine } from '../engine/create.ts';
import type { Progress } from '../engine/engine.ts';
import { wireError } from '../engine/wire-error.ts';
import { remotePluginHost } from '../plugin-host/remote.ts';
import { assess } from '../training/fit.ts';
import { deviceTurn, trainAlone } from '../training/locks.ts';
import { openBase, readyForSteps } from '../training/open-base.ts';
import { exampleOptions } from '../training/request.ts';
import { deviceRoom } from '../training/room.ts';
import { compare } from './compare.ts';
import type { ComparedKind } from './compare-kinds.ts';
import { prepareSet } from './prepare-set.ts';
import type {
  ComparisonNews,
  ComparisonResult,
  ComparisonStart,
  FromComparer,
  ToComparer,
} from './protocol.ts';
import { reportOf } from './report-data.ts';

self.addEventListener('message', ({ data: { start, plugins } }: MessageEvent<ToComparer>) => {
  trainAlone(() => run(start, plugins)).then(
    (result) => send({ kind: 'ended', result }),
    (error: unknown) => send({ kind: 'error', error: wireError(error) }),
  );
});

async function run(start: ComparisonStart, plugins: MessagePort): Promise<ComparisonResult> {
  const { options, seeds, pictureSteps, shown } = start;
  const { model: opened, backend } = await openBase(options, preparing);
  const { defaults } = opened.facts;
  const { hypernetwork, embedding } = start.requests;
  const assessment = assess(
    opened,
    hypernetwork,
    exampleOptions(hypernetwork, defaults).size,
    await deviceRoom(backend),
  );
  tell({ kind: 'assessed', assessment });
  // What is on paper for the larger one is room enough for the other.
  const memory = hypernetwork.memory ?? assessment.need.memory;
  const requests = { hypernetwork: { ...hypernetwork, memory }, embedding: { ...embedding, memory } };
  tell({ kind: 'preparing', message: 'preparing the weights' });
  const model = await readyForSteps(opened, preparing);
  const names = start.pictures.map(({ name }) => name);
  const files = start.pictures.map(({ name, caption, file }, i) => ({
    // Two folders may hold pictures of one name.
    name: names.indexOf(name) === i ? name : `${name} (${i + 1})`,
    caption,
    size: file.size,
    read: async () => new Uint8Array(await file.arrayBuffer()),
  }));
  const prepared = await prepareSet(files, model, backend, hypernetwork, start.holdBack, {
    onProgress: (done, total) =>
      tell({ kind: 'preparing', message: `reading picture ${done + 1} of ${total}` }),
  });
  for (const words of prepared.notices) tell({ kind: 'notice', words });
  tell({ kind: 'preparing', message: 'making the first steps' });
  const engine = await createEngine({ ...options, backend }, { pluginHost: remotePluginHost(plugins) });
  try {
    const budget = { steps: hypernetwork.steps };
    const job = { ...prepared, model, backend, engine, requests, budget, seeds, pictureSteps };
    const comparison = await compare(job, {
      turn: deviceTurn,
      onProgress: (progress) => tell({ kind: 'progress', progress }),
    });
    const fileOf = (kind: ComparedKind) => ({
      name: requests[kind].name,
      pt: comparison.trained[kind].files.pt,
    });
    return {
      report: reportOf(job, comparison, shown),
      files: { hypernetwork: fileOf('hypernetwork'), embedding: fileOf('embedding') },
    };
  } finally {
    await engine.close();
  }
}

function preparing({ message }: Progress): void {
  tell({ kind: 'preparing', message });
}

function tell(news: ComparisonNews): void {
  send({ kind: 'news', news });
}

function send(message: FromComparer): void {
  self.postMessage(message);
}
