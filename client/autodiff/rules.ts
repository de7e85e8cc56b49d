// The table op → rule: every op that our graphs are made of, in the plain lowering of attention.

import type { RuleTable } from './rule.ts';
import { ACTIVATION } from './rules-activation.ts';
import { CONVOLUTION } from './rules-convolution.ts';
import { ELEMENTWISE } from './rules-elementwise.ts';
import { LINALG } from './rules-linalg.ts';
import { MOVEMENT } from './rules-movement.ts';
import { NORMALIZATION } from './rules-normalization.ts';

export const RULES: RuleTable = {
  ...ELEMENTWISE,
  ...ACTIVATION,
  ...LINALG,
  ...CONVOLUTION,
  ...NORMALIZATION,
  ...MOVEMENT,
};
