// How a component reaches the account of this page.
import { createContext } from 'preact';
import { useContext, useState } from 'preact/hooks';
import { usePart } from '../components/studio-context.ts';
import type { AccountKeeper, AccountState } from './account-keeper.ts';
import { accountWords } from './passkey-words.ts';

export const AccountContext = createContext<AccountKeeper | undefined>(undefined);

export function useAccount(): AccountKeeper {
  const keeper = useContext(AccountContext);
  if (keeper === undefined) throw new Error('a component of the account stands outside of it');
  return keeper;
}

const whole = (state: AccountState): AccountState => state;

/** Who is signed in; the component is drawn again when that changes. */
export function useAccountState(): AccountState {
  return usePart(useAccount().store, whole);
}

export interface Task {
  readonly busy: boolean;
  /** What went wrong the last time, in words. */
  readonly words: string | undefined;
  /** Runs `work` unless something runs already; true when it ended well. */
  run(work: () => Promise<unknown>): Promise<boolean>;
}

/** One thing at a time that a form does, with its failure beside the form. */
export function useTask(): Task {
  const [busy, setBusy] = useState(false);
  const [words, setWords] = useState<string>();
  return {
    busy,
    words,
    async run(work) {
      if (busy) return false;
      setBusy(true);
      setWords(undefined);
      try {
        await work();
        return true;
      } catch (thrown) {
        setWords(accountWords(thrown));
        return false;
      } finally {
        setBusy(false);
      }
    },
  };
}
