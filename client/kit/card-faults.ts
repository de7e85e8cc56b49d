// What is wrong with a card, field by field, for forms that say so while one types.
import { type StyleCard, styleCardSchema } from '../../plugins/contract/style.ts';

/** The first fault of each field, by the name of the card's field; empty for a card that is right. */
export function cardFaults(card: unknown): ReadonlyMap<keyof StyleCard, string> {
  const parsed = styleCardSchema.safeParse(card);
  const faults = new Map<keyof StyleCard, string>();
  if (parsed.success) return faults;
  for (const { path, message } of parsed.error.issues) {
    const field = path[0] as keyof StyleCard | undefined;
    if (field !== undefined && !faults.has(field)) faults.set(field, message);
  }
  return faults;
}
