// What archives keep of elements, one by one: what they name, what is empty, what a pulled folder has.

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as sdk from '@membranehq/sdk';
import { exported, imported, same } from './lib/archives.mjs';
import { isLayered, kinds } from './lib/elements.mjs';
import { startServer } from './lib/server.mjs';
import { scenario, World } from './lib/world.mjs';
import { unzip, zip } from './lib/zip.mjs';

const empty = { seed: 'none' };
const code = { type: 'run-javascript', config: { code: 'module.exports = () => 1' } };
/** What it exports, in an empty workspace; the archive of that one has to be the same. */
const twin = async (world, t) => {
  const other = await World.fork(empty);
  t.after(() => other.drop());
  const archive = await exported(world);
  const result = await imported(other, archive);
  return { other, archive, result };
};

scenario('a flow version whose nodes were set is exported again as it was', empty, async (world, t) => {
  const { manager } = world;
  await manager.post('/integrations', { key: 'github', connectorKey: 'github' });
  const nodes = { begin: { type: 'api-trigger', links: [{ key: 'next' }] }, next: { type: 'filter' } };
  await manager.post('/flows', { key: 'sync', name: 'Sync', nodes });
  const { id } = await manager.post('/flows', { key: 'sync', name: 'Sync', integrationKey: 'github' });
  await manager.patch(`/flows/${id}`, { nodes: { ...nodes, next: { type: 'filter', name: 'Next' } } });
  const { other, archive } = await twin(world, t);
  same(await exported(other), archive);
});

scenario('a flow version put as it was read is not customised', empty, async ({ manager }) => {
  await manager.post('/integrations', { key: 'github', connectorKey: 'github' });
  await manager.post('/flows', { key: 'sync', name: 'Sync', nodes: kinds.flows.nodes });
  const version = await manager.post('/flows', { key: 'sync', name: 'Sync', integrationKey: 'github' });
  const put = await manager.put(`/flows/${version.id}`, version);
  assert.deepEqual([put.isCustomized, put.nodes], [version.isCustomized, version.nodes]);
});

scenario('an integration without a description gets none', empty, async (world, t) => {
  await world.manager.post('/integrations', { key: 'github', connectorKey: 'github' });
  await world.manager.patch('/integrations/github', { description: null });
  const { other, archive } = await twin(world, t);
  same(await exported(other), archive);
});

scenario('the base address of a connector stays as it is', empty, async (world, t) => {
  await world.manager.post('/connectors', { key: 'shop', name: 'Shop', baseUri: 'https://api.shop.example/v1/' });
  const { other, archive } = await twin(world, t);
  same(await exported(other), archive);
});

scenario('an archive imported over its own workspace changes nothing', empty, async (world) => {
  const { manager } = world;
  await manager.post('/integrations', { key: 'github', connectorKey: 'github' });
  await manager.post('/actions', { key: 'greet', name: 'Greet', ...code });
  await manager.post('/actions', { key: 'greet', name: 'Another', integrationKey: 'github', ...code });
  assert.deepEqual((await imported(world, await exported(world))).updated, []);
});

scenario('a package names elements of integrations after one import', empty, async (world, t) => {
  const { manager } = world;
  await manager.post('/integrations', { key: 'github', connectorKey: 'github' });
  const { id } = await manager.post('/actions', { key: 'greet', name: 'Greet', integrationKey: 'github', ...code });
  await manager.post('/packages', { key: 'pack', name: 'Pack', elements: [{ type: 'action', id }] });
  const { other } = await twin(world, t);
  const there = await other.manager.get('/actions/greet?integrationKey=github');
  assert.deepEqual((await other.manager.get('/packages/pack')).elements, [{ type: 'action', id: there.id }]);
});

scenario('what an archive names by UUID is found by key', empty, async (world) => {
  const { manager } = world;
  const known = await manager.post('/actions', { key: 'greet', name: 'Greet', ...code });
  const uuid = '7d0a4bd6-7a5e-4c8e-9c0d-3f1f0a6f2b11';
  const [action, pack] = [{ name: 'Greet', uuid, ...code }, { name: 'Pack', elements: [{ type: 'action', id: uuid }] }];
  await imported(world, zip({ 'actions/greet/spec.yaml': JSON.stringify(action), 'packages/pack/spec.yaml': JSON.stringify(pack) }));
  assert.deepEqual((await manager.get('/packages/pack')).elements, [{ type: 'action', id: known.id }]);
});

