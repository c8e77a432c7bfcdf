// What an action's definition means beyond its request: what its output looks like, what its input may be, what it is a
// version of, which version runs, and what is said where several could.

import assert from 'node:assert/strict';
import * as sdk from '@membranehq/sdk';
import { refused } from './lib/failure.mjs';
import { accept, page } from './lib/shape.mjs';
import { scenario } from './lib/world.mjs';

const Action = sdk.ActionApiResponse;
const bad = { as: sdk.BadRequestError, status: 400 };
const absent = { as: sdk.BadRequestError, status: 404, key: 'not_found' };
const github = { integrationKey: 'github' };
const hubspot = { integrationKey: 'hubspot' };
const text = { type: 'string' };
const object = (properties, more) => ({ type: 'object', properties, ...more });
/** A snippet that answers this. */
const says = (output) => ({ type: 'run-javascript', config: { code: `module.exports = () => (${JSON.stringify(output)})` } });
const echo = { type: 'run-javascript', config: { code: 'module.exports = ({ input }) => input' } };
const make = async ({ manager }, spec) => accept(Action, await manager.actions.create({ name: spec.key, ...spec }));

// Schemas of outputs

scenario('an output has the custom schema, else the mapped one, else the default, else the custom one of the parent', async (world) => {
  const { manager, client } = world;
  const output = object({ id: text, tags: { type: 'array', items: text } });
  const made = await make(world, { key: 'full', ...says({ id: '1', tags: ['a', 'b'] }), inputSchema: object({ who: text }), outputSchema: output });
  const read = async (at = 'full') => accept(Action, await client.action(at).get());
  assert.deepEqual([made.outputSchema, made.defaultOutputSchema, made.transformedOutputSchema], [output, output, undefined]);

  const outputMapping = { name: { $var: '$.output.id' }, first: { $var: '$.output.tags[0]' }, by: { $var: '$.input.who' }, at: { $extractDate: '1970-01-01T10:00:00Z' } };
  await manager.action(made.id).patch({ outputMapping });
  const mapped = object({ name: text, first: text, by: text, at: { type: 'string', format: 'date' } });
  const withMapping = await read();
  assert.deepEqual([withMapping.outputSchema, withMapping.defaultOutputSchema, withMapping.transformedOutputSchema], [mapped, output, mapped]);
  const run = await client.connection('github-dev').action('full').run({ who: 'Ada' });
  assert.deepEqual(run.output, { name: '1', first: 'a', by: 'Ada', at: '1970-01-01' }, 'it is what the run gives');

  const customOutputSchema = object({ only: text });
  await manager.action(made.id).patch({ customOutputSchema });
  const custom = await read();
  assert.deepEqual([custom.outputSchema, custom.transformedOutputSchema], [customOutputSchema, mapped]);

  const version = await make(world, { key: 'full', ...github, ...says(1) });
  assert.deepEqual([version.parentId, version.outputSchema, version.customOutputSchema], [made.id, customOutputSchema, undefined]);
  await manager.action(made.id).patch({ customOutputSchema: null, outputMapping: null });
  assert.deepEqual((await read()).outputSchema, output);
  assert.deepEqual((await read(version.id)).outputSchema, {});
});

scenario('a mapping of what nothing is known of has a schema of anything', async (world) => {
  const outputMapping = { a: { $var: '$.output.deep.down' }, b: [{ $var: '$.input.x' }], c: 'text' };
  const made = await make(world, { key: 'vague', ...says({}), outputMapping });
  assert.deepEqual(made.outputSchema, object({ a: {}, b: { type: 'array' }, c: text }));
});

const records = { dataSource: { collectionKey: 'contacts' } };
const typed = {
  'list-data-records': [records, ({ properties }) => [properties.records.items.properties.fields.properties.email.type, properties.cursor], ['string', text]],
  'search-data-record': [records, ({ properties }) => properties.records.type, 'array'],
  'find-data-record-by-id': [records, ({ properties }) => properties.record.properties.id, text],
  'match-data-record': [records, ({ properties }) => properties.record.properties.fields.properties.email.type, 'string'],
  'create-data-record': [records, ({ properties }) => properties, { id: text }],
  'update-data-record': [records, ({ properties }) => properties, { id: text }],
  'find-or-create-data-record': [records, ({ properties }) => properties, { id: text }],
  'delete-data-record': [records, (schema) => schema, { type: 'object' }],
};
for (const [type, [config, of, expected]] of Object.entries(typed)) {
  scenario(`an action of type ${type} says what its output looks like`, async (world) => {
    const made = await make(world, { key: 'typed', type, config, ...hubspot });
    assert.deepEqual(of(made.defaultOutputSchema), expected);
    assert.deepEqual(made.outputSchema, made.defaultOutputSchema);
    const own = accept(Action, await world.client.connection('hubspot-prod').action('typed').get({ autoCreate: true }));
    assert.deepEqual(own.outputSchema, made.outputSchema);
    const universal = await make(world, { key: 'anywhere', type, config });
    assert.equal(universal.defaultOutputSchema, undefined, 'of no app nothing is known');
    const { items } = await world.client.actions.find({ ...hubspot, search: 'anywhere' });
    assert.deepEqual(items.map(({ outputSchema }) => of(outputSchema)), [expected], 'looked at from an integration it is');
  });
}

