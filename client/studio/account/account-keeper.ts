// Who is signed in on this page, and the ways in and out. A passkey is asked for by the browser itself.
import { startAuthentication, startRegistration } from '@simplewebauthn/browser';
import { type Account, createAccount, type Me, RegistryError } from '../../index.ts';
import { createStore, type Store } from '../state/store.ts';

export interface AccountState {
  /** Undefined: nobody is signed in. */
  readonly me: Me | undefined;
  /** The handle to show before the registry has been asked. */
  readonly handle: string | undefined;
}

export interface AccountKeeper {
  readonly store: Store<AccountState, AccountState>;
  /** The account's other verbs: tokens, keys, passkeys, programs. */
  readonly account: Account;
  /** Asks the registry who is signed in, where this browser believes that somebody is. */
  look(): Promise<void>;
  signUp(handle: string, displayName: string): Promise<void>;
  signIn(): Promise<void>;
  signOut(): Promise<void>;
  /** Another passkey for who is signed in; with a token, the first one of an account that has none. */
  addPasskey(token?: string): Promise<void>;
}

/** Only the handle, so that a reader who never signs in costs the registry no question. */
const REMEMBERED = 'tincture-account';

type CreationOptions = Parameters<typeof startRegistration>[0]['optionsJSON'];
type RequestOptions = Parameters<typeof startAuthentication>[0]['optionsJSON'];

/** The keeper of the account at the registry `origin`, which must have served this page. */
export function createAccountKeeper(origin: string): AccountKeeper {
  const account = createAccount(origin);
  const store = createStore((_: AccountState, next: AccountState) => next, {
    me: undefined,
    handle: localStorage.getItem(REMEMBERED) ?? undefined,
  });

  const forget = (): void => {
    localStorage.removeItem(REMEMBERED);
    store.dispatch({ me: undefined, handle: undefined });
  };
  const learn = async (): Promise<void> => {
    const me = await account.me();
    localStorage.setItem(REMEMBERED, me.handle);
    store.dispatch({ me, handle: me.handle });
  };
  const register = async (by: Account, wanted?: { handle: string; displayName: string }): Promise<void> => {
    const options = (await by.beginPasskey(wanted)) as unknown as CreationOptions;
    await account.finishPasskey(await startRegistration({ optionsJSON: options }));
    await learn();
  };

  return {
    store,
    account,
    async look() {
      if (store.state().handle === undefined) return;
      try {
        await learn();
      } catch (error) {
        if (!(error instanceof RegistryError) || error.problemCode?.startsWith('auth/') !== true) throw error;
        forget();
      }
    },
    signUp: (handle, displayName) => register(account, { handle, displayName }),
    async signIn() {
      const options = (await account.beginSession()) as unknown as RequestOptions;
      await account.openSession(await startAuthentication({ optionsJSON: options }));
      await learn();
    },
    async signOut() {
      await account.endSession();
      forget();
    },
    addPasskey: (token) => register(token === undefined ? account : createAccount(origin, { token })),
  };
}
