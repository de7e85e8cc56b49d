// /v1/session: signing in with a passkey, and out.
import { createRoute, type RouteHandler } from '@hono/zod-openapi';
import type { AuthenticationResponseJSON } from '@simplewebauthn/server';
import { signInOptions, verifySignIn } from '../auth/passkeys.ts';
import { relyingParty } from '../auth/relying-party.ts';
import { checkSameOrigin } from '../auth/same-origin.ts';
import { closeSession } from '../auth/sessions.ts';
import { signIn } from '../auth/sign-in.ts';
import type { Environment } from '../environment.ts';
import { limitJson } from '../http/body-limit.ts';
import { problems } from '../http/problem.ts';
import { unstored } from '../http/unstored.ts';
import {
  authenticationResponseSchema,
  credentialOptionsSchema,
  jsonAnswer,
  jsonBody,
  publisherSchema,
} from './account-schemas.ts';
import { publisherAnswer } from './publishers.ts';

const tags = ['Accounts'];

export const beginSession = createRoute({
  method: 'post',
  path: '/v1/session/options',
  summary: 'Ask to sign in with a passkey',
  tags,
  middleware: [unstored, limitJson] as const,
  responses: {
    200: jsonAnswer(
      'Options for navigator.credentials.get, good once and for five minutes',
      credentialOptionsSchema,
    ),
    ...problems(403, 413),
  },
});

export const answerBeginSession: RouteHandler<typeof beginSession, Environment> = async (c) => {
  checkSameOrigin(c);
  return c.json(await signInOptions(c.get('stores').database, relyingParty(c)), 200);
};

export const openSession = createRoute({
  method: 'post',
  path: '/v1/session',
  summary: 'Bring the passkey’s answer: you are signed in',
  tags,
  middleware: [unstored, limitJson] as const,
  request: jsonBody(authenticationResponseSchema),
  responses: { 200: jsonAnswer('You, signed in', publisherSchema), ...problems(400, 403, 413) },
});

export const answerOpenSession: RouteHandler<typeof openSession, Environment> = async (c) => {
  checkSameOrigin(c);
  const { database } = c.get('stores');
  const answer = c.req.valid('json') as AuthenticationResponseJSON;
  const { publisher, credential } = await verifySignIn(database, relyingParty(c), answer);
  return c.json(publisherAnswer(await signIn(c, publisher, credential)), 200);
};

export const endSession = createRoute({
  method: 'delete',
  path: '/v1/session',
  summary: 'Sign out; without a session nothing happens',
  tags,
  middleware: [unstored] as const,
  responses: { 204: { description: 'You are signed out' }, ...problems(403) },
});

export const answerEndSession: RouteHandler<typeof endSession, Environment> = async (c) => {
  checkSameOrigin(c);
  await closeSession(c);
  return c.body(null, 204);
};
