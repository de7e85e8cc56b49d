// The figures of a comparison: how many pictures are in the style, and how many show what their words say.
import type { Pixels } from '../formats/png.ts';
import { fitClassifier } from './linear-classifier.ts';
import { coarse, nearest, pixelStatistics } from './pixel-statistics.ts';

/** A picture with the words that it was drawn for, or has. */
export interface CaptionedPicture {
  readonly caption: string;
  readonly picture: Pixels;
}

export interface Figures {
  /** Share of the pictures that a linear classifier on pixel statistics calls the style, 0 … 1. */
  readonly inStyle: number;
  /** Share whose nearest picture of the set, by the means of 16 × 16 cells, has the same words, 0 … 1. */
  readonly follows: number;
}

export interface Judge {
  /** Share of the pictures that it was made from which it tells right. */
  readonly accuracy: number;
  figuresOf(drawn: readonly CaptionedPicture[]): Figures;
}

/**
 * `style` are the set's pictures as the model can draw them, through its autoencoder, so that crispness alone tells nothing;
 * `plain` are drawn by the model without the style.
 */
export function judgeOf(style: readonly CaptionedPicture[], plain: readonly CaptionedPicture[]): Judge {
  const statistics = (pictures: readonly CaptionedPicture[]) =>
    pictures.map(({ picture }) => pixelStatistics(picture));
  const { isSecond, accuracy } = fitClassifier(statistics(plain), statistics(style));
  const known = style.map(({ picture }) => coarse(picture));
  const share = (drawn: readonly CaptionedPicture[], fits: (one: CaptionedPicture) => boolean) =>
    drawn.filter(fits).length / Math.max(1, drawn.length);
  return {
    accuracy,
    figuresOf: (drawn) => ({
      inStyle: share(drawn, ({ picture }) => isSecond(pixelStatistics(picture))),
      follows: share(
        drawn,
        ({ picture, caption }) => style[nearest(coarse(picture), known)]?.caption === caption,
      ),
    }),
  };
}
