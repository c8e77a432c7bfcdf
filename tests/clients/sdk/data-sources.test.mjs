// Data sources on three layers, their instances, and the records behind those.

import assert from 'node:assert/strict';
import * as sdk from '@membranehq/sdk';
import { connectBook, people, withBook } from './lib/book.mjs';
import { byId, scenario as plain } from './lib/world.mjs';
import { refused } from './lib/failure.mjs';
import { accept, page } from './lib/shape.mjs';

const scenario = withBook(plain);
const Source = sdk.DataSourceApiResponse;
const Instance = sdk.DataSourceInstanceApiResponse;
const bad = { as: sdk.BadRequestError, status: 400 };
const denied = { as: sdk.BadRequestError, status: 403, key: 'access_denied' };
const absent = { as: sdk.BadRequestError, status: 404, key: 'not_found' };

const book = { integrationKey: 'book' };
const contacts = { key: 'contacts', name: 'Contacts', collectionKey: 'people', udm: 'contacts' };
const make = ({ manager }, more) => manager.dataSources.create({ ...contacts, ...more });
const instance = ({ client }, more) =>
  client.dataSourceInstance({ dataSourceKey: 'contacts', connectionKey: 'my-book', autoCreate: true, ...more });
const collection = ({ client }) => client.connection('my-book').dataCollection('people');
const names = ({ records }) => records.map(({ name }) => name);

// Data sources

scenario('POST /data-sources makes one that lists show and filter', async (world) => {
  const { manager, client } = world;
  const more = { collectionParameters: { team: 'red' }, pullUpdatesIntervalSeconds: 600, fullSyncIntervalSeconds: 86400 };
  const universal = accept(Source, await make(world, { ...more, description: 'Who we know', meta: { a: 1 } }));
  assert.deepEqual([universal.key, universal.layer, universal.isUniversal], ['contacts', 'universal', true]);
  assert.deepEqual([universal.udm, universal.collectionKey, universal.collectionParameters], ['contacts', 'people', { team: 'red' }]);
  assert.deepEqual([universal.pullUpdatesIntervalSeconds, universal.fullSyncIntervalSeconds], [600, 86400]);
  const bound = accept(Source, await make(world, { ...book, parentId: universal.id, name: 'Of the book' }));
  assert.deepEqual([bound.layer, bound.integrationKey, bound.universalDataSourceId], ['integration', 'book', universal.id]);
  assert.equal(bound.collectionSpec.key, 'people');

  const find = async (query) => byId(accept(page(Source), await client.dataSources.find(query)).items);
  assert.deepEqual(await find(), [universal.id]);
  assert.deepEqual(await find({ search: 'WHO we', isUniversal: true }), [universal.id]);
  assert.deepEqual(await find(book), [bound.id]);
  assert.deepEqual(await find({ layer: 'integration', search: 'of the book' }), [bound.id]);
  assert.deepEqual(await find({ ...book, universalDataSourceId: universal.id }), [bound.id]);
  assert.deepEqual(await find({ ...book, universalDataSourceId: 'none' }), []);
  assert.deepEqual(byId(await client.dataSources.findAll()), [universal.id]);

  await refused(client, () => client.dataSources.create({ key: 'mine', name: 'Mine' }), denied);
  await refused(manager, () => make(world), { ...bad, key: 'already_exists' });
  await refused(manager, () => manager.dataSources.create({}), bad);
  for (const [field, value] of [['pullUpdatesIntervalSeconds', 0], ['collectionParameters', []]]) {
    const call = () => manager.dataSources.create({ key: 'x', [field]: value });
    await refused(manager, call, { ...bad, message: new RegExp(field) });
  }
});

const addresses = { '/data-sources/:id': ({ id }) => id, '/data-source?{sel}': ({ key }) => ({ key, ...book }) };
for (const [address, selector] of Object.entries(addresses)) {
  scenario(`${address} is read, patched, replaced, set up, reset, archived and restored`, async (world) => {
    const universal = await make(world);
    const made = await make(world, { ...book, parentId: universal.id });
    const [at, read] = [world.manager.dataSource(selector(made)), world.client.dataSource(selector(made))];
    assert.equal(accept(Source, await read.get()).id, made.id);
    const patched = accept(Source, await at.patch({ description: 'people', collectionKey: 'notes' }));
    assert.deepEqual([patched.udm, patched.collectionKey, patched.isCustomized], ['contacts', 'notes', true]);
    assert.notEqual(patched.revision, made.revision);
    const put = accept(Source, await at.put({ name: 'Put' }));
    assert.deepEqual([put.id, put.name, put.udm, put.collectionKey], [made.id, 'Put', undefined, undefined]);
    await read.setup();
    const reset = accept(Source, await at.reset());
    assert.deepEqual([reset.id, reset.name, reset.collectionKey, reset.isCustomized], [made.id, 'Contacts', 'people', false]);

    await refused(world.client, () => read.patch({ name: 'Mine' }), denied);
    await refused(world.client, () => read.reset(), denied);
    await at.archive();
    assert.deepEqual(byId((await world.client.dataSources.find({ layer: 'integration', ...book })).items), []);
    await at.restore();
    assert.equal((await read.get()).archivedAt, undefined);
  });
}

