// The account's tokens: making one, which is shown this once, and revoking.
import { useEffect, useState } from 'preact/hooks';
import type { MadeToken, TokenFacts } from '../../index.ts';
import { Icon } from '../components/icon.tsx';
import { useAccount, useAccountState, useTask } from './account-context.ts';
import { Complaint } from './complaint.tsx';
import { dayOf, SCOPE_NAMES, SCOPE_WORDS, type ScopeName } from './scope-words.ts';

const DAYS = [7, 30, 90, 365] as const;

export function TokenSection() {
  const { account } = useAccount();
  const { me } = useAccountState();
  const task = useTask();
  const [tokens, setTokens] = useState<readonly TokenFacts[]>();
  const [made, setMade] = useState<MadeToken>();
  const read = async () => setTokens(await account.tokens());
  useEffect(() => void task.run(read), []);
  const revoke = (id: string) =>
    task.run(async () => {
      await account.revokeToken(id);
      if (made?.id === id) setMade(undefined);
      await read();
    });
  const inForce = (tokens ?? []).filter(
    ({ revokedAt, expiresAt }) => revokedAt === null && Date.parse(expiresAt) > Date.now(),
  );
  return (
    <section class="account-part" aria-labelledby="account-tokens">
      <h3 id="account-tokens">Tokens</h3>
      <p class="hint">
        Tokens let programs act for you. <code>tincture login</code> makes one; here you make one for a
        machine without a browser.
      </p>
      {made === undefined ? null : <NewToken made={made} />}
      <ul class="account-list" aria-label="Tokens in force">
        {inForce.map(({ id, name, scopes, expiresAt, lastUsedAt }) => (
          <li key={id}>
            <span class="account-item">
              <strong>{name}</strong>
              <span class="hint">
                {scopes.join(', ')} · until {dayOf(expiresAt)} ·{' '}
                {lastUsedAt === null ? 'never used' : `used ${dayOf(lastUsedAt)}`}
              </span>
            </span>
            <button type="button" class="quiet danger" onClick={() => void revoke(id)}>
              <Icon name="bin" /> Revoke<span class="sr">{` token ${name}`}</span>
            </button>
          </li>
        ))}
      </ul>
      <Complaint words={task.words} />
      <TokenForm
        scopes={(me?.scopes ?? []).filter((scope) => SCOPE_NAMES.includes(scope))}
        onMade={(token) => {
          setMade(token);
          void task.run(read);
        }}
      />
    </section>
  );
}

function NewToken({ made }: { readonly made: MadeToken }) {
  const [copied, setCopied] = useState(false);
  return (
    <div class="new-token" role="status">
      <p>
        <strong>{made.name}</strong>: copy the token now. It is not shown again, and nobody can look it up.
      </p>
      <output class="secret">{made.token}</output>
      <button
        type="button"
        class="quiet framed"
        onClick={() =>
          navigator.clipboard.writeText(made.token).then(
            () => setCopied(true),
            () => setCopied(false),
          )
        }
      >
        <Icon name={copied ? 'check' : 'terminal'} /> {copied ? 'Copied' : 'Copy the token'}
      </button>
    </div>
  );
}

interface TokenFormProps {
  readonly scopes: readonly ScopeName[];
  readonly onMade: (token: MadeToken) => void;
}

function TokenForm({ scopes, onMade }: TokenFormProps) {
  const { account } = useAccount();
  const task = useTask();
  const [name, setName] = useState('');
  const [days, setDays] = useState(90);
  const [chosen, setChosen] = useState<ReadonlySet<ScopeName>>(new Set(['publish']));
  const toggle = (scope: ScopeName) => {
    const next = new Set(chosen);
    if (!next.delete(scope)) next.add(scope);
    setChosen(next);
  };
  const make = () =>
    task.run(async () => {
      onMade(await account.makeToken({ name: name.trim(), scopes: [...chosen], days }));
      setName('');
    });
  return (
    <details class="account-more">
      <summary>Make a token</summary>
      <form
        class="account-form"
        onSubmit={(event) => {
          event.preventDefault();
          void make();
        }}
      >
        <div class="pair">
          <label class="field">
            <span class="field-name">Name of the token</span>
            <input
              type="text"
              required
              maxLength={60}
              autocomplete="off"
              value={name}
              onInput={(event) => setName(event.currentTarget.value)}
            />
          </label>
          <label class="field">
            <span class="field-name">Ends after</span>
            <select value={days} onChange={(event) => setDays(Number(event.currentTarget.value))}>
              {DAYS.map((count) => (
                <option key={count} value={count}>
                  {count} days
                </option>
              ))}
            </select>
          </label>
        </div>
        <fieldset class="choices">
          <legend>It may</legend>
          {scopes.map((scope) => (
            <label key={scope} class="choice">
              <input type="checkbox" checked={chosen.has(scope)} onChange={() => toggle(scope)} />
              <span>
                <strong>{scope}</strong> <span class="choice-words">{SCOPE_WORDS[scope]}</span>
              </span>
            </label>
          ))}
        </fieldset>
        <Complaint words={task.words} />
        <button type="submit" class="quiet framed" aria-disabled={task.busy || chosen.size === 0}>
          <Icon name="add" /> Make the token
        </button>
      </form>
    </details>
  );
}
