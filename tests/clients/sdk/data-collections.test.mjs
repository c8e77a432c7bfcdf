// The records of apps: what integrations and connections say of an app's collections, what a connection does with them, and
// the actions that do the same.

import assert from 'node:assert/strict';
import * as sdk from '@membranehq/sdk';
import { addBook, connectBook, connector, notes, people, withBook } from './lib/book.mjs';
import { World, byId, scenario as plain } from './lib/world.mjs';
import { refused } from './lib/failure.mjs';
import { accept } from './lib/shape.mjs';

const scenario = withBook(plain);
const bad = { as: sdk.BadRequestError, status: 400 };
const absent = { as: sdk.BadRequestError, status: 404, key: 'not_found' };

const collection = ({ client }, key = 'people', parameters = undefined) =>
  client.connection('my-book').dataCollection(key, parameters);
const names = ({ records }) => records.map(({ name }) => name);
const listed = async (at, request = {}) => accept(sdk.DataCollectionListResponse, await at.list(request));
const found = async (at, id) => accept(sdk.DataCollectionFindByIdResponse, await at.findById({ id })).record;
const made = async (at, fields) => accept(sdk.DataCollectionCreateResponse, await at.create({ fields })).id;

/** All pages of a list. */
async function everyone(at, request = {}) {
  const all = [];
  for (let cursor; ; ) {
    const page = await listed(at, { ...request, ...(cursor && { cursor }) });
    all.push(...names(page));
    cursor = page.cursor;
    if (!cursor) return all;
  }
}

// What there is

scenario('an integration and a connection list the collections, and describe each alike', async (world) => {
  const { client } = world;
  const { hasData, hasUdm } = accept(sdk.IntegrationApiResponse, await client.integration('book').get());
  assert.deepEqual([hasData, hasUdm], [true, true]);
  const items = await client.integration('book').getDataCollections();
  assert.deepEqual(items, [people, notes].map(({ key, name }) => ({ type: 'collection', key, name })));
  assert.deepEqual(await collection(world, '').get(), items);

  const spec = accept(sdk.DataCollectionSpec, await client.integration('book').getDataCollection('people'));
  assert.deepEqual([spec.key, spec.name], ['people', 'People']);
  assert.deepEqual(spec.fieldsSchema, people.fieldsSchema);
  assert.deepEqual(spec.parametersSchema, people.parametersSchema);
  assert.deepEqual(spec.udm, people.udm);
  assert.deepEqual(spec.list.filterFields, ['id', 'name', 'email', 'team']);
  assert.deepEqual(spec.create, { fields: ['name', 'email', 'team'], requiredFields: ['name'] });
  assert.deepEqual(spec.update, { fields: ['name', 'email', 'team'] });
  assert.deepEqual(accept(sdk.DataCollectionSpec, await collection(world, 'people', { team: 'red' }).get()), spec);
  assert.equal('records' in spec, false, 'what the app begins with is no part of it');
});

scenario('what the app lacks is not offered, and refused by name', async (world) => {
  const at = collection(world, 'notes');
  const spec = accept(sdk.DataCollectionSpec, await at.get());
  const verbs = ['list', 'search', 'match', 'find', 'findById', 'create', 'update', 'delete'];
  assert.deepEqual(verbs.filter((verb) => verb in spec), ['list', 'findById', 'create']);
  const calls = {
    search: () => at.search({ query: 'a' }),
    match: () => at.match({ query: { title: 'a' } }),
    update: () => at.update({ id: 'note_1', fields: { title: 'b' } }),
    delete: () => at.delete({ id: 'note_1' }),
  };
  for (const [verb, call] of Object.entries(calls)) {
    await refused(world.client, call, { ...bad, message: new RegExp(`\`notes\` of Book has no \`${verb}\``) });
  }
});

// One record

