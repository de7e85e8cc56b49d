// The graph builder: a writer with every ONNX op that we use as a method under ONNX's name.
import { convolutionOps } from './convolution.ts';
import { elementwiseOps } from './elementwise.ts';
import { linalgOps } from './linalg.ts';
import { movementOps } from './movement.ts';
import { normalizationOps } from './normalization.ts';
import { reductionOps } from './reduction.ts';
import { GraphWriter } from './writer.ts';

export type GraphBuilder = GraphWriter &
  ReturnType<typeof elementwiseOps> &
  ReturnType<typeof linalgOps> &
  ReturnType<typeof convolutionOps> &
  ReturnType<typeof normalizationOps> &
  ReturnType<typeof movementOps> &
  ReturnType<typeof reductionOps>;

/** Starts an empty graph. Methods throw GraphError, beginning with the op, where ONNX would refuse the node. */
export function graphBuilder(name: string): GraphBuilder {
  const writer = new GraphWriter(name);
  return Object.assign(
    writer,
    elementwiseOps(writer),
    linalgOps(writer),
    convolutionOps(writer),
    normalizationOps(writer),
    movementOps(writer),
    reductionOps(writer),
  );
}
