// For who is not signed in: signing in with a passkey, making an account, or bringing a token once.
import { useState } from 'preact/hooks';
import { Icon } from '../components/icon.tsx';
import { useAccount, useTask } from './account-context.ts';
import { Complaint } from './complaint.tsx';

/** Passkeys know names only: on this machine `localhost`, which is the same page. */
function namedAddress(): string | undefined {
  if (!/^(\d+\.){3}\d+$|^\[/.test(location.hostname)) return undefined;
  const url = new URL(location.href);
  url.hostname = 'localhost';
  if (url.hash === '') url.hash = '#account';
  return url.href;
}

export function Entrance() {
  const keeper = useAccount();
  const task = useTask();
  const [handle, setHandle] = useState('');
  const [displayName, setDisplayName] = useState('');
  const [token, setToken] = useState('');
  const named = namedAddress();
  if (named !== undefined) {
    return (
      <p>
        Passkeys belong to a name, and this page was opened at a bare address. Open{' '}
        <a href={named}>the same page at {new URL(named).host}</a> to sign in.
      </p>
    );
  }
  return (
    <>
      <p>
        An account is for who publishes styles. Drawing needs none. There is no password and no e-mail: a{' '}
        <strong>passkey</strong> in this device or your password manager signs you in, and of you only a
        handle and a name are kept.
      </p>
      <button
        type="button"
        class="draw"
        aria-disabled={task.busy}
        onClick={() => void task.run(() => keeper.signIn())}
      >
        <Icon name="locked" /> {task.busy ? 'Waiting for the passkey …' : 'Sign in with a passkey'}
      </button>
      <Complaint words={task.words} />
      <form
        class="account-part"
        onSubmit={(event) => {
          event.preventDefault();
          void task.run(() => keeper.signUp(handle, displayName.trim()));
        }}
      >
        <h3>New here</h3>
        <div class="pair">
          <label class="field">
            <span class="field-name">Handle</span>
            <input
              type="text"
              required
              minLength={2}
              maxLength={39}
              pattern="[a-z0-9]+(-[a-z0-9]+)*"
              title="lower-case letters and digits, with single hyphens between"
              autocomplete="username webauthn"
              autocapitalize="off"
              spellcheck={false}
              value={handle}
              onInput={(event) => setHandle(event.currentTarget.value)}
            />
          </label>
          <label class="field">
            <span class="field-name">Name that people see</span>
            <input
              type="text"
              required
              maxLength={60}
              autocomplete="off"
              value={displayName}
              onInput={(event) => setDisplayName(event.currentTarget.value)}
            />
          </label>
        </div>
        <p class="hint">
          The handle stands beside each style that you publish: lower-case letters, digits, single hyphens. It
          stays.
        </p>
        <button type="submit" class="quiet framed" aria-disabled={task.busy}>
          <Icon name="add" /> Make an account with a passkey
        </button>
      </form>
      <details class="account-part">
        <summary>I have a token, and no passkey yet</summary>
        <form
          class="account-form"
          onSubmit={(event) => {
            event.preventDefault();
            void task.run(() => keeper.addPasskey(token.trim()));
          }}
        >
          <p class="hint">
            So it is with the first administrator. The token is used once, to add the first passkey of its
            account.
          </p>
          <label class="field">
            <span class="field-name">Token</span>
            <input
              type="text"
              required
              pattern="\s*tinc_[A-Za-z0-9_\-]{49}\s*"
              title="tinc_ and 49 characters more"
              autocomplete="off"
              spellcheck={false}
              value={token}
              onInput={(event) => setToken(event.currentTarget.value)}
            />
          </label>
          <button type="submit" class="quiet framed" aria-disabled={task.busy}>
            <Icon name="add" /> Add a passkey to its account
          </button>
        </form>
      </details>
    </>
  );
}
