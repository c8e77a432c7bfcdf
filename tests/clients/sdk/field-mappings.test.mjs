// Field mappings on three layers, their instances, and what they make of records.

import assert from 'node:assert/strict';
import * as sdk from '@membranehq/sdk';
import { connectBook, withBook } from './lib/book.mjs';
import { byId, scenario as plain } from './lib/world.mjs';
import { refused } from './lib/failure.mjs';
import { accept, page } from './lib/shape.mjs';

const scenario = withBook(plain);
const Mapping = sdk.FieldMappingApiResponse;
const Instance = sdk.FieldMappingInstanceApiResponse;
const bad = { as: sdk.BadRequestError, status: 400 };
const denied = { as: sdk.BadRequestError, status: 403, key: 'access_denied' };
const absent = { as: sdk.BadRequestError, status: 404, key: 'not_found' };

const book = { integrationKey: 'book' };
const field = (name) => ({ $var: name });
const appSchema = { type: 'object', properties: { who: { type: 'string' }, mail: { type: 'string' } }, required: ['who'] };
const contacts = {
  key: 'contacts',
  name: 'Contacts',
  appSchema,
  importValue: { who: field('name'), mail: field('email') },
  exportValue: { name: field('who'), email: field('mail') },
};
const make = ({ manager }, more) => manager.fieldMappings.create({ ...contacts, ...more });
const instance = ({ client }, more) =>
  client.fieldMappingInstance({ fieldMappingKey: 'contacts', connectionKey: 'my-book', autoCreate: true, ...more });
const ran = async ({ client }, body, at = '/field-mappings/contacts') =>
  accept(sdk.RunFieldMappingResponse, await client.post(at.includes('?') ? at.replace('?', '/run?') : `${at}/run`, body)).output;

// Field mappings

scenario('POST /field-mappings makes one that lists show and filter', async (world) => {
  const { manager, client } = world;
  const more = {
    description: 'Who we know',
    dataSourceKey: 'people',
    direction: 'both',
    defaultImportValue: { kind: 'person' },
    defaultExportValue: { team: 'red' },
    unifiedImportValue: { mail: field('primaryEmail') },
    unifiedExportValue: { primaryEmail: field('mail') },
    frozenImportFields: ['who'],
    frozenExportFields: ['name'],
    frozenUnifiedExportFields: ['primaryEmail'],
  };
  const universal = accept(Mapping, await make(world, more));
  assert.deepEqual([universal.key, universal.layer, universal.isUniversal], ['contacts', 'universal', true]);
  for (const [name, value] of Object.entries({ ...contacts, ...more })) assert.deepEqual(universal[name], value, name);
  const bound = accept(Mapping, await make(world, { ...book, parentId: universal.id, name: 'Of the book' }));
  assert.deepEqual([bound.layer, bound.integrationKey, bound.universalFieldMappingId], ['integration', 'book', universal.id]);
  assert.deepEqual(bound.frozenImportFields, ['who'], 'it begins as a copy');

  const find = async (query) => byId(accept(page(Mapping), await client.fieldMappings.find(query)).items);
  assert.deepEqual(await find(), [universal.id]);
  assert.deepEqual(await find({ search: 'WHO we', isUniversal: true }), [universal.id]);
  assert.deepEqual(await find(book), [bound.id]);
  assert.deepEqual(await find({ ...book, universalFieldMappingId: universal.id }), [bound.id]);
  assert.deepEqual(await find({ ...book, universalFieldMappingId: 'none' }), []);
  assert.deepEqual(byId(await client.fieldMappings.findAll()), [universal.id]);

  await refused(client, () => client.fieldMappings.create({ key: 'mine', name: 'Mine' }), denied);
  await refused(manager, () => make(world), { ...bad, key: 'already_exists' });
  await refused(manager, () => manager.fieldMappings.create({}), bad);
  await refused(manager, () => manager.fieldMappings.create({ key: 'x', appSchema: { type: 7 } }), { ...bad, message: /appSchema/ });
  await refused(manager, () => manager.fieldMappings.create({ key: 'x', direction: 'up' }), { ...bad, message: /direction/ });
});

