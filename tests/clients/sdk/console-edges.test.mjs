// What calls of the console refuse, keep and tell apart.

import assert from 'node:assert/strict';
import * as sdk from '@membranehq/sdk';
import { checkpointsOf, everyCheckpoint } from './lib/checkpoints.mjs';
import { fill, kinds, typeOf } from './lib/elements.mjs';
import { refusal, refused } from './lib/failure.mjs';
import { accept, page } from './lib/shape.mjs';
import { scenario, World } from './lib/world.mjs';
import { zip } from './lib/zip.mjs';

const answering = (value) => ({ type: 'run-javascript', config: { code: `module.exports = () => ${JSON.stringify(value)}` } });
const shop = { key: 'shop', name: 'Shop', type: 'proxy' };
const list = async ({ manager }, key = 'shop') => (await manager.get(`/connectors/${key}/files`)).items.map(({ path }) => path);
const upload = (world, archive, key = 'shop') =>
  world.curl('POST', `/connectors/${key}/upload`, { token: world.managerToken, body: archive, headers: { 'content-type': 'application/zip' } });

scenario('an uploaded archive keeps files of any name', async (world) => {
  await world.manager.post('/connectors', shop);
  for (const path of ['data/list.js', 'README.md']) await world.manager.put(`/connectors/shop/files/${path}`, { content: 'x' });
  const headers = { authorization: `Bearer ${world.managerToken}` };
  const archive = Buffer.from(await (await fetch(`${world.apiUri}/connectors/shop/download`, { headers })).arrayBuffer());
  await upload(world, archive);
  assert.deepEqual(await list(world), ['README.md', 'data/list.js', 'spec.yaml']);
});

scenario('too many files change nothing, not even the connector', async (world) => {
  await world.manager.post('/connectors', shop);
  const files = Object.fromEntries(Array.from({ length: 501 }, (_, n) => [`f${n}.yaml`, '']));
  refusal(await upload(world, zip({ ...files, 'spec.yaml': 'name: Half' })), { status: 400 });
  assert.equal((await world.manager.get('/connectors/shop')).name, 'Shop');
});

scenario('a spec gives a connector no key that another one has', async (world) => {
  for (const key of ['shop', 'to']) await world.manager.post('/connectors', { ...shop, key });
  const { files } = await world.manager.get('/connectors/shop/export-files');
  await world.curl('POST', '/connectors/to/import', { token: world.managerToken, data: { files } });
  const keys = (await world.manager.get('/connectors?limit=1000')).items.map(({ key, uuid }) => key);
  assert.equal(new Set(keys).size, keys.length, keys.join());
});

scenario('nor a uuid', async (world) => {
  for (const key of ['shop', 'to']) await world.manager.post('/connectors', { ...shop, key });
  await world.manager.post('/connectors/to/import', await world.manager.get('/connectors/shop/export-json'));
  const uuids = (await world.manager.get('/connectors?limit=1000')).items.map(({ uuid }) => uuid);
  assert.equal(new Set(uuids).size, uuids.length);
});

scenario('PATCH key of a connector to a taken one', async (world) => {
  await world.manager.post('/connectors', shop);
  const answer = await world.curl('PATCH', '/connectors/shop', { token: world.managerToken, data: { key: 'github' } });
  refusal(answer, { status: 400, key: 'already_exists' });
});

scenario('files and versions go with their connector', async (world) => {
  await world.manager.put('/connectors/jira/files/note.md', { content: 'Ours' });
  await world.manager.post('/connectors/jira/publish-version');
  await world.manager.delete('/connectors/jira');
  assert.deepEqual(await list(world, 'jira'), ['spec.yaml']);
  assert.deepEqual((await world.manager.get('/connectors/jira/versions')).items, []);
});

scenario('no record is left of them', async (world) => {
  await world.manager.post('/connectors', shop);
  await world.manager.put('/connectors/shop/files/note.md', { content: 'Ours and nobody else' });
  await world.manager.delete('/connectors/shop');
  assert.ok(!(await world.export()).includes('Ours and nobody else'));
});

