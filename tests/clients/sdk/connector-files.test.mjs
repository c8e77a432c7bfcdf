// Connectors as folders: their files, archives of these, and the versions that are published of them.

import assert from 'node:assert/strict';
import * as sdk from '@membranehq/sdk';
import { refusal, refused } from './lib/failure.mjs';
import { accept } from './lib/shape.mjs';
import { scenario, World } from './lib/world.mjs';
import { unzip, zip } from './lib/zip.mjs';

const bad = { as: sdk.BadRequestError, status: 400 };
const denied = { as: sdk.BadRequestError, status: 403, key: 'access_denied', message: /only a manager token/ };
const absent = { as: sdk.BadRequestError, status: 404, key: 'not_found' };

// What each record has, which the client declares for others alone; what changed is optional to say.
const Version = sdk.ConnectorVersion.partial({ changelog: true }).extend({ createdAt: sdk.BaseConnection.shape.createdAt });

const spec = { key: 'shop', name: 'Shop', type: 'proxy', baseUri: 'https://api.shop.example' };
const make = ({ manager }, more) => manager.post('/connectors', { ...spec, ...more });
const at = (path = '', key = 'shop') => `/connectors/${key}/files${path && `/${path.split('/').map(encodeURIComponent).join('/')}`}`;

/** Writes a file, the bytes as they are. */
const write = (world, path, body, type = 'text/plain') =>
  world.curl('PUT', at(path), { token: world.managerToken, body, headers: { 'content-type': type } });
const written = async (world, path, body, type) => {
  const answer = await write(world, path, body, type);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body;
};

/** A call whose answer is bytes and no JSON. */
async function bytes(world, path) {
  const response = await fetch(world.apiUri + path, { headers: { authorization: `Bearer ${world.managerToken}` } });
  assert.equal(response.status, 200, `${path} answered ${response.status}`);
  return { type: response.headers.get('content-type'), headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) };
}
const text = async (world, path, key) => (await bytes(world, at(path, key))).bytes.toString();
const list = async ({ manager }, key) => (await manager.get(at('', key))).items.map(({ path }) => path);
const filesOf = async ({ manager }, key = 'shop') => (await manager.get(`/connectors/${key}/export-files`)).files;

/** Sends an archive, as a form or as it is. */
const upload = (world, archive, { to = '/connectors/shop/upload', form = true, token = world.managerToken } = {}) => {
  const body = new FormData();
  body.set('note', 'before the file');
  body.set('file', new Blob([archive]), 'connector.zip');
  const raw = { body: archive, headers: { 'content-type': 'application/zip' } };
  return world.curl('POST', to, { token, ...(form ? { body } : raw) });
};

// Files

scenario('files of a connector are written, read, listed and removed', async (world) => {
  await make(world);
  assert.deepEqual(await list(world), ['spec.yaml']);
  const code = 'module.exports = () => "héllo"\n';
  assert.deepEqual(await written(world, 'data/contacts/list.js', code), { path: 'data/contacts/list.js', size: 32 });
  await written(world, 'README.md', '');
  const { items: [readme, listed, own] } = await world.manager.get(at());
  assert.deepEqual([readme, listed], [{ path: 'README.md', size: 0 }, { path: 'data/contacts/list.js', size: 32 }]);
  assert.deepEqual(own, { path: 'spec.yaml', size: (await text(world, 'spec.yaml')).length });

  const read = await bytes(world, at('data/contacts/list.js'));
  assert.deepEqual([read.type, read.bytes.toString()], ['text/plain; charset=utf-8', code]);
  await written(world, 'data/contacts/list.js', 'shorter');
  assert.equal(await text(world, 'data/contacts/list.js'), 'shorter');
  assert.deepEqual(await world.manager.delete(at('data/contacts/list.js')), {});
  assert.deepEqual(await list(world), ['README.md', 'spec.yaml']);
  for (const method of ['get', 'delete']) {
    await refused(world.manager, (manager) => manager[method](at('data/contacts/list.js')), { ...absent, message: /`shop`.*list\.js/ });
  }
});

