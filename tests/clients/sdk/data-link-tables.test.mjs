// Data link tables, their instances, and the links between records in those.

import assert from 'node:assert/strict';
import * as sdk from '@membranehq/sdk';
import { byId, scenario } from './lib/world.mjs';
import { refused } from './lib/failure.mjs';
import { accept, page } from './lib/shape.mjs';

// What tables have since they stand at three layers, which the client declares for other elements alone; and when a link
// was made.
const { shape } = sdk.DataSourceApiResponse;
const names = ['isUniversal', 'integrationKey', 'externalAppId', 'externalAppKey', 'parentUuid', 'parentKey'];
const layered = {
  ...Object.fromEntries(names.map((name) => [name, shape[name]])),
  dataLinkTableRevision: shape.dataSourceRevision,
  universalDataLinkTableId: shape.universalDataSourceId,
};
const Table = sdk.DataLinkTableApiResponse.extend(layered);
const Instance = sdk.DataLinkTableInstanceApiResponse.extend({
  ...layered,
  dataLinkTable: sdk.BaseDataLinkTable.extend({ ...layered, integration: sdk.BaseIntegration.optional() }).optional(),
});
const Link = sdk.DataLink.extend({ createdAt: shape.createdAt });
const bad = { as: sdk.BadRequestError, status: 400 };
const denied = { as: sdk.BadRequestError, status: 403, key: 'access_denied' };
const absent = { as: sdk.BadRequestError, status: 404, key: 'not_found' };

const github = { integrationKey: 'github' };
const contacts = { key: 'contacts', name: 'Contacts', description: 'Who is who', meta: { of: 'people' } };
const make = ({ manager }, more) => manager.dataLinkTables.create({ ...contacts, ...more });
const ofGithub = { dataLinkTableKey: 'contacts', connectionKey: 'github-dev' };
const instance = ({ client }, more) => client.dataLinkTableInstance({ ...ofGithub, ...more });
const ada = { externalRecordId: '1', appRecordId: 'user-ada' };
const ben = { externalRecordId: '2', appRecordId: 'user-ben' };
/** What links link. */
const pairs = ({ items }) => items.map(({ externalRecordId, appRecordId }) => ({ externalRecordId, appRecordId }));

// Tables

scenario('POST /data-link-tables makes one that lists show and filter', async (world) => {
  const { manager, client } = world;
  const universal = accept(Table, await make(world));
  assert.deepEqual([universal.key, universal.description, universal.meta], ['contacts', 'Who is who', { of: 'people' }]);
  assert.deepEqual([universal.layer, universal.connectionId, universal.userId], ['universal', undefined, undefined]);
  const bound = accept(Table, await make(world, { ...github, dataLinkTableId: universal.id, name: 'Of GitHub' }));
  assert.deepEqual([bound.layer, bound.dataLinkTableId, bound.integration.key], ['integration', universal.id, 'github']);
  const other = accept(Table, await manager.dataLinkTables.create({ name: 'Big Companies' }));
  assert.equal(other.key, 'big-companies');

  const find = async (query) => byId(accept(page(Table), await client.dataLinkTables.find(query)).items);
  assert.deepEqual(await find(), [universal.id, other.id]);
  assert.deepEqual(await find({ search: 'WHO is', layer: 'universal' }), [universal.id]);
  assert.deepEqual(await find({ search: 'zyqqlotron' }), []);
  for (const query of [github, { integrationId: bound.integrationId }]) {
    assert.deepEqual(await find(query), [bound.id, other.id], 'its own, and what goes for all');
  }
  assert.deepEqual(await find({ dataLinkTableId: universal.id }), [bound.id]);
  assert.deepEqual(await find({ layer: 'universal' }), [universal.id, other.id]);
  assert.deepEqual(await find({ layer: 'connection' }), []);
  assert.deepEqual(byId(await client.dataLinkTables.findAll()), [universal.id, other.id]);

  await refused(client, () => client.dataLinkTables.create({ key: 'mine', name: 'Mine' }), denied);
  await refused(manager, () => make(world), { ...bad, key: 'already_exists' });
  await refused(manager, () => manager.dataLinkTables.create({}), bad);
  await refused(client, () => client.dataLinkTables.find({ layer: 'sky' }), bad);
});

