// Names of the graph inputs that carry styles: `style0.64.k.0.weight` is layer 0 of style 0's keys at width 64.

/** The one matrix and bias that a chain of linear layers folds into. */
export function foldedNames(width: number, kind: 'k' | 'v'): { weight: string; bias: string } {
  return { weight: `styles.${width}.${kind}.weight`, bias: `styles.${width}.${kind}.bias` };
}

/** A style's strength for one stack, [1]: every stack has its own, so that no strength needs another graph. */
export function strengthName(style: number, width: number, kind: 'k' | 'v'): string {
  return `style${style}.${width}.${kind}.strength`;
}

/** Parameters of one layer of a stack. */
export function layerNames(
  style: number,
  width: number,
  kind: 'k' | 'v',
  layer: number,
): { weight: string; bias: string; slope: string } {
  const stem = `style${style}.${width}.${kind}.${layer}`;
  return { weight: `${stem}.weight`, bias: `${stem}.bias`, slope: `${stem}.slope` };
}
