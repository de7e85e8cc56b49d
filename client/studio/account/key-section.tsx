// The keys that the account's styles are signed with: seeing, adding and revoking them.
import { useEffect, useState } from 'preact/hooks';
import type { KeyFacts } from '../../index.ts';
import { Icon } from '../components/icon.tsx';
import { useAccount, useTask } from './account-context.ts';
import { Complaint } from './complaint.tsx';
import { dayOf } from './scope-words.ts';

export function KeySection() {
  const { account } = useAccount();
  const task = useTask();
  const [keys, setKeys] = useState<readonly KeyFacts[]>();
  const [publicKey, setPublicKey] = useState('');
  const [name, setName] = useState('');
  const read = async () => setKeys(await account.keys());
  useEffect(() => void task.run(read), []);
  const change = (work: () => Promise<unknown>) =>
    task.run(async () => {
      await work();
      await read();
    });
  const add = async () => {
    if (!(await change(() => account.addKey({ publicKey: publicKey.trim(), name: name.trim() })))) return;
    setPublicKey('');
    setName('');
  };
  const inForce = (keys ?? []).filter(({ revokedAt }) => revokedAt === null);
  return (
    <section class="account-part" aria-labelledby="account-keys">
      <h3 id="account-keys">Signing keys</h3>
      <p class="hint">
        Every version that you publish is signed. The private half of a key stays on the machine that made it;
        here are the public halves that the registry takes signatures of.
      </p>
      <ul class="account-list" aria-label="Signing keys in force">
        {inForce.map((key) => (
          <li key={key.id}>
            <span class="account-item">
              <strong>{key.name}</strong>
              <span class="hint">
                <code>{key.id}</code> · since {dayOf(key.createdAt)}
              </span>
            </span>
            <button
              type="button"
              class="quiet danger"
              onClick={() => void change(() => account.revokeKey(key.id))}
            >
              <Icon name="bin" /> Revoke<span class="sr">{` key ${key.name}`}</span>
            </button>
          </li>
        ))}
      </ul>
      <Complaint words={task.words} />
      <details class="account-more">
        <summary>Add a key by hand</summary>
        <form
          class="account-form"
          onSubmit={(event) => {
            event.preventDefault();
            void add();
          }}
        >
          <label class="field">
            <span class="field-name">
              Public key, as <code>tincture login --token</code> shows it
            </span>
            <input
              type="text"
              required
              pattern="\s*[A-Za-z0-9_\-]{43}\s*"
              title="43 characters of base64url"
              autocomplete="off"
              spellcheck={false}
              value={publicKey}
              onInput={(event) => setPublicKey(event.currentTarget.value)}
            />
          </label>
          <label class="field">
            <span class="field-name">Name of the key</span>
            <input
              type="text"
              required
              maxLength={60}
              autocomplete="off"
              value={name}
              onInput={(event) => setName(event.currentTarget.value)}
            />
          </label>
          <button type="submit" class="quiet framed" aria-disabled={task.busy}>
            <Icon name="add" /> Add the key
          </button>
        </form>
      </details>
    </section>
  );
}
