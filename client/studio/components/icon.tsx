// The studio's icons: strokes on a 20 by 20 grid, in the text's colour, silent to screen readers.

const PATHS = {
  dice: 'M3.5 5.5a2 2 0 0 1 2-2h9a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2h-9a2 2 0 0 1-2-2zM7 7h.01M13 7h.01M10 10h.01M7 13h.01M13 13h.01',
  locked: 'M5 9h10v7.5H5zM7 9V6.5a3 3 0 0 1 6 0V9M10 12v1.8',
  unlocked: 'M5 9h10v7.5H5zM7 9V6a3 3 0 0 1 5.8-1M10 12v1.8',
  up: 'M10 16V4.5M5.5 9 10 4.5 14.5 9',
  down: 'M10 4v11.5M5.5 11l4.5 4.5 4.5-4.5',
  grip: 'M7.5 5h.01M12.5 5h.01M7.5 10h.01M12.5 10h.01M7.5 15h.01M12.5 15h.01',
  close: 'M5 5l10 10M15 5 5 15',
  add: 'M10 4v12M4 10h12',
  minus: 'M4 10h12',
  download: 'M10 3v9.5M6 9l4 4 4-4M3.5 16.5h13',
  enlarge: 'M12 3.5h4.5V8M8 16.5H3.5V12M16 4l-5 5M4 16l5-5',
  reuse: 'M4 8.5h8.5a3.5 3.5 0 0 1 0 7H8M7 5 3.5 8.5 7 12',
  terminal: 'M3 4.5h14v11H3zM6 8l2.5 2L6 12M10.5 12.5H14',
  pixels: 'M4 4h4v4H4zM8 8h4v4H8zM12 12h4v4h-4zM12 4h4v4h-4zM4 12h4v4H4z',
  open: 'M3 15.5v-10h5l1.5 2H17v8zM10 14V9.5M8 11.3l2-2 2 2',
  back: 'M12.5 4.5 7 10l5.5 5.5',
  forward: 'M7.5 4.5 13 10l-5.5 5.5',
  search: 'M8.5 3.5a5 5 0 1 0 0 10 5 5 0 0 0 0-10zM12.3 12.3l4.2 4.2',
  brush:
    'M16.5 3.5 9 11M6.5 11.5a2.4 2.4 0 0 1 2.6 2.7c-.2 1.8-2.4 2.6-5.6 2.3 1-1 .6-3.6 1.6-4.5.4-.3.9-.5 1.4-.5z',
  undo: 'M7 4 3.5 7.5 7 11M4 7.5h7.5a4.5 4.5 0 0 1 0 9H8',
  invert: 'M10 3.5a6.5 6.5 0 1 0 0 13zM10 3.5a6.5 6.5 0 1 1 0 13',
  check: 'M4 10.5l4 4 8-9',
  merge: 'M5 3.5v4l5 4v5M15 3.5v4l-5 4M7.5 14l2.5 2.5 2.5-2.5',
  pause: 'M7 4.5v11M13 4.5v11',
  bin: 'M4 6h12M8 6V4h4v2M5.5 6l.8 10.5h7.4L14.5 6M8.5 9v4.5M11.5 9v4.5',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