const addresses = { id: ({ id }) => id, key: ({ key }) => ({ key, ...github }) };
for (const [by, selector] of Object.entries(addresses)) {
  scenario(`a table of the ${by} is read, patched, replaced, archived and restored`, async (world) => {
    const made = await make(world, github);
    const [at, read] = [world.manager.dataLinkTable(selector(made)), world.client.dataLinkTable(selector(made))];
    assert.equal(accept(Table, await read.get()).id, made.id);
    const patched = accept(Table, await at.patch({ name: 'People' }));
    assert.deepEqual([patched.name, patched.description, patched.meta], ['People', 'Who is who', { of: 'people' }]);
    assert.notEqual(patched.revision, made.revision);
    const put = accept(Table, await at.put({ name: 'Put' }));
    assert.deepEqual([put.id, put.name, put.description, put.meta], [made.id, 'Put', undefined, undefined]);

    for (const call of [() => read.patch({ name: 'Mine' }), () => read.put({ name: 'Mine' }), () => read.archive()]) {
      await refused(world.client, call, denied);
    }
    await at.archive();
    assert.deepEqual((await world.client.dataLinkTables.find(github)).items, []);
    await at.restore();
    assert.equal((await read.get()).archivedAt, undefined);
  });
}

scenario('a table that is not there is absent', async (world) => {
  for (const selector of ['none', { key: 'none' }]) {
    await refused(world.client, () => world.client.dataLinkTable(selector).get(), absent);
    await refused(world.manager, () => world.manager.dataLinkTable(selector).patch({ name: 'Of none' }), absent);
  }
});

// Instances

scenario('an instance is made, customised, listed, archived and restored by its tenant', async (world) => {
  const { client, manager } = world;
  const table = await make(world);
  const own = instance(world);
  await refused(client, () => own.get(), absent);
  const made = accept(Instance, await instance(world).create({}));
  assert.deepEqual([made.dataLinkTableId, made.isCustomized, made.user.internalId], [table.id, false, world.tenantKey]);
  assert.deepEqual([made.connection.key, made.integration.key], ['github-dev', 'github']);
  assert.equal(await own.getId(), made.id);
  assert.equal(accept(Instance, await client.dataLinkTableInstance(made.id).get()).id, made.id);
  assert.equal((await instance(world, { autoCreate: true }).get()).id, made.id);

  const patched = accept(Instance, await own.patch({ name: 'Mine' }));
  assert.deepEqual([patched.id, patched.name, patched.isCustomized], [made.id, 'Mine', true]);
  const put = accept(Instance, await own.put({ name: 'Put' }));
  assert.deepEqual([put.id, put.name, put.description], [made.id, 'Put', undefined]);
  const second = accept(Instance, await instance(world, { instanceKey: 'two' }).create({}));
  assert.equal(second.instanceKey, 'two');

  const find = async (query) => byId(accept(page(Instance), await client.dataLinkTableInstances.find(query)).items);
  assert.deepEqual(await find(), [made.id, second.id]);
  assert.deepEqual(await find({ dataLinkTableId: table.id }), [made.id, second.id]);
  assert.deepEqual(await find({ dataLinkTableId: 'none' }), []);
  assert.deepEqual(await find({ connectionId: made.connectionId, instanceKey: 'two' }), [second.id]);
  assert.deepEqual(await find({ integrationId: made.integrationId, limit: 1 }), [made.id]);
  const theirs = world.clientOf('somebody-else');
  assert.deepEqual((await theirs.dataLinkTableInstances.find()).items, []);
  await refused(theirs, () => theirs.dataLinkTableInstance(made.id).get(), absent);
  assert.equal((await manager.dataLinkTableInstances.find({ userId: made.userId })).items.length, 2);

  for (const end of ['archive', 'delete']) {
    await own[end]();
    await refused(client, () => own.get(), absent);
    assert.deepEqual(await find(), [second.id]);
    await own.restore();
    assert.equal(accept(Instance, await own.get()).id, made.id);
  }
});

// Links

scenario('links are made, found in pages and by what they link, and deleted', async (world) => {
  await make(world);
  const at = instance(world, { autoCreate: true });
  assert.deepEqual(await at.findLinks(), { items: [] });
  const made = accept(Link, await at.createLink(ada));
  assert.deepEqual([made.dataLinkTableInstanceId, made.direction], [await at.getId(), sdk.DataLinkDirection.BOTH]);
  assert.equal((await at.createLink(ada)).id, made.id, 'there is one already');
  await at.createLink(ben);

  const found = accept(sdk.createPaginationResponseSchema(Link), await at.findLinks());
  assert.deepEqual(pairs(found), [ada, ben]);
  assert.deepEqual(pairs(await at.findLinks({ externalRecordId: '2' })), [ben]);
  assert.deepEqual(pairs(await at.findLinks({ appRecordId: 'user-ada' })), [ada]);
  assert.deepEqual(pairs(await at.findLinks({ appRecordId: 'user-ada', externalRecordId: '2' })), []);
  const first = await at.findLinks({ limit: 1 });
  assert.deepEqual(pairs(first), [ada]);
  assert.deepEqual(pairs(await at.findLinks({ limit: 1, cursor: first.cursor })), [ben]);

  await at.deleteLink(ada);
  assert.deepEqual(pairs(await at.findLinks()), [ben]);
  await refused(world.client, () => at.deleteLink(ada), absent);
});