scenario('a record is made, found, changed and deleted', async (world) => {
  const at = collection(world);
  const id = await made(at, { name: 'Dora', team: 'blue' });
  const fields = { id: Number(id), name: 'Dora', team: 'blue' };
  const record = await found(at, id);
  assert.deepEqual([record.id, record.name, record.uri], [id, 'Dora', `https://book.example.com/people/${id}`]);
  assert.deepEqual([record.fields, record.rawFields], [fields, fields]);
  assert.deepEqual([record.udm, record.unifiedFields], [undefined, undefined]);

  accept(sdk.DataCollectionUpdateResponse, await at.update({ id, fields: { name: 'Dora K' } }));
  assert.deepEqual((await found(at, id)).fields, { ...fields, name: 'Dora K' }, 'what is not said stays');
  assert.equal((await found(at, '1')).name, 'Ada', 'and so do all others');
  assert.deepEqual(await everyone(at), ['Ada', 'Ben', 'Cleo', 'Dora K']);

  await at.delete({ id });
  await refused(world.client, () => at.findById({ id }), absent);
  await at.delete({ id: '1' });
  assert.deepEqual(await everyone(at), ['Ben', 'Cleo']);
});

scenario('a record says when it was made and changed', { clock: '2025-06-01T12:00:00Z' }, async (world) => {
  const at = collection(world);
  await world.advance(60_000);
  const id = await made(at, { name: 'Dora' });
  await world.advance(60_000);
  for (const each of [id, '1']) await at.update({ id: each, fields: { team: 'green' } });
  const times = async (each) => [(await found(at, each)).createdTime, (await found(at, each)).updatedTime];
  const [connected, later, last] = ['00', '01', '02'].map((minute) => `2025-06-01T12:${minute}:00.000Z`);
  assert.deepEqual(await times(id), [later, last]);
  assert.deepEqual(await times('1'), [connected, last]);
  assert.deepEqual(await times('2'), [connected, connected]);
});

scenario('the unified fields are shown when they are asked for', async (world) => {
  const at = collection(world);
  const { record } = accept(sdk.DataCollectionFindByIdResponse, await at.findById({ id: '1', udm: 'contacts' }));
  assert.equal(record.udm, 'contacts');
  const email = 'ada@book.example.com';
  // Of one word the client makes a last name.
  assert.deepEqual(record.unifiedFields, { fullName: 'Ada', primaryEmail: email, lastName: 'Ada', emails: [{ value: email }] });
  assert.equal(record.fields.name, 'Ada');
  const none = { ...bad, message: /no unified data model `contact`.*contacts/ };
  await refused(world.client, () => at.findById({ id: '1', udm: 'contact' }), none);
});

/** Mappings that leave out what the models have fallbacks for, by the fields that they have. */
const partial = {
  companies: { primaryAddress: { street: { $var: 'street' }, city: { $var: 'city' } } },
  contacts: { firstName: { $var: 'first' }, lastName: { $var: 'last' }, emails: [{ value: { $var: 'mail' } }] },
  employees: { fullName: { $var: 'whole' }, homeAddress: { city: { $var: 'city' }, country: { $var: 'nowhere' } } },
  'job-candidates': { fullName: { $var: 'whole' }, emails: [{ value: { $var: 'mail' } }] },
  leads: { fullName: { $concat: { values: [{ $var: 'last' }, { $var: 'first' }], delimiter: ', ' } }, primaryPhone: { $var: 'phone' } },
  meetings: { startTime: { $var: 'at' } },
  tasks: { endTime: { $var: 'at' }, ownerId: { $var: 'id' } },
  users: { lastName: { $var: 'last' }, primaryAddress: { full: { $var: 'city' } }, phones: [] },
  deals: { name: { $var: 'whole' } },
  contracts: {},
};

scenario('what a mapping leaves out is made of what it has, as the client makes it', async (world) => {
  const record = {
    id: '7', first: 'Ada', last: 'Byron', whole: 'Ada King Byron', mail: 'ada@example.com', phone: '1', street: 'Row 1', city: 'London',
    at: '2025-06-01T12:00:00Z',
  };
  const udm = Object.fromEntries(Object.entries(partial).map(([model, extract]) => [model, { extract }]));
  await world.manager.patch('/connectors/book', { dataCollections: [{ ...people, key: 'all', fieldsSchema: { type: 'object' }, udm, records: [record] }] });
  await connectBook(world.client, 'second');
  const at = world.client.connection('second').dataCollection('all');
  for (const [model, extract] of Object.entries(partial)) {
    const mapping = model === 'contracts' ? extract : sdk.addUdmFallbackFields(extract, model);
    const { record: { unifiedFields } } = await at.findById({ id: '7', udm: model });
    assert.deepEqual(unifiedFields, sdk.buildData(mapping, record), model);
  }
});