const addresses = { '/field-mappings/:id': ({ id }) => id, '/field-mapping?{sel}': ({ key }) => ({ key, ...book }) };
for (const [address, selector] of Object.entries(addresses)) {
  scenario(`${address} is read, patched, replaced, set up, reset, archived and restored`, async (world) => {
    const universal = await make(world);
    const made = await make(world, { ...book, parentId: universal.id });
    const [at, read] = [world.manager.fieldMapping(selector(made)), world.client.fieldMapping(selector(made))];
    assert.equal(accept(Mapping, await read.get()).id, made.id);
    assert.deepEqual(await read.getAppSchema(), appSchema);
    const patched = accept(Mapping, await at.patch({ importValue: { who: 'nobody' } }));
    assert.deepEqual([patched.importValue, patched.exportValue], [{ who: 'nobody' }, contacts.exportValue]);
    assert.equal(patched.isCustomized, true);
    assert.notEqual(patched.revision, made.revision);
    const put = accept(Mapping, await at.put({ name: 'Put' }));
    assert.deepEqual([put.id, put.name, put.importValue, put.appSchema], [made.id, 'Put', undefined, undefined]);
    assert.deepEqual(await read.getAppSchema(), { type: 'object' });
    assert.equal(accept(Mapping, await read.setup()).id, made.id);
    const reset = accept(Mapping, await at.reset());
    assert.deepEqual([reset.id, reset.name, reset.importValue], [made.id, 'Contacts', contacts.importValue]);
    assert.equal(reset.isCustomized, false);

    await refused(world.client, () => read.patch({ name: 'Mine' }), denied);
    await refused(world.client, () => read.reset(), denied);
    await at.archive();
    assert.deepEqual(byId((await world.client.fieldMappings.find({ layer: 'integration', ...book })).items), []);
    await at.restore();
    assert.equal((await read.get()).archivedAt, undefined);
  });
}

scenario('a universal field mapping cannot be reset, and one that is not there is absent', async (world) => {
  const { id } = await make(world);
  await refused(world.manager, () => world.manager.fieldMapping(id).reset(), bad);
  for (const selector of ['none', { key: 'none' }]) {
    const at = world.client.fieldMapping(selector);
    for (const call of [() => at.get(), () => at.setup(), () => at.getAppSchema()]) await refused(world.client, call, absent);
  }
});

scenario('/integrations/:i/field-mappings makes, lists and changes the field mappings of an integration', async (world) => {
  const { manager, client } = world;
  const universal = await make(world);
  const { fieldMappings } = manager.integration('book');
  const made = accept(Mapping, await fieldMappings.create({ ...contacts, parentId: universal.id, name: 'Of the book' }));
  assert.equal(made.integrationKey, 'book');
  const { items } = accept(page(Mapping), await client.integration('book').fieldMappings.list({ search: 'book' }));
  assert.deepEqual(byId(items), [made.id]);

  const at = manager.integration('book').fieldMapping('contacts');
  assert.equal(accept(Mapping, await at.get()).id, made.id);
  assert.deepEqual(accept(Mapping, await at.patch({ direction: 'export' })).direction, 'export');
  assert.equal(accept(Mapping, await at.put({ name: 'Put' })).direction, undefined);
  assert.equal(accept(Mapping, await at.reset()).name, 'Contacts');
  const mine = client.integration('book').fieldMapping('contacts');
  for (const call of [() => mine.put({ name: 'Mine' }), () => mine.archive()]) await refused(client, call, denied);
  await at.archive();
  assert.deepEqual((await client.integration('book').fieldMappings.list({ layer: 'integration' })).items, []);
});

// Instances

scenario("/connections/:c/field-mappings/:key is the connection's own version", async (world) => {
  const universal = await make(world);
  const at = world.client.connection('my-book').fieldMapping('contacts');
  assert.equal(accept(Mapping, await at.get()).id, universal.id, 'until there is one, what applies is shown');
  const made = accept(Instance, await at.get({ autoCreate: true }));
  assert.deepEqual([made.layer, made.fieldMappingId, made.connectionId], ['connection', universal.id, world.book.id]);
  assert.deepEqual([made.importValue, made.isCustomized], [contacts.importValue, false]);
  assert.equal(accept(Instance, await at.create()).id, made.id);
  assert.equal(accept(Instance, await at.setup()).id, made.id);
  const { items } = accept(page(Instance), await world.client.connection('my-book').fieldMappings.list({ search: 'contacts' }));
  assert.deepEqual(byId(items), [made.id]);

  const patched = accept(Instance, await at.patch({ importValue: { who: field('email') } }));
  assert.deepEqual([patched.importValue, patched.isCustomized], [{ who: field('email') }, true]);
  const put = accept(Instance, await at.put({ name: 'Mine' }));
  assert.deepEqual([put.id, put.name, put.importValue], [made.id, 'Mine', undefined]);
  const reset = accept(Instance, await at.reset());
  assert.deepEqual([reset.id, reset.name, reset.importValue], [made.id, 'Contacts', contacts.importValue]);

  const second = accept(Instance, await world.client.connection('my-book').fieldMapping('contacts', { instanceKey: 'two' }).create());
  assert.notEqual(second.id, made.id);
  await at.archive();
  assert.ok((await world.client.fieldMappingInstance(made.id).get()).archivedAt);
  assert.equal((await world.client.fieldMapping(universal.id).get()).archivedAt, undefined);
});

