// What a workspace defines, sent to another one: an archive of all kinds of elements, and the options of an import.

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import * as sdk from '@membranehq/sdk';
import { exported, imported, same } from './lib/archives.mjs';
import { connectors, fill, isLayered, kinds } from './lib/elements.mjs';
import { startServer } from './lib/server.mjs';
import { scenario, World } from './lib/world.mjs';
import { unzip, zip } from './lib/zip.mjs';

const empty = { seed: 'none' };

/** Another workspace, which is removed after the test. */
async function another(t, of = empty) {
  const world = await World.fork(of);
  t.after(() => world.drop());
  return world;
}

/** What an import tells that did nothing. */
const nothing = { dryRun: false, created: [], updated: [], unchanged: [], archived: [], passedOver: [] };

/** The kinds that can be exported, as the server tells them: all, and those that integrations have of their own. */
async function kindsOfServer(world) {
  const { paths } = await world.client.get('/docs-json');
  const named = (pattern) => Object.keys(paths).flatMap((path) => pattern.exec(path)?.[1] ?? []).sort();
  const below = '\\/([a-z-]+)\\/\\{selector\\}\\/export$';
  return { all: named(new RegExp(`^${below}`)), layered: named(new RegExp(`^\\/integrations\\/\\{integration\\}${below}`)) };
}

/** Where an element stands in an archive, and in what an import tells. */
const placeOf = ({ kind, key, integrationKey }) =>
  `${integrationKey ? `integrations/${integrationKey}/` : ''}${kind.replace('scenarios', 'packages')}/${key}`;

/** What is one workspace's own of an answer, or changes with every write. */
const ITS_OWN = /^(?:createdAt|updatedAt|revision|\w+Revision|parentPackageVersion|globalWebhookUri|webhookKey)$/;

/** What the workspace answers for these elements, by place, with places for their ids. */
async function answers(world, made) {
  const { manager } = world;
  const read = ({ kind, key, integrationKey }) =>
    manager.get(`/${kind}/${encodeURIComponent(key)}?${new URLSearchParams(integrationKey && { integrationKey })}`);
  const of = async (each) => [placeOf(each), await read(each)];
  const found = Object.fromEntries(await Promise.all(made.map(of)));
  const named = { ...found, ...Object.fromEntries(await Promise.all(connectors.map(({ key }) => of({ kind: 'connectors', key })))) };
  const places = new Map(Object.entries(named).map(([place, { id }]) => [`"${id}"`, JSON.stringify(place)]));
  const text = JSON.stringify(found, (name, value) => (ITS_OWN.test(name) ? undefined : value)).replaceAll(world.apiUri, '');
  return JSON.parse(text.replace(/"[0-9a-f]{24}"/g, (id) => places.get(id) ?? id));
}

/** Keys that a path, a folder or YAML means something else by. */
const odd = ['a b', 'ü/ö', '../up', '.hidden', '100%', 'a%2Fb', 'spec', 'null', '日本', 'x:y?*', 'two\nlines', '🚀'];

/** A workspace that has some of everything, and the archive of it. */
const full = await World.fork({ ...empty, mock: { autoConnect: true } });
after(() => full.drop());
const post = (path, body) => full.manager.post(path, body);
for (const connector of connectors) await post('/connectors', connector);
const made = await fill(post);
for (const key of odd) {
  await post('/integrations', { key, name: key, connectorKey: 'github' });
  made.push({ kind: 'integrations', key });
  for (const at of [{}, { integrationKey: key }]) {
    await post('/data-sources', { key, name: key, collectionKey: key, collectionParameters: { [key]: key }, ...at });
    made.push({ kind: 'data-sources', key, ...at });
  }
}
// What tenants have, and what is made for them, stays where it is.
await full.client.connections.create({ key: 'mine', integrationKey: 'our-crm' });
const mine = await full.manager.actions.create({ key: 'mine', connectionKey: 'mine', ...kinds.actions });
const instance = await full.client.connection('mine').flow('flows-own').patch({ name: 'Mine' });
const config = { type: 'connector-event', eventKey: 'sold' };
await full.client.post('/external-event-subscriptions', { connectionKey: 'mine', config });
await post('/external-apps', { key: 'ours', name: 'Ours' });
const archive = await exported(full);
// An import compares versions with their parents and says which are customised; a second one changes nothing.
await imported(full, archive);
const everything = ['external-apps/ours', ...connectors.map(({ key }) => `connectors/${key}`), ...made.map(placeOf)].sort();
const files = unzip(archive);

