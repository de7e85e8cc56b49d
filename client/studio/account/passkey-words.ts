// What went wrong with a passkey or an account, in words for the page.
import { RegistryError } from '../../index.ts';

/** The browser's error names of `navigator.credentials`, which tell no more on purpose. */
const WORDS: Readonly<Record<string, string>> = {
  NotAllowedError: 'The passkey was not used: it was cancelled, or took too long. Try again.',
  AbortError: 'The passkey was not used. Try again.',
  InvalidStateError: 'This device has a passkey for the account already: sign in with it.',
  NotSupportedError: 'This browser or device cannot make passkeys of this kind. Try another one.',
  ConstraintError: 'This device cannot make sure that it is you. Set a screen lock or a PIN, then try again.',
  SecurityError: 'Passkeys work at an https address, and on this machine at localhost.',
};

/** One or two sentences for anything that was thrown while an account was worked on. */
export function accountWords(thrown: unknown): string {
  if (thrown instanceof RegistryError) {
    const { fix } = thrown.facts;
    return fix === undefined ? ended(thrown.detail) : `${ended(thrown.detail)} ${fix}`;
  }
  if (thrown instanceof Error) return WORDS[thrown.name] ?? ended(thrown.message);
  return ended(String(thrown));
}

function ended(text: string): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