scenario('/field-mapping-instance?{sel} is made, customised, reset, listed, archived and restored by its tenant', async (world) => {
  const { client, manager } = world;
  const universal = await make(world);
  const own = instance(world, { autoCreate: undefined });
  await refused(client, () => own.get(), absent);
  const at = client.fieldMappingInstance({ fieldMappingId: universal.id, connectionId: world.book.id });
  const made = accept(Instance, await at.create({ direction: 'import' }));
  assert.deepEqual([made.fieldMappingId, made.fieldMappingRevision, made.direction], [universal.id, universal.revision, 'import']);
  assert.equal(await own.getId(), made.id);
  assert.equal(accept(Instance, await instance(world).get()).id, made.id);

  const patched = accept(Instance, await own.patch({ importValue: { who: 'me' } }));
  assert.deepEqual([patched.id, patched.importValue, patched.isCustomized], [made.id, { who: 'me' }, true]);
  assert.deepEqual(accept(Instance, await own.setup()).importValue, { who: 'me' }, 'a setup leaves it as it is');
  const put = accept(Instance, await own.put({ name: 'Mine' }));
  assert.deepEqual([put.id, put.importValue, put.direction], [made.id, undefined, undefined]);
  const reset = accept(Instance, await own.reset());
  assert.deepEqual([reset.id, reset.name, reset.importValue, reset.isCustomized], [made.id, 'Contacts', contacts.importValue, false]);
  for (const operation of ['setup', 'reset']) {
    assert.equal(accept(Instance, await client.fieldMappingInstance(made.id)[operation]()).id, made.id);
    await refused(client, () => client.fieldMappingInstance('none')[operation](), absent);
  }

  const find = async (query) => byId(accept(page(Instance), await client.fieldMappingInstances.find(query)).items);
  assert.deepEqual(await find({ fieldMappingId: universal.id }), [made.id]);
  assert.deepEqual(await find({ connectionId: world.book.id }), [made.id]);
  assert.deepEqual(await find({ universalFieldMappingId: universal.id }), [made.id]);
  assert.deepEqual(await find({ fieldMappingId: 'none' }), []);
  const theirs = world.clientOf('somebody-else');
  assert.deepEqual((await theirs.fieldMappingInstances.find()).items, []);
  await refused(theirs, () => theirs.fieldMappingInstance(made.id).get(), absent);
  assert.deepEqual(byId((await manager.fieldMappingInstances.find({ userId: made.userId })).items), [made.id]);

  for (const end of ['archive', 'delete']) {
    await own[end]();
    await refused(client, () => instance(world, { autoCreate: undefined }).get(), absent);
    await own.restore();
    assert.equal(accept(Instance, await own.get()).id, made.id);
  }
});

// What it makes

const ada = { name: 'Ada', email: 'ada@book.example.com' };
const imported = { who: 'Ada', mail: 'ada@book.example.com' };
const runs = {
  'an import of fields': [{}, { input: ada }, imported],
  'an import of a record': [{}, { direction: 'import', input: { id: '1', fields: ada } }, imported],
  'an export': [{}, { direction: 'export', input: imported }, ada],
  'both ways': [{}, { direction: 'both', input: { ...ada, ...imported } }, { import: imported, export: ada }],
  'the direction of the mapping': [{ direction: 'export' }, { input: imported }, ada],
  'a field that is missing': [{}, { input: { name: 'Ada' } }, { who: 'Ada' }],
  'defaults below what is mapped': [
    { defaultImportValue: { who: 'nobody', kind: 'person' } },
    { input: ada },
    { ...imported, kind: 'person' },
  ],
  'defaults alone': [
    { defaultImportValue: { who: field('name') }, importValue: undefined },
    { input: ada },
    { who: 'Ada' },
  ],
  'what is unified, of a record': [
    { unifiedImportValue: { phone: field('primaryPhone') } },
    { input: { fields: ada, unifiedFields: { primaryPhone: '1' } } },
    { ...imported, phone: '1' },
  ],
  'a formula': [
    { importValue: { who: { $concat: ['Dr. ', field('name')] }, tags: [field('team'), 'book'] } },
    { input: { ...ada, team: 'red' } },
    { who: 'Dr. Ada', tags: ['red', 'book'] },
  ],
};
for (const [what, [more, body, expected]] of Object.entries(runs)) {
  scenario(`POST /field-mappings/:sel/run: ${what}`, async (world) => {
    await make(world, more);
    assert.deepEqual(await ran(world, body), expected);
  });
}

