// Files, and what else a workspace has that no accessor of the client asks for.

import assert from 'node:assert/strict';
import * as sdk from '@membranehq/sdk';
import { byId, scenario } from './lib/world.mjs';
import { refused } from './lib/failure.mjs';
import { accept, page } from './lib/shape.mjs';

const bad = { as: sdk.BadRequestError, status: 400 };
const denied = { as: sdk.BadRequestError, status: 403 };
const absent = { as: sdk.BadRequestError, status: 404, key: 'not_found' };

scenario('POST /files keeps bytes, raw or as a form, and serves them back', async (world) => {
  const bytes = new Uint8Array([0, 255, 1, 254]);
  const raw = await world.curl('POST', '/files', { body: bytes, headers: { 'content-type': 'application/octet-stream' } });
  assert.equal(raw.status, 200, JSON.stringify(raw.body));
  const back = await fetch(raw.body.downloadUri);
  assert.deepEqual(new Uint8Array(await back.arrayBuffer()), bytes);
  assert.equal(back.headers.get('content-type'), 'application/octet-stream');

  const form = new FormData();
  form.set('note', 'no file');
  form.set('file', new Blob(['<b>hello</b>'], { type: 'text/html' }), 'hello.html');
  const sent = await world.curl('POST', '/files', { body: form });
  const page = await fetch(sent.body.downloadUri);
  assert.equal(await page.text(), '<b>hello</b>');
  assert.equal(page.headers.get('content-disposition'), 'attachment; filename="hello.html"', 'never shown as a page');

  const named = new FormData();
  named.set('file', new Blob(['x']), 'ünï.txt');
  const odd = await fetch((await world.curl('POST', '/files', { body: named })).body.downloadUri);
  assert.equal(odd.headers.get('content-disposition'), "attachment; filename*=UTF-8''%C3%BCn%C3%AF%2Etxt");
  const broken = await world.curl('POST', '/files', { body: bytes, headers: { 'content-type': 'multipart/form-data' } });
  assert.equal(broken.status, 400);

  const empty = await world.curl('POST', '/files', { headers: { 'content-type': 'text/plain' } });
  assert.deepEqual([empty.status, empty.body.type], [400, 'bad_request']);
  const without = new FormData();
  without.set('note', 'no file');
  assert.equal((await world.curl('POST', '/files', { body: without })).status, 400);
  assert.equal((await world.curl('POST', '/files', { body: bytes, token: null })).status, 401);
  assert.equal((await fetch(`${raw.body.downloadUri}x`)).status, 404);
});

scenario('a workspace keeps its last 100 files', async (world) => {
  const send = (body) => world.curl('POST', '/files', { body, headers: { 'content-type': 'text/plain' } });
  const first = await send('0');
  for (let n = 1; n < 100; n += 1) await send(String(n));
  assert.equal((await fetch(first.body.downloadUri)).status, 200);
  const last = await send('100');
  assert.equal((await fetch(first.body.downloadUri)).status, 404);
  assert.equal(await (await fetch(last.body.downloadUri)).text(), '100');
});

// What every element has, which the client declares for others alone.
const { shape } = sdk.AppDataSchemaApiResponse;
const names = ['uuid', 'description', 'meta', 'revision', 'state', 'updatedAt', 'isDeactivated', 'isCustomized'];
const Product = sdk.ConnectedProductApiResponse.extend(Object.fromEntries(names.map((name) => [name, shape[name]])));

scenario('connected products are made, listed, changed, archived and restored', async ({ manager, client }) => {
  const fields = { key: 'helper', name: 'Helper', type: 'ai-agent', audience: 'customers', parameters: { agentType: 'x' } };
  const made = accept(Product, await manager.post('/connected-products', fields));
  assert.deepEqual([made.type, made.audience, made.parameters], ['ai-agent', 'customers', { agentType: 'x' }]);
  const plain = accept(Product, await manager.post('/connected-products', { name: 'Our app' }));
  assert.deepEqual([plain.key, plain.type, plain.isConnected], ['our-app', 'app', false]);
  const list = async () => byId(accept(page(Product), await client.get('/connected-products')).items);
  assert.deepEqual(await list(), [made.id, plain.id]);
  const at = `/connected-products/${made.id}`;
  assert.equal(accept(Product, await manager.patch(at, { name: 'Guide' })).audience, 'customers');
  assert.equal(accept(Product, await manager.put(at, { key: 'helper', name: 'Guide' })).audience, undefined);
  await manager.delete(at);
  assert.deepEqual(await list(), [plain.id]);
  await manager.post(`${at}/restore`);
  assert.deepEqual(await list(), [made.id, plain.id]);
  await refused(client, () => client.post('/connected-products', fields), denied);
  await refused(manager, () => manager.post('/connected-products', { key: 'x', type: 'robot' }), bad);
});

