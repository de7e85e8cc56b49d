// The hypernetwork that is to be trained, from the few things that one chooses about it.
import { ACTIVATIONS, type HypernetworkDescription } from '../hypernetwork/hypernetwork.ts';

/** What a network can have between its layers. */
export const ACTIVATION_NAMES: readonly string[] = ['linear', ...ACTIVATIONS];

export interface NetworkChoice {
  readonly name: string;
  /** Widths as multiples, the first and last 1. */
  readonly layerStructure: readonly number[];
  readonly activation: string;
  readonly initialization: string;
  readonly layerNorm: boolean;
  readonly activateOutput: boolean;
  /** A rate for each entry of `layerStructure`; undefined drops nothing. */
  readonly dropout: readonly number[] | undefined;
}

/** What is wrong with a layer structure, as the end of a sentence; undefined when nothing is. */
export function layersFault(structure: readonly number[]): string | undefined {
  const sound = structure.length >= 2 && structure[0] === 1 && structure.at(-1) === 1;
  return sound ? undefined : 'must begin and end with 1, such as 1,2,1';
}

/** What is wrong with dropout rates for a layer structure, as the end of a sentence. */
export function dropoutFault(rates: readonly number[], structure: readonly number[]): string | undefined {
  if (rates.length === structure.length && rates[0] === 0) return undefined;
  return `needs ${structure.length} rates, the first 0, one for each entry of the layers`;
}

/** The description of a fresh network; `layersFault` and `dropoutFault` have passed its choices. */
export function freshDescription(choice: NetworkChoice): HypernetworkDescription {
  const { layerStructure, dropout } = choice;
  const dropoutStructure = dropout ?? layerStructure.map(() => 0);
  return {
    name: choice.name,
    step: 0,
    layerStructure,
    activation: choice.activation.toLowerCase(),
    layerNorm: choice.layerNorm,
    activateOutput: choice.activateOutput,
    useDropout: dropoutStructure.some((rate) => rate > 0),
    dropoutStructure,
    lastLayerDropout: dropoutStructure.at(-2) !== 0 && dropoutStructure.length > 2,
    weightInitialization: choice.initialization,
    checkpointHash: null,
    checkpointName: null,
    optionalInfo: null,
  };
}