scenario('a file is sent as it is, or as the content of a JSON object', async (world) => {
  await make(world);
  assert.deepEqual(await world.manager.put(at('a.js'), { content: 'one\n' }), { path: 'a.js', size: 4 });
  assert.equal(await text(world, 'a.js'), 'one\n');
  for (const json of ['{"a": 1}', '[1]', '"text"', '{ "content": 5 }', 'null']) {
    await written(world, 'data.json', json, 'application/json');
    assert.equal(await text(world, 'data.json'), json);
  }
  refusal(await write(world, 'data.json', '{"a', 'application/json'), { ...bad, message: /not valid JSON/ });
  await written(world, 'data.txt', '{"a', 'text/plain');
  await written(world, 'odd', Buffer.from('no type'), 'application/octet-stream');
  for (const wrong of [[0xff, 0xfe], [0xc3], [0xed, 0xa0, 0x80]]) {
    refusal(await write(world, 'odd', new Uint8Array(wrong)), { ...bad, message: /UTF-8/ });
  }
  assert.equal(await text(world, 'odd'), 'no type', 'what is refused changes nothing');
});

scenario('a path is names with slashes between them', async (world) => {
  await make(world);
  const fine = ['a', '.hidden', 'a b', 'ü/日本/🚀.js', '100%', 'a%2Fb', '...', 'a?b#c', 'spec.yaml.bak', 'data/spec.yaml', 'x'.repeat(200), '🚀'.repeat(200)];
  for (const path of fine) {
    assert.equal((await written(world, path, path)).path, path);
    assert.equal(await text(world, path), path);
  }
  assert.deepEqual(await list(world), [...fine, 'spec.yaml'].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
  for (const path of fine) await world.manager.delete(at(path));
  for (const path of ['..%2Fa', 'a%2F..%2Fb', '..%2F..%2Factions', 'a%2F.', 'a//b', 'a/', '/a', 'x'.repeat(201)]) {
    const answer = await world.curl('PUT', `/connectors/shop/files/${path}`, { token: world.managerToken, body: 'x' });
    refusal(answer, { ...bad, message: /is no path of a file/ });
  }
  assert.deepEqual(await list(world), ['spec.yaml']);
});

scenario('a file has at most a mebibyte, a connector five hundred files', async (world) => {
  await make(world);
  const mebibyte = 'x'.repeat(1024 * 1024);
  await written(world, 'large', mebibyte);
  refusal(await write(world, 'large', `${mebibyte}x`), { ...bad, message: /`large` has more than 1048576 bytes/ });
  assert.equal((await text(world, 'large')).length, mebibyte.length);
  const more = (count) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`f/${n}`, '']));
  await world.manager.post('/connectors/shop/import', { files: more(499) });
  refusal(await write(world, 'one-more', ''), { ...bad, message: /at most 500 files/ });
  await written(world, 'f/0', 'again');
  await world.manager.delete(at('large'));
  await written(world, 'one-more', '');
});

scenario('what is below a folder is removed', async (world) => {
  await make(world);
  for (const path of ['data/a.js', 'data/b/c.js', 'database.js', 'x/data/a.js']) await written(world, path, '');
  const remove = (path) => world.manager.delete(`/connectors/shop/directories/${path}`);
  await refused(world.manager, () => remove('dat'), { ...absent, message: /nothing at `dat`/ });
  await refused(world.manager, () => remove('database.js'), absent);
  assert.deepEqual(await remove('data/b'), {});
  assert.deepEqual(await list(world), ['data/a.js', 'database.js', 'spec.yaml', 'x/data/a.js']);
  await remove('data/');
  assert.deepEqual(await list(world), ['database.js', 'spec.yaml', 'x/data/a.js']);
  await refused(world.manager, () => remove('data'), absent);
  for (const path of ['', '..%2F', '%20']) await refused(world.manager, () => remove(path), absent);
});

scenario('files written at the same time are all there', async (world) => {
  await make(world);
  const names = Array.from({ length: 12 }, (_, n) => `f${n}.js`);
  await Promise.all(names.flatMap((name) => [written(world, name, name), written(world, 'same.js', name)]));
  assert.deepEqual(await list(world), [...names, 'same.js', 'spec.yaml'].sort());
  for (const name of names) assert.equal(await text(world, name), name);
  assert.ok(names.includes(await text(world, 'same.js')));
});