scenario('a link of one direction is no link of the other', async (world) => {
  await make(world);
  const at = instance(world, { autoCreate: true });
  const { IMPORT, EXPORT, BOTH } = sdk.DataLinkDirection;
  await at.createLink({ ...ada, direction: IMPORT });
  await at.createLink({ ...ada, direction: EXPORT });
  await at.createLink({ ...ben, direction: BOTH });
  const directions = async (query) => (await at.findLinks(query)).items.map(({ direction }) => direction);
  assert.deepEqual(await directions(), [IMPORT, EXPORT, BOTH]);
  assert.deepEqual(await directions({ direction: IMPORT }), [IMPORT, BOTH]);
  assert.deepEqual(await directions({ direction: EXPORT }), [EXPORT, BOTH]);
  await at.deleteLink({ ...ada, direction: EXPORT });
  assert.deepEqual(await directions(), [IMPORT, BOTH]);
});

scenario('what is wrong in a call of links is refused', async (world) => {
  await make(world);
  const at = instance(world, { autoCreate: true });
  const calls = [
    [() => at.createLink({}), { ...bad, message: /externalRecordId/ }],
    [() => at.createLink({ ...ada, appRecordId: '' }), { ...bad, message: /appRecordId/ }],
    [() => at.createLink({ ...ada, direction: 'up' }), { ...bad, message: /direction/ }],
    [() => at.findLinks({ direction: 'up' }), { ...bad, message: /direction/ }],
    [() => at.findLinks({ limit: 0 }), { ...bad, message: /limit/ }],
    [() => at.deleteLink({}), { ...bad, message: /externalRecordId/ }],
    [() => instance(world, { dataLinkTableKey: 'none' }).createLink(ada), absent],
    [() => instance(world, { connectionKey: 'none' }).createLink(ada), absent],
  ];
  for (const [call, expected] of calls) await refused(world.client, call, expected);
  assert.deepEqual((await at.findLinks()).items, []);
});

scenario('each instance has links of its own, and only its tenant sees them', async (world) => {
  await make(world);
  const [one, two] = [instance(world, { autoCreate: true }), instance(world, { instanceKey: 'two', autoCreate: true })];
  await one.createLink(ada);
  await two.createLink(ben);
  assert.deepEqual([pairs(await one.findLinks()), pairs(await two.findLinks())], [[ada], [ben]]);
  const theirs = world.clientOf('somebody-else');
  const id = await one.getId();
  await refused(theirs, () => theirs.dataLinkTableInstance(id).findLinks(), absent);
  await refused(theirs, () => theirs.dataLinkTableInstance(id).deleteLink(ada), absent);

  assert.deepEqual(pairs(await world.client.get('/data-links', { dataLinkTableInstanceId: id })), [ada]);
  const all = await world.client.get('/data-links');
  assert.deepEqual(pairs(all), [ada, ben]);
  assert.deepEqual(await theirs.get('/data-links'), { items: [] });
  await refused(theirs, () => theirs.delete(`/data-links/${all.items[0].id}`), absent);
  await world.client.delete(`/data-links/${all.items[0].id}`);
  assert.deepEqual(pairs(await one.findLinks()), []);
});

const places = {
  '/data-link-table-instances/:id': (id) => `/data-link-table-instances/${id}`,
  '/connections/:c/data-link-tables/:key': () => '/connections/github-dev/data-link-tables/contacts',
  '/data-link-tables/:id': (_, table) => `/data-link-tables/${table.id}`,
};
for (const [place, pathOf] of Object.entries(places)) {
  scenario(`the links below ${place} are those of the instance`, async (world) => {
    const table = await make(world, github);
    const at = instance(world, { autoCreate: true });
    await at.createLink(ben);
    const path = `${pathOf(await at.getId(), table)}/links`;
    accept(Link, await world.client.post(path, ada));
    assert.deepEqual(pairs(await at.findLinks()), [ben, ada]);
    assert.deepEqual(pairs(await world.client.get(path, { externalRecordId: '2' })), [ben]);
    await world.client.delete(path, ben);
    assert.deepEqual(pairs(await at.findLinks()), [ada]);
  });
}

