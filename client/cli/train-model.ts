// The model that `train` and `compare` train over: opened, on a backend, with weights as steps read them.
import type { Progress } from '../engine/engine.ts';
import { openModel } from '../engine/model.ts';
import type { Backend } from '../index.ts';
import { nodePlatform } from '../node.ts';
import { chooseTrainingBackend } from '../training/backend.ts';
import { type OpenModel, readyForSteps } from '../training/open-base.ts';

export interface ModelWanted {
  /** Folder, URL or name. */
  readonly model: string;
  /** Undefined: the best one here. */
  readonly backend: Backend | undefined;
}

/**
 * Opens the model, lets `check` refuse it before its weights are read, and says on what it will train. Throws what opening
 * a model throws, `runtime/backend`, and the signal's reason.
 */
export async function openTrainingModel(
  { model: source, backend: wanted }: ModelWanted,
  signal: AbortSignal,
  say: (line: string) => void,
  check: (facts: OpenModel['facts']) => void = () => {},
): Promise<{ readonly model: OpenModel; readonly backend: Backend }> {
  const platform = nodePlatform();
  const opened = await openModel(source, { platform, registry: undefined, signal, onProgress: undefined });
  check(opened.facts);
  const { backend, reason } = await chooseTrainingBackend(opened.checkpoint, wanted);
  say(`training over ${opened.facts.name} (${opened.facts.hash}) on ${reason}`);
  const said = new Set<string>();
  const onProgress = ({ message }: Progress): void => {
    if (!said.has(message)) say(message);
    said.add(message);
  };
  return { model: await readyForSteps(opened, onProgress, signal), backend };
}
