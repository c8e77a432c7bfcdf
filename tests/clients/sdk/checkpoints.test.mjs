// Checkpoints: the versions that the definition of an element has had, what has become of it since, and the way back.

import assert from 'node:assert/strict';
import * as sdk from '@membranehq/sdk';
import { imported } from './lib/archives.mjs';
import { checkpointsOf, everyCheckpoint } from './lib/checkpoints.mjs';
import { fill, kinds, typeOf } from './lib/elements.mjs';
import { refusal, refused } from './lib/failure.mjs';
import { accept } from './lib/shape.mjs';
import { scenario, World } from './lib/world.mjs';
import { zip } from './lib/zip.mjs';

const Checkpoint = sdk.CheckpointApiResponse;
const bad = { as: sdk.BadRequestError, status: 400 };
const denied = { as: sdk.BadRequestError, status: 403, key: 'access_denied' };
const absent = { as: sdk.BadRequestError, status: 404, key: 'not_found', message: /checkpoint/ };

const still = { clock: '2026-01-01T00:00:00Z' };
const answering = (value) => ({ type: 'run-javascript', config: { code: `module.exports = () => ${JSON.stringify(value)}` } });
const make = ({ manager }, more) => manager.actions.create({ key: 'greet', name: 'Greet', ...answering('hello'), ...more });

const numbers = (items) => items.map(({ checkpointNumber }) => checkpointNumber);
const diff = async ({ manager }, { id }) => accept(sdk.CheckpointDiffResponseSchema, await manager.get(`/checkpoints/${id}/diff`));
const revert = ({ manager }, { id }) => manager.post(`/checkpoints/${id}/revert`);
const exportOf = ({ manager }, { id }, kind = 'actions') => manager.get(`/${kind}/${id}/export`);
/** What stands at the place of a difference, which JavaScript reads as it is written. */
const at = (value, path) => Function('value', `return value${path.startsWith('[') ? '' : '.'}${path}`)(value);

scenario('each change of a definition leaves a checkpoint', still, async (world) => {
  const action = await make(world);
  const first = await exportOf(world, action);
  await world.advance(60_000);
  await world.manager.action(action.id).patch({ name: 'Greet again' });
  const [one, two, ...rest] = await checkpointsOf(world, action);
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
  assert.deepEqual(await everyCheckpoint(world), await checkpointsOf(world, action));
  assert.deepEqual(numbers(await checkpointsOf(world, action)), [1]);
});

scenario('the checkpoints of one element are listed, oldest first', async (world) => {
  const action = await make(world);
  const flow = await world.manager.flows.create({ key: 'sync', name: 'Sync', nodes: {} });
  await world.manager.action(action.id).patch({ name: 'Second' });
  const all = await everyCheckpoint(world);
  assert.deepEqual(all.map(({ elementId }) => elementId), [action.id, flow.id, action.id]);
  assert.deepEqual(await checkpointsOf(world, action), [all[0], all[2]], 'oldest first');
  assert.deepEqual(await checkpointsOf(world, flow, 'flow'), [all[1]]);
  assert.deepEqual(await checkpointsOf(world, action, 'flow'), []);
  assert.deepEqual(await checkpointsOf(world, flow, 'action'), []);
  for (const id of ['nobody', all[0].id, '../..', '🚀', 'x'.repeat(2000)]) assert.deepEqual(await checkpointsOf(world, { id }), []);
});

scenario('whose checkpoints are meant has to be said', async (world) => {
  const { id } = await make(world);
  const wrong = (query, message) => refused(world.manager, (manager) => manager.get('/checkpoints', query), { ...bad, message });
  const how = 'checkpoints are those of one element: GET /checkpoints\\?elementType=action&elementId=<id>';
  for (const query of [{}, { limit: 1000 }, { elementId: id }, { elementType: '', elementId: id }]) {
    await wrong(query, new RegExp(`^\`elementType\` is missing; ${how}$`));
  }
  for (const query of [{ elementType: 'action' }, { elementType: 'action', elementId: '' }, { elementType: 'flow', cursor: 1 }]) {
    await wrong(query, new RegExp(`^\`elementId\` is missing; ${how}$`));
  }
  for (const elementId of [id, 'nobody']) {
    await wrong({ elementType: 'actio', elementId }, /`actio`, which no checkpoint has; did you mean `action`\?/);
    await wrong({ elementType: 'Zyqqlotron', elementId }, /`Zyqqlotron`, which no checkpoint has$/);
  }
});