scenario('a sync tells new records from known ones by their links', async (world) => {
  await make(world);
  const links = instance(world, { autoCreate: true });
  const users = [];
  const sync = async (records) => {
    for (const { id, name } of records) {
      const { items } = await links.findLinks({ externalRecordId: id });
      const user = users.find((each) => each.id === items[0]?.appRecordId);
      if (user) user.name = name;
      else {
        users.push({ id: `user-${users.length}`, name });
        await links.createLink({ externalRecordId: id, appRecordId: users.at(-1).id });
      }
    }
  };
  await sync([{ id: 'a', name: 'Ada' }, { id: 'b', name: 'Ben' }]);
  await sync([{ id: 'b', name: 'Benjamin' }, { id: 'c', name: 'Cleo' }]);
  assert.deepEqual(users.map(({ name }) => name), ['Ada', 'Benjamin', 'Cleo']);
});

scenario('the links of a table of an integration are at its singular address too', async (world) => {
  const { id } = await make(world, github);
  await instance(world, { autoCreate: true }).createLink(ada);
  assert.deepEqual(pairs(await world.client.get('/data-link-table/links', { id })), [ada]);
});

// Links in flows and formulas

/** Runs a flow of these nodes at GitHub, and answers what each node came to. */
async function ran(world, nodes) {
  const start = { type: 'api-trigger', links: [{ key: Object.keys(nodes)[0] }] };
  await world.manager.flows.create({ key: 'suite-links', name: 'Links', integrationKey: 'github', nodes: { start, ...nodes } });
  const { id } = await world.client.connection('github-dev').flow('suite-links').run({ input: { record: 7, user: 'user-eve' } });
  await world.settle();
  const run = await world.client.flowRun(id).get();
  assert.equal(run.state, 'completed', run.errors?.[0]?.message);
  return world.client.flowRun(id).getOutput();
}

const table = { dataLinkTable: { key: 'contacts' } };
const node = (type, config, ...links) => ({ type, config: { ...table, ...config }, links: links.map((key) => ({ key })) });

scenario('nodes of a flow make, find and delete links', async (world) => {
  await make(world);
  const ids = { externalRecordId: { $var: '$.input.start.record' }, appRecordId: { $var: '$.input.start.user' } };
  const output = await ran(world, {
    make: node('create-data-link', ids, 'find'),
    find: node('find-data-link', { externalRecordId: '7' }, 'none'),
    none: node('find-data-link', { externalRecordId: '8' }, 'remove'),
    remove: node('delete-data-link', { appRecordId: 'user-eve' }, 'again'),
    again: node('delete-data-link', { appRecordId: 'user-eve' }),
  });
  const [link] = output.make;
  assert.deepEqual([link.externalRecordId, link.appRecordId, link.direction], ['7', 'user-eve', 'both']);
  accept(Link, link);
  assert.deepEqual([output.find, output.none, output.remove, output.again], [[link], [null], [{}], [{}]]);
  assert.deepEqual(pairs(await instance(world).findLinks()), []);
});

scenario('formulas find the id on the other side of a link', async (world) => {
  const { client, manager } = world;
  await make(world);
  const links = instance(world, { autoCreate: true });
  await links.createLink({ ...ada, direction: 'export' });
  await links.createLink({ ...ben, direction: 'import' });
  const find = (name, recordId) => ({ [name]: { ...table, recordId } });
  const output = {
    out: find('$findExternalRecordId', { $var: '$.input.user' }),
    wrongWay: find('$findExternalRecordId', 'user-ben'),
    in: { list: [find('$findAppRecordId', 2), find('$findAppRecordId', 1), 'end'] },
    byText: { $findExternalRecordId: { dataLinkTable: 'contacts', recordId: 'user-ada' } },
    none: { $findAppRecordId: { dataLinkTable: { key: 'nothing' }, recordId: '2' } },
  };
  await manager.actions.create({
    key: 'who', name: 'Who', integrationKey: 'github', type: 'run-javascript',
    config: { code: 'module.exports = () => 1' }, outputMapping: output,
  });
  const run = await client.connection('github-dev').action('who').run({ user: 'user-ada' });
  assert.deepEqual(run.output, { out: '1', in: { list: ['user-ben', 'end'] }, byText: '1' });

  await manager.fieldMappings.create({ key: 'who', name: 'Who', integrationKey: 'github', exportValue: output });
  const mapped = await client.connection('github-dev').fieldMapping('who').get({ autoCreate: true });
  const { output: fields } = await client.post(`/field-mappings/${mapped.id}/run`, { direction: 'export', input: {} });
  assert.deepEqual(fields, { in: { list: ['user-ben', 'end'] }, byText: '1' });
});

