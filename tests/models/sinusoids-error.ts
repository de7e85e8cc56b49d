// How far a backend's sinusoids are from double precision over all timesteps; in Node and in a page.
import { sinusoids, type Wave } from '../../client/models/sinusoids.ts';
import { graphBuilder } from '../../client/onnx/builder.ts';
import { emitGraph } from '../../client/onnx/emit.ts';
import { createSession } from '../../client/runtime/create.ts';
import type { Backend } from '../../client/runtime/session.ts';
import { tensor } from '../../client/tensor/tensor.ts';

const FREQUENCIES = Array.from({ length: 32 }, (_, i) => 10_000 ** (-i / 32));
const WAVES = FREQUENCIES.flatMap((): Wave[] => ['cosine', 'sine']);
/** In steps of a quarter to 1000. */
const TIMESTEPS = 4001;

/** The largest absolute error of cosines and sines of the same float32 phases. */
export async function sinusoidError(backend: Backend): Promise<number> {
  const graph = graphBuilder('sinusoids');
  const input = graph.input('phases', 'float32', ['rows', WAVES.length]);
  graph.output('waves', sinusoids(graph, input, WAVES));
  const phases = tensor([TIMESTEPS, WAVES.length]);
  for (let i = 0; i < phases.data.length; i++) {
    const column = i % WAVES.length;
    phases.data[i] = (Math.floor(i / WAVES.length) / 4) * FREQUENCIES[column >> 1]!;
  }
  const session = await createSession(emitGraph(graph), { backend });
  const { waves } = await session.run({ phases });
  await session.release();
  return waves!.data.reduce((worst, found, i) => {
    const phase = phases.data[i]!;
    return Math.max(worst, Math.abs(found - (i % 2 === 0 ? Math.cos(phase) : Math.sin(phase))));
  }, 0);
}