scenario('what an element names by id is named the same elsewhere', empty, async (world, t) => {
  const { manager } = world;
  const source = await manager.post('/data-sources', { key: 'issues', name: 'Issues', collectionKey: 'issues' });
  await manager.post('/field-mappings', { key: 'people', name: 'People', dataSourceId: source.id });
  const { other } = await twin(world, t);
  const there = await other.manager.get('/data-sources/issues');
  const named = await other.manager.get('/field-mappings/people/dependencies');
  assert.deepEqual(named, [{ type: 'DataSource', key: 'issues', element: { id: there.id, key: 'issues', name: 'Issues' } }]);
});

scenario('a connector comes with logo, options and UUID', empty, async (world, t) => {
  const logoUri = 'https://shop.example/logo.svg';
  const made = await world.manager.post('/connectors', { key: 'shop', name: 'Shop', logoUri, options: [{ key: 'main', type: 'oauth2' }] });
  const { other } = await twin(world, t);
  const there = await other.manager.get('/connectors/shop');
  assert.deepEqual([there.uuid, there.logoUri, there.options], [made.uuid, logoUri, made.options]);
});

scenario('a workspace with an app of its own is imported', empty, async (world, t) => {
  await world.manager.post('/external-apps', { key: 'ours', name: 'Ours' });
  await world.manager.post('/connectors', { key: 'ours', name: 'Ours', externalAppId: 'ours' });
  await twin(world, t);
});

scenario('an archive of a folder has any kinds', empty, async (world) => {
  const spec = JSON.stringify({ name: 'Event' });
  const { created } = await imported(world, zip({ 'membrane/external-event-types/event/spec.yaml': spec, 'membrane/connected-products/event/spec.yaml': spec }));
  assert.deepEqual(created, ['connected-products/event', 'external-event-types/event']);
});

scenario('an element stands in an archive once', empty, async (world) => {
  const body = new FormData();
  const [one, two] = ['One', 'Two'].map((name) => JSON.stringify({ name }));
  body.set('file', new Blob([zip({ 'actions/a/a.yaml': one, 'actions/a/spec.yaml': two })]), 'workspace.zip');
  const { status, body: answer } = await world.curl('POST', '/import', { token: world.managerToken, body });
  assert.equal(status, 400, JSON.stringify(answer));
});

scenario('a key has at least one letter', empty, async (world) => {
  for (const kind of Object.keys(kinds)) {
    const { status } = await world.curl('POST', `/${kind}`, { token: world.managerToken, data: { key: '', name: 'Empty', type: kind === 'screens' ? 'integration' : undefined } });
    if (status === 200) await imported(world, await exported(world));
  }
});

scenario('a version of another key keeps its parent', empty, async (world, t) => {
  const { manager } = world;
  await manager.post('/integrations', { key: 'github', connectorKey: 'github' });
  const above = await manager.post('/actions', { key: 'greet', name: 'Greet', ...code });
  await manager.post('/actions', { key: 'hello', parentId: above.id, integrationKey: 'github' });
  const { other } = await twin(world, t);
  const there = await other.manager.get('/actions/hello?integrationKey=github');
  assert.equal(there.parentId, (await other.manager.get('/actions/greet')).id);
});

scenario('an export fits the client: package elements by uuid', empty, async ({ manager }) => {
  const { id, uuid } = await manager.post('/actions', { key: 'greet', name: 'Greet', ...code });
  await manager.post('/packages', { key: 'pack', name: 'Pack', elements: [{ type: 'action', id }] });
  const portable = await manager.get('/packages/pack/export');
  assert.deepEqual(sdk.PackageExportProperties.parse(portable).elements, [{ type: 'action', uuid }]);
});

scenario('the client tells a version from its universal element', empty, async ({ manager }) => {
  await manager.post('/integrations', { key: 'github', connectorKey: 'github' });
  for (const at of [{}, { integrationKey: 'github' }]) await manager.post('/actions', { key: 'greet', name: 'Greet', ...code, ...at });
  const integration = [await manager.get('/integrations/github/export')];
  const action = [await manager.get('/actions/greet/export'), await manager.get('/actions/greet/export?integrationKey=github')];
  const { changes } = sdk.compareWorkspaceExports({}, { integration, action });
  assert.deepEqual(Object.values(changes).map(({ path }) => path).sort(), ['actions/greet/spec.yaml', 'integrations/github/actions/greet/spec.yaml', 'integrations/github/spec.yaml']);
});

scenario('what is empty stays', empty, async (world, t) => {
  await world.manager.post('/field-mappings', { key: 'none', name: 'None', importValue: {} });
  await world.manager.post('/connectors', { key: 'open', name: 'Open', type: 'client-credentials', inputSchema: {} });
  const { other } = await twin(world, t);
  assert.deepEqual((await other.manager.get('/connectors/open')).inputSchema, {});
  assert.deepEqual((await other.manager.post('/field-mappings/none/run', { input: {} })).output, {});
});