// The file that is the connector

scenario('spec.yaml is the connector itself', async (world) => {
  const made = await make(world, { description: 'Sells', categories: ['commerce'] });
  const yaml = await text(world, 'spec.yaml');
  for (const line of ['key: shop', 'name: Shop', 'type: proxy', 'baseUri: https://api.shop.example']) {
    assert.match(yaml, new RegExp(`^${line}$`, 'm'));
  }
  await written(world, 'spec.yaml', 'name: Our shop\nbaseUri: https://shop.example\n');
  const now = await world.manager.get('/connectors/shop');
  assert.deepEqual([now.id, now.name, now.baseUri, now.description], [made.id, 'Our shop', 'https://shop.example', 'Sells']);
  await written(world, 'spec.json', JSON.stringify({ name: 'By JSON' }), 'application/json');
  await world.manager.put(at('spec.yml'), { content: 'externalApp: hubspot' });
  const { name, externalAppId } = await world.manager.get('/connectors/shop');
  assert.deepEqual([name, externalAppId], ['By JSON', (await world.manager.get('/external-apps/hubspot')).id]);
  assert.deepEqual(await list(world), ['spec.yaml'], 'in whatever spelling it is one file');
  assert.equal(await text(world, 'spec.json'), await text(world, 'spec.yaml'));
  await world.manager.patch('/connectors/shop', { name: 'Patched' });
  assert.match(await text(world, 'spec.yaml'), /^name: Patched$/m);
});

scenario('what is written of a connector works', async (world) => {
  await make(world);
  const operations = [{ key: 'say', name: 'Say', type: 'run-javascript', config: { code: 'module.exports = () => "said"' } }];
  await written(world, 'spec.yaml', JSON.stringify({ operations }));
  await world.manager.integrations.create({ key: 'shop', name: 'Shop', connectorKey: 'shop' });
  await world.client.connections.create({ integrationKey: 'shop', key: 'mine' });
  const run = await world.client.post('/connections/mine/operations/say/run', {});
  assert.equal(run.output, 'said', JSON.stringify(run));
});

scenario('a spec that is none is refused, and changes nothing', async (world) => {
  const before = await make(world);
  for (const [wrong, message, status = 400] of [
    ['', /no object of fields/],
    ['[1]', /no object of fields/],
    ['just text', /no object of fields/],
    [': : :', /cannot be read/],
    ['name: [', /cannot be read/],
    ['name: 7', /field `name`/],
    ['name: ""', /`name`/],
    ['type: odd', /field `type`.*`proxy`/],
    ['baseUri: nowhere', /`baseUri` is `nowhere`/],
    ['inputSchema: {type: 7}', /inputSchema/],
    ['operations: {}', /field `operations`/],
    ['externalApp: nope', /external app not found: `nope`/, 404],
  ]) {
    refusal(await write(world, 'spec.yaml', wrong), { status, message });
  }
  assert.deepEqual(await world.manager.get('/connectors/shop'), before);
  await refused(world.manager, (manager) => manager.delete(at('spec.yaml')), { ...bad, message: /is the connector itself.*DELETE \/connectors\/shop/ });
});

scenario('files of a connector of the catalog are one workspace’s own', async (world, t) => {
  const other = await World.fork();
  t.after(() => other.drop());
  const { id } = await world.manager.get('/connectors/github');
  await world.manager.put(at('note.md', 'github'), { content: 'Ours' });
  assert.equal((await world.manager.get('/connectors/github')).id, id);
  assert.deepEqual(await list(world, 'github'), ['note.md', 'spec.yaml']);
  assert.deepEqual(await list(other, 'github'), ['spec.yaml']);
  assert.deepEqual(await filesOf(other, 'github'), { 'spec.yaml': await text(world, 'spec.yaml', 'github') });
});

// Archives

