// For answers that are one caller's own: no cache may keep them.
import type { MiddlewareHandler } from 'hono';

export const unstored: MiddlewareHandler = async (c, next) => {
  await next();
  c.res.headers.set('cache-control', 'no-store');
};