// Several records

scenario('a list goes page by page, whatever is made and deleted on the way', async (world) => {
  const at = collection(world);
  const first = await listed(at);
  assert.deepEqual(names(first), ['Ada', 'Ben']);
  assert.deepEqual(await listed(at, { cursor: '' }), first);
  await at.delete({ id: '2' });
  await made(at, { name: 'Dora' });
  const second = await listed(at, { cursor: first.cursor });
  assert.deepEqual([names(second), second.cursor], [['Cleo', 'Dora'], undefined]);
  await refused(world.client, () => at.list({ cursor: 'x' }), { ...bad, message: /cursor/ });
});

const filters = {
  'a value by field': [{ team: 'red' }, ['Ada', 'Cleo']],
  'values by field': [{ team: 'red', name: 'Cleo' }, ['Cleo']],
  'an id': [{ id: 2 }, ['Ben']],
  'an id as a text': [{ id: '2' }, ['Ben']],
  'a formula': [{ $eval: { $var: 'name' }, isNot: 'Ben' }, ['Ada', 'Cleo']],
  'two formulas': [{ $and: [{ $eval: { $var: 'id' }, gt: 1 }, { $eval: { $var: 'team' }, is: 'red' }] }, ['Cleo']],
  'a list of conditions': [[{ field: 'email', operator: 'contains', value: 'ben@' }], ['Ben']],
  'nothing': [{}, ['Ada', 'Ben', 'Cleo']],
  'what no record has': [{ team: 'green' }, []],
};
scenario('a list is filtered', async (world) => {
  for (const [by, [filter, expected]] of Object.entries(filters)) {
    assert.deepEqual(await everyone(collection(world), { filter }), expected, `by ${by}`);
  }
  const unified = { ...bad, message: /unifiedFilter/ };
  await refused(world.client, () => collection(world).list({ unifiedFilter: { fullName: 'Ada' } }), unified);
});

scenario('a search finds a text in any field, in either case, page by page', async (world) => {
  const at = collection(world);
  const search = async (request) => accept(sdk.DataCollectionSearchResponse, await at.search(request));
  assert.deepEqual(names(await search({ query: 'BEN' })), ['Ben']);
  assert.deepEqual(names(await search({ query: 'blue' })), ['Ben']);
  assert.deepEqual(names(await search({ query: 'nobody' })), []);
  const first = await search({ query: '@book.example' });
  assert.deepEqual(names(first), ['Ada', 'Ben']);
  assert.deepEqual(names(await search({ query: '@book.example', cursor: first.cursor })), ['Cleo']);
  await refused(world.client, () => at.search({}), { ...bad, message: /query/ });
});

scenario('a match is the one record that has all values, or none', async (world) => {
  const at = collection(world);
  const match = async (query) => accept(sdk.DataCollectionMatchResponse, await at.match({ query })).record?.name;
  assert.equal(await match({ email: 'cleo@book.example.com' }), 'Cleo');
  assert.equal(await match({ team: 'blue', name: 'Ben' }), 'Ben');
  assert.equal(await match({ team: 'red', name: 'Ben' }), undefined);
  assert.equal(await match({ phone: '1' }), undefined);
  await refused(world.client, () => at.match({}), { ...bad, message: /query/ });
});

scenario('POST …/data/:key/find is the older list', async (world) => {
  const find = async (body) =>
    accept(sdk.DataCollectionFindResponse, await world.client.post('/connections/my-book/data/people/find', body));
  assert.deepEqual(names(await find({ query: { team: 'red' } })), ['Ada', 'Cleo']);
  const { cursor } = await find({});
  assert.deepEqual(names(await find({ cursor })), ['Cleo']);
});