scenario('a universal data source cannot be reset, and one that is not there is absent', async (world) => {
  const { id } = await make(world);
  await refused(world.manager, () => world.manager.dataSource(id).reset(), bad);
  for (const selector of ['none', { key: 'none' }]) {
    await refused(world.client, () => world.client.dataSource(selector).get(), absent);
    await refused(world.client, () => world.client.dataSource(selector).setup(), absent);
  }
});

scenario('/integrations/:i/data-sources makes, lists and changes the data sources of an integration', async (world) => {
  const { manager, client } = world;
  const universal = await make(world);
  const { dataSources } = manager.integration('book');
  const made = accept(Source, await dataSources.create({ ...contacts, parentId: universal.id, name: 'Of the book' }));
  assert.equal(made.integrationKey, 'book');
  const { items } = accept(page(Source), await client.integration('book').dataSources.list({ search: 'book' }));
  assert.deepEqual(byId(items), [made.id]);

  const at = manager.integration('book').dataSource('contacts');
  assert.equal(accept(Source, await at.get()).id, made.id);
  assert.equal(accept(Source, await at.patch({ collectionKey: 'notes' })).collectionSpec.key, 'notes');
  assert.equal(accept(Source, await at.put({ name: 'Put', collectionKey: 'people' })).name, 'Put');
  assert.equal(accept(Source, await at.reset()).name, 'Contacts');
  const mine = client.integration('book').dataSource('contacts');
  for (const call of [() => mine.put({ name: 'Mine' }), () => mine.archive()]) await refused(client, call, denied);
  await at.archive();
  assert.deepEqual((await client.integration('book').dataSources.list({ layer: 'integration' })).items, []);
});

// Instances

scenario("/connections/:c/data-sources/:key is the connection's own version", async (world) => {
  const universal = await make(world);
  const at = world.client.connection('my-book').dataSource('contacts');
  assert.equal(accept(Source, await at.get()).id, universal.id, 'until there is one, what applies is shown');
  const made = accept(Instance, await at.get({ autoCreate: true }));
  assert.deepEqual([made.layer, made.dataSourceId, made.connectionId], ['connection', universal.id, world.book.id]);
  assert.deepEqual([made.collectionKey, made.isCustomized, made.user.internalId], ['people', false, world.tenantKey]);
  assert.equal(accept(Instance, await at.create()).id, made.id);
  assert.equal(accept(Instance, await at.setup()).id, made.id);
  const { items } = accept(page(Instance), await world.client.connection('my-book').dataSources.list({ search: 'contacts' }));
  assert.deepEqual(byId(items), [made.id]);

  const patched = accept(Instance, await at.patch({ collectionParameters: { team: 'red' } }));
  assert.deepEqual([patched.collectionParameters, patched.isCustomized], [{ team: 'red' }, true]);
  const put = accept(Instance, await at.put({ name: 'Mine', collectionKey: 'notes' }));
  assert.deepEqual([put.id, put.name, put.collectionKey, put.collectionParameters], [made.id, 'Mine', 'notes', undefined]);
  const reset = accept(Instance, await at.reset());
  assert.deepEqual([reset.id, reset.name, reset.collectionKey, reset.isCustomized], [made.id, 'Contacts', 'people', false]);

  const second = accept(Instance, await world.client.connection('my-book').dataSource('contacts', { instanceKey: 'two' }).create());
  assert.notEqual(second.id, made.id);
  await at.archive();
  assert.ok((await world.client.dataSourceInstance(made.id).get()).archivedAt);
  assert.equal((await world.client.dataSource(universal.id).get()).archivedAt, undefined);
});