scenario('an action on a data source has the schema of its collection, and one on an operation that of the operation', async (world) => {
  await world.manager.dataSources.create({ key: 'people', name: 'People', ...hubspot, collectionKey: 'contacts' });
  const list = await make(world, { key: 'people', type: 'list-data-records', config: { dataSource: { key: 'people' } }, ...hubspot });
  assert.equal(list.outputSchema.properties.records.items.properties.fields.properties.email.type, 'string');
  const operation = await make(world, { key: 'operate', type: 'connector-operation', config: { operationKey: 'list-repositories' }, ...github });
  const { outputSchema } = await world.client.connection('github-dev').operation('list-repositories').get();
  assert.deepEqual([operation.outputSchema, operation.outputSchema.type], [outputSchema, 'array']);
});

const definitions = {
  'a default schema': { ...echo, outputSchema: object({ a: text }) },
  'a mapping': { ...echo, outputMapping: { x: { $var: '$.output.a' } } },
  'a mapping over a default schema': { ...echo, outputSchema: object({ a: text }), outputMapping: { x: { $var: '$.output.a' } } },
  'a custom schema alone': { ...echo, customOutputSchema: object({ b: text }) },
  'a custom schema': { ...echo, customOutputSchema: object({ b: text }), outputMapping: { x: 1 } },
  'records': { type: 'list-data-records', config: records, ...hubspot },
};
for (const [name, definition] of Object.entries(definitions)) {
  scenario(`what was read of an action with ${name} can be put back, and changes nothing`, async (world) => {
    const made = await make(world, { key: 'round', ...definition });
    const put = accept(Action, await world.manager.action(made.id).put(await world.client.action(made.id).get()));
    const { revision, updatedAt, ...same } = made;
    assert.deepEqual({ ...put, revision: undefined, updatedAt: undefined }, { ...same, revision: undefined, updatedAt: undefined });
    assert.deepEqual(await world.client.get(`/actions/${made.id}/export`), await world.client.get(`/actions/${put.id}/export`));
  });
}

// The dialect of schemas

const dialect = object(
  {
    email: { type: 'string', format: 'email', title: 'E-mail' },
    stage: { type: 'string', enum: ['lead', 'customer'], allowCustom: true },
    kind: { type: 'string', enum: ['person', 'company'] },
    owner: { type: 'string', referenceCollection: { key: 'users' }, referenceRecords: [{ id: '1', name: 'Ada' }] },
    score: { type: ['integer', 'null'], minimum: 0, maximum: 10, default: 5 },
    note: { anyOf: [{ type: 'string', maxLength: 5 }, { type: 'object', properties: { text } }] },
    list: { type: 'array', maxItems: 2, items: { type: 'string', minLength: 2 } },
    inner: object({ a: text }, { required: ['a'], additionalProperties: false }),
    implied: { type: 'string', isImplied: true, readOnly: true, examples: ['x'] },
  },
  { required: ['email'], additionalProperties: false },
);
const taken = {
  'what is required': { email: 'ada@acme.example' },
  'a value of its own where the schema allows custom ones': { stage: 'churned' },
  'a reference to a record that is not listed': { owner: '99' },
  'null where the type says so': { score: null },
  'either alternative': { note: { text: 'long enough text' } },
  'what the schema does not know': { more: 1, inner: { a: 'x', b: 2 } },
  'a format that does not fit': { email: 'no address' },
  'a field that is read only': { implied: 'x' },
};
for (const [what, input] of Object.entries(taken)) {
  scenario(`an input may have ${what}`, async (world) => {
    await make(world, { key: 'dialect', ...echo, inputSchema: dialect, ...github });
    const whole = { email: 'ada@acme.example', ...input };
    const { output } = await world.client.connection('github-dev').action('dialect').run(whole);
    assert.deepEqual(output, whole);
  });
}
const wrong = {
  'lacks what is required': [{ email: undefined }, 'email'],
  'is none of a closed list': [{ kind: 'robot' }, 'kind'],
  'is of another type': [{ stage: 1 }, 'stage'],
  'is below the minimum': [{ score: -1 }, 'score'],
  'is none of the alternatives': [{ note: 'far too long' }, 'note'],
  'has too many items': [{ list: ['aa', 'bb', 'cc'] }, 'list'],
  'has a short item': [{ list: ['a'] }, 'list.0'],
  'lacks what an inner object requires': [{ inner: {} }, 'inner'],
};
for (const [what, [input, at]] of Object.entries(wrong)) {
  scenario(`an input that ${what} is refused with its place`, async (world) => {
    await make(world, { key: 'dialect', ...echo, inputSchema: dialect, ...github });
    const run = () => world.client.connection('github-dev').action('dialect').run({ email: 'ada@acme.example', ...input });
    const error = await refused(world.client, run, { ...bad, message: /does not match its schema/ });
    const told = error.data.data.errors.map(({ path, message }) => `${path} ${message}`).join('\n');
    assert.ok(told.includes(at), told);
    assert.ok(error.data.actionRunId);
  });
}

