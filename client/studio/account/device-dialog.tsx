// Letting a program in: the code that it shows, what it asks for, and the decision of who is signed in.
import { useEffect, useState } from 'preact/hooks';
import type { DeviceRequest } from '../../index.ts';
import { Icon } from '../components/icon.tsx';
import { Modal } from '../components/modal.tsx';
import { useAccount, useAccountState, useTask } from './account-context.ts';
import { Complaint } from './complaint.tsx';
import { Entrance } from './entrance.tsx';
import { SCOPE_WORDS } from './scope-words.ts';

export interface DeviceDialogProps {
  /** The code of the address, if it has one. */
  readonly code: string;
  readonly onClose: () => void;
}

export function DeviceDialog({ code: given, onClose }: DeviceDialogProps) {
  const keeper = useAccount();
  const { me, handle } = useAccountState();
  const task = useTask();
  // Apart from the task: whoever types the code faster than this is answered must not be passed over.
  const looking = useTask();
  const [code, setCode] = useState(given);
  const [request, setRequest] = useState<DeviceRequest>();
  const [decided, setDecided] = useState<'in' | 'away'>();
  useEffect(() => void looking.run(() => keeper.look()), []);
  const show = () => task.run(async () => setRequest(await keeper.account.showDevice(code)));
  const decide = (approved: boolean) =>
    task.run(async () => {
      await keeper.account.decideDevice(code, approved);
      setDecided(approved ? 'in' : 'away');
    });
  return (
    <Modal title="Let a program in" kind="device-dialog" onClose={onClose}>
      {me === undefined && handle !== undefined ? (
        <>
          <p role="status">Looking whether {handle} is signed in …</p>
          <Complaint words={looking.words} />
        </>
      ) : me === undefined ? (
        <>
          <p>
            A program, such as <code>tincture login</code> in your terminal, asks to act for you. Sign in
            first.
          </p>
          <Entrance />
        </>
      ) : decided !== undefined ? (
        <p role="status">
          {decided === 'in'
            ? 'It is let in: go back to where it runs. You can revoke its token under “Account” at any time.'
            : 'It was sent away and got nothing.'}
        </p>
      ) : request === undefined ? (
        <form
          class="account-form"
          onSubmit={(event) => {
            event.preventDefault();
            void show();
          }}
        >
          <label class="field">
            <span class="field-name">Code, as the program shows it</span>
            <input
              type="text"
              class="device-code"
              required
              minLength={8}
              maxLength={20}
              autocomplete="one-time-code"
              autocapitalize="characters"
              spellcheck={false}
              value={code}
              onInput={(event) => setCode(event.currentTarget.value)}
            />
          </label>
          <Complaint words={task.words} />
          <button type="submit" class="draw" aria-disabled={task.busy}>
            Go on
          </button>
        </form>
      ) : (
        <>
          <p>
            <strong>{request.name}</strong> shows the code <code class="account-handle">{code}</code> and
            wants to act as <strong>{me.handle}</strong> for {request.days}{' '}
            {request.days === 1 ? 'day' : 'days'}:
          </p>
          <ul class="account-list">
            {request.scopes.map((scope) => (
              <li key={scope}>
                <span>
                  <strong>{scope}</strong> <span class="choice-words">{SCOPE_WORDS[scope]}</span>
                </span>
              </li>
            ))}
            {request.key === undefined ? null : (
              <li>
                <span>
                  <strong>signing key</strong>{' '}
                  <span class="choice-words">
                    styles that are signed with its key <code>{request.key.publicKey.slice(0, 10)}…</code>{' '}
                    count as yours
                  </span>
                </span>
              </li>
            )}
          </ul>
          <p class="hint">
            Let it in only if you have just started it yourself, and its code is this one. Whoever sends you a
            link with a code wants your account.
          </p>
          <Complaint words={task.words} />
          <div class="decision">
            <button
              type="button"
              class="quiet framed danger"
              aria-disabled={task.busy}
              onClick={() => void decide(false)}
            >
              <Icon name="close" /> Send it away
            </button>
            <button type="button" class="draw" aria-disabled={task.busy} onClick={() => void decide(true)}>
              <Icon name="check" /> Let it in
            </button>
          </div>
        </>
      )}
    </Modal>
  );
}