scenario('/data-source-instance?{sel} is made, customised, reset, listed, archived and restored by its tenant', async (world) => {
  const { client, manager } = world;
  const universal = await make(world);
  const own = instance(world, { autoCreate: undefined });
  await refused(client, () => own.get(), absent);
  const at = client.dataSourceInstance({ dataSourceId: universal.id, connectionId: world.book.id });
  const made = accept(Instance, await at.create({ dataSourceId: universal.id, connectionId: world.book.id }));
  assert.deepEqual([made.dataSourceId, made.dataSourceRevision, made.isCustomized], [universal.id, universal.revision, false]);
  assert.equal(await own.getId(), made.id);
  assert.equal(accept(Instance, await instance(world).get()).id, made.id);

  const patched = accept(Instance, await own.patch({ collectionParameters: { team: 'blue' } }));
  assert.deepEqual([patched.id, patched.udm, patched.collectionParameters], [made.id, 'contacts', { team: 'blue' }]);
  await own.setup();
  assert.equal((await own.get()).isCustomized, true, 'a setup leaves it as it is');
  const put = accept(Instance, await own.put({ name: 'Mine', collectionKey: 'notes' }));
  assert.deepEqual([put.id, put.udm, put.collectionParameters], [made.id, undefined, undefined]);
  await own.reset();
  const reset = accept(Instance, await client.dataSourceInstance(made.id).get());
  assert.deepEqual([reset.name, reset.collectionKey, reset.udm, reset.isCustomized], ['Contacts', 'people', 'contacts', false]);

  const find = async (query) => byId(accept(page(Instance), await client.dataSourceInstances.find(query)).items);
  assert.deepEqual(await find({ dataSourceId: universal.id }), [made.id]);
  assert.deepEqual(await find({ connectionId: world.book.id }), [made.id]);
  assert.deepEqual(await find({ universalDataSourceId: universal.id }), [made.id]);
  assert.deepEqual(await find({ dataSourceId: 'none' }), []);
  const theirs = world.clientOf('somebody-else');
  assert.deepEqual((await theirs.dataSourceInstances.find()).items, []);
  await refused(theirs, () => theirs.dataSourceInstance(made.id).get(), absent);
  await refused(theirs, () => theirs.dataSourceInstance(made.id).listRecords(), absent);
  assert.deepEqual(byId((await manager.dataSourceInstances.find({ userId: made.userId })).items), [made.id]);

  for (const end of ['archive', 'delete']) {
    await own[end]();
    await refused(client, () => own.get(), absent);
    await own.restore();
    assert.equal(accept(Instance, await own.get()).id, made.id);
  }
});

// The records behind them

scenario('an instance describes and reads its collection', async (world) => {
  await make(world);
  const at = instance(world);
  assert.deepEqual(accept(sdk.DataCollectionSpec, await at.getCollection()), await collection(world).get());
  const first = accept(sdk.DataCollectionListResponse, await at.listRecords());
  assert.deepEqual(names(first), ['Ada', 'Ben']);
  assert.deepEqual(names(await at.listRecords({ cursor: first.cursor })), ['Cleo']);
  assert.deepEqual(names(await at.listRecords({ filter: { team: 'red' } })), ['Ada', 'Cleo']);
  assert.deepEqual(names(accept(sdk.DataCollectionFindResponse, await at.findRecords({ query: { name: 'Ben' } }))), ['Ben']);
  assert.deepEqual(names(accept(sdk.DataCollectionFindResponse, await at.findRecords())), ['Ada', 'Ben']);
  assert.deepEqual(names(accept(sdk.DataCollectionSearchResponse, await at.searchRecords({ query: 'cleo' }))), ['Cleo']);
  assert.equal(accept(sdk.DataCollectionMatchResponse, await at.matchRecord({ query: { name: 'Ben' } })).record.id, '2');
  assert.equal((await at.matchRecord({ query: { name: 'Zoe' } })).record, undefined);
  for (const request of ['3', { id: '3' }]) {
    assert.equal(accept(sdk.DataCollectionFindByIdResponse, await at.findRecordById(request)).record.name, 'Cleo');
  }
});

scenario('an instance makes, changes and deletes records', async (world) => {
  await make(world);
  const at = instance(world);
  const { id } = accept(sdk.DataCollectionCreateResponse, await at.createRecord({ fields: { name: 'Dora' } }));
  accept(sdk.DataCollectionUpdateResponse, await at.updateRecord({ id, fields: { team: 'blue' } }));
  assert.deepEqual((await at.findRecordById(id)).record.fields, { id: Number(id), name: 'Dora', team: 'blue' });
  for (const request of [id, { id: '1' }]) await at.deleteRecord(request);
  await refused(world.client, () => at.findRecordById(id), absent);
  assert.deepEqual(names(await at.listRecords()), ['Ben', 'Cleo']);
});