scenario('connectorVersion comes along', empty, async (world, t) => {
  await world.manager.post('/integrations', { key: 'github', connectorKey: 'github', connectorVersion: '2.0.0' });
  const { other } = await twin(world, t);
  assert.equal((await other.manager.get('/integrations/github')).connectorVersion, '2.0.0');
});

const seeded = async (t, files) => {
  const at = await mkdtemp(join(tmpdir(), 'archive-'));
  t.after(() => rm(at, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(at, path)), { recursive: true });
    await writeFile(join(at, path), typeof text === 'string' ? text : JSON.stringify(text));
  }
  const server = await startServer('--seed', at);
  t.after(server.stop);
  const { items: [known] } = await (await fetch(`${server.url}/__mock/workspaces`)).json();
  return Object.assign(new World(), known);
};

/** As the workspace CLI writes it: an integration's key, name and connectorId alone. */
scenario('a pulled integration is called otherwise than its connector', empty, async (world, t) => {
  const { id, key, name, connectorId } = await world.manager.post('/integrations', { key: 'our-github', connectorKey: 'github' });
  const other = await seeded(t, { 'integrations/our-github/our-github.yaml': { id, key, name, connectorId } });
  assert.equal((await other.manager.get('/integrations/our-github')).connectorKey, 'github');
});

for (const kind of ['actions', 'flows', 'data-sources', 'field-mappings']) {
  scenario(`a pulled version is a seed: ${kind}`, empty, async (world, t) => {
    const { manager } = world;
    await manager.post('/integrations', { key: 'github', connectorKey: 'github' });
    for (const at of [{}, { integrationKey: 'github' }]) await manager.post(`/${kind}`, { key: 'one', name: 'One', ...kinds[kind], ...at });
    const { integration, ...version } = await manager.get(`/${kind}/one?integrationKey=github`);
    const files = { 'integrations/github/github.yaml': { key: 'github' }, [`${kind}/one/one.yaml`]: await manager.get(`/${kind}/one`), [`${kind}/one/github/github.yaml`]: version };
    const other = await seeded(t, files);
    assert.equal((await other.manager.get(`/${kind}/one?integrationKey=github`)).layer, 'integration');
  });
}

scenario('one UUID, one element', empty, async (world) => {
  const { uuid } = await world.manager.post('/actions', { key: 'a', name: 'A', ...code });
  const { status } = await world.curl('POST', '/actions', { token: world.managerToken, data: { key: 'b', name: 'B', uuid, ...code } });
  assert.equal(status, 400);
});

scenario('whether a version is customised is told alike for all kinds', empty, async ({ manager }) => {
  await manager.post('/integrations', { key: 'github', connectorKey: 'github' });
  const told = {};
  for (const kind of ['actions', 'flows', 'data-sources', 'field-mappings', 'data-link-tables', 'external-event-types', 'packages']) {
    await manager.post(`/${kind}`, { key: 'one', name: 'One', ...kinds[kind] });
    told[kind] = (await manager.post(`/${kind}`, { key: 'one', name: 'Another', ...kinds[kind], integrationKey: 'github' })).isCustomized;
  }
  assert.deepEqual([...new Set(Object.values(told))], [true], JSON.stringify(told));
});

scenario('dependencies name what is named by UUID', empty, async ({ manager }) => {
  const { uuid } = await manager.post('/data-sources', { key: 'issues', name: 'Issues', collectionKey: 'issues' });
  await manager.post('/field-mappings', { key: 'people', name: 'People', dataSourceUuid: uuid });
  assert.equal((await manager.get('/field-mappings/people/dependencies')).length, 1);
});

// Elements of one external app alone

for (const kind of Object.keys(kinds).filter(isLayered)) {
  scenario(`what is for one app alone is in an archive: ${kind}`, empty, async (world, t) => {
    const { manager } = world;
    await manager.post('/external-apps', { key: 'ours', name: 'Ours' });
    const folder = kind.replace('scenarios', 'packages');
    const make = (more) => manager.post(`/${kind}`, { key: 'same', name: 'Same', ...more });
    await make({ name: 'For all' });
    const made = await make({ externalAppId: (await manager.get('/external-apps/github')).id, name: 'For GitHub' });
    await make({ externalAppKey: 'ours', name: 'For ours' });
    const { other, archive, result } = await twin(world, t);
    assert.deepEqual(result.created.filter((place) => place.startsWith(folder)), [`${folder}/same`, `${folder}/same@github`, `${folder}/same@ours`]);
    same(await exported(other), archive);

    const { id } = await other.manager.get('/external-apps/github');
    const { items } = await other.manager.get(`/${kind}`, { externalAppId: id });
    const there = items.filter(({ externalAppKey, key }) => externalAppKey === 'github' && key === 'same');
    assert.deepEqual(there.map(({ name, uuid }) => [name, uuid]), [['For GitHub', made.uuid]]);
    const again = await imported(other, archive);
    assert.deepEqual([again.created, again.updated, again.archived], [[], [], []]);
    await manager.delete(`/${kind}/${made.id}`);
    const without = await imported(other, await exported(world));
    assert.deepEqual([without.created, without.archived], [[], [`${folder}/same@github`]], 'the others of the key stay');
    assert.equal((await other.manager.get(`/${kind}/same`)).name, 'For all');
  });
}

