// Dialogs that an address opens: `#account`, and `#device=CODE`, which programs show to those who let them in.
import { useEffect, useState } from 'preact/hooks';

export type AccountPlace =
  | { readonly dialog: 'account' }
  /** `code` is empty where the address has none. */
  | { readonly dialog: 'device'; readonly code: string };

/** The dialog that an address's fragment means. */
export function accountPlace(hash: string): AccountPlace | undefined {
  if (hash === '#account') return { dialog: 'account' };
  const device = /^#device(?:=([A-Za-z-]{0,20}))?$/.exec(hash);
  return device === null ? undefined : { dialog: 'device', code: device[1] ?? '' };
}

/**
 * The account's dialog that is open, and the verb that opens another or none. A dialog that an address opened takes its fragment
 * away when it is closed, so that reloading does not open it again.
 */
export function useAccountPlace(): readonly [
  AccountPlace | undefined,
  (place: AccountPlace | undefined) => void,
] {
  const [place, setPlace] = useState(() => accountPlace(location.hash));
  useEffect(() => {
    const look = () => {
      const linked = accountPlace(location.hash);
      if (linked !== undefined) setPlace(linked);
    };
    addEventListener('hashchange', look);
    return () => removeEventListener('hashchange', look);
  }, []);
  return [
    place,
    (next) => {
      if (next === undefined && accountPlace(location.hash) !== undefined) {
        history.replaceState(null, '', location.pathname);
      }
      setPlace(next);
    },
  ];
}
