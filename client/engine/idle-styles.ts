// Tells of styles, and of factors on their strength, that change nothing in a picture because this model lacks their widths.
import type { ModelFacts } from './engine.ts';
import type { StepState } from './step-styles.ts';
import { isSilentAt } from './style-strengths.ts';

/** A notice for each style without layers for this model, and for each factor of a width that the style does not bend here. */
export function idleStyles({ styles }: StepState, model: ModelFacts): string[] {
  const { contextWidth, selfAttentionWidths } = model;
  const wanted = [...new Set([contextWidth, ...selfAttentionWidths])];
  return styles.flatMap(({ name, strength, factors = {}, bendsText, hypernetwork }) => {
    const found = [...hypernetwork.widths.keys()];
    const bent = wanted.filter((width) => found.includes(width) || (width === contextWidth && bendsText));
    // A style that was taken off the text says nothing of its layers by leaving the text alone.
    if (isSilentAt({ strength, factors }, contextWidth)) return [];
    if (bent.length === 0) {
      return [
        `The style ${name} has ${found.length === 0 ? 'no layers here' : `layers for widths ${found.join(', ')}`}; this model has ` +
          `${wanted.join(', ')}, so the style changes nothing. It was made for another model.`,
      ];
    }
    const idle = Object.keys(factors.widths ?? {}).filter((width) => !bent.includes(Number(width)));
    if (idle.length === 0) return [];
    return [
      `The style ${name} bends the widths ${bent.join(', ')} of this model: its factor for ${idle.join(', ')} changes nothing.`,
    ];
  });
}
