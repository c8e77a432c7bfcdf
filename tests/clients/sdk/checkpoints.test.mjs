// Checkpoints: the versions that the definition of an element has had, what each of them changed, and the way back.

import assert from 'node:assert/strict';
import * as sdk from '@membranehq/sdk';
import { imported } from './lib/archives.mjs';
import { fill, kinds } from './lib/elements.mjs';
import { refusal, refused } from './lib/failure.mjs';
import { accept, page } from './lib/shape.mjs';
import { scenario, World } from './lib/world.mjs';
import { zip } from './lib/zip.mjs';

const Checkpoint = sdk.CheckpointApiResponse;
const bad = { as: sdk.BadRequestError, status: 400 };
const denied = { as: sdk.BadRequestError, status: 403, key: 'access_denied' };
const absent = { as: sdk.BadRequestError, status: 404, key: 'not_found', message: /checkpoint/ };

const still = { clock: '2026-01-01T00:00:00Z' };
const answering = (value) => ({ type: 'run-javascript', config: { code: `module.exports = () => ${JSON.stringify(value)}` } });
const make = ({ manager }, more) => manager.actions.create({ key: 'greet', name: 'Greet', ...answering('hello'), ...more });

/** The checkpoints of an element, or of all, each held against the client's schema. */
const checkpoints = async ({ manager }, query = {}) =>
  accept(page(Checkpoint), await manager.get('/checkpoints', { limit: 1000, ...query })).items;
const numbers = (items) => items.map(({ checkpointNumber }) => checkpointNumber);
const diff = async ({ manager }, { id }) => accept(sdk.CheckpointDiffResponseSchema, await manager.get(`/checkpoints/${id}/diff`));
const revert = ({ manager }, { id }) => manager.post(`/checkpoints/${id}/revert`);
const exportOf = ({ manager }, { id }, kind = 'actions') => manager.get(`/${kind}/${id}/export`);

scenario('each change of a definition leaves a checkpoint', still, async (world) => {
  const action = await make(world);
  const first = await exportOf(world, action);
  await world.advance(60_000);
  await world.manager.action(action.id).patch({ name: 'Greet again' });
  const [one, two, ...rest] = await checkpoints(world, { elementId: action.id });
  assert.deepEqual(rest, []);
  const { id, ...about } = one;
  const expected = { elementType: 'action', elementId: action.id, checkpointNumber: 1, snapshot: first };
  assert.deepEqual(about, { ...expected, createdAt: '2026-01-01T00:00:00.000Z' });
  assert.deepEqual([two.checkpointNumber, two.createdAt], [2, '2026-01-01T00:01:00.000Z']);
  assert.deepEqual(two.snapshot, await exportOf(world, action));
  assert.deepEqual(accept(Checkpoint, await world.manager.get(`/checkpoints/${id}`)), one);
});

scenario('what leaves a definition as it is leaves no checkpoint', async (world) => {
  const action = await make(world);
  await world.manager.action(action.id).patch({ name: 'Greet' });
  await world.manager.action(action.id).archive();
  await world.manager.post(`/actions/${action.id}/restore`);
  await world.manager.post(`/actions/${action.id}/refresh`);
  await world.client.connection('github-dev').action('greet').run();
  await refused(world.manager, () => world.manager.patch(`/actions/${action.id}`, { inputSchema: 7 }), bad);
  assert.deepEqual(numbers(await checkpoints(world)), [1]);
});

scenario('checkpoints are listed by element and by type, page by page', async (world) => {
  const action = await make(world);
  const flow = await world.manager.flows.create({ key: 'sync', name: 'Sync', nodes: {} });
  await world.manager.action(action.id).patch({ name: 'Second' });
  const all = await checkpoints(world);
  assert.deepEqual(all.map(({ elementId }) => elementId), [action.id, flow.id, action.id], 'oldest first');
  const of = async (query) => numbers(await checkpoints(world, query));
  assert.deepEqual(await of({ elementId: action.id }), [1, 2]);
  assert.deepEqual(await of({ elementType: 'flow' }), [1]);
  assert.deepEqual(await of({ elementType: 'flow', elementId: action.id }), []);
  assert.deepEqual(await of({ elementId: 'nobody' }), []);
  await assert.rejects(of({ elementType: 'actio' }), /`actio`, which no checkpoint has; did you mean `action`\?/);

  const read = [];
  for (let cursor; ; ) {
    const { items, cursor: next } = await world.manager.get('/checkpoints', { limit: 1, ...(cursor && { cursor }) });
    read.push(...items);
    if (!next) break;
    cursor = next;
  }
  assert.deepEqual(read, all);
});