scenario('parameters pick the records that have their values, in the address and in the body', async (world) => {
  assert.deepEqual(await everyone(collection(world, 'people', { team: 'red' })), ['Ada', 'Cleo']);
  assert.deepEqual(await everyone(collection(world), { parameters: { team: 'blue' } }), ['Ben']);
  const search = await collection(world, 'people', { team: 'red' }).search({ query: '@book.example' });
  assert.deepEqual(names(search), ['Ada', 'Cleo']);
  await made(collection(world), { name: 'Dora' });
  assert.deepEqual(await everyone(collection(world, 'people', { team: 'blue' })), ['Ben'], 'one without a team is in none');
});

scenario('parameters say where a record is made, and where it is looked for', async (world) => {
  const blue = collection(world, 'people', { team: 'blue' });
  const id = await made(blue, { name: 'Dora' });
  assert.equal((await found(blue, id)).fields.team, 'blue');
  await refused(world.client, () => collection(world, 'people', { team: 'red' }).findById({ id }), absent);
  await refused(world.client, () => blue.update({ id: '1', fields: { name: 'X' } }), absent);
  await refused(world.client, () => blue.delete({ id: '1' }), absent);
  assert.equal((await blue.match({ query: { name: 'Ada' } })).record, undefined);
});

/** What another app has: a collection that wants to know where. */
const issues = {
  key: 'issues',
  name: 'Issues',
  fieldsSchema: {
    type: 'object',
    properties: { title: { type: 'string' }, project: { type: 'integer' }, votes: { type: 'integer', readOnly: true } },
  },
  parametersSchema: { type: 'object', properties: { project: { type: 'integer' } }, required: ['project'] },
  ids: 'digits',
  uri: 'https://issues.example.com/{project}/{id}',
  records: [
    { id: '1', title: 'It breaks', project: 7, votes: 3 },
    { id: '2', title: 'It is slow', project: 8, votes: 0 },
  ],
};
const withIssues = ({ manager }) => manager.patch('/connectors/book', { dataCollections: [issues] });

scenario('parameters are held against their schema', async (world) => {
  await withIssues(world);
  const at = collection(world, 'issues');
  const { records } = await listed(at, { parameters: { project: 7 } });
  assert.deepEqual(records.map(({ name, uri }) => [name, uri]), [['It breaks', 'https://issues.example.com/7/1']]);
  await refused(world.client, () => at.list({}), { ...bad, message: /parameters.*`issues`.*"project" is a required property/ });
  await refused(world.client, () => at.list({ parameters: { project: 'x' } }), { ...bad, message: /\$\.project/ });
});

scenario('fields that the app alone writes are refused, and may be sent back as they are', async (world) => {
  await withIssues(world);
  const [at, parameters] = [collection(world, 'issues'), { project: 7 }];
  const readOnly = { ...bad, message: /`votes` of `issues` is read-only/ };
  await refused(world.client, () => at.create({ parameters, fields: { title: 'X', votes: 1 } }), readOnly);
  await refused(world.client, () => at.update({ parameters, id: '1', fields: { votes: 4 } }), readOnly);
  await at.update({ parameters, id: '1', fields: { ...issues.records[0], title: 'It broke' } });
  const { record } = await at.findById({ parameters, id: '1' });
  assert.deepEqual(record.fields, { ...issues.records[0], title: 'It broke' });
  const stays = { ...bad, message: /`id` is the id of a record/ };
  await refused(world.client, () => at.update({ parameters, id: '1', fields: { id: '9' } }), stays);
});

scenario('a field that is set to null is cleared', async (world) => {
  const at = collection(world);
  await at.update({ id: '1', fields: { team: null } });
  const { team, ...others } = people.records[0];
  assert.deepEqual((await found(at, '1')).fields, others);
  assert.deepEqual(await everyone(at, { filter: { team } }), ['Cleo']);
});

// Ids

