// The worker: the table of its routes.
import { createApp } from './http/app.ts';
import { asData, asIndex } from './http/data.ts';
import { answerBlob, readBlob } from './routes/blob.ts';
import { answerHealth, health } from './routes/health.ts';
import * as models from './routes/models.ts';
import { answerDocs, answerOpenApi } from './routes/openapi.ts';
import { answerStudio } from './routes/studio.ts';
import * as styles from './routes/styles.ts';

const app = createApp();

app.use('/v1/*', asData);
app.use('/v1/styles/*', asIndex);
app.use('/v1/models/*', asIndex);
app.use('/healthz', asData);
app.use('/openapi.json', asData, asIndex);

app.openapi(styles.searchStyles, styles.answerStyles); // GET /v1/styles: search, page by page
app.openapi(styles.showStyle, styles.answerStyle); // GET /v1/styles/{name}: the latest version, and the others' numbers
app.openapi(styles.resolveStyle, styles.answerStyleVersion); // GET /v1/styles/{name}/{version}: exact, range or latest
app.openapi(models.searchModels, models.answerModels); // GET /v1/models: as styles
app.openapi(models.showModel, models.answerModel); // GET /v1/models/{name}
app.openapi(models.resolveModel, models.answerModelVersion); // GET /v1/models/{name}/{version}
app.openapi(readBlob, answerBlob); // GET /v1/blobs/{sha256}: immutable bytes, with ranges
app.openapi(health, answerHealth); // GET /healthz: whether index and blobs answer
app.get('/openapi.json', answerOpenApi(app)); // GET /openapi.json: this table for programs
app.get('/docs', answerDocs(app)); // GET /docs: this table for people
app.get('*', answerStudio); // GET everything else: the studio's files

export default app;
