// What the interface's requests and answers about accounts look like.
import { z } from '@hono/zod-openapi';
import {
  DEFAULT_TOKEN_DAYS,
  MAX_TOKEN_DAYS,
  scopeSchema,
  scopesSchema,
} from '../../plugins/contract/token.ts';
import { publicKeySchema } from '../auth/keys.ts';
import { displayNameSchema, handleSchema } from '../auth/publishers.ts';

export const roleSchema = z.enum(['publisher', 'administrator']);
export const handleParam = z.object({ handle: handleSchema });

const time = z.iso.datetime();

export const publisherSchema = z
  .object({
    handle: handleSchema,
    displayName: z.string(),
    role: roleSchema,
    createdAt: time,
    suspended: z.boolean(),
  })
  .meta({ id: 'Publisher' });

export const meSchema = z
  .object({
    handle: handleSchema,
    displayName: z.string(),
    role: roleSchema,
    via: z.enum(['session', 'token']),
    tokenId: z.string().nullable().describe('The token that was used; null for a session.'),
    scopes: z.array(scopeSchema).describe('What these credentials reach to.'),
  })
  .meta({ id: 'Me' });

export const tokenRequestSchema = z.strictObject({
  name: displayNameSchema,
  scopes: scopesSchema,
  days: z.int().min(1).max(MAX_TOKEN_DAYS).default(DEFAULT_TOKEN_DAYS),
});

export const tokenSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    scopes: z.array(scopeSchema),
    createdAt: time,
    expiresAt: time,
    revokedAt: time.nullable(),
    lastUsedAt: time.nullable().describe('To the hour.'),
  })
  .meta({ id: 'Token' });

export const madeTokenSchema = tokenSchema
  .extend({ token: z.string().describe('The token itself, shown this once.') })
  .meta({ id: 'MadeToken' });

export const keyRequestSchema = z.strictObject({ publicKey: publicKeySchema, name: displayNameSchema });

export const keySchema = z
  .object({
    id: z.string().describe('The first 16 hexadecimal digits of the SHA-256 of the raw key.'),
    publicKey: publicKeySchema,
    name: z.string(),
    createdAt: time,
    revokedAt: time.nullable(),
  })
  .meta({ id: 'SigningKey' });

export const passkeySchema = z
  .object({
    id: z.string(),
    transports: z.array(z.string()),
    createdAt: time,
    lastUsedAt: time.nullable(),
  })
  .meta({ id: 'Passkey' });

/** Bytes in base64url, as browsers write the parts of a passkey's answer. */
const base64url = z.string().regex(/^[A-Za-z0-9_-]{1,20000}$/, 'must be base64url');
const transports = z.array(z.string().regex(/^[a-z-]{1,20}$/)).max(8);
const common = {
  id: base64url.max(1400),
  rawId: base64url.max(1400),
  type: z.literal('public-key'),
  authenticatorAttachment: z.enum(['platform', 'cross-platform']).optional(),
  // Nothing is asked for, so nothing of it is read.
  clientExtensionResults: z.looseObject({}),
};

/** RegistrationResponseJSON of WebAuthn level 3; what the registry does not use is let through unread. */
export const registrationResponseSchema = z.object({
  ...common,
  response: z.object({
    clientDataJSON: base64url,
    attestationObject: base64url,
    transports: transports.optional(),
  }),
});

/** AuthenticationResponseJSON of WebAuthn level 3. */
export const authenticationResponseSchema = z.object({
  ...common,
  response: z.object({
    clientDataJSON: base64url,
    authenticatorData: base64url,
    signature: base64url,
    userHandle: base64url.optional(),
  }),
});

/** Options for `navigator.credentials`, as WebAuthn level 3 spells them in JSON; the rest is the browser's to read. */
export const credentialOptionsSchema = z.object({ challenge: z.string() });

/** For the description of routes that no token opens: `security` in OpenAPI's words. */
export const SIGNED_IN = [{ session: [] }];

/** A route's JSON body. */
export function jsonBody<T extends z.ZodType>(schema: T) {
  return { body: { required: true, content: { 'application/json': { schema } } } } as const;
}

/** A route's JSON answer. */
export function jsonAnswer<T extends z.ZodType>(description: string, schema: T) {
  return { description, content: { 'application/json': { schema } } } as const;
}