scenario('external event types are kept at three layers', async ({ manager, client }) => {
  const fields = { key: 'sold', name: 'Sold', type: 'webhook', schema: { type: 'object' }, handle: 'export default () => []' };
  const made = await manager.post('/external-event-types', fields);
  assert.deepEqual([made.layer, made.handle, made.type], ['universal', fields.handle, 'webhook']);
  const bound = await manager.post('/external-event-types', { ...fields, integrationKey: 'github' });
  assert.deepEqual([bound.layer, bound.externalEventTypeId], ['integration', made.id]);
  assert.deepEqual(byId((await client.get('/external-event-types')).items), [made.id]);
  await refused(manager, () => manager.post('/external-event-types', { key: 'x', type: 'pull' }), bad);
  await refused(manager, () => manager.post('/external-event-types', { key: 'x', schema: { type: 'odd' } }), bad);
  await refused(client, () => client.post('/external-event-types', fields), denied);
});

scenario('an integration says which unified data models and collections it has', async ({ client }) => {
  const models = await client.get('/integrations/github/udm');
  assert.ok(models.some(({ key }) => key === 'tasks'));
  for (const model of models) accept(sdk.ConnectorUdmListItem, model);
  const tasks = await client.get('/integrations/github/udm/tasks');
  sdk.ConnectorUdmSpec.parse(tasks);
  assert.equal(sdk.findUdmCollectionMapping(tasks, 'issues').key, 'issues');
  await refused(client, () => client.get('/integrations/github/udm/taks'), { ...absent, message: /did you mean `tasks`/ });
  const specs = await client.get('/integrations/github/data-collection-specs');
  for (const spec of specs) accept(sdk.DataCollectionSpec, spec);
  assert.ok(specs.some(({ key }) => key === 'issues'));
});

scenario('a connection logs its changes, newest first', { clock: '2026-01-01T00:00:00Z' }, async (world) => {
  await world.poke('github-dev', 'loseCredentials');
  const { items } = await world.client.get('/connections/github-dev/logs');
  assert.deepEqual([items[0].from, items[0].to, items[0].cause], ['READY', 'DISCONNECTED', 'loseCredentials']);
  await world.poke('github-dev', 'reconnect');
  const first = await world.client.get('/connections/github-dev/logs?limit=1');
  await world.poke('github-dev', 'cancel');
  const rest = await world.client.get(`/connections/github-dev/logs?cursor=${first.cursor}`);
  assert.deepEqual(rest.items, items, 'what comes meanwhile moves nothing');
  const all = (await world.client.get('/connections/github-dev/logs')).items.map(({ id }) => id);
  assert.equal(new Set(all).size, all.length);
});

scenario('a connector is cloned into the workspace, and the universe stays as it is', async ({ manager, client }) => {
  const universe = async () => (await client.get('/universe/connectors?limit=1000')).items.map(({ key }) => key);
  const before = await universe();
  const copy = await manager.post('/connectors/github/clone');
  assert.deepEqual([copy.key, copy.name, copy.isPublic, copy.hasData], ['github-copy', 'Copy of GitHub', false, true]);
  assert.equal((await manager.post('/connectors/github/clone', { key: 'mine', name: 'Mine' })).name, 'Mine');
  await refused(manager, () => manager.post('/connectors/github/clone', { key: 'mine' }), { ...bad, key: 'already_exists' });
  await refused(client, () => client.post('/connectors/github/clone'), denied);
  for (const wrong of [{ key: null }, { key: ' spaced' }, { name: ' ' }]) {
    await refused(manager, () => manager.post('/connectors/github/clone', wrong), bad);
    await refused(manager, () => manager.post('/connectors', { name: 'New', ...wrong }), bad);
  }
  await manager.patch('/connectors/github', { name: 'Not for all' });
  assert.ok((await client.get('/universe/connectors')).items.every(({ name }) => name !== 'Not for all'));
  assert.deepEqual(await universe(), before);
  await manager.integrations.create({ key: 'mine', name: 'Mine', connectorKey: 'mine' });
  assert.ok((await client.integration('mine').getOperations()).length > 0);
  for (const at of ['/universe/apps', '/v2/universe/apps']) {
    assert.ok((await client.get(at)).items.every(({ isPublic }) => isPublic), at);
  }
});
