// A publisher's account at a registry: who one is, tokens, signing keys, passkeys, and letting programs in. With a token from a
// program, or with the session of a page that the registry itself serves.
import { z } from 'zod';
import { scopeSchema } from '../../plugins/contract/token.ts';
import { createRequester, type RequesterOptions } from './request.ts';

const role = z.enum(['publisher', 'administrator']);

const meAnswer = z.object({
  handle: z.string(),
  displayName: z.string(),
  role,
  via: z.enum(['session', 'token']),
  tokenId: z.string().nullable(),
  scopes: z.array(scopeSchema),
});

const publisherAnswer = z.object({
  handle: z.string(),
  displayName: z.string(),
  role,
  createdAt: z.string(),
  suspended: z.boolean(),
});

const tokenAnswer = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(scopeSchema),
  createdAt: z.string(),
  expiresAt: z.string(),
  revokedAt: z.string().nullable(),
  lastUsedAt: z.string().nullable(),
});
const madeTokenAnswer = tokenAnswer.extend({ token: z.string() });
const collectedAnswer = madeTokenAnswer.extend({ publisher: z.string() });

const keyAnswer = z.object({
  id: z.string(),
  publicKey: z.string(),
  name: z.string(),
  createdAt: z.string(),
  revokedAt: z.string().nullable(),
});

const passkeyAnswer = z.object({
  id: z.string(),
  transports: z.array(z.string()),
  createdAt: z.string(),
  lastUsedAt: z.string().nullable(),
});

const deviceAnswer = z.object({
  deviceCode: z.string(),
  userCode: z.string(),
  verificationUri: z.string(),
  verificationUriComplete: z.string(),
  expiresIn: z.number(),
  interval: z.number(),
});

const deviceRequest = z.object({
  name: z.string(),
  scopes: z.array(scopeSchema),
  days: z.number(),
  key: z.object({ publicKey: z.string(), name: z.string() }).optional(),
});

/** Options for `navigator.credentials`; the browser checks them. */
const credentialOptions = z.looseObject({ challenge: z.string() });
const nothing = z.undefined();

export type Me = z.infer<typeof meAnswer>;
export type RegistryPublisher = z.infer<typeof publisherAnswer>;
export type TokenFacts = z.infer<typeof tokenAnswer>;
export type MadeToken = z.infer<typeof madeTokenAnswer>;
export type CollectedToken = z.infer<typeof collectedAnswer>;
export type KeyFacts = z.infer<typeof keyAnswer>;
export type PasskeyFacts = z.infer<typeof passkeyAnswer>;
export type DeviceCodes = z.infer<typeof deviceAnswer>;
export type DeviceRequest = z.infer<typeof deviceRequest>;
export type CredentialOptions = z.infer<typeof credentialOptions>;

export interface NewToken {
  readonly name: string;
  readonly scopes: readonly string[];
  /** 1 … 365; default 90. */
  readonly days?: number | undefined;
}

export interface NewKey {
  /** Ed25519, the raw 32 bytes in base64url. */
  readonly publicKey: string;
  readonly name: string;
}

interface Cancel {
  readonly signal?: AbortSignal;
}

/** Methods reject as `Requester.json` says; `problemCode` of the RegistryError tells refusals apart. */
export type Account = ReturnType<typeof createAccount>;

/** The account at the registry `baseUrl`. */
export function createAccount(baseUrl: string, options: RequesterOptions = {}) {
  const { json } = createRequester(baseUrl, options);
  const post = <T>(path: string, schema: z.ZodType<T>, body?: unknown, { signal }: Cancel = {}) =>
    json(path, schema, { method: 'POST', body, signal });
  const remove = (path: string) => json(path, nothing, { method: 'DELETE' });
  const part = encodeURIComponent;
  return {
    me: ({ signal }: Cancel = {}) => json('v1/me', meAnswer, { signal }),

    tokens: async () => (await json('v1/tokens', z.object({ tokens: z.array(tokenAnswer) }))).tokens,
    makeToken: (token: NewToken) => post('v1/tokens', madeTokenAnswer, token),
    revokeToken: (id: string) => remove(`v1/tokens/${part(id)}`),

    keys: async () => (await json('v1/keys', z.object({ keys: z.array(keyAnswer) }))).keys,
    /** Signed in only. */
    addKey: (key: NewKey) => post('v1/keys', keyAnswer, key),
    revokeKey: (id: string) => remove(`v1/keys/${part(id)}`),

    passkeys: async () =>
      (await json('v1/passkeys', z.object({ passkeys: z.array(passkeyAnswer) }))).passkeys,
    removePasskey: (id: string) => remove(`v1/passkeys/${part(id)}`),
    /** For a new account; without one, another passkey for the own. */
    beginPasskey: (account?: { readonly handle: string; readonly displayName: string }) =>
      post('v1/passkeys/registration', credentialOptions, account === undefined ? {} : { account }),
    finishPasskey: (answer: object) => post('v1/passkeys/registration/verify', publisherAnswer, answer),

    beginSession: () => post('v1/session/options', credentialOptions),
    openSession: (answer: object) => post('v1/session', publisherAnswer, answer),
    endSession: () => remove('v1/session'),

    /** A program asks to be let in. */
    beginDevice: (request: DeviceRequest, cancel?: Cancel) =>
      post('v1/device', deviceAnswer, request, cancel),
    collectDevice: (deviceCode: string, cancel?: Cancel) =>
      post('v1/device/token', collectedAnswer, { deviceCode }, cancel),
    /** What the program that shows this code asks for; signed in only. */
    showDevice: (userCode: string) => post('v1/device/request', deviceRequest, { userCode }),
    decideDevice: (userCode: string, approved: boolean) =>
      post('v1/device/approve', nothing, { userCode, approved }),

    publisher: (handle: string) => json(`v1/publishers/${part(handle)}`, publisherAnswer),
    makeFirstAdministrator: (secret: string, handle: string, displayName?: string) =>
      post('v1/admin/first', madeTokenAnswer, {
        secret,
        handle,
        ...(displayName !== undefined && { displayName }),
      }),
    suspend: (handle: string, reason: string) =>
      post(`v1/publishers/${part(handle)}/suspend`, nothing, { reason }),
    restore: (handle: string) => remove(`v1/publishers/${part(handle)}/suspend`),
    assignRole: (handle: string, to: z.infer<typeof role>) =>
      json(`v1/publishers/${part(handle)}/role`, nothing, { method: 'PUT', body: { role: to } }),
  };
}
