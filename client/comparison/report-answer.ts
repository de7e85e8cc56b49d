// The answer that a comparison gives, in words.
import { COMPARED, type ComparedKind } from './compare-kinds.ts';
import type { ComparisonReport, ReportTrained } from './report-data.ts';

/** The answer to "is an embedding easier than a hypernetwork?", in sentences with the report's numbers. */
export function answerOf({ trained, sides, judged }: ComparisonReport): string[] {
  const { hypernetwork, embedding } = trained;
  const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
  const times = (ratio: number) => `${ratio < 10 ? ratio.toFixed(1) : ratio.toFixed(0)} times`;
  const figures = (kind: 'none' | ComparedKind) => sides[kind].figures;
  const style = COMPARED.map((kind) => percent(figures(kind).inStyle));
  const follows = COMPARED.map((kind) => percent(figures(kind).follows));
  const speed = hypernetwork.secondsAStep / embedding.secondsAStep;
  const sentences = [
    `Of ${judged} pictures each, ${style[0]} are in the style with the hypernetwork, ${style[1]} with the embedding, ${percent(figures('none').inStyle)} with neither.`,
    `Their words are followed by ${follows[0]} and ${follows[1]}, with neither by ${percent(figures('none').follows)}.`,
    `The hypernetwork’s file is ${times(hypernetwork.bytes / embedding.bytes)} as large (${hypernetwork.parameters} numbers beside ${embedding.parameters}), and its step takes ${times(speed)} as long.`,
  ];
  const gains = COMPARED.map((kind) => gainOf(trained[kind]));
  if (gains[0] !== undefined && gains[1] !== undefined) {
    sentences.push(
      `On the pictures held back the loss changed by ${signed(gains[0])} with the hypernetwork and by ${signed(gains[1])} with the embedding.`,
    );
  }
  return sentences;
}

function gainOf({ validationBefore, validationAfter }: ReportTrained): number | undefined {
  if (validationBefore === undefined || validationAfter === undefined) return undefined;
  return validationAfter / validationBefore - 1;
}

function signed(share: number): string {
  return `${share < 0 ? '−' : '+'}${Math.abs(100 * share).toFixed(1)} %`;
}
