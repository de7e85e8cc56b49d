// Which view the page shows; the address tells, so that each can be linked to and the back button works.
import { useEffect, useState } from 'preact/hooks';

export type View = 'draw' | 'grid' | 'models' | 'train' | 'compare' | 'playground' | 'publish';

const TITLES: Readonly<Record<View, string>> = {
  draw: 'Tincture',
  grid: 'Grid · Tincture',
  models: 'Models · Tincture',
  train: 'Train · Tincture',
  compare: 'Compare · Tincture',
  playground: 'Playground · Tincture',
  publish: 'Publish · Tincture',
};

/** The view that an address's fragment means; any other fragment is a place on the drawing page. */
export function viewOf(hash: string): View {
  if (hash === '#playground') return 'playground';
  if (hash === '#grid') return 'grid';
  if (hash === '#models') return 'models';
  if (hash === '#train') return 'train';
  if (hash === '#compare') return 'compare';
  return hash === '#publish' ? 'publish' : 'draw';
}

/** The view of the address as it is now; a change of view takes the page to its top and names it. */
export function useView(): View {
  const [view, setView] = useState(viewOf(location.hash));
  useEffect(() => {
    const look = () => {
      const next = viewOf(location.hash);
      setView((before) => {
        if (next !== before) scrollTo(0, 0);
        return next;
      });
    };
    addEventListener('hashchange', look);
    return () => removeEventListener('hashchange', look);
  }, []);
  useEffect(() => {
    document.title = TITLES[view];
  }, [view]);
  return view;
}