scenario('records are shown in the unified data model, and written in it', async (world) => {
  await make(world);
  const at = instance(world);
  const zoe = { fullName: 'Zoe', primaryEmail: 'zoe@book.example.com' };
  const fields = await at.unifiedFieldsToNative(zoe);
  assert.deepEqual(fields, { name: 'Zoe', email: 'zoe@book.example.com' });
  const { id } = await at.createRecord({ fields });
  const { record } = await at.findRecordById(id);
  const mapping = sdk.addUdmFallbackFields(people.udm.contacts.extract, 'contacts');
  assert.deepEqual([record.udm, record.unifiedFields], ['contacts', sdk.buildData(mapping, record.fields)]);
  const { id: other } = await at.createRecord({ unifiedFields: { fullName: 'Yan' } });
  await at.updateRecord({ id: other, unifiedFields: { primaryEmail: 'yan@book.example.com' } });
  assert.deepEqual((await at.findRecordById(other)).record.fields, { id: Number(other), name: 'Yan', email: 'yan@book.example.com' });

  assert.deepEqual(names(await at.listRecords({ unifiedFilter: { fullName: 'Yan' } })), ['Yan']);
  const formula = { $eval: { $var: 'primaryEmail' }, contains: 'zoe@' };
  assert.deepEqual(names(await at.listRecords({ unifiedFilter: formula, filter: { team: 'red' } })), []);
  assert.deepEqual(names(await at.listRecords({ unifiedFilter: formula })), ['Zoe']);
  const none = { ...bad, message: /no unified data model `deals`/ };
  await refused(world.client, () => at.findRecordById({ id, udm: 'deals' }), none);
});

scenario('an instance without a unified data model shows and takes none', async (world) => {
  await make(world, { udm: undefined });
  const at = instance(world);
  assert.equal((await at.findRecordById('1')).record.unifiedFields, undefined);
  await refused(world.client, () => at.unifiedFieldsToNative({ fullName: 'Zoe' }), { ...bad, message: /udm/ });
  await refused(world.client, () => at.listRecords({ unifiedFilter: { fullName: 'Zoe' } }), { ...bad, message: /udm/ });
  await refused(world.client, () => at.createRecord({ unifiedFields: { fullName: 'Zoe' } }), { ...bad, message: /udm/ });
});

scenario('the parameters of an instance apply, and those of a call go before them', async (world) => {
  await make(world, { collectionParameters: { team: 'red' } });
  const at = instance(world);
  assert.deepEqual(names(await at.listRecords()), ['Ada', 'Cleo']);
  assert.deepEqual(names(await at.listRecords({ parameters: { team: 'blue' } })), ['Ben']);
  await refused(world.client, () => at.findRecordById('2'), absent);
  await at.patch({ collectionParameters: { team: 'blue' } });
  assert.deepEqual(names(await at.listRecords()), ['Ben']);
  const { id } = await at.createRecord({ fields: { name: 'Dora' } });
  assert.equal((await collection(world).findById({ id })).record.fields.team, 'blue');
});

scenario('an instance that names another collection works with that', async (world) => {
  await make(world);
  const at = instance(world);
  await at.patch({ collectionKey: 'notes' });
  await at.createRecord({ fields: { title: 'Call Ada' } });
  const { records } = await at.listRecords();
  assert.deepEqual(records.map(({ name, unifiedFields }) => [name, unifiedFields]), [['Call Ada', undefined]]);
  const model = { ...bad, message: /no unified data model `contacts`/ };
  await refused(world.client, () => at.unifiedFieldsToNative({ fullName: 'Ada' }), model);
  await refused(world.client, () => at.deleteRecord('1'), { ...bad, message: /`notes` of Book has no `delete`/ });
});

scenario('the records below /data-source-instances/:id and a connection are the same', async (world) => {
  await make(world);
  const { id } = await instance(world).createRecord({ fields: { name: 'Dora' } });
  const own = await instance(world).getId();
  for (const base of [`/data-source-instances/${own}`, '/connections/my-book/data-sources/contacts']) {
    const { record } = accept(sdk.DataCollectionFindByIdResponse, await world.client.post(`${base}/collection/find-by-id`, { id }));
    assert.equal(record.name, 'Dora');
    assert.equal((await world.client.get(`${base}/collection`)).key, 'people');
    assert.deepEqual(await world.client.post(`${base}/unified-fields-to-native`, { fullName: 'Zoe' }), { name: 'Zoe' });
  }
});