// Layers and parents

scenario('layer, parent and what follows from them are right at each layer, wherever an action is shown', async (world) => {
  const { client } = world;
  const top = await make(world, { key: 'layers', ...says('top') });
  const middle = await make(world, { key: 'layers', ...says('middle'), ...github });
  const own = accept(Action, await client.connection('github-dev').action('layers').get({ autoCreate: true }));
  const connection = await client.connection('github-dev').get();
  const short = ({ id, layer, isUniversal, isCustomized, integrationKey, integrationId, connectionId, userId, parentId, parentKey, parentUuid, universalParentId, parent }) =>
    ({ id, layer, isUniversal, isCustomized, integrationKey, integrationId, connectionId, userId, parentId, parentKey, parentUuid, universalParentId, parent: parent?.id });
  const none = { integrationKey: undefined, integrationId: undefined, connectionId: undefined, userId: undefined, parentId: undefined, parentKey: undefined, parentUuid: undefined, universalParentId: undefined, parent: undefined };
  const at = { integrationKey: 'github', integrationId: connection.integrationId };
  const expected = {
    universal: { ...none, id: top.id, layer: 'universal', isUniversal: true, isCustomized: false },
    integration: { ...none, ...at, id: middle.id, layer: 'integration', isUniversal: false, isCustomized: true, parentId: top.id, parentKey: 'layers', parentUuid: top.uuid, universalParentId: top.id, parent: top.id },
    connection: { ...none, ...at, id: own.id, layer: 'connection', isUniversal: false, isCustomized: false, connectionId: connection.id, userId: connection.userId, parentId: middle.id, parentKey: 'layers', parentUuid: middle.uuid, universalParentId: top.id, parent: middle.id },
  };
  for (const action of [top, middle, own]) {
    const read = accept(Action, await client.action(action.id).get());
    assert.deepEqual(short(read), expected[action.layer], `read by id, ${action.layer}`);
    const { items } = accept(page(Action), await client.actions.find({ id: action.id }));
    assert.deepEqual(items.map(short), [expected[action.layer]], `listed, ${action.layer}`);
    const byLayer = accept(page(Action), await client.actions.find({ layer: action.layer, search: 'layers' }));
    assert.deepEqual(byLayer.items.map(short), [expected[action.layer]], `by layer ${action.layer}`);
  }
  assert.equal((await client.action({ key: 'layers', ...github }).get()).id, middle.id);
  assert.equal((await client.action({ key: 'layers', layer: 'universal', ...github }).get()).id, top.id);
  assert.equal((await client.get('/actions/github.layers')).id, middle.id);
  assert.deepEqual((await client.connection('github-dev').actions.list()).items.filter(({ key }) => key === 'layers').map(short), [expected.connection]);
  assert.deepEqual((await client.actions.find({ ...github, search: 'layers' })).items.map(({ id }) => id), [middle.id]);

  const { actionRunId } = await client.connection('github-dev').action('layers').run();
  const log = await client.get(`/action-run-logs/${actionRunId}`);
  assert.deepEqual([log.connectionActionId, log.integrationActionId, log.universalActionId], [own.id, middle.id, top.id]);
});

scenario('a version is customised by a change, and no more after a reset', async (world) => {
  const { client, manager } = world;
  await make(world, { key: 'custom', ...says('as defined') });
  const own = client.connection('github-dev').action('custom');
  const states = [(await own.get({ autoCreate: true })).isCustomized];
  states.push(accept(Action, await own.patch({ name: 'Mine' })).isCustomized);
  states.push(accept(Action, await own.reset()).isCustomized);
  assert.deepEqual(states, [false, true, false]);
  assert.equal((await own.get()).name, 'custom');

  await manager.post('/actions/custom/apply', { integrationKeys: ['github', 'hubspot'] });
  const { appliedToIntegrations } = accept(Action, await client.action('custom').get());
  assert.deepEqual(appliedToIntegrations.map(({ element, integration }) => [integration.key, element.layer, element.isCustomized]),
    [['github', 'integration', false], ['hubspot', 'integration', false]]);
  await manager.action({ key: 'custom', ...hubspot }).patch(says('otherwise'));
  const after = (await client.action('custom').get()).appliedToIntegrations;
  assert.deepEqual(after.map(({ element }) => element.isCustomized), [false, true]);
});