scenario('a diff tells what a checkpoint changed, place by place', async (world) => {
  const action = await make(world, { description: 'Says hello', meta: { 'a/b': 1, 'c~d': [1, 2], same: true } });
  const first = await exportOf(world, action);
  const { description, ...changed } = { ...first, name: 'Hi', meta: { 'a/b': 2, 'c~d': [1], same: true, '': null } };
  await world.manager.action(action.id).put(changed);
  const [one, two] = await checkpoints(world, { elementId: action.id });
  const added = Object.entries(first).map(([name, value]) => ({ op: 'add', path: `/${name}`, value }));
  assert.deepEqual(await diff(world, one), added.sort((a, b) => (a.path < b.path ? -1 : 1)), 'the first from nothing');
  assert.deepEqual(await diff(world, two), [
    { op: 'remove', path: '/description', oldValue: description },
    { op: 'add', path: '/meta/', value: null },
    { op: 'replace', path: '/meta/a~1b', value: 2, oldValue: 1 },
    { op: 'replace', path: '/meta/c~0d', value: [1], oldValue: [1, 2] },
    { op: 'replace', path: '/name', value: 'Hi', oldValue: 'Greet' },
  ]);
});

scenario('a revert gives a definition back, and is a change that can be reverted', async (world) => {
  const action = await make(world);
  const run = async () => (await world.client.connection('github-dev').action('greet').run()).output;
  assert.equal(await run(), 'hello');
  await world.manager.action(action.id).patch({ name: 'Part', description: 'Says bye', ...answering('bye') });
  assert.equal(await run(), 'bye');

  const [one, two] = await checkpoints(world, { elementId: action.id });
  const back = accept(sdk.ActionApiResponse, await revert(world, one));
  assert.deepEqual([back.id, back.name, back.description], [action.id, 'Greet', undefined]);
  assert.deepEqual(await world.manager.action(action.id).get(), back);
  assert.notEqual(back.revision, action.revision);
  assert.equal(await run(), 'hello');
  assert.deepEqual(await exportOf(world, action), one.snapshot);

  await revert(world, two);
  assert.equal(await run(), 'bye');
  const all = await checkpoints(world, { elementId: action.id });
  assert.deepEqual(all.map(({ snapshot }) => snapshot), [one, two, one, two].map(({ snapshot }) => snapshot));
  await revert(world, two);
  assert.deepEqual(numbers(await checkpoints(world, { elementId: action.id })), [1, 2, 3, 4], 'nothing was changed');
});

scenario('a revert restores what was archived', async (world) => {
  const action = await make(world);
  await world.manager.action(action.id).archive();
  const [one] = await checkpoints(world, { elementId: action.id });
  assert.equal((await revert(world, one)).archivedAt, undefined);
  assert.equal((await world.client.connection('github-dev').action('greet').run()).output, 'hello');
});

scenario('a version at an integration has checkpoints of its own, what a tenant has leaves none', async (world) => {
  const action = await make(world);
  const version = await world.manager.actions.create({ key: 'greet', integrationKey: 'github', name: 'On GitHub' });
  await world.manager.action(version.id).patch(answering('octocat'));
  const instance = await world.client.connection('github-dev').action('greet').patch({ name: 'Mine', ...answering('mine') });
  await world.manager.post('/connections/github-dev/actions', { key: 'own', name: 'Own', ...answering('own') });
  const all = await checkpoints(world);
  assert.deepEqual(all.map(({ elementId }) => elementId), [action.id, version.id, version.id]);

  const ofGitHub = async () => (await world.manager.action(version.id).get()).config;
  assert.deepEqual(await ofGitHub(), answering('octocat').config);
  const back = await revert(world, all[1]);
  assert.deepEqual([back.layer, back.parentId, back.name], ['integration', action.id, 'On GitHub']);
  assert.notDeepEqual(await ofGitHub(), answering('octocat').config);
  assert.deepEqual((await world.client.action(instance.id).get()).config, answering('mine').config);
});

scenario('elements of all kinds are reverted', { seed: 'none' }, async (world) => {
  const { manager } = world;
  await manager.post('/connectors', { key: 'crm', name: 'CRM', type: 'proxy' });
  const made = await fill((path, body) => manager.post(path, body), { connectors: ['crm'] });
  // The client could not read one of a type that it does not know.
  const elements = made.filter(({ kind }) => kind in kinds && kind !== 'external-event-types');
  assert.ok(elements.length > Object.keys(kinds).length * 2, `${elements.length} elements`);
  for (const element of elements) {
    const before = await exportOf(world, element, element.kind);
    await manager.patch(`/${element.kind}/${element.id}`, { name: 'Changed', description: 'Changed', meta: { changed: true } });
    // Which types there are is held against the client below, by what it knows of them.
    const { items } = await manager.get('/checkpoints', { elementId: element.id });
    const [first, ...more] = items;
    assert.deepEqual([first.snapshot, more.length], [before, 1], `${element.kind} ${element.key}`);
    const paths = (await diff(world, more[0])).map(({ path }) => path.split('/')[1]);
    assert.deepEqual([...new Set(paths)], ['description', 'meta', 'name']);
    await revert(world, first);
    assert.deepEqual(await exportOf(world, element, element.kind), before, `${element.kind} ${element.key}`);
  }
  const types = Object.keys(kinds).map((kind) => (kind === 'scenarios' ? 'package' : kind.replace(/s$/, '')));
  for (const elementType of types.filter((type) => sdk.WorkspaceElementSpecs[type])) {
    assert.ok((await checkpoints(world, { elementType })).length >= 6, elementType);
  }
});