const source = { dataSource: { key: 'contacts' } };
const ways = {
  'the collection': {
    make: async (world, name) => (await collection(world).create({ fields: { name } })).id,
    read: async (world, id) => (await collection(world).findById({ id })).record,
  },
  'a data source instance': {
    make: async (world, name) => (await instance(world).createRecord({ fields: { name } })).id,
    read: async (world, id) => (await instance(world).findRecordById(id)).record,
  },
  'an action': {
    make: async (world, name) => (await world.client.action('book.add').run({ name })).output.id,
    read: async (world, id) => (await world.client.action('book.look-up').run({ id })).output.record,
  },
};
for (const [maker, { make: makeOne }] of Object.entries(ways)) {
  scenario(`a record that is made by ${maker} is found in every way`, async (world) => {
    await make(world);
    await world.manager.actions.create({ key: 'add', ...book, type: 'create-data-record', config: source });
    await world.manager.actions.create({ key: 'look-up', ...book, type: 'find-data-record-by-id', config: source });
    const id = await makeOne(world, 'Dora');
    for (const [reader, { read }] of Object.entries(ways)) {
      const record = accept(sdk.DataRecordSchema, await read(world, id));
      assert.deepEqual(record.fields, { id: Number(id), name: 'Dora' }, `found by ${reader}`);
    }
    await collection(world).delete({ id });
    for (const { read } of Object.values(ways)) await refused(world.client, () => read(world, id), absent);
  });
}

scenario("an action that names a data source works with the connection's own version of it", async (world) => {
  await make(world);
  await world.manager.actions.create({ key: 'all', ...book, type: 'list-data-records', config: source });
  const all = async (client = world.client) => names((await client.action('book.all').run({})).output);
  assert.deepEqual(await all(), ['Ada', 'Ben']);
  await make(world, { ...book, collectionParameters: { team: 'red' } });
  assert.deepEqual(await all(), ['Ada', 'Cleo'], "the integration's");
  await instance(world).patch({ collectionParameters: { team: 'blue' } });
  assert.deepEqual(await all(), ['Ben'], "the connection's");
  const other = world.clientOf('somebody-else');
  await connectBook(other, 'their-book');
  assert.deepEqual(await all(other), ['Ada', 'Cleo'], 'and that is no other tenant\'s');
});

const failing = {
  'names no collection': [{ collectionKey: undefined, udm: undefined }, { as: sdk.ConfigurationError, status: 400, message: /names no collection/ }],
  'names a collection that is not there': [{ collectionKey: 'persons' }, { ...absent, message: /`book` has no `persons`/ }],
};
for (const [what, [more, expected]] of Object.entries(failing)) {
  scenario(`a data source that ${what} has no records`, async (world) => {
    await make(world, more);
    await world.manager.actions.create({ key: 'all', ...book, type: 'list-data-records', config: source });
    const at = instance(world);
    for (const call of [() => at.getCollection(), () => at.listRecords(), () => world.client.action('book.all').run({})]) {
      await refused(world.client, call, expected);
    }
    assert.equal((await at.get()).collectionSpec, undefined);
  });
}

scenario('an instance whose connection has lost its credentials does nothing', async (world) => {
  await make(world);
  const at = instance(world);
  await at.get();
  await world.poke('my-book', 'loseCredentials');
  const lost = { as: sdk.ConnectionError, status: 400, key: 'access_token_expired' };
  for (const call of [() => at.listRecords(), () => at.createRecord({ fields: { name: 'Dora' } })]) {
    await refused(world.client, call, lost);
  }
  assert.equal((await at.get()).collectionKey, 'people', 'it is there to be read');
});

scenario('what is wrong in a request is refused', async (world) => {
  await make(world);
  const at = instance(world);
  const calls = [
    [() => at.listRecords({ cursor: 'x' }), { ...bad, message: /cursor/ }],
    [() => at.searchRecords({}), { ...bad, message: /query/ }],
    [() => at.matchRecord({}), { ...bad, message: /query/ }],
    [() => at.findRecordById({}), { ...bad, message: /`id`/ }],
    [() => at.findRecordById('9'), absent],
    [() => at.updateRecord({ id: '9', fields: {} }), absent],
    [() => at.deleteRecord('9'), absent],
    [() => at.createRecord({}), { ...bad, message: /`fields`/ }],
    [() => at.createRecord({ fields: {} }), { ...bad, message: /"name" is a required property/ }],
    [() => instance(world, { dataSourceKey: 'none' }).listRecords(), absent],
    [() => instance(world, { connectionKey: 'none' }).listRecords(), absent],
  ];
  for (const [call, expected] of calls) await refused(world.client, call, expected);
  assert.deepEqual(names(await at.listRecords({ filter: { id: 1 } })), [people.records[0].name]);
});
