// The account: a way in for who is not signed in, else who one is, with tokens, keys and passkeys.
import { useEffect } from 'preact/hooks';
import { Modal } from '../components/modal.tsx';
import { useAccount, useAccountState, useTask } from './account-context.ts';
import { Complaint } from './complaint.tsx';
import { Entrance } from './entrance.tsx';
import { KeySection } from './key-section.tsx';
import { PasskeySection } from './passkey-section.tsx';
import { TokenSection } from './token-section.tsx';

export function AccountDialog({ onClose }: { readonly onClose: () => void }) {
  const keeper = useAccount();
  const { me, handle } = useAccountState();
  const task = useTask();
  useEffect(() => void task.run(() => keeper.look()), []);
  return (
    <Modal title="Account" kind="account-dialog" onClose={onClose}>
      {me === undefined ? (
        handle === undefined ? (
          <Entrance />
        ) : (
          <p role="status">Looking whether {handle} is signed in …</p>
        )
      ) : (
        <>
          <div class="account-who">
            <p>
              Signed in as <strong class="account-name">{me.displayName}</strong>{' '}
              <code class="account-handle">{me.handle}</code>
              {me.role === 'administrator' ? ', an administrator of this registry' : ''}
            </p>
            <button
              type="button"
              class="quiet framed"
              aria-disabled={task.busy}
              onClick={() => void task.run(() => keeper.signOut())}
            >
              Sign out
            </button>
          </div>
          <TokenSection />
          <KeySection />
          <PasskeySection />
        </>
      )}
      <Complaint words={task.words} />
    </Modal>
  );
}