scenario('a connector is downloaded as an archive', async (world) => {
  await make(world);
  for (const [path, content] of [['b.js', 'é'], ['a/c.md', ''], ['ü.txt', '🚀']]) await written(world, path, content);
  const { type, headers, bytes: archive } = await bytes(world, '/connectors/shop/download');
  assert.deepEqual([type, headers.get('content-disposition')], ['application/zip', 'attachment; filename="connector.zip"']);
  assert.deepEqual(unzip(archive), await filesOf(world));
  assert.deepEqual(Object.keys(unzip(archive)), ['a/c.md', 'b.js', 'spec.yaml', 'ü.txt']);
  assert.deepEqual((await bytes(world, '/connectors/shop/download')).bytes, archive);
});

for (const form of [true, false]) {
  scenario(`an uploaded archive ${form ? 'in a form' : 'as the body'} takes the place of the files`, async (world) => {
    const { id } = await make(world);
    await written(world, 'old.yaml', 'old');
    const answer = await upload(world, zip({ 'spec.yaml': 'name: Uploaded', 'data/new.yaml': 'new: 1' }), { form });
    assert.deepEqual([answer.status, answer.body.id, answer.body.name], [200, id, 'Uploaded']);
    assert.deepEqual(await list(world), ['data/new.yaml', 'spec.yaml']);
    assert.equal(await text(world, 'data/new.yaml'), 'new: 1');
    assert.equal((await upload(world, zip({}), { form })).body.name, 'Uploaded');
    assert.deepEqual(await list(world), ['spec.yaml']);
  });
}

scenario('what is no archive, or has what no connector can have, is refused and changes nothing', async (world) => {
  await make(world);
  await written(world, 'kept.yaml', 'kept');
  const before = await world.manager.get('/connectors/shop');
  const good = zip({ 'spec.yaml': 'name: Uploaded', 'new.yaml': '' });
  for (const archive of ['no archive', '', good.subarray(0, 40), zip({ 'spec.yaml': 'name: 7' }), zip({ 'spec.yaml': '[]', 'a.yaml': '' })]) {
    for (const form of [true, false]) refusal(await upload(world, archive, { form }), { ...bad, message: /archive|spec\.yaml/ });
  }
  refusal(await upload(world, zip({ '../up.yaml': '' })), { ...bad, message: /leads out of it/ });
  refusal(await upload(world, zip({ 'spec.yaml': 'externalApp: nope' })), { status: 404, message: /`nope`/ });
  const post = (options) => world.curl('POST', '/connectors/shop/upload', { token: world.managerToken, ...options });
  const form = new FormData();
  form.set('note', 'no file');
  refusal(await post({ body: form }), { ...bad, message: /the form has no file/ });
  refusal(await post({ body: good, headers: { 'content-type': 'multipart/form-data' } }), { ...bad, message: /boundary/ });
  refusal(await post({ data: { file: 'x' } }), { ...bad, message: /zip archive/ });
  refusal(await post({}), { ...bad, message: /zip archive/ });
  assert.deepEqual(await world.manager.get('/connectors/shop'), before);
  assert.deepEqual(await list(world), ['kept.yaml', 'spec.yaml']);
});

scenario('the connector of an integration is uploaded', async (world) => {
  await make(world);
  await world.manager.integrations.create({ key: 'ours', name: 'Ours', connectorKey: 'shop' });
  const archive = zip({ 'spec.yaml': 'name: Uploaded', 'a.yaml': '' });
  const { status, body } = await upload(world, archive, { to: '/integrations/ours/upload-connector' });
  assert.deepEqual([status, body.key, body.name], [200, 'shop', 'Uploaded']);
  assert.deepEqual(await list(world), ['a.yaml', 'spec.yaml']);
  await world.manager.integrations.create({ key: 'bare', name: 'Bare' });
  for (const [key, message] of [['bare', /no connector/], ['nope', /integration not found: `nope`/]]) {
    refusal(await upload(world, archive, { to: `/integrations/${key}/upload-connector` }), { ...absent, message });
  }
  refusal(await upload(world, 'no archive', { to: '/integrations/ours/upload-connector' }), bad);
});