const habits = {
  number: ['number', /^1$/],
  'a UUID': ['uuid', /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/],
  hexadecimal: ['hex', /^[\da-f]{24}$/],
  'with a prefix': [{ prefix: 'per_' }, /^per_[\da-f]{16}$/],
  'a number as a text': ['digits', /^1$/],
  'nothing said': [undefined, /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/],
};
scenario('ids are as the app makes them', async (world) => {
  for (const [what, [ids, form]] of Object.entries(habits)) {
    const dataCollections = [{ key: 'things', name: 'Things', fieldsSchema: { type: 'object' }, ...(ids && { ids }) }];
    await world.manager.patch('/connectors/book', { dataCollections });
    const { client } = world;
    const { id: connection } = await connectBook(client, `for-${what.replaceAll(' ', '-')}`);
    const at = client.connection(connection).dataCollection('things');
    const id = await made(at, { name: 'One' });
    assert.match(id, form, what);
    assert.notEqual(await made(at, { name: 'Two' }), id);
    assert.equal((await found(at, id)).name, 'One');
  }
});

scenario('an id may be given, and none is given twice', async (world) => {
  const at = collection(world);
  assert.equal(await made(at, { id: 77, name: 'Dora' }), '77');
  await refused(world.client, () => at.create({ fields: { id: 77, name: 'Emil' } }), { ...bad, key: 'already_exists' });
  assert.equal((await found(at, '77')).name, 'Dora');
  assert.equal(await made(at, { name: 'Emil' }), '78');
});

// Errors

const incomplete = { ...bad, message: /"name" is a required property/ };
const wrong = {
  'a collection that is not there': [(world) => collection(world, 'peple').list({}), { ...absent, message: /`people`/ }],
  'the description of one that is not there': [(world) => collection(world, 'x').get(), absent],
  'an integration without it': [({ client }) => client.integration('book').getDataCollection('x'), absent],
  'an integration that is not there': [({ client }) => client.integration('nowhere').getDataCollections(), absent],
  'a connection that is not there': [({ client }) => client.connection('nowhere').dataCollection('people').list({}), absent],
  'a record that is not there, found': [(world) => collection(world).findById({ id: '9' }), { ...absent, message: /`people` has no `9`/ }],
  'a record that is not there, changed': [(world) => collection(world).update({ id: '9', fields: { name: 'X' } }), absent],
  'a record that is not there, deleted': [(world) => collection(world).delete({ id: '9' }), absent],
  'no id to find': [(world) => collection(world).findById({}), { ...bad, message: /`id`/ }],
  'no id to change': [(world) => collection(world).update({ fields: { name: 'X' } }), { ...bad, message: /`id`/ }],
  'no id to delete': [(world) => collection(world).delete({}), { ...bad, message: /`id`/ }],
  'no fields to make': [(world) => collection(world).create({}), { ...bad, message: /`fields`/ }],
  'no fields to change': [(world) => collection(world).update({ id: '1' }), { ...bad, message: /`fields`/ }],
  'a required field that is missing': [(world) => collection(world).create({ fields: { team: 'red' } }), incomplete],
  'a required field that is cleared': [(world) => collection(world).update({ id: '1', fields: { name: null } }), incomplete],
  'a field of another type': [(world) => collection(world).create({ fields: { name: 7 } }), { ...bad, message: /\$\.name/ }],
  'a misspelt field of the request': [(world) => collection(world).list({ filters: {} }), { ...bad, message: /did you mean `filter`/ }],
};
for (const [what, [call, expected]] of Object.entries(wrong)) {
  scenario(`${what} is refused`, async (world) => {
    await refused(world.client, () => call(world), expected);
    assert.deepEqual(await everyone(collection(world)), ['Ada', 'Ben', 'Cleo'], 'nothing has changed');
  });
}

scenario('a connection that has lost its credentials does nothing, and keeps its records', async (world) => {
  const at = collection(world);
  const id = await made(at, { name: 'Dora' });
  await world.poke('my-book', 'loseCredentials');
  const calls = {
    list: () => at.list({}),
    findById: () => at.findById({ id }),
    create: () => at.create({ fields: { name: 'Emil' } }),
    delete: () => at.delete({ id }),
  };
  for (const call of Object.values(calls)) {
    const error = await refused(world.client, call, { as: sdk.ConnectionError, status: 400, key: 'access_token_expired' });
    assert.equal(error.data.code, 'CONNECTION_DISCONNECTED');
  }
  assert.equal((await world.client.integration('book').getDataCollections()).length, 2);
  await world.client.post('/connect', { connectionId: world.book.id });
  assert.equal((await found(at, id)).name, 'Dora');
});