// Which version runs

scenario('a universal action runs by the version that an integration has, and by itself elsewhere', async (world) => {
  const { client } = world;
  await make(world, { key: 'who', ...says('universal') });
  await make(world, { key: 'who', ...says('github'), ...github });
  await world.configure({ mock: { autoConnect: true } });
  await client.post('/connect', { connectorKey: 'slack', connectionKey: 'slack-one' });
  const act = async (body) => (await client.post('/act', body)).output;
  const [mine, theirs, other] = [{ connectionKey: 'github-dev' }, { connectionKey: 'hubspot-prod' }, { connectionKey: 'slack-one' }];
  assert.deepEqual([await act({ key: 'who', ...mine }), await act({ key: 'who', ...theirs }), await act({ key: 'who', ...other })],
    ['github', 'universal', 'universal']);
  assert.deepEqual([await act({ key: 'who', ...github }), await act({ key: 'who', ...hubspot })], ['github', 'universal']);
  assert.equal(await act({ key: 'github.who' }), 'github');
  const { id } = await client.action('who').get();
  assert.equal(await act({ id, ...mine }), 'github', 'by the id of the universal one, too');
  assert.equal((await client.action({ key: 'who', ...github }).run()).output, 'github');

  await client.connection('github-dev').action('who').put({ name: 'Mine', ...says('mine') });
  assert.equal(await act({ key: 'who', ...mine }), 'mine');
  assert.equal(await act({ key: 'who', ...theirs }), 'universal');
});

scenario('a universal action without a type runs by its versions alone, and says which are missing', async (world) => {
  const { client } = world;
  await make(world, { key: 'intent', name: 'Intent', inputSchema: object({ a: text }) });
  await make(world, { key: 'intent', ...says('github'), ...github });
  assert.equal((await client.post('/act', { key: 'intent', connectionKey: 'github-dev' })).output, 'github');
  const lacking = await refused(client, () => client.post('/act', { key: 'intent', connectionKey: 'hubspot-prod' }),
    { as: sdk.ConfigurationError, status: 400, message: /has no version at the integration `hubspot`; create one with the same key and an `integrationKey`/ });
  assert.ok(lacking.data.actionRunId);
  const listed = async (query) => (await client.actions.find(query)).items.filter(({ key }) => key === 'intent').map(({ layer }) => layer);
  assert.deepEqual([await listed(github), await listed(hubspot)], [['integration'], []]);
});

// Ambiguity

scenario('a key of several integrations is ambiguous, and the error names the candidates', async (world) => {
  const { client, manager } = world;
  const made = [await make(world, { key: 'twice', ...says('github'), ...github }), await make(world, { key: 'twice', ...says('hubspot'), ...hubspot })];
  const ids = made.map(({ id }) => id).sort();
  const ambiguous = { ...bad, message: /matches 2 elements: `github\.twice` \(\w+\), `hubspot\.twice` \(\w+\); add `integrationKey` or use an id/ };
  const calls = {
    act: [client, () => client.post('/act', { key: 'twice' })],
    run: [client, () => client.action('twice').run()],
    get: [client, () => client.action('twice').get()],
    'get by query': [client, () => client.action({ key: 'twice' }).get()],
    patch: [manager, () => manager.action('twice').patch({ name: 'x' })],
    put: [manager, () => manager.action('twice').put({ name: 'x' })],
    archive: [manager, () => manager.action('twice').archive()],
    dependencies: [client, () => client.get('/actions/twice/dependencies')],
    export: [client, () => client.get('/actions/twice/export')],
    clone: [manager, () => manager.post('/actions/twice/clone', {})],
  };
  for (const [name, [by, call]] of Object.entries(calls)) {
    const error = await refused(by, call, ambiguous);
    assert.deepEqual([...error.data.data.candidates].sort(), ids, name);
  }
  for (const { id, name } of made) assert.equal((await client.action(id).get()).name, name, 'nothing has changed');
  const answers = await Promise.all([
    client.post('/act', { key: 'twice', connectionKey: 'github-dev' }),
    client.post('/act', { key: 'twice', ...hubspot }),
    client.post('/act', { key: 'hubspot.twice' }),
    client.post('/act', { id: made[0].id }),
  ]);
  assert.deepEqual(answers.map(({ output }) => output), ['github', 'hubspot', 'hubspot', 'github']);
  await make(world, { key: 'twice', ...says('universal') });
  assert.equal((await client.action('twice').get()).layer, 'universal', 'a universal one is what the key names');
  await refused(client, () => client.post('/act', { key: 'slack.twice' }), absent);
});
