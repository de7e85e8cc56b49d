// /v1/device: letting a program in (RFC 8628 in JSON); what `tincture login` speaks.
import { createRoute, type RouteHandler, z } from '@hono/zod-openapi';
import { callerOf, requireSession } from '../auth/caller.ts';
import {
  collectToken,
  DEVICE_SECONDS,
  decideLogin,
  deviceRequestSchema,
  findLogin,
  POLL_SECONDS,
  requestLogin,
} from '../auth/device-logins.ts';
import { handleSchema } from '../auth/publishers.ts';
import { signInOrigin } from '../auth/relying-party.ts';
import type { Environment } from '../environment.ts';
import { limitJson } from '../http/body-limit.ts';
import { problems } from '../http/problem.ts';
import { unstored } from '../http/unstored.ts';
import { jsonAnswer, jsonBody, madeTokenSchema, SIGNED_IN } from './account-schemas.ts';

const tags = ['Programs'];
const userCode = z
  .string()
  .min(8)
  .max(20)
  .describe('As the program shows it; case and hyphens count for nothing.');

export const beginDevice = createRoute({
  method: 'post',
  path: '/v1/device',
  summary: 'A program asks to be let in',
  tags,
  middleware: [unstored, limitJson] as const,
  request: jsonBody(deviceRequestSchema),
  responses: {
    200: jsonAnswer(
      'What the program shows, and its secret',
      z.object({
        deviceCode: z.string().describe('The program’s secret.'),
        userCode: z.string().describe('For its user, to be compared with what the page shows.'),
        verificationUri: z.string().describe('The page where its user decides.'),
        verificationUriComplete: z.string().describe('The same with the code filled in.'),
        expiresIn: z.int().describe('Seconds.'),
        interval: z.int().describe('Seconds between two polls.'),
      }),
    ),
    ...problems(400, 413),
  },
});

export const answerBeginDevice: RouteHandler<typeof beginDevice, Environment> = async (c) => {
  const codes = await requestLogin(c.get('stores').database, c.req.valid('json'));
  // A fragment is sent to no server, so the code is in no log.
  const page = `${signInOrigin(c)}/#device`;
  return c.json(
    {
      ...codes,
      verificationUri: page,
      verificationUriComplete: `${page}=${codes.userCode}`,
      expiresIn: DEVICE_SECONDS,
      interval: POLL_SECONDS,
    },
    200,
  );
};

export const showDevice = createRoute({
  method: 'post',
  path: '/v1/device/request',
  summary: 'What the program with this code asks for',
  tags,
  security: SIGNED_IN,
  middleware: [unstored, requireSession, limitJson] as const,
  request: jsonBody(z.strictObject({ userCode })),
  responses: { 200: jsonAnswer('Its request', deviceRequestSchema), ...problems(400, 401, 403, 404, 413) },
});

export const answerShowDevice: RouteHandler<typeof showDevice, Environment> = async (c) => {
  return c.json(await findLogin(c.get('stores').database, c.req.valid('json').userCode), 200);
};

export const decideDevice = createRoute({
  method: 'post',
  path: '/v1/device/approve',
  summary: 'Let the program with this code in, or send it away',
  tags,
  security: SIGNED_IN,
  middleware: [unstored, requireSession, limitJson] as const,
  request: jsonBody(z.strictObject({ userCode, approved: z.boolean() })),
  responses: { 204: { description: 'It is decided' }, ...problems(400, 401, 403, 404, 409, 413) },
});

export const answerDecideDevice: RouteHandler<typeof decideDevice, Environment> = async (c) => {
  const { userCode: code, approved } = c.req.valid('json');
  await decideLogin(c.get('stores').database, callerOf(c), code, approved);
  return c.body(null, 204);
};

export const collectDevice = createRoute({
  method: 'post',
  path: '/v1/device/token',
  summary: 'The program asks for its token, again and again until somebody has decided',
  description:
    'Until then 400 with auth/authorization-pending, or auth/slow-down; at the end auth/access-denied or auth/expired-token.',
  tags,
  middleware: [unstored, limitJson] as const,
  request: jsonBody(z.strictObject({ deviceCode: z.string().min(1).max(100) })),
  responses: {
    200: jsonAnswer('The token, this once', madeTokenSchema.extend({ publisher: handleSchema })),
    ...problems(400, 409, 413),
  },
});

export const answerCollectDevice: RouteHandler<typeof collectDevice, Environment> = async (c) => {
  const { publisher, token } = await collectToken(c.get('stores').database, c.req.valid('json').deviceCode);
  return c.json({ ...token, scopes: [...token.scopes], publisher }, 200);
};