scenario('a mapping is run under each of its addresses, as it is there', async (world) => {
  const universal = await make(world);
  const bound = await make(world, { ...book, parentId: universal.id, importValue: { who: 'of the integration' } });
  const who = async (at) => (await ran(world, { input: ada }, at)).who;
  assert.equal(await who('/integrations/book/field-mappings/contacts'), 'of the integration');
  assert.deepEqual(await world.client.get('/integrations/book/field-mappings/contacts/app-schema'), appSchema);
  const own = await instance(world).patch({ importValue: { who: 'of the connection' } });
  assert.equal(await who(`/field-mappings/${universal.id}`), 'Ada');
  assert.equal(await who('/field-mapping?key=contacts&layer=universal'), 'Ada');
  assert.equal(await who(`/field-mappings/${bound.id}`), 'of the integration');
  assert.equal(await who(`/field-mappings/${own.id}`), 'of the connection');
  assert.equal(await who('/field-mapping?key=contacts&connectionKey=my-book'), 'of the connection');

  const theirs = world.clientOf('somebody-else');
  await refused(theirs, () => theirs.post(`/field-mappings/${own.id}/run`, { input: ada }), absent);
  await refused(world.client, () => ran(world, {}, '/field-mappings/none'), absent);
  await refused(world.client, () => ran(world, { direction: 'up' }), { ...bad, message: /direction/ });
});

// With records

const source = { dataSource: { collectionKey: 'people' } };
const action = ({ manager }, key, type, config) =>
  manager.actions.create({ key, ...book, type, config: { ...source, fieldMapping: { key: 'contacts' }, ...config } });
const run = async ({ client }, key, input = {}) => (await client.action(`book.${key}`).run(input)).output;
const person = async ({ client }, id) =>
  (await client.connection('my-book').dataCollection('people').findById({ id })).record.fields;

scenario('actions read records through a mapping, and write through it the other way', async (world) => {
  await make(world, { defaultExportValue: { team: 'green' } });
  await action(world, 'all', 'list-data-records');
  await action(world, 'one', 'find-data-record-by-id');
  await action(world, 'find', 'match-data-record', { query: { name: { $var: '$.input.name' } } });
  await action(world, 'add', 'create-data-record');
  await action(world, 'change', 'update-data-record', { id: { $var: '$.input.id' } });

  const { records } = accept(sdk.DataCollectionListResponse, await run(world, 'all'));
  assert.deepEqual(records[0].fields, imported);
  assert.deepEqual([records[0].id, records[0].rawFields.name], ['1', 'Ada'], 'beside what the app has');
  assert.deepEqual((await run(world, 'one', { id: '1' })).record.fields, imported);
  assert.deepEqual((await run(world, 'find', { name: 'Ada' })).record.fields, imported);

  const { id } = await run(world, 'add', { who: 'Dora', mail: 'dora@book.example.com' });
  const dora = { id: Number(id), name: 'Dora', email: 'dora@book.example.com', team: 'green' };
  assert.deepEqual(await person(world, id), dora);
  await run(world, 'change', { id, who: 'Dora K' });
  assert.deepEqual(await person(world, id), { ...dora, name: 'Dora K' });
});

scenario("an action takes the connection's own version of a mapping", async (world) => {
  await make(world);
  await action(world, 'one', 'find-data-record-by-id');
  await instance(world).patch({ importValue: { who: { $concat: [field('name'), '!'] } } });
  const who = async (client) => (await client.action('book.one').run({ id: '1' })).output.record.fields.who;
  assert.equal(await who(world.client), 'Ada!');
  const other = world.clientOf('somebody-else');
  await connectBook(other, 'their-book');
  assert.equal(await who(other), 'Ada', "which is no other tenant's");
});

scenario('what a mapping imports of unified fields comes by way of a data source', async (world) => {
  await world.manager.dataSources.create({ key: 'people', collectionKey: 'people', udm: 'contacts' });
  await make(world, { importValue: undefined, unifiedImportValue: { label: field('fullName') } });
  await action(world, 'one', 'find-data-record-by-id', { dataSource: { key: 'people' } });
  assert.deepEqual((await run(world, 'one', { id: '1' })).record.fields, { label: 'Ada' });
});

scenario('a mapping may be written into an action, above one that it names', async (world) => {
  await make(world);
  await action(world, 'alone', 'find-data-record-by-id', { fieldMapping: { importValue: { label: field('name') } } });
  assert.deepEqual((await run(world, 'alone', { id: '1' })).record.fields, { label: 'Ada' });
  await action(world, 'above', 'find-data-record-by-id', { fieldMapping: { key: 'contacts', importValue: { label: field('name') } } });
  assert.deepEqual((await run(world, 'above', { id: '1' })).record.fields, { label: 'Ada' });
});