scenario("formulas and nodes find the links of their own tenant's connection alone", async (world) => {
  await make(world);
  await instance(world, { autoCreate: true }).createLink(ada);
  await world.configure({ mock: { autoConnect: true } });
  const theirs = world.clientOf('somebody-else');
  await theirs.post('/connect', { connectorKey: 'github', connectionKey: 'theirs' });
  const asked = { $findExternalRecordId: { ...table, recordId: 'user-ada' } };
  const nodes = {
    start: { type: 'api-trigger', links: [{ key: 'ask' }, { key: 'find' }] },
    ask: { type: 'transform-data', config: { output: { id: asked, end: true } } },
    find: node('find-data-link', { appRecordId: 'user-ada' }),
  };
  await world.manager.flows.create({ key: 'who', name: 'Who', ...github, nodes });
  const output = async (client, connection) => {
    const { id } = await client.connection(connection).flow('who').run();
    await world.settle();
    const { ask: [answer], find: [link] } = await client.flowRun(id).getOutput();
    return [answer, link?.externalRecordId];
  };
  assert.deepEqual(await output(world.client, 'github-dev'), [{ id: '1', end: true }, '1']);
  assert.deepEqual(await output(theirs, 'theirs'), [{ end: true }, undefined]);
});

scenario('a formula finds ids inside other formulas, and takes no input for a formula', async (world) => {
  const { client, manager } = world;
  await make(world);
  await instance(world, { autoCreate: true }).createLink(ada);
  const find = (recordId) => ({ $findExternalRecordId: { ...table, recordId } });
  const output = {
    text: { $concat: ['id ', find('user-ada')] },
    first: { $firstNotEmpty: [find('nobody'), find('user-ada'), 'none'] },
    whether: { $eval: find('nobody'), isEmpty: true },
    each: { $iterate: { source: { $var: '$.input.users' }, item: { id: find({ $var: '$.item' }), of: { $var: '$.item' } } } },
    given: { $var: '$.input.given' },
  };
  const spec = { key: 'who', name: 'Who', ...github, type: 'run-javascript', config: { code: 'module.exports = () => 1' } };
  await manager.actions.create({ ...spec, outputMapping: output });
  const given = find('user-ada');
  const run = await client.connection('github-dev').action('who').run({ users: ['user-ada', 'nobody'], given });
  assert.deepEqual(run.output, {
    text: 'id 1', first: '1', whether: true, each: [{ id: '1', of: 'user-ada' }, { of: 'nobody' }], given,
  });
});

scenario('what works under an instance key looks in the table of the same', async (world) => {
  const { client, manager } = world;
  const { uuid, id } = await make(world);
  await instance(world, { autoCreate: true }).createLink(ada);
  await instance(world, { instanceKey: 'two', autoCreate: true }).createLink({ ...ada, externalRecordId: '22' });
  const names = { key: { key: 'contacts' }, text: 'contacts', uuid: { uuid }, 'uuid as text': uuid, id: { id } };
  const outputMapping = Object.fromEntries(Object.entries(names).map(([name, dataLinkTable]) =>
    [name, { $findExternalRecordId: { dataLinkTable, recordId: 'user-ada' } }]));
  const spec = { key: 'who', name: 'Who', ...github, type: 'run-javascript', config: { code: 'module.exports = () => 1' } };
  await manager.actions.create({ ...spec, outputMapping });
  const ran = async (instanceKey) => {
    const at = client.connection('github-dev').action('who', { instanceKey });
    await at.get({ autoCreate: true });
    return Object.values((await at.run()).output);
  };
  assert.deepEqual(await ran(), ['1', '1', '1', '1', '1']);
  assert.deepEqual(await ran('two'), ['22', '22', '22', '22', '22']);

  const nodes = { start: { type: 'api-trigger', links: [{ key: 'find' }] }, find: node('find-data-link', { appRecordId: 'user-ada' }) };
  await manager.flows.create({ key: 'who', name: 'Who', ...github, nodes });
  for (const [instanceKey, found] of [[undefined, '1'], ['two', '22']]) {
    const flow = client.connection('github-dev').flow('who', { instanceKey });
    await flow.get({ autoCreate: true });
    const run = await flow.run();
    await world.settle();
    const { find: [link] } = await client.flowRun(run.id).getOutput();
    assert.equal(link.externalRecordId, found);
  }
});