scenario('an archived connection has no records any more', async (world) => {
  await world.client.connection('my-book').archive();
  await refused(world.client, () => world.client.connection(world.book.id).dataCollection('people').list({}), absent);
});

// Whose records they are

scenario("each connection has records of its own, and no tenant sees another's", async (world) => {
  const id = await made(collection(world), { name: 'Dora' });
  const other = world.clientOf('somebody-else');
  const hidden = other.connection(world.book.id).dataCollection('people');
  for (const call of [() => hidden.list({}), () => hidden.get(), () => hidden.create({ fields: { name: 'X' } })]) {
    await refused(other, call, absent);
  }
  await connectBook(other, 'their-book');
  const theirs = other.connection('their-book').dataCollection('people');
  assert.deepEqual(await everyone(theirs), ['Ada', 'Ben', 'Cleo']);
  await theirs.delete({ id: '1' });
  await refused(other, () => theirs.findById({ id }), absent);

  const { id: second } = await connectBook(world.client, 'second-book');
  assert.deepEqual(await everyone(world.client.connection(second).dataCollection('people')), ['Ada', 'Ben', 'Cleo']);
  assert.deepEqual(await everyone(collection(world)), ['Ada', 'Ben', 'Cleo', 'Dora']);
});

scenario('a fork has the records that there are, and each goes its own way then', async (world, t) => {
  const at = collection(world);
  await made(at, { name: 'Dora' });
  await at.delete({ id: '1' });
  const fork = await World.fork({ from: world.key });
  t.after(() => fork.drop());
  assert.deepEqual(await everyone(collection(fork)), ['Ben', 'Cleo', 'Dora']);
  await collection(fork).update({ id: '2', fields: { name: 'Benjamin' } });
  await made(at, { name: 'Emil' });
  assert.deepEqual(await everyone(at), ['Ben', 'Cleo', 'Dora', 'Emil']);
  assert.deepEqual(await everyone(collection(fork)), ['Benjamin', 'Cleo', 'Dora']);
});

scenario('a checkpoint keeps records, a reset forgets them', async (world) => {
  const at = collection(world);
  await made(at, { name: 'Dora' });
  const { id } = await world.control('POST', '/snapshots', { name: 'with Dora' });
  await at.delete({ id: '1' });
  await made(at, { name: 'Emil' });
  await world.control('POST', `/snapshots/${id}/restore`);
  assert.deepEqual(await everyone(at), ['Ada', 'Ben', 'Cleo', 'Dora']);

  await world.reset();
  await refused(world.client, () => at.list({}), absent);
  await addBook(world.manager, world.client);
  assert.deepEqual(await everyone(at), ['Ada', 'Ben', 'Cleo']);
});

// The connector that has them

const unfit = {
  'two of one key': [[people, people], /`people` twice/],
  'a page without room': [[{ ...people, pageSize: 0 }], /dataCollections\[0\]\.pageSize/],
  'a schema that is none': [[people, { ...notes, fieldsSchema: { type: 7 } }], /dataCollections\[1\]\.fieldsSchema/],
  'parameters that are no schema': [[{ ...people, parametersSchema: { type: 7 } }], /dataCollections\[0\]\.parametersSchema/],
  'a record without its id': [[{ ...people, records: [{ name: 'Ada' }] }], /dataCollections\[0\]\.records.*has no `id`/],
  'a habit that is none': [[{ ...people, ids: 'random' }], /dataCollections\[0\]\.ids/],
  'a verb that is none': [[{ ...people, lacks: ['lists'] }], /dataCollections\[0\]\.lacks.*`lists`.*find-by-id/],
  'two records of one id': [[{ ...people, records: [people.records[0], people.records[0]] }], /record 2 of `people` has the id `1`/],
  'a record that does not fit the schema': [[{ ...people, records: [{ id: 1 }] }], /"name" is a required property/],
  'a field that is none': [[{ ...people, colour: 'red' }], /colour/],
  'no name': [[{ key: 'people', fieldsSchema: {} }], /name/],
};
scenario('a connector is refused collections that none can be', async (world) => {
  for (const [what, [dataCollections, message]] of Object.entries(unfit)) {
    const calls = [
      () => world.manager.post('/connectors', { ...connector, key: 'other', dataCollections }),
      () => world.manager.patch('/connectors/book', { dataCollections }),
    ];
    for (const call of calls) await refused(world.manager, call, { ...bad, message }, what);
  }
  assert.deepEqual(await everyone(collection(world)), ['Ada', 'Ben', 'Cleo']);
});