scenario('the next version is one that there is not', async (world) => {
  await world.manager.post('/connectors', shop);
  const publish = (body) => world.manager.post('/connectors/shop/publish-version', body);
  await publish({ version: '1.0.1' });
  await publish({ version: '1.0.0' });
  assert.equal((await publish()).version, '1.0.2');
});

scenario('a version is published once, however many publish it at a time', async (world) => {
  await world.manager.post('/connectors', shop);
  const publish = () => world.curl('POST', '/connectors/shop/publish-version', { token: world.managerToken, data: { version: '2.0.0' } });
  await Promise.all(Array.from({ length: 10 }, publish));
  assert.deepEqual((await world.manager.get('/connectors/shop/versions')).items.map(({ version }) => version), ['2.0.0']);
});

scenario('a published version fits the client', async (world) => {
  await world.manager.post('/connectors', shop);
  accept(sdk.ConnectorVersion.extend({ createdAt: sdk.BaseConnection.shape.createdAt }), await world.manager.post('/connectors/shop/publish-version'));
});

scenario('versions named as switching names what is no version are refused', async (world) => {
  await world.manager.post('/connectors', shop);
  for (const version of ['latest', 'development', '..', 'a/b', 'two\nlines', 'x'.repeat(5000)]) {
    refusal(await world.curl('POST', '/connectors/shop/publish-version', { token: world.managerToken, data: { version } }), { status: 400 });
  }
});

scenario('a path with a control character', async (world) => {
  await world.manager.post('/connectors', shop);
  for (const path of ['a%00b', 'a%0Ab', 'a%FF', '%20', 'a%5Cb']) {
    refusal(await world.curl('PUT', `/connectors/shop/files/${path}`, { token: world.managerToken, body: 'x' }), { status: 400 });
  }
});

scenario('the first change of a seeded element can be reverted', { seed: { workspace: { tenants: [{ key: 't', name: 'T' }] }, actions: [{ key: 'seeded', name: 'Seeded', ...answering(1) }] } }, async (world) => {
  const { id } = await world.manager.get('/actions/seeded');
  assert.deepEqual(await checkpointsOf(world, { id }), []);
  await world.manager.patch('/actions/seeded', { name: 'Changed' });
  const [seeded, changed, ...rest] = await checkpointsOf(world, { id });
  assert.deepEqual([seeded.snapshot.name, changed.snapshot.name, rest], ['Seeded', 'Changed', []]);
  const diff = (of) => world.manager.get(`/checkpoints/${of.id}/diff`);
  assert.deepEqual(await diff(seeded), [{ op: 'replace', path: 'name', value: 'Changed', oldValue: 'Seeded' }]);
  assert.deepEqual(await diff(changed), []);
  assert.equal((await world.manager.post(`/checkpoints/${seeded.id}/revert`)).name, 'Seeded');
});

scenario('a revert gives the key back', async (world) => {
  const { id } = await world.manager.actions.create({ key: 'greet', name: 'Greet', ...answering(1) });
  await world.manager.action(id).patch({ key: 'hello' });
  const [one] = await checkpointsOf(world, { id });
  assert.equal((await world.manager.post(`/checkpoints/${one.id}/revert`)).key, 'greet');
});

scenario('a revert answers what a GET answers', async (world) => {
  const { id } = await world.manager.actions.create({ key: 'greet', name: 'Greet', ...answering(1) });
  await world.manager.actions.create({ key: 'greet', name: 'On GitHub', integrationKey: 'github' });
  const [one] = await checkpointsOf(world, { id });
  assert.deepEqual(await world.manager.post(`/checkpoints/${one.id}/revert`), await world.manager.action(id).get());
});

scenario('checkpoints of all kinds fit the client', { seed: 'none' }, async (world) => {
  await world.manager.post('/connectors', shop);
  const made = await fill((path, body) => world.manager.post(path, body), { connectors: ['shop'] });
  const elements = made.filter(({ kind }) => kind in kinds);
  for (const element of elements) {
    const elementType = typeOf(element.kind);
    const types = (await checkpointsOf(world, element, elementType)).map((checkpoint) => checkpoint.elementType);
    // The client knows of no checkpoints of these.
    assert.deepEqual(types, elementType === 'external-event-type' ? [] : [elementType], `${element.kind} ${element.key}`);
  }
  const { records } = JSON.parse(await world.export());
  const held = records.filter(({ kind }) => kind === 'checkpoint').map(({ record }) => record);
  assert.deepEqual(await everyCheckpoint(world), held);
});