test('an archive has all that a workspace defines, of each kind that the server knows', async () => {
  const [known, { all, layered }] = [Object.keys(kinds), await kindsOfServer(full)];
  assert.deepEqual(['integrations', ...known].sort(), all, 'the kinds of lib/elements.mjs are those of the server');
  assert.deepEqual(known.filter((kind) => isLayered(kind) && kind !== 'scenarios').sort(), layered);
  assert.ok(everything.length >= 80, `${everything.length} elements`);
  const places = Object.keys(files).map((path) => decodeURIComponent(path.replace(/(\/spec)?\.yaml$/, '')));
  assert.deepEqual(places.sort(), everything);
  for (const { key, integrationKey, kind } of made.filter(({ key }) => !odd.includes(key))) {
    const type = kind.replace(/s$/, '');
    if (sdk.WorkspaceElementSpecs[type]) assert.ok(files[sdk.getMembraneElementPath(type, key, integrationKey)], `${kind} ${key}`);
  }
  for (const { externalAppId, ...parts } of connectors) {
    for (const part of Object.keys(parts)) assert.match(files[`connectors/${parts.key}/spec.yaml`], new RegExp(`^${part}:`, 'm'));
  }
});

test('an archive imported into an empty workspace is exported from there again', async (t) => {
  const other = await another(t);
  assert.deepEqual(await imported(other, archive), { ...nothing, created: everything });
  same(await exported(other), archive);
  assert.deepEqual(await answers(other, made), await answers(full, made));
  assert.deepEqual(await imported(other, archive), { ...nothing, unchanged: everything }, 'the second time');
  same(await exported(other), archive);
});

/** The paths of the files in other layouts than that of an export. */
const layouts = {
  'a file that bears the name of its folder': (path) => path.replace(/([^/]+)\/spec\.yaml$/, '$1/$1.yaml'),
  'a file that ends in .yml': (path) => path.replace(/\.yaml$/, '.yml'),
  'an integration below its element': (path) =>
    path.replace(/^integrations\/([^/]+)\/([^/]+\/[^/]+)\/spec\.yaml$/, '$2/$1/$1.yaml'),
};
for (const [name, move] of Object.entries(layouts)) {
  test(`an archive may have ${name}`, async (t) => {
    const moved = Object.fromEntries(Object.entries(files).map(([path, text]) => [move(path), text]));
    assert.notDeepEqual(Object.keys(moved), Object.keys(files));
    const other = await another(t);
    await imported(other, zip(moved));
    same(await exported(other), archive);
  });
}

test('an unpacked archive is a seed', async (t) => {
  const at = await mkdtemp(join(tmpdir(), 'archive-'));
  t.after(() => rm(at, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(at, path)), { recursive: true });
    await writeFile(join(at, path), text);
  }
  const server = await startServer('--seed', at);
  t.after(server.stop);
  const { items: [seeded] } = await (await fetch(`${server.url}/__mock/workspaces`)).json();
  const world = Object.assign(new World(), seeded);
  same(await exported(world), archive);
  assert.deepEqual(await answers(world, made), await answers(full, made));
});

/** An archive that lacks an integration with all it has, a universal flow and all screens. */
const some = /^(?:integrations\/our-slack|flows\/flows-alone|screens)\//;
const rest = Object.fromEntries(Object.entries(files).filter(([path]) => !some.test(path)));
const less = zip(rest);
const lacking = everything.filter((place) => some.test(`${place}/`));
const left = everything.filter((place) => !lacking.includes(place));

test('an import archives what its archive lacks, and one that has it again restores it', async (t) => {
  const world = await another(t, { from: full.key });
  assert.deepEqual(await imported(world, less), { ...nothing, unchanged: left, archived: lacking });
  assert.deepEqual(unzip(await exported(world)), rest);
  const flow = await world.manager.get(`/flows/${made.find(({ key }) => key === 'flows-alone').id}`);
  assert.ok(flow.archivedAt);
  assert.equal((await world.manager.get(`/actions/${mine.id}`)).archivedAt, undefined);
  assert.equal((await world.manager.get(`/flows/${instance.id}`)).archivedAt, undefined);

  assert.deepEqual(await imported(world, archive), { ...nothing, unchanged: left, updated: lacking });
  same(await exported(world), archive);
  assert.deepEqual(await answers(world, made), await answers(full, made), 'with the same UUIDs');
});

test('a partial import archives nothing', async (t) => {
  const world = await another(t, { from: full.key });
  assert.deepEqual(await imported(world, less, { partial: 'true' }), { ...nothing, unchanged: left });
  same(await exported(world), archive);
});

test('a partial import has elements of integrations that it has not itself', async (t) => {
  const world = await another(t, { from: full.key });
  const spec = JSON.stringify({ name: 'Alone', type: 'run-javascript', config: { code: 'module.exports = () => 1' } });
  const [key] = (await world.manager.integrations.find()).items.map((integration) => integration.key);
  const at = (integration) => zip({ [`integrations/${integration}/actions/alone/spec.yaml`]: spec });
  const result = await imported(world, at(key), { partial: 'true' });
  assert.deepEqual(result, { ...nothing, created: [`integrations/${key}/actions/alone`], unchanged: [`integrations/${key}`] });
  assert.equal((await world.manager.action({ key: 'alone', integrationKey: key }).get()).layer, 'integration');
  for (const [archive, query] of [[at('nowhere'), { partial: 'true' }], [at(key), {}]]) {
    const body = new FormData();
    body.set('file', new Blob([archive]), 'workspace.zip');
    const refusal = await world.curl('POST', '/import', { token: world.managerToken, query, body });
    assert.equal(refusal.status, 400);
    assert.match(refusal.body.message, /there is no integration `.+` in the seed to hold this file/);
  }
});