scenario('an action for one app runs where its archive was imported', empty, async (world, t) => {
  await world.manager.post('/actions', { key: 'greet', name: 'Greet', externalAppKey: 'github', ...code });
  const { other } = await twin(world, t);
  await other.configure({ mock: { autoConnect: true } });
  await other.client.post('/connect', { connectorKey: 'github', connectionKey: 'mine' });
  assert.equal((await other.client.post('/act', { key: 'greet', connectionKey: 'mine' })).output, 1);
});

scenario('an archive that names an app which nobody has is refused, and says which element', empty, async (world) => {
  const archive = zip({ 'actions/greet/spec.yaml': JSON.stringify({ name: 'Greet', externalAppKey: 'nothing', ...code }) });
  await assert.rejects(imported(world, archive), /action `greet`: external app not found: `nothing`/);
  const misplaced = zip({ 'app-data-schemas/all/spec.yaml': JSON.stringify({ name: 'All', externalAppKey: 'github' }) });
  const body = new FormData();
  body.set('file', new Blob([misplaced]), 'workspace.zip');
  const { status, body: answer } = await world.curl('POST', '/import', { token: world.managerToken, body });
  assert.equal(status, 400, JSON.stringify(answer));
  assert.match(answer.message, /an app data schema is for no external app/);
});

scenario('parameters of an integration are taken from an archive, and none are given away', empty, async (world, t) => {
  const spec = { name: 'GitHub', connectorKey: 'github', parameters: { clientId: 'ours', clientSecret: 'secret' } };
  const archive = zip({ 'integrations/github/spec.yaml': JSON.stringify(spec) });
  await imported(world, archive);
  const read = async (of) => (await of.manager.get('/integrations/github', { includeSecrets: true })).parameters;
  assert.deepEqual(await read(world), spec.parameters);
  const { other, archive: sent } = await twin(world, t);
  assert.ok(!Object.values(unzip(sent)).join().includes('clientSecret'));
  assert.deepEqual(await read(other) ?? {}, {});
  await imported(world, sent);
  assert.deepEqual(await read(world), spec.parameters, 'what is there stays');
});

scenario('catalog actions of a connector of its own come along', async (world, t) => {
  const request = { method: 'GET', path: '/orders' };
  const actions = [{ key: 'list-orders', name: 'List orders', type: 'api-request-to-external-app', config: { request } }];
  const connector = { key: 'shop', actions, name: 'Shop', externalApp: 'shop', baseUri: 'https://api.shop.example', type: 'client-credentials' };
  const from = await seeded(t, {
    'external-apps/shop.yaml': [{ key: 'shop', name: 'Shop' }],
    'connectors/shop/spec.yaml': connector,
  });
  const archive = await exported(from);
  const result = await imported(world, archive, { partial: true });
  assert.ok(result.created.includes('connectors/shop'), JSON.stringify(result));
  const { id } = await world.client.get('/external-apps/shop');
  const { items } = await world.client.get('/actions', { externalAppId: id });
  assert.deepEqual(items.map(({ name, key, isPublic }) => [name, key, isPublic]), [['List orders', '', true]]);
});

scenario('a folder has a name that every file system takes, however long the key is', empty, async (world, t) => {
  const keys = ['日'.repeat(60), '日'.repeat(59) + '本', `${'é'.repeat(90)}x`];
  for (const key of keys) await world.manager.post('/actions', { key, name: 'Long', ...code });
  const { other, archive } = await twin(world, t);
  const folders = Object.keys(unzip(archive)).map((path) => path.split('/')[1]);
  assert.equal(new Set(folders).size, keys.length);
  for (const folder of folders) assert.ok(Buffer.byteLength(folder) <= 255 && decodeURIComponent(folder), folder);
  same(await exported(other), archive);
  for (const key of keys) assert.equal((await other.manager.get(`/actions/${encodeURIComponent(key)}`)).key, key);
});