scenario('export-json is imported into another connector, which keeps its key', async (world) => {
  await make(world, { description: 'Sells', categories: ['commerce'] });
  await written(world, 'data/list.js', 'code');
  const whole = await world.manager.get('/connectors/shop/export-json');
  assert.deepEqual([whole.name, whole.files], ['Shop', { 'data/list.js': 'code' }]);
  const to = await make(world, { key: 'to', name: 'To' });
  await world.manager.put(at('kept.js', 'to'), { content: 'kept' });
  const now = await world.manager.post('/connectors/to/import', whole);
  assert.deepEqual([now.id, now.key, now.name, now.description, now.categories], [to.id, 'to', 'Shop', 'Sells', ['commerce']]);
  assert.deepEqual(await list(world, 'to'), ['data/list.js', 'kept.js', 'spec.yaml'], 'other files stay');

  const { files } = await world.manager.get('/connectors/shop/export-files');
  assert.deepEqual(files, { 'data/list.js': 'code', 'spec.yaml': await text(world, 'spec.yaml') });
  await world.manager.patch('/connectors/shop', { name: 'Changed' });
  await world.manager.delete(at('data/list.js'));
  assert.equal((await world.manager.post('/connectors/shop/import', { files })).name, 'Shop');
  assert.deepEqual(await filesOf(world), files);
});

scenario('an import that cannot be read changes nothing', async (world) => {
  const before = await make(world);
  for (const [wrong, message] of [
    [[], /an object of fields/],
    ['"text"', /an object of fields/],
    ['7', /an object of fields/],
    ['{"a', /not valid JSON/],
    [{ files: [] }, /`files` is an object of texts/],
    [{ files: null }, /`files` is an object of texts/],
    [{ files: { 'a.js': 7 } }, /`files` is an object of texts/],
    [{ files: { '../a.js': '' } }, /is no path of a file/],
    [{ files: { '': '' } }, /is no path of a file/],
    [{ files: { 'a.js': '', 'spec.yaml': 'name: 7' } }, /field `name`/],
    [{ name: 7, files: { 'a.js': '' } }, /field `name`/],
    [{ type: 'odd' }, /field `type`/],
  ]) {
    const body = typeof wrong === 'string' ? wrong : JSON.stringify(wrong);
    const headers = { 'content-type': 'application/json' };
    refusal(await world.curl('POST', '/connectors/shop/import', { token: world.managerToken, body, headers }), { ...bad, message });
  }
  assert.deepEqual(await world.manager.get('/connectors/shop'), before);
  assert.deepEqual(await list(world), ['spec.yaml']);
  for (const nothing of [undefined, {}, { files: {} }]) await world.manager.post('/connectors/shop/import', nothing);
  assert.deepEqual(await list(world), ['spec.yaml']);
});

// Versions