scenario('a list of checkpoints has no pages', async (world) => {
  const action = await make(world);
  // More than there are on a page.
  for (let n = 2; n <= 120; n += 1) await world.manager.action(action.id).patch({ name: `Name ${n}` });
  const all = await checkpointsOf(world, action);
  assert.deepEqual(numbers(all), Array.from({ length: 120 }, (_, n) => n + 1));
  const of = { elementType: 'action', elementId: action.id };
  for (const more of [{ limit: 1 }, { limit: 0 }, { limit: 1001 }, { limit: 'x' }, { cursor: 'x' }, { cursor: '-1' }]) {
    assert.deepEqual(await world.manager.get('/checkpoints', { ...of, ...more }), all, JSON.stringify(more));
  }
});

scenario('a diff tells what has become of an element since a checkpoint, place by place', async (world) => {
  const meta = { 'a/b': 1, 'c~d': [1, 2], same: true, list: [{ id: 'x', same: 1 }, [[1, 2]], 3], kind: {}, 'say "hi"': 1, 7: 'seven' };
  const action = await make(world, { description: 'Says hello', meta });
  const first = await exportOf(world, action);
  const list = [{ id: 'y', same: 1 }, [[1, 4], 5], 3, { new: [] }];
  const changed = { 'a/b': 2, 'c~d': [1], same: true, list, kind: [], 'say "hi"': 2, 7: null, '': null, $a_1: { deep: 1 } };
  const { description, ...kept } = { ...first, name: 'Hi', config: answering('hi').config, meta: changed };
  await world.manager.action(action.id).put(kept);
  const [one, two, ...rest] = await checkpointsOf(world, action);
  assert.deepEqual(rest, []);
  assert.deepEqual(await diff(world, one), [
    { op: 'replace', path: 'config.code', value: answering('hi').config.code, oldValue: answering('hello').config.code },
    { op: 'remove', path: 'description', oldValue: description },
    { op: 'add', path: 'meta[""]', value: null },
    { op: 'add', path: 'meta.$a_1', value: { deep: 1 } },
    { op: 'replace', path: 'meta["7"]', value: null, oldValue: 'seven' },
    { op: 'replace', path: 'meta["a/b"]', value: 2, oldValue: 1 },
    { op: 'remove', path: 'meta["c~d"][1]', oldValue: 2 },
    { op: 'replace', path: 'meta.kind', value: [], oldValue: {} },
    { op: 'replace', path: 'meta.list[0].id', value: 'y', oldValue: 'x' },
    { op: 'replace', path: 'meta.list[1][0][1]', value: 4, oldValue: 2 },
    { op: 'add', path: 'meta.list[1][1]', value: 5 },
    { op: 'add', path: 'meta.list[3]', value: { new: [] } },
    { op: 'replace', path: 'meta["say \\"hi\\""]', value: 2, oldValue: 1 },
    { op: 'replace', path: 'name', value: 'Hi', oldValue: 'Greet' },
  ]);
  assert.deepEqual(await diff(world, two), [], 'the newest is as it is now');
});

scenario('a diff is to what there is now, however many versions are between', async (world) => {
  const action = await make(world, { meta: { step: 1 } });
  const patch = (more) => world.manager.action(action.id).patch(more);
  await patch({ meta: { step: 2, more: true } });
  await patch({ name: 'Greet all', meta: { step: 3 } });
  const differences = async () => Promise.all((await checkpointsOf(world, action)).map((checkpoint) => diff(world, checkpoint)));
  const step = (value, oldValue) => ({ op: 'replace', path: 'meta.step', value, oldValue });
  const name = (value, oldValue) => ({ op: 'replace', path: 'name', value, oldValue });
  const more = { op: 'remove', path: 'meta.more', oldValue: true };
  assert.deepEqual(await differences(), [
    [step(3, 1), name('Greet all', 'Greet')],
    [more, step(3, 2), name('Greet all', 'Greet')],
    [],
  ]);

  await world.manager.action(action.id).archive();
  assert.deepEqual((await differences()).at(-1), [], 'what is archived is there');
  await revert(world, (await checkpointsOf(world, action))[0]);
  assert.deepEqual(await differences(), [[], [more, step(1, 2)], [step(1, 3), name('Greet', 'Greet all')], []]);
});