for (const [of, query, form] of [['query', { dryRun: 'true' }], ['form', {}, { dryRun: 'true' }]]) {
  test(`an import with dryRun in its ${of} tells what it would do`, async (t) => {
    const [world, bare] = [await another(t, { from: full.key }), await another(t)];
    assert.deepEqual(await imported(world, less, query, form), { ...nothing, dryRun: true, unchanged: left, archived: lacking });
    same(await exported(world), archive);
    assert.deepEqual(await imported(bare, archive, query, form), { ...nothing, dryRun: true, created: everything });
    assert.deepEqual(unzip(await exported(bare)), {});
  });
}

test('diff, force and simplified change nothing', async (t) => {
  const world = await another(t, { from: full.key });
  const all = { diff: 'true', force: 'true', simplified: 'true' };
  assert.deepEqual(await imported(world, less, { ...all, partial: 'true' }), { ...nothing, unchanged: left });
  assert.deepEqual(await imported(world, less, all), { ...nothing, unchanged: left, archived: lacking });
  same(await exported(full, '?simplified=true'), archive);
});

scenario('an import finds by key and place what has other ids, and leaves it its ids', empty, async (world) => {
  const add = (path, body) => world.manager.post(path, { name: 'Older', ...body });
  const older = [
    ['integrations/our-github', await add('/integrations', { key: 'our-github', connectorKey: 'slack' })],
    ['actions/actions-both', await add('/actions', { key: 'actions-both' })],
    ['integrations/our-github/actions/actions-both', await add('/actions', { key: 'actions-both', integrationKey: 'our-github' })],
    ['screens/screens-alone', await add('/screens', { key: 'screens-alone', type: 'integration' })],
  ];
  const { updated, created, archived } = await imported(world, archive);
  assert.deepEqual(updated, older.map(([place]) => place).sort());
  assert.deepEqual([created.length, archived], [everything.length - older.length, []]);
  const wanted = await answers(full, made);
  for (const [place, { id }] of older) {
    const now = await world.manager.get(`/${place.split('/').at(-2)}/${id}`);
    assert.deepEqual([now.name, now.config, now.blocks], [wanted[place].name, wanted[place].config, wanted[place].blocks]);
  }
});

scenario('what an archive names and nobody has stays named', empty, async (world) => {
  const flow = { name: 'Sync', nodes: { run: { type: 'run-action', config: { actionKey: 'gone' } } } };
  const pack = { name: 'Pack', elements: [{ type: 'action', id: '7d0a4bd6-7a5e-4c8e-9c0d-3f1f0a6f2b11' }] };
  // JSON is YAML too.
  const [sync, packed] = [flow, pack].map((element) => JSON.stringify(element));
  const { created } = await imported(world, zip({ 'flows/sync/spec.yaml': sync, 'packages/pack/spec.yaml': packed }));
  assert.deepEqual(created, ['flows/sync', 'packages/pack']);
  assert.deepEqual(await world.manager.get('/flows/sync/dependencies'), [{ type: 'Action', key: 'gone' }]);
  assert.deepEqual((await world.manager.get('/packages/pack')).elements, pack.elements);
});

scenario('an archive that is imported many times at once changes nothing after the first', empty, async (world, t) => {
  const other = await another(t);
  const results = await Promise.all(Array.from({ length: 5 }, () => imported(other, less)));
  const created = results.filter((result) => result.created.length > 0);
  assert.deepEqual(created, [{ ...nothing, created: left }]);
  const others = results.filter((result) => result !== created[0]);
  for (const result of others) assert.deepEqual(result, { ...nothing, unchanged: left });
  assert.deepEqual(unzip(await exported(other)), rest);
});

scenario('what a workspace has changed of the catalog comes along', empty, async (world, t) => {
  await world.manager.patch('/external-apps/github', { name: 'Our GitHub' });
  await world.manager.patch('/connectors/github', { name: 'Our connector' });
  const [other, of] = [await another(t), await exported(world)];
  const { created } = await imported(other, of);
  assert.deepEqual(created, ['connectors/github', 'external-apps/github']);
  same(await exported(other), of);
  const names = ['/external-apps/github', '/connectors/github'].map(async (path) => (await other.client.get(path)).name);
  assert.deepEqual(await Promise.all(names), ['Our GitHub', 'Our connector']);
});

scenario('a misspelt option of an import is refused before anything is imported', empty, async (world) => {
  const body = new FormData();
  body.set('file', new Blob([zip({ 'actions/a/spec.yaml': '{ name: A }' })]), 'workspace.zip');
  const { status, body: answer } = await world.curl('POST', '/import', { token: world.managerToken, query: { dryrun: 'true', partial: 'true' }, body });
  assert.equal(status, 400, JSON.stringify(answer));
  assert.match(answer.message, /`dryrun` is no query field of \/import; did you mean `dryRun`\?/);
  assert.deepEqual((await world.manager.actions.find()).items, []);
});
