// The account's passkeys: another one for another device, and taking one away that is lost.
import { useEffect, useState } from 'preact/hooks';
import type { PasskeyFacts } from '../../index.ts';
import { Icon } from '../components/icon.tsx';
import { useAccount, useTask } from './account-context.ts';
import { Complaint } from './complaint.tsx';
import { dayOf } from './scope-words.ts';

export function PasskeySection() {
  const keeper = useAccount();
  const task = useTask();
  const [passkeys, setPasskeys] = useState<readonly PasskeyFacts[]>();
  const read = async () => setPasskeys(await keeper.account.passkeys());
  useEffect(() => void task.run(read), []);
  const change = (work: () => Promise<unknown>) =>
    task.run(async () => {
      await work();
      await read();
    });
  const all = passkeys ?? [];
  return (
    <section class="account-part" aria-labelledby="account-passkeys">
      <h3 id="account-passkeys">Passkeys</h3>
      {all.length === 1 ? (
        <p class="hint">You have one. Add a second on another device: who loses the last is locked out.</p>
      ) : null}
      <ul class="account-list" aria-label="Your passkeys">
        {all.map(({ id, createdAt, lastUsedAt }) => (
          <li key={id}>
            <span class="account-item">
              <code>{id.slice(0, 10)}</code>
              <span class="hint">
                since {dayOf(createdAt)}
                {lastUsedAt === null ? '' : ` · used ${dayOf(lastUsedAt)}`}
              </span>
            </span>
            {all.length === 1 ? null : (
              <button
                type="button"
                class="quiet danger"
                onClick={() => void change(() => keeper.account.removePasskey(id))}
              >
                <Icon name="bin" /> Remove<span class="sr">{` passkey ${id.slice(0, 10)}`}</span>
              </button>
            )}
          </li>
        ))}
      </ul>
      <Complaint words={task.words} />
      <button
        type="button"
        class="quiet framed"
        aria-disabled={task.busy}
        onClick={() => void change(() => keeper.addPasskey())}
      >
        <Icon name="add" /> Add a passkey
      </button>
    </section>
  );
}