scenario('an element that is gone has no diff and no way back', async (world, t) => {
  const [gone, left] = [await make(world), await make(world, { key: 'left' })];
  const exported = JSON.parse(await world.export());
  const records = exported.records.filter(({ id }) => id !== gone.id);
  const copy = await World.fork({ from: { ...exported, records } });
  t.after(() => copy.drop());
  const [one] = await checkpointsOf(copy, gone);
  assert.deepEqual(accept(Checkpoint, await copy.manager.get(`/checkpoints/${one.id}`)), one);
  const message = new RegExp(`the element of checkpoint \`${one.id}\` is gone`);
  await refused(copy.manager, (manager) => manager.get(`/checkpoints/${one.id}/diff`), { ...absent, message });
  await refused(copy.manager, (manager) => manager.post(`/checkpoints/${one.id}/revert`), { ...absent, message });
  const [other] = await checkpointsOf(copy, left);
  assert.deepEqual(await diff(copy, other), []);
});

scenario('a revert gives a definition back, and is a change that can be reverted', async (world) => {
  const action = await make(world);
  const run = async () => (await world.client.connection('github-dev').action('greet').run()).output;
  assert.equal(await run(), 'hello');
  await world.manager.action(action.id).patch({ name: 'Part', description: 'Says bye', ...answering('bye') });
  assert.equal(await run(), 'bye');

  const [one, two] = await checkpointsOf(world, action);
  const back = accept(sdk.ActionApiResponse, await revert(world, one));
  assert.deepEqual([back.id, back.name, back.description], [action.id, 'Greet', undefined]);
  assert.deepEqual(await world.manager.action(action.id).get(), back);
  assert.notEqual(back.revision, action.revision);
  assert.equal(await run(), 'hello');
  assert.deepEqual(await exportOf(world, action), one.snapshot);

  await revert(world, two);
  assert.equal(await run(), 'bye');
  const all = await checkpointsOf(world, action);
  assert.deepEqual(all.map(({ snapshot }) => snapshot), [one, two, one, two].map(({ snapshot }) => snapshot));
  await revert(world, two);
  assert.deepEqual(numbers(await checkpointsOf(world, action)), [1, 2, 3, 4], 'nothing was changed');
});

scenario('a revert restores what was archived', async (world) => {
  const action = await make(world);
  await world.manager.action(action.id).archive();
  const [one] = await checkpointsOf(world, action);
  assert.equal((await revert(world, one)).archivedAt, undefined);
  assert.equal((await world.client.connection('github-dev').action('greet').run()).output, 'hello');
});