scenario('a connector is published in versions', { clock: '2026-01-01T00:00:00Z' }, async (world) => {
  const { id, version } = await make(world);
  assert.equal(version, '1.0.0');
  const publish = (body) => world.manager.post('/connectors/shop/publish-version', body);
  const first = accept(Version, await publish());
  assert.deepEqual(first, {
    ...{ id: first.id, connectorId: id, version: '1.0.1', createdAt: '2026-01-01T00:00:00.000Z' },
    ...{ baseUri: spec.baseUri, type: 'proxy', changelog: '' },
  });
  await world.manager.patch('/connectors/shop', { baseUri: 'https://new.shop.example' });
  assert.equal(accept(Version, await publish({ version: '2.0.0-beta' })).baseUri, 'https://new.shop.example');
  assert.equal((await world.manager.get('/connectors/shop')).version, '2.0.0-beta');
  assert.equal((await publish({ version: '3.9' })).version, '3.9');
  for (const body of [{}, { version: '' }, { version: null }]) await publish(body);
  const { items } = await world.client.get('/connectors/shop/versions');
  assert.deepEqual(items.map(({ version }) => version), ['1.0.1', '2.0.0-beta', '3.9', '3.10', '3.11', '3.12']);
  assert.deepEqual(accept(Version, items[0]), first, 'a version is as it was');
  assert.match(await text(world, 'spec.yaml'), /^version: ["']?3\.12["']?$/m);
  assert.deepEqual((await world.client.get('/connectors/github/versions')).items, []);
});

scenario('a version that cannot be published is refused', async (world) => {
  await make(world);
  const publish = (body) => world.manager.post('/connectors/shop/publish-version', body);
  await publish({ version: '1.1.0' });
  await refused(world.manager, () => publish({ version: '1.1.0' }), { ...bad, key: 'already_exists', message: /`shop` has a version `1\.1\.0`/ });
  for (const wrong of [7, true, {}, ['1']]) await refused(world.manager, () => publish({ version: wrong }), { ...bad, message: /`version`/ });
  await refused(world.manager, () => publish({ verison: '1.2.0' }), { ...bad, message: /`version`/ });
  assert.deepEqual((await world.client.get('/connectors/shop/versions')).items.map(({ version }) => version), ['1.1.0']);
  assert.equal((await world.manager.get('/connectors/shop')).version, '1.1.0');
});

scenario('a published version is removed, by its id or its name', async (world) => {
  await make(world);
  const publish = (version) => world.manager.post('/connectors/shop/publish-version', { version });
  const [one, two] = [await publish('1.1.0'), await publish('1.2.0-beta+7')];
  const remove = (version) => world.manager.delete(`/connectors/shop/versions/${encodeURIComponent(version)}`);
  assert.deepEqual(accept(Version, await remove(one.id)), one);
  assert.deepEqual(await remove('1.2.0-beta+7'), two);
  assert.deepEqual((await world.client.get('/connectors/shop/versions')).items, []);
  for (const gone of [one.id, one.version, 'nope']) await refused(world.manager, () => remove(gone), { ...absent, message: /has no version/ });
  await publish('1.1.0');
});

scenario('an integration is switched to a version of its connector', async (world) => {
  await make(world);
  const { id } = await world.manager.integrations.create({ key: 'ours', name: 'Ours', connectorKey: 'shop' });
  await world.manager.post('/connectors/shop/publish-version', { version: '1.1.0' });
  const published = await world.manager.post('/connectors/shop/publish-version', { version: '1.2.0' });
  const choose = (body, key = 'ours') => world.manager.post(`/integrations/${key}/switch-connector-version`, body);
  const own = async () => (await world.manager.get('/integrations/ours')).connectorVersion;
  for (const [body, version] of [
    [{ connectorVersion: '1.1.0' }, '1.1.0'],
    [{ version: '1.2.0' }, '1.2.0'],
    [{ version: '1.2.0', connectorVersion: '1.1.0' }, '1.1.0'],
    [{ connectorVersionId: published.id }, '1.2.0'],
    [{ version: 'latest' }, 'latest'],
    [{ version: 'development' }, 'development'],
  ]) {
    const now = accept(sdk.IntegrationApiResponse, await choose(body));
    assert.deepEqual([now.id, now.connectorVersion, await own()], [id, version, version]);
  }
  for (const body of [undefined, {}, { version: null }]) await refused(world.manager, () => choose(body), { ...bad, message: /`connectorVersionId` is missing/ });
  for (const version of ['1.0.0', '', '9']) await refused(world.manager, () => choose({ version }), { ...absent, message: /publish it first/ });
  for (const version of [7, {}]) await refused(world.manager, () => choose({ version }), { ...bad, message: /`version`/ });
  assert.equal(await own(), 'development');
  await world.manager.integrations.create({ key: 'bare', name: 'Bare' });
  await refused(world.manager, () => choose({ version: '1.1.0' }, 'bare'), { ...absent, message: /no connector/ });
  await refused(world.manager, () => choose({ version: '1.1.0' }, 'nope'), { ...absent, message: /integration not found/ });
});

// Rights, and what becomes of them

const calls = [
  ['GET', 'files'],
  ['GET', 'files/spec.yaml'],
  ['PUT', 'files/a.js'],
  ['DELETE', 'files/a.js'],
  ['DELETE', 'directories/data'],
  ['GET', 'download'],
  ['GET', 'export-files'],
  ['GET', 'export-json'],
  ['POST', 'import'],
  ['POST', 'upload', zip({})],
  ['POST', 'publish-version'],
  ['DELETE', 'versions/1.0.1'],
];

scenario('files and versions of connectors are for managers, and of one workspace', async (world, t) => {
  await make(world);
  await written(world, 'a.js', '');
  await world.manager.post('/connectors/shop/publish-version');
  const before = await filesOf(world);
  const other = await World.fork();
  t.after(() => other.drop());
  await other.manager.integrations.create({ key: 'ours', name: 'Ours', connectorKey: 'github' });
  for (const [method, below, body] of calls) {
    const call = (of, token, key) => of.curl(method, `/connectors/${key}/${below}`, { token, body });
    refusal(await call(world, world.tenantToken, 'shop'), denied);
    refusal(await call(world, null, 'shop'), { status: 401, key: 'not_authenticated' });
    refusal(await call(world, world.managerToken, 'shopp'), { ...absent, message: /connector not found: `shopp`; did you mean `shop`/ });
    refusal(await call(other, other.managerToken, 'shop'), { ...absent, message: /connector not found: `shop`/ });
  }
  for (const below of ['upload-connector', 'switch-connector-version']) {
    refusal(await other.curl('POST', `/integrations/ours/${below}`), denied);
  }
  refusal(await world.curl('GET', '/connectors/shop/versions', { token: null }), { status: 401 });
  assert.deepEqual(await filesOf(world), before);
});

scenario('files and versions are copied, kept and dropped with their workspace', async (world, t) => {
  await make(world);
  await written(world, 'data/a.js', 'code');
  await world.manager.put(at('b.js', 'github'), { content: 'ours' });
  await world.manager.post('/connectors/shop/publish-version');
  const state = async (of) => ({
    shop: await filesOf(of),
    github: await filesOf(of, 'github'),
    ...(await of.manager.get('/connectors/shop/versions')),
  });
  const before = await state(world);
  assert.equal(before.items.length, 1);
  const snapshot = await world.control('POST', '/snapshots', { name: 'with files' });
  for (const from of [world.key, JSON.parse(await world.export()), snapshot.id]) {
    const copy = await World.fork({ from });
    t.after(() => copy.drop());
    assert.deepEqual(await state(copy), before);
    await copy.manager.delete(at('data/a.js'));
    await copy.manager.delete('/connectors/shop/versions/1.0.1');
  }
  assert.deepEqual(await state(world), before, 'a copy is a workspace of its own');
  await written(world, 'data/a.js', 'other');
  await world.manager.post('/connectors/shop/publish-version');
  await world.control('POST', `/snapshots/${snapshot.id}/restore`);
  assert.deepEqual(await state(world), before);
  await world.reset();
  assert.deepEqual(await list(world, 'github'), ['spec.yaml']);
  await refused(world.manager, (manager) => manager.get(at()), absent);
});

scenario('a clone of a connector has its files, and keeps them when those of the first change', async (world) => {
  await make(world);
  await written(world, 'data/contacts/list.js', 'one');
  const { key } = await world.manager.post('/connectors/shop/clone', { key: 'shop-two' });
  await written(world, 'data/contacts/list.js', 'two');
  assert.deepEqual(await list(world, key), ['data/contacts/list.js', 'spec.yaml']);
  assert.deepEqual([await text(world, 'data/contacts/list.js', key), await text(world, 'data/contacts/list.js')], ['one', 'two']);
});

scenario('what the spec of an uploaded archive leaves out the connector has no more', async (world) => {
  const more = { description: 'Sells', categories: ['commerce'], options: [{ key: 'main' }], operations: [{ key: 'ask', name: 'Ask', type: 'run-javascript', config: { code: 'module.exports = () => 1' } }] };
  await make(world, { ...more, parametersSchema: { type: 'object' } });
  const { status, body } = await upload(world, zip({ 'spec.yaml': JSON.stringify({ ...spec, name: 'Shop two' }) }));
  assert.equal(status, 200, JSON.stringify(body));
  const left = await world.manager.get('/connectors/shop');
  assert.deepEqual([left.name, left.baseUri, left.type], ['Shop two', spec.baseUri, 'proxy']);
  assert.deepEqual([left.description, left.options, left.parametersSchema], [undefined, undefined, undefined]);
  assert.deepEqual([left.categories, left.operationsCount ?? 0], [[], 0]);
});
