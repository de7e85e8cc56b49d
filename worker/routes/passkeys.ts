// /v1/passkeys: making an account with a passkey, adding another one to it, and taking one away.
import { createRoute, type RouteHandler, z } from '@hono/zod-openapi';
import type { RegistrationResponseJSON } from '@simplewebauthn/server';
import type { Context } from 'hono';
import { callerOf, requireSession, sessionCaller } from '../auth/caller.ts';
import { AuthError } from '../auth/error.ts';
import {
  listPasskeys,
  type Registrant,
  registrationOptions,
  removePasskey,
  verifyRegistration,
} from '../auth/passkeys.ts';
import { displayNameSchema, handleSchema } from '../auth/publishers.ts';
import { relyingParty } from '../auth/relying-party.ts';
import { checkSameOrigin } from '../auth/same-origin.ts';
import { addCredential, signUp } from '../auth/sign-in.ts';
import type { Environment } from '../environment.ts';
import { limitJson } from '../http/body-limit.ts';
import { problems } from '../http/problem.ts';
import { unstored } from '../http/unstored.ts';
import {
  credentialOptionsSchema,
  jsonAnswer,
  jsonBody,
  passkeySchema,
  publisherSchema,
  registrationResponseSchema,
  SIGNED_IN,
} from './account-schemas.ts';
import { publisherAnswer } from './publishers.ts';

const tags = ['Accounts'];

export const beginRegistration = createRoute({
  method: 'post',
  path: '/v1/passkeys/registration',
  summary: 'Ask for a new passkey: with a handle for a new account, without one for your own',
  description:
    'Your own: signed in, or with a token while the account has no passkey yet, as that of the first administrator.',
  tags,
  middleware: [unstored, limitJson] as const,
  request: jsonBody(
    z.strictObject({
      account: z
        .strictObject({ handle: handleSchema, displayName: displayNameSchema })
        .optional()
        .describe('The account to make.'),
    }),
  ),
  responses: {
    200: jsonAnswer(
      'Options for navigator.credentials.create, good once and for five minutes',
      credentialOptionsSchema,
    ),
    ...problems(400, 401, 403, 409, 413),
  },
});

export const answerBeginRegistration: RouteHandler<typeof beginRegistration, Environment> = async (c) => {
  checkSameOrigin(c);
  const { account } = c.req.valid('json');
  const { database } = c.get('stores');
  const registrant: Registrant = account === undefined ? { publisher: await ownHandle(c) } : { account };
  const options = await registrationOptions(database, relyingParty(c), registrant);
  return c.json(options, 200);
};

export const finishRegistration = createRoute({
  method: 'post',
  path: '/v1/passkeys/registration/verify',
  summary: 'Bring the new passkey: the account is made, or the passkey added, and you are signed in',
  tags,
  middleware: [unstored, limitJson] as const,
  request: jsonBody(registrationResponseSchema),
  responses: { 200: jsonAnswer('You, signed in', publisherSchema), ...problems(400, 403, 409, 413) },
});

export const answerFinishRegistration: RouteHandler<typeof finishRegistration, Environment> = async (c) => {
  checkSameOrigin(c);
  const { database } = c.get('stores');
  const answer = c.req.valid('json') as RegistrationResponseJSON;
  const { registrant, credential } = await verifyRegistration(database, relyingParty(c), answer);
  const publisher =
    registrant.account === undefined
      ? await addCredential(c, registrant.publisher, credential)
      : await signUp(c, registrant.account, credential);
  return c.json(publisherAnswer(publisher), 200);
};

export const showPasskeys = createRoute({
  method: 'get',
  path: '/v1/passkeys',
  summary: 'Your passkeys',
  tags,
  security: SIGNED_IN,
  middleware: [unstored, requireSession] as const,
  responses: {
    200: jsonAnswer('Oldest first', z.object({ passkeys: z.array(passkeySchema) })),
    ...problems(401, 403),
  },
});

export const answerPasskeys: RouteHandler<typeof showPasskeys, Environment> = async (c) => {
  const passkeys = await listPasskeys(c.get('stores').database, callerOf(c).publisher);
  return c.json({ passkeys: passkeys.map((it) => ({ ...it, transports: [...it.transports] })) }, 200);
};

export const deletePasskey = createRoute({
  method: 'delete',
  path: '/v1/passkeys/{id}',
  summary: 'Take a passkey away, unless it is your only one',
  tags,
  security: SIGNED_IN,
  middleware: [unstored, requireSession] as const,
  request: { params: z.object({ id: z.string().min(1).max(1400) }) },
  responses: { 204: { description: 'It is gone' }, ...problems(400, 401, 403, 404, 409) },
});

export const answerDeletePasskey: RouteHandler<typeof deletePasskey, Environment> = async (c) => {
  await removePasskey(c.get('stores').database, callerOf(c).publisher, c.req.valid('param').id);
  return c.body(null, 204);
};

/**
 * The account that a passkey is added to: the session's. A token does only for an account without passkeys, which the command that
 * makes the first administrator leaves; else a stolen token would open the whole account for ever.
 */
async function ownHandle(c: Context<Environment>): Promise<string> {
  const byToken = c.get('caller');
  if (byToken === undefined) return (await sessionCaller(c)).publisher;
  const { database } = c.get('stores');
  if ((await listPasskeys(database, byToken.publisher)).length === 0) return byToken.publisher;
  throw new AuthError('scope', 'a token cannot add a passkey to an account that has one', {
    expected: 'a session',
    found: 'a token',
    fix: 'Sign in with a passkey that you have.',
  });
}
