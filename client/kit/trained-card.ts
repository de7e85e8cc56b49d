// The card of a style or an embedding that was trained here: what its author says, what training knows, and words for the rest.
import { TinctureError } from '../../plugins/contract/error.ts';
import type { StyleTraining } from '../../plugins/contract/style.ts';
import { checkCard } from './author-card.ts';
import type { PackRequest } from './pack.ts';
import { styleNameFrom, titleFrom } from './style-names.ts';

type Card = PackRequest['card'];

/** What training knows of its result. */
export interface TrainedFacts {
  /** What is trained; the style's name is made of it where the author says none. */
  readonly name: string;
  readonly base: Card['base'];
  readonly training: StyleTraining;
  /** Of an embedding; undefined for a style. */
  readonly vectors?: number | undefined;
}

/** Strength is what every hypernetwork offers; above 1.5 pictures rarely hold together. */
const PARAMETERS = [{ name: 'strength', default: 1, minimum: 0, maximum: 1.5 }];

/**
 * A checked card: the author's fields first, `author` and `licence` among them, which nobody else can say; the others filled in.
 * `base` and `training` are always those of the training. Throws `kit/card` naming the field that is missing or wrong.
 */
export function trainedCard(
  said: Readonly<Record<string, unknown>>,
  { name: trainedName, base, training, vectors }: TrainedFacts,
): Card {
  for (const field of ['author', 'licence']) {
    if (said[field] !== undefined) continue;
    throw new TinctureError('kit/card', `a style needs ${field === 'author' ? 'an author' : 'a licence'}`, {
      where: `card, ${field}`,
      fix: `Write "${field}" into the card.`,
    });
  }
  const { files: _, layers: _layers, kind: _kind, vectors: _vectors, ...own } = said;
  const name = own['name'] ?? (styleNameFrom(trainedName) || 'style');
  const card = {
    version: '1.0.0',
    title: titleFrom(String(name)),
    description: wordsOf(training),
    tags: [],
    triggerWords: [],
    parameters: vectors === undefined ? PARAMETERS : [],
    ...own,
    name,
    base,
    training,
    ...(vectors !== undefined && { kind: 'embedding', vectors }),
  };
  const { layers: _none, ...checked } = checkCard({ ...card, layers: null }, 'card');
  return checked;
}

function wordsOf({ pictures, steps, batch, rates, base }: StyleTraining): string {
  const each = batch === 1 ? 'one picture' : `${batch} pictures`;
  return `Trained on ${pictures} ${pictures === 1 ? 'picture' : 'pictures'} for ${steps} steps of ${each}, at ${rates}, over ${base}.`;
}