scenario('workspaces fit the client', async (world) => {
  accept(sdk.OrgWorkspace, await world.manager.get(`/org-workspaces/${world.key}`));
});

scenario('a limit is value, default value and unit', async (world) => {
  for (const limit of [{ value: 'x', unit: 'number' }, { value: 1, unit: 'days' }, { value: 1 }, {}]) {
    refusal(await world.curl('PATCH', `/workspaces/${world.key}/limits`, { token: world.managerToken, data: { apiRequestsPerSecond: limit } }), { status: 400 });
  }
});

scenario('a refused change of a workspace changes nothing', async (world) => {
  const data = { limits: { apiRequestsPerSecond: { value: 5, unit: 'number' } }, name: 7 };
  refusal(await world.curl('PATCH', `/org-workspaces/${world.key}`, { token: world.managerToken, data }), { status: 400 });
  assert.equal((await world.manager.get(`/org-workspaces/${world.key}`)).limits, undefined);
});

scenario('a name has a letter, a picture is a text', async (world) => {
  for (const data of [{ name: '' }, { logoUri: 7 }]) {
    refusal(await world.curl('PATCH', `/org-workspaces/${world.key}`, { token: world.managerToken, data }), { status: 400 });
  }
});

scenario('settings and webhooks of a workspace are set as well', async (world) => {
  const body = { webhookUri: 'https://app.example/hook', settings: { enableApiLogs: false }, isReadOnly: true };
  sdk.OrgWorkspaceUpdateRequest.parse(body);
  await world.manager.patch(`/org-workspaces/${world.key}`, body);
  assert.equal((await world.manager.get(`/workspaces/${world.key}`)).webhookUri, body.webhookUri);
});

scenario('a token is only signed if it is one', async (world) => {
  for (const tenantKey of ['x'.repeat(300), 'a\0b', '']) {
    refusal(await world.curl('POST', `/org-workspaces/${world.key}/access-token`, { token: world.managerToken, data: { tenantKey } }), { status: 400 });
  }
});

scenario('addresses of a workspace are addresses, and making one is for managers', async (world) => {
  const patch = (data) => world.curl('PATCH', `/workspaces/${world.key}`, { token: world.managerToken, data });
  for (const field of ['webhookUri', 'apiBaseUri']) {
    for (const wrong of [5, 'nonsense', 'file:///x', {}]) {
      refusal(await patch({ [field]: wrong }), { status: 400, message: new RegExp(`\`${field}\` is an http or https address`) });
    }
    assert.equal((await patch({ [field]: 'https://app.example/hooks' })).body[field], 'https://app.example/hooks');
    assert.equal((await patch({ [field]: null })).status, 200);
  }
  refusal(await world.curl('POST', '/workspaces', { data: {} }), { status: 403, key: 'access_denied' });
  assert.equal((await world.curl('POST', '/workspaces', { token: world.managerToken, data: {} })).status, 501);
});

scenario('demo stubs of Stripe answer what was sent', async (world) => {
  await world.client.post('/connect', { connectorKey: 'stripe', connectionKey: 'st', input: { apiKey: 'sk_test_1' } });
  const send = (path, body) => world.curl('POST', `/connections/st/proxy/v1/${path}`, { body, headers: { 'content-type': 'application/x-www-form-urlencoded' } });
  const customer = await send('customers', 'email=a%40b.c&metadata[k]=v');
  assert.deepEqual([customer.body.email, customer.body.metadata], ['a@b.c', { k: 'v' }]);
  const intent = await send('payment_intents', 'amount=500&currency=eur');
  assert.deepEqual([intent.body.amount, intent.body.metadata], [500, {}]);
});