scenario('a connector that is changed changes what its connections have', async (world) => {
  await made(collection(world), { name: 'Dora' });
  const records = [...people.records.slice(1), { id: 8, name: 'Hans' }];
  await world.manager.patch('/connectors/book', { dataCollections: [{ ...people, records }] });
  assert.deepEqual(await everyone(collection(world)), ['Ben', 'Cleo', 'Hans', 'Dora']);
  await refused(world.client, () => collection(world, 'notes').list({}), absent);
  await world.manager.patch('/connectors/book', { name: 'Address book' });
  assert.deepEqual(byId(await listed(collection(world)).then(({ records: all }) => all)), ['2', '3']);
});

// Actions on records

const source = { dataSource: { collectionKey: 'people' } };
const input = (name) => ({ $var: `$.input.${name}` });
let actions = 0;
/** Makes an action of a type and runs it; the answer, or what it was refused with. */
async function ran(world, type, config, given, expected) {
  const { id } = await world.manager.actions.create({ name: `Action ${++actions}`, type, config, integrationKey: 'book' });
  const call = () => world.client.action(id).run(given);
  return expected ? refused(world.client, call, expected) : accept(sdk.ActionRunResponse, await call()).output;
}

const reading = {
  'list-data-records by a filter of the input': ['list-data-records', { filter: { team: input('team') } }, { team: 'blue' }, ['Ben']],
  'list-data-records by parameters': ['list-data-records', { parameters: { team: 'red' } }, {}, ['Ada', 'Cleo']],
  'list-data-records by the cursor of the input': ['list-data-records', {}, { cursor: 'after:2' }, ['Cleo']],
  'search-data-record by the query of the input': ['search-data-record', {}, { query: 'cleo' }, ['Cleo']],
  'search-data-record by what it is configured with': ['search-data-record', { query: input('text') }, { text: 'cleo' }, ['Cleo']],
};
for (const [what, [type, config, given, expected]] of Object.entries(reading)) {
  scenario(`${what} answers a page`, async (world) => {
    const output = accept(sdk.DataCollectionListResponse, await ran(world, type, { ...source, ...config }, given));
    assert.deepEqual(names(output), expected);
  });
}

const single = {
  'find-data-record-by-id of the input': ['find-data-record-by-id', {}, { id: '2' }, 'Ben'],
  'find-data-record-by-id that is a number': ['find-data-record-by-id', { id: input('who') }, { who: 2 }, 'Ben'],
  'match-data-record of the input': ['match-data-record', {}, { email: 'cleo@book.example.com' }, 'Cleo'],
  'match-data-record of its configuration': ['match-data-record', { query: { name: input('who') } }, { who: 'Ada' }, 'Ada'],
  'match-data-record that matches none': ['match-data-record', { query: { name: input('who') } }, { who: 'Zoe' }, undefined],
};
for (const [what, [type, config, given, expected]] of Object.entries(single)) {
  scenario(`${what} answers one record`, async (world) => {
    const output = accept(sdk.DataCollectionMatchResponse, await ran(world, type, { ...source, ...config }, given));
    assert.equal(output.record?.name, expected);
  });
}