scenario('a version at an integration has checkpoints of its own, what a tenant has leaves none', async (world) => {
  const action = await make(world);
  const version = await world.manager.actions.create({ key: 'greet', integrationKey: 'github', name: 'On GitHub' });
  await world.manager.action(version.id).patch(answering('octocat'));
  const instance = await world.client.connection('github-dev').action('greet').patch({ name: 'Mine', ...answering('mine') });
  const own = await world.manager.post('/connections/github-dev/actions', { key: 'own', name: 'Own', ...answering('own') });
  const all = await everyCheckpoint(world);
  assert.deepEqual(all.map(({ elementId }) => elementId), [action.id, version.id, version.id]);
  assert.deepEqual(await checkpointsOf(world, version), all.slice(1));
  for (const { id } of [instance, own]) assert.deepEqual(await checkpointsOf(world, { id }), []);

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
  const left = {};
  for (const element of elements) {
    const before = await exportOf(world, element, element.kind);
    await manager.patch(`/${element.kind}/${element.id}`, { name: 'Changed', description: 'Changed', meta: { changed: true } });
    const type = typeOf(element.kind);
    const [first, ...more] = await checkpointsOf(world, element, type);
    assert.deepEqual([first.snapshot, more.length], [before, 1], `${element.kind} ${element.key}`);
    const changes = await diff(world, first);
    assert.deepEqual([...new Set(changes.map(({ path }) => path.split(/[.[]/)[0]))], ['description', 'meta', 'name']);
    for (const { path, value, oldValue } of changes) {
      assert.deepEqual([at(more[0].snapshot, path), at(before, path)], [value, oldValue], path);
    }
    assert.deepEqual(await diff(world, more[0]), [], `${element.kind} ${element.key}`);
    await revert(world, first);
    assert.deepEqual(await diff(world, first), [], `${element.kind} ${element.key}`);
    left[type] = [...(left[type] ?? []), ...(await checkpointsOf(world, element, type))];
    assert.deepEqual(await exportOf(world, element, element.kind), before, `${element.kind} ${element.key}`);
  }
  for (const type of Object.keys(kinds).map(typeOf).filter((known) => sdk.WorkspaceElementSpecs[known])) {
    assert.ok(left[type].length >= 6, type);
    assert.ok(left[type].every(({ elementType }) => elementType === type), type);
  }
});

scenario('integrations and connectors are reverted', { seed: 'none' }, async (world) => {
  const { manager } = world;
  const connector = await manager.post('/connectors', { key: 'crm', name: 'CRM', type: 'proxy' });
  const parameters = { clientId: 'mine' };
  const integration = await manager.integrations.create({ key: 'crm', name: 'CRM', connectorId: connector.id, description: 'Ours', parameters });
  for (const [{ id }, type, path] of [[integration, 'integration', `/integrations/${integration.id}`], [connector, 'connector', `/connectors/${connector.id}`]]) {
    const before = await manager.get(path);
    await manager.patch(path, { name: 'Changed', description: 'Changed', logoUri: 'https://example.com/logo.svg' });
    const [first, second, ...more] = await checkpointsOf(world, { id }, type);
    assert.deepEqual([first.checkpointNumber, first.snapshot.name, second.snapshot.name, more], [1, 'CRM', 'Changed', []], type);
    assert.deepEqual((await diff(world, first)).map(({ op, path: at }) => [op, at]), [
      [type === 'integration' ? 'replace' : 'add', 'description'],
      ['add', 'logoUri'],
      ['replace', 'name'],
    ]);
    assert.deepEqual(await diff(world, second), []);
    const answered = await revert(world, first);
    assert.equal(answered.id, id);
    const { updatedAt, revision, ...after } = await manager.get(path);
    assert.deepEqual(after, (({ updatedAt: _, revision: __, ...rest }) => rest)(before), type);
    assert.equal((await checkpointsOf(world, { id }, type)).length, 3, type);
  }
  // What an export lacks stays, and what is archived is restored.
  const set = await manager.get(`/integrations/${integration.id}/parameters`);
  assert.ok(JSON.stringify(set).includes('mine'), JSON.stringify(set));
  const [first] = await checkpointsOf(world, integration, 'integration');
  await manager.integration(integration.id).archive();
  await revert(world, first);
  assert.equal((await manager.integration(integration.id).get()).archivedAt, undefined);
  // What the catalog had is the first version of what a workspace makes of it.
  const github = await manager.get('/connectors/github');
  assert.deepEqual(await checkpointsOf(world, github, 'connector'), []);
  await manager.patch('/connectors/github', { name: 'Our GitHub' });
  const [catalog] = await checkpointsOf(world, github, 'connector');
  await revert(world, catalog);
  assert.equal((await manager.get('/connectors/github')).name, github.name);
});

scenario('an import leaves checkpoints, and the last thousand are kept', { seed: 'none' }, async (world) => {
  const spec = (name) => JSON.stringify({ name, ...answering(name) });
  const named = (count) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`actions/a-${n}/spec.yaml`, spec(`${n}`)]));
  await imported(world, zip(named(2)));
  const [first, second] = await everyCheckpoint(world);
  assert.deepEqual([first.snapshot.name, second.snapshot.name], ['0', '1']);
  await imported(world, zip(named(1000)));
  const left = await everyCheckpoint(world);
  assert.deepEqual([left.length, left[0].id], [1000, first.id], 'what an import leaves as it is leaves none');
  assert.deepEqual(new Set(numbers(left)), new Set([1]));
  await imported(world, zip({ ...named(1000), 'actions/one-more/spec.yaml': spec('more') }));
  const now = await everyCheckpoint(world);
  assert.deepEqual(now.slice(0, -1), left.slice(1));
  assert.deepEqual([now.length, now[0].id, now.at(-1).snapshot.name], [1000, second.id, 'more']);
  assert.deepEqual(await checkpointsOf(world, { id: first.elementId }), []);
  await refused(world.manager, (manager) => manager.get(`/checkpoints/${first.id}`), absent);
});

