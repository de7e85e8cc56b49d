// The worker: the table of its routes.
import type { Bindings } from './environment.ts';
import { createApp, storesOf } from './http/app.ts';
import { asData, asIndex } from './http/data.ts';
import * as administration from './routes/administration.ts';
import { answerApply, apply } from './routes/apply.ts';
import { answerBlob, readBlob } from './routes/blob.ts';
import * as device from './routes/device.ts';
import { answerHealth, health } from './routes/health.ts';
import * as keys from './routes/keys.ts';
import { answerLookup, lookUpHash } from './routes/lookup.ts';
import { answerMe, showMe } from './routes/me.ts';
import * as models from './routes/models.ts';
import { answerDocs, answerOpenApi } from './routes/openapi.ts';
import * as owners from './routes/owners.ts';
import * as pages from './routes/pages.ts';
import * as passkeys from './routes/passkeys.ts';
import { answerPublishStyle, publishStyle } from './routes/publish-style.ts';
import * as records from './routes/publisher-records.ts';
import * as publishers from './routes/publishers.ts';
import { answerPutBlob, putBlob } from './routes/put-blob.ts';
import { answerResolve, resolveStyles } from './routes/resolve.ts';
import * as session from './routes/session.ts';
import { answerStudio } from './routes/studio.ts';
import * as styles from './routes/styles.ts';
import * as tokens from './routes/tokens.ts';
import * as uploads from './routes/uploads.ts';
import * as withdraw from './routes/withdraw.ts';
import { runScheduled } from './scheduled.ts';

const app = createApp();

app.use('/v1/*', asData);
app.use('/v1/styles/*', asIndex);
app.use('/v1/models/*', asIndex);
app.use('/v1/resolve', asIndex);
app.use('/v1/lookup/*', asIndex);
app.use('/healthz', asData);
app.use('/openapi.json', asData, asIndex);
for (const path of ['/styles', '/styles/:name', '/styles/:name/:version', '/publishers/:handle']) {
  app.use(path, pages.asPage, asIndex);
}

/** What anyone may read: the part of the table that the typed client (client/edge.ts) knows. */
const reading = app
  .openapi(styles.searchStyles, styles.answerStyles) // GET /v1/styles: search, page by page
  .openapi(styles.showStyle, styles.answerStyle) // GET /v1/styles/{name}: the latest version, and the others' numbers
  .openapi(owners.showOwners, owners.answerOwners) // GET /v1/styles/{name}/owners: who may publish under the name
  .openapi(styles.resolveStyle, styles.answerStyleVersion) // GET /v1/styles/{name}/{version}: exact, range or latest
  .openapi(resolveStyles, answerResolve) // GET /v1/resolve: several styles as a lock file keeps them
  .openapi(lookUpHash, answerLookup) // GET /v1/lookup/{hash}: whose file this is
  .openapi(models.searchModels, models.answerModels) // GET /v1/models: as styles
  .openapi(models.showModel, models.answerModel) // GET /v1/models/{name}
  .openapi(models.resolveModel, models.answerModelVersion) // GET /v1/models/{name}/{version}
  .openapi(apply, answerApply) // POST /v1/apply: a context bent by a style, where the deployment wants that
  .openapi(readBlob, answerBlob) // GET /v1/blobs/{sha256}: immutable bytes, with ranges
  .openapi(health, answerHealth); // GET /healthz: whether index and blobs answer
export type Reading = typeof reading;

