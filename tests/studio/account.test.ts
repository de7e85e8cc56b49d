// The account's small rules in the studio: which address opens which dialog, and what failures are called.
import { expect, test } from 'vitest';
import { RegistryError } from '../../client/registry/error.ts';
import { accountPlace } from '../../client/studio/account/linked-dialog.ts';
import { accountWords } from '../../client/studio/account/passkey-words.ts';

test.each([
  ['#account', { dialog: 'account' }],
  ['#device', { dialog: 'device', code: '' }],
  ['#device=BCDF-GHJK', { dialog: 'device', code: 'BCDF-GHJK' }],
  ['#device=<script>', undefined],
  [`#device=${'B'.repeat(21)}`, undefined],
  ['#accounts', undefined],
  ['', undefined],
])('%s', (hash, place) => {
  expect(accountPlace(hash)).toEqual(place);
});

test('failures are told in the registry’s words, or for what the browser tells only by a name in ours', () => {
  const refused = new RegistryError(
    'refused',
    'this handle is taken. Choose another.',
    { where: 'https://a.example/v1/x', found: 'status 409' },
    'auth/handle',
  );
  expect(accountWords(refused)).toBe('This handle is taken. Choose another.');
  const silent = new RegistryError('network', 'the registry cannot be reached', {
    where: 'https://a.example/',
    fix: 'Check the connection.',
  });
  expect(accountWords(silent)).toBe('The registry cannot be reached. Check the connection.');
  expect(accountWords(new DOMException('The operation …', 'NotAllowedError'))).toMatch(
    /cancelled, or took too long/,
  );
  expect(accountWords(new Error('odd'))).toBe('Odd.');
});