scenario('changes at the same time leave a checkpoint each', async (world) => {
  const action = await make(world);
  const names = Array.from({ length: 12 }, (_, n) => `Name ${n}`);
  await Promise.all(names.map((name) => world.manager.action(action.id).patch({ name })));
  const all = await checkpointsOf(world, action);
  assert.deepEqual(numbers(all), Array.from({ length: 13 }, (_, n) => n + 1));
  assert.deepEqual(all.slice(1).map(({ snapshot }) => snapshot.name).sort(), [...names].sort());
  await Promise.all(all.map((checkpoint) => revert(world, checkpoint)));
  const now = await exportOf(world, action);
  assert.deepEqual((await checkpointsOf(world, action)).at(-1).snapshot, now);
});

scenario('checkpoints are for managers, and of one workspace', async (world, t) => {
  const action = await make(world);
  const [{ id }] = await checkpointsOf(world, action);
  const calls = [
    ['GET', `/checkpoints?elementType=action&elementId=${action.id}`],
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
  for (const [method, path] of calls.slice(2)) {
    refusal(await other.curl(method, path, { token: other.managerToken }), { ...absent, message: new RegExp(`\`${id}\``) });
  }
  assert.deepEqual(await everyCheckpoint(other), []);
  assert.deepEqual(await checkpointsOf(other, action), []);
  for (const wrong of ['nope', action.id, '..%2F..', 'a%00b', '%F0%9F%9A%80', 'x'.repeat(2000)]) {
    for (const [method, below] of [['get', ''], ['get', '/diff'], ['post', '/revert']]) {
      await refused(world.manager, (manager) => manager[method](`/checkpoints/${wrong}${below}`), absent);
    }
  }
  await refused(world.client, (client) => client.delete(`/checkpoints/${id}`), { as: sdk.BadRequestError, status: 405 });
});

scenario('checkpoints are copied, kept and dropped with their workspace', async (world, t) => {
  const action = await make(world);
  await world.manager.action(action.id).patch({ name: 'Second' });
  const all = await checkpointsOf(world, action);
  assert.deepEqual([await everyCheckpoint(world), numbers(all)], [all, [1, 2]]);
  const snapshot = await world.control('POST', '/snapshots', { name: 'two' });
  for (const from of [world.key, JSON.parse(await world.export()), snapshot.id]) {
    const copy = await World.fork({ from });
    t.after(() => copy.drop());
    assert.deepEqual(await checkpointsOf(copy, action), all);
    assert.deepEqual(await diff(copy, all[0]), [{ op: 'replace', path: 'name', value: 'Second', oldValue: 'Greet' }]);
    assert.equal((await revert(copy, all[0])).name, 'Greet');
    assert.deepEqual(numbers(await checkpointsOf(copy, action)), [1, 2, 3]);
  }
  assert.deepEqual(await checkpointsOf(world, action), all, 'a copy is a workspace of its own');
  await world.manager.action(action.id).patch({ name: 'Third' });
  await world.control('POST', `/snapshots/${snapshot.id}/restore`);
  assert.deepEqual(await checkpointsOf(world, action), all);
  assert.deepEqual(await diff(world, all[1]), []);
  await world.reset();
  assert.deepEqual([await checkpointsOf(world, action), await everyCheckpoint(world)], [[], []]);
  await refused(world.manager, (manager) => manager.get(`/checkpoints/${all[0].id}`), absent);
});
