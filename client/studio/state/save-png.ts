// Saves a print as a file; the PNG carries its parameters.
import { saveFile } from './save-file.ts';
import type { Print } from './studio.ts';

/** A file name that tells the picture: its first words and its seed. */
export function pngName({ settings }: Pick<Print, 'settings'>): string {
  const words = settings.prompt
    .toLowerCase()
    .replace(/<[^>]*>/g, '')
    .match(/[\p{L}\p{N}]+/gu);
  return `${[...(words ?? ['picture']).slice(0, 6), settings.seed].join('-')}.png`;
}

export function savePng(print: Print): void {
  saveFile(new Blob([print.png], { type: 'image/png' }), pngName(print));
}