scenario('an import leaves checkpoints, and the last thousand are kept', { seed: 'none' }, async (world) => {
  const spec = (name) => JSON.stringify({ name, ...answering(name) });
  const named = (count) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`actions/a-${n}/spec.yaml`, spec(`${n}`)]));
  await imported(world, zip(named(2)));
  const [first, second] = await checkpoints(world);
  assert.deepEqual([first.snapshot.name, second.snapshot.name], ['0', '1']);
  await imported(world, zip(named(1000)));
  const left = await checkpoints(world);
  assert.deepEqual([left.length, left[0].id], [1000, first.id], 'what an import leaves as it is leaves none');
  await imported(world, zip({ ...named(1000), 'actions/one-more/spec.yaml': spec('more') }));
  const [oldest] = await checkpoints(world);
  assert.equal(oldest.id, second.id);
  await refused(world.manager, (manager) => manager.get(`/checkpoints/${first.id}`), absent);
});

scenario('changes at the same time leave a checkpoint each', async (world) => {
  const action = await make(world);
  const names = Array.from({ length: 12 }, (_, n) => `Name ${n}`);
  await Promise.all(names.map((name) => world.manager.action(action.id).patch({ name })));
  const all = await checkpoints(world, { elementId: action.id });
  assert.deepEqual(numbers(all), Array.from({ length: 13 }, (_, n) => n + 1));
  assert.deepEqual(all.slice(1).map(({ snapshot }) => snapshot.name).sort(), [...names].sort());
  await Promise.all(all.map((checkpoint) => revert(world, checkpoint)));
  const now = await exportOf(world, action);
  assert.deepEqual((await checkpoints(world, { elementId: action.id })).at(-1).snapshot, now);
});

scenario('checkpoints are for managers, and of one workspace', async (world, t) => {
  const action = await make(world);
  const [{ id }] = await checkpoints(world);
  const calls = [
    ['GET', '/checkpoints'],
    ['GET', `/checkpoints/${id}`],
    ['GET', `/checkpoints/${id}/diff`],
    ['POST', `/checkpoints/${id}/revert`],
  ];
  const other = await World.fork();
  t.after(() => other.drop());
  for (const [method, path] of calls) {
    refusal(await world.curl(method, path), { status: 403, key: 'access_denied', message: /only a manager token/ });
    refusal(await world.curl(method, path, { token: null }), { status: 401, key: 'not_authenticated' });
  }
  for (const [method, path] of calls.slice(1)) {
    refusal(await other.curl(method, path, { token: other.managerToken }), { ...absent, message: new RegExp(`\`${id}\``) });
  }
  assert.deepEqual(await checkpoints(other), []);
  for (const wrong of ['nope', action.id, '..%2F..', 'a%00b', '%F0%9F%9A%80', 'x'.repeat(2000)]) {
    for (const [method, below] of [['get', ''], ['get', '/diff'], ['post', '/revert']]) {
      await refused(world.manager, (manager) => manager[method](`/checkpoints/${wrong}${below}`), absent);
    }
  }
  for (const query of ['limit=0', 'limit=1001', 'limit=x', 'cursor=x', 'cursor=-1']) {
    await refused(world.manager, (manager) => manager.get(`/checkpoints?${query}`), { ...bad, message: /limit|cursor/ });
  }
  await refused(world.client, (client) => client.delete(`/checkpoints/${id}`), { as: sdk.BadRequestError, status: 405 });
});

scenario('checkpoints are copied, kept and dropped with their workspace', async (world, t) => {
  const action = await make(world);
  await world.manager.action(action.id).patch({ name: 'Second' });
  const all = await checkpoints(world);
  const snapshot = await world.control('POST', '/snapshots', { name: 'two' });
  for (const from of [world.key, JSON.parse(await world.export()), snapshot.id]) {
    const copy = await World.fork({ from });
    t.after(() => copy.drop());
    assert.deepEqual(await checkpoints(copy), all);
    assert.equal((await revert(copy, all[0])).name, 'Greet');
    assert.deepEqual(numbers(await checkpoints(copy)), [1, 2, 3]);
  }
  assert.deepEqual(await checkpoints(world), all, 'a copy is a workspace of its own');
  await world.manager.action(action.id).patch({ name: 'Third' });
  await world.control('POST', `/snapshots/${snapshot.id}/restore`);
  assert.deepEqual(await checkpoints(world), all);
  await world.reset();
  assert.deepEqual(await checkpoints(world), []);
  await refused(world.manager, (manager) => manager.get(`/checkpoints/${all[0].id}`), absent);
});