scenario('create-, update- and delete-data-record change the collection', async (world) => {
  const at = collection(world);
  const mapped = { ...source, fieldMapping: { defaultValue: { name: input('who'), team: 'green' } } };
  const { id } = accept(sdk.DataCollectionCreateResponse, await ran(world, 'create-data-record', mapped, { who: 'Dora' }));
  assert.deepEqual((await found(at, id)).fields, { id: Number(id), name: 'Dora', team: 'green' });
  const plainly = await ran(world, 'create-data-record', source, { name: 'Emil' });
  assert.equal((await found(at, plainly.id)).name, 'Emil');

  const change = { ...source, id: input('who'), fieldMapping: { defaultValue: { team: 'red' } } };
  assert.deepEqual(await ran(world, 'update-data-record', change, { who: id }), { id });
  assert.deepEqual((await found(at, id)).fields, { id: Number(id), name: 'Dora', team: 'red' });
  await ran(world, 'update-data-record', source, { id, fields: { team: 'blue' } });
  assert.equal((await found(at, id)).fields.team, 'blue');

  await ran(world, 'delete-data-record', source, { id });
  await refused(world.client, () => at.findById({ id }), absent);
});

scenario('find-or-create-data-record looks first', async (world) => {
  const config = { ...source, query: { name: input('who') }, fieldMapping: { defaultValue: { name: input('who') } } };
  const made = () => ran(world, 'find-or-create-data-record', config, { who: 'Dora' });
  assert.deepEqual(await ran(world, 'find-or-create-data-record', config, { who: 'Ben' }), { id: '2' });
  const { id } = accept(sdk.DataCollectionCreateResponse, await made());
  assert.deepEqual(await made(), { id });
  assert.deepEqual(await everyone(collection(world)), ['Ada', 'Ben', 'Cleo', 'Dora']);
});

const failing = {
  'names no collection': ['list-data-records', {}, {}, { as: sdk.ConfigurationError, status: 400, message: /collectionKey/ }],
  'names one that is not there': ['list-data-records', { dataSource: { collectionKey: 'x' } }, {}, absent],
  'names a data source that is not there': ['list-data-records', { dataSource: { key: 'x' } }, {}, absent],
  'names a field mapping that is not there': ['list-data-records', { ...source, fieldMapping: { key: 'x' } }, {}, absent],
  'wants what the app lacks': ['delete-data-record', { dataSource: { collectionKey: 'notes' } }, { id: '1' }, bad],
  'is given no id': ['find-data-record-by-id', source, {}, { ...bad, message: /`id`/ }],
  'is given the id of no record': ['delete-data-record', source, { id: '9' }, absent],
  'lacks a required field': ['create-data-record', source, { team: 'red' }, { ...bad, message: /name/ }],
};
for (const [what, [type, config, given, expected]] of Object.entries(failing)) {
  scenario(`an action that ${what} fails, and its run is logged`, async (world) => {
    const { data } = await ran(world, type, config, given, expected);
    const log = accept(sdk.ActionRunLogRecordApiResponse, await world.client.get(`/action-run-logs/${data.actionRunId}`));
    assert.deepEqual([log.status, log.error.type, log.input], ['error', data.type, given]);
  });
}

scenario('an action of a connection that has lost its credentials fails', async (world) => {
  await world.poke('my-book', 'loseCredentials');
  await ran(world, 'list-data-records', source, {}, { as: sdk.ConnectionError, status: 400, key: 'access_token_expired' });
});

scenario('an action does to each tenant what is its own', async (world) => {
  const other = world.clientOf('somebody-else');
  await connectBook(other, 'their-book');
  const config = { ...source, fieldMapping: { defaultValue: { name: input('who') } } };
  const action = { key: 'add', name: 'Add', type: 'create-data-record', config, integrationKey: 'book' };
  await world.manager.actions.create(action);
  await other.connection('their-book').action('add').run({ who: 'Dora' });
  await world.client.post('/act', { key: 'add', connectionKey: 'my-book', input: { who: 'Emil' } });
  assert.deepEqual(await everyone(collection(world)), ['Ada', 'Ben', 'Cleo', 'Emil']);
  assert.deepEqual(await everyone(other.connection('their-book').dataCollection('people')), ['Ada', 'Ben', 'Cleo', 'Dora']);
});