app.openapi(publishStyle, answerPublishStyle); // POST /v1/styles: a new version, of stored blobs or as a .style file
app.openapi(owners.putOwner, owners.answerPutOwner); // PUT /v1/styles/{name}/owners/{handle}: one more
app.openapi(owners.deleteOwner, owners.answerDeleteOwner); // DELETE /v1/styles/{name}/owners/{handle}: one less
app.openapi(withdraw.yank, withdraw.answerYank); // PUT /v1/styles/{name}/{version}/yank: hidden, still there
app.openapi(withdraw.unyank, withdraw.answerUnyank); // DELETE /v1/styles/{name}/{version}/yank: shown again
app.openapi(withdraw.takedown, withdraw.answerTakedown); // PUT /v1/styles/{name}/{version}/takedown: administrators
app.openapi(withdraw.restore, withdraw.answerRestore); // DELETE /v1/styles/{name}/{version}/takedown: administrators
app.openapi(passkeys.beginRegistration, passkeys.answerBeginRegistration); // POST /v1/passkeys/registration: for a new account, or another one
app.openapi(passkeys.finishRegistration, passkeys.answerFinishRegistration); // POST /v1/passkeys/registration/verify: account, passkey, session
app.openapi(passkeys.showPasskeys, passkeys.answerPasskeys); // GET /v1/passkeys: one's own
app.openapi(passkeys.deletePasskey, passkeys.answerDeletePasskey); // DELETE /v1/passkeys/{id}: but the last
app.openapi(session.beginSession, session.answerBeginSession); // POST /v1/session/options: to sign in with a passkey
app.openapi(session.openSession, session.answerOpenSession); // POST /v1/session: signed in
app.openapi(session.endSession, session.answerEndSession); // DELETE /v1/session: signed out
app.openapi(showMe, answerMe); // GET /v1/me: who the credentials are
app.openapi(tokens.showTokens, tokens.answerTokens); // GET /v1/tokens: one's own
app.openapi(tokens.makeToken, tokens.answerMakeToken); // POST /v1/tokens: shown once
app.openapi(tokens.deleteToken, tokens.answerDeleteToken); // DELETE /v1/tokens/{id}: revoked
app.openapi(keys.showKeys, keys.answerKeys); // GET /v1/keys: one's own
app.openapi(keys.registerKey, keys.answerRegisterKey); // POST /v1/keys: signed in only
app.openapi(keys.deleteKey, keys.answerDeleteKey); // DELETE /v1/keys/{id}: revoked
app.openapi(device.beginDevice, device.answerBeginDevice); // POST /v1/device: a program asks to be let in
app.openapi(device.showDevice, device.answerShowDevice); // POST /v1/device/request: what it asks for
app.openapi(device.decideDevice, device.answerDecideDevice); // POST /v1/device/approve: let it in, or not
app.openapi(device.collectDevice, device.answerCollectDevice); // POST /v1/device/token: its token
app.openapi(publishers.showPublisher, publishers.answerPublisher); // GET /v1/publishers/{handle}
app.openapi(publishers.suspendPublisher, publishers.answerSuspend); // POST /v1/publishers/{handle}/suspend: administrators
app.openapi(publishers.restorePublisher, publishers.answerRestore); // DELETE /v1/publishers/{handle}/suspend: administrators
app.openapi(publishers.assignRole, publishers.answerAssignRole); // PUT /v1/publishers/{handle}/role: administrators
app.openapi(administration.makeFirst, administration.answerMakeFirst); // POST /v1/admin/first: the bootstrap secret's holder
app.openapi(putBlob, answerPutBlob); // PUT /v1/blobs/{sha256}: up to 90 MB at once
app.openapi(uploads.startUpload, uploads.answerStartUpload); // POST /v1/uploads: begin or continue one in parts
app.openapi(uploads.readUpload, uploads.answerReadUpload); // GET /v1/uploads/{id}: which parts have arrived
app.openapi(uploads.putUploadPart, uploads.answerPutUploadPart); // PUT /v1/uploads/{id}/{part}
app.openapi(uploads.finishUpload, uploads.answerFinishUpload); // POST /v1/uploads/{id}/complete: a blob, its digest checked
app.openapi(uploads.deleteUpload, uploads.answerDeleteUpload); // DELETE /v1/uploads/{id}: given up
app.openapi(records.showQuota, records.answerQuota); // GET /v1/quota: one's own
app.openapi(records.showAudit, records.answerAudit); // GET /v1/audit: one's own; all for administrators
app.openapi(owners.putPrefix, owners.answerPutPrefix); // PUT /v1/prefixes/{prefix}: administrators
app.openapi(owners.deletePrefix, owners.answerDeletePrefix); // DELETE /v1/prefixes/{prefix}: administrators
app.get('/openapi.json', answerOpenApi(app)); // GET /openapi.json: this table for programs
app.get('/docs', answerDocs(app)); // GET /docs: this table for people
app.get('/styles', pages.answerSearchPage); // GET /styles: searching, as a page
app.get('/styles/:name', pages.answerStylePage); // GET /styles/{name}: a style's page
app.get('/styles/:name/:version', pages.answerStylePage); // GET /styles/{name}/{version}: of one version
app.get('/styles/:name/:version/card.png', pages.answerShareCard); // GET /styles/{name}/{version}/card.png: for shares
app.get('/publishers/:handle', pages.answerPublisherPage); // GET /publishers/{handle}: a publisher's page
app.get('/pages/:file', pages.answerPageFile); // GET /pages/{file}: what pages load
app.get('*', answerStudio); // GET everything else: the studio's files

export { app };

export default {
  fetch: app.fetch,
  /** By the cron of wrangler.toml. */
  async scheduled(_event: unknown, env: Bindings): Promise<void> {
    await runScheduled(storesOf(env));
  },
};
