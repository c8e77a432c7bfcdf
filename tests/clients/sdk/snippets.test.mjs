// The `membrane` inside the sandbox against the official client: every body below runs twice, in Node with the real
// client and as `code` of POST /act, each in a fresh fork of the demo, and both have to end in the same.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addBook } from './lib/book.mjs';
import { World, errorOf, scenario } from './lib/world.mjs';

/** What a caller sees of a failure. Its source goes into the sandbox too: it may use nothing from outside. */
async function caught(call) {
  try {
    return { value: await call() };
  } catch (error) {
    const { name, message, isMembraneError, isAxiosError, type, key, code, status, data, response } = error;
    const answer = response && { status: response.status, data: response.data };
    const kind = [error.constructor.name, name, error instanceof Error, String(error)];
    return { kind, message, isMembraneError, isAxiosError, type, key, code, status, data, answer };
  }
}
const asCode = (body) => `${caught}\nmodule.exports = ${body}`;

// What may differ between two runs

const ID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[0-9a-f]{24}\b|\b[0-9a-f]{16}\b/g;
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;
/** The dashboard shows a snippet's call with its run. */
const PAGE = /http:\/\/[\w.:]+\/__mock\/[\w/<>?=&%.-]+/g;
/** A run inside a run knows its parent; the same run from outside has none. */
const OF_ONE_RUN = ['date', 'duration', 'stack', 'parentRunId', 'parentActionRunId'];

/** A result as JSON, with ids numbered in their order of appearance. */
function comparable(value, world) {
  const seen = new Map();
  const numbered = (id) => seen.get(id) ?? seen.set(id, `<id ${seen.size + 1}>`).get(id);
  return JSON.parse(JSON.stringify({ value }), (name, inner) => {
    if (OF_ONE_RUN.includes(name)) return undefined;
    if (name === 'cursor') return typeof inner;
    if (typeof inner !== 'string') return inner;
    return inner.replaceAll(world.key, '<workspace>').replace(PAGE, '<page>').replace(TIME, '<time>').replace(ID, numbered);
  }).value;
}

// The two ways to run a body

/** A record with the methods of its accessor, as a snippet gets it. */
const withMethods = (accessor, record) => Object.defineProperties(accessor, Object.getOwnPropertyDescriptors(record));

async function inNode(body, { as, input, world, connectionKey }) {
  const membrane = as === 'manager' ? world.manager : world.client;
  const connection = await world.client.connection(connectionKey).get();
  const integration = await world.client.integration(connection.integrationId).get();
  return body({
    membrane,
    input,
    connection: withMethods(membrane.connection(connection.id), connection),
    integration: withMethods(membrane.integration(integration.id), integration),
  });
}

async function inSandbox(body, { as, input, world, connectionKey }) {
  const client = as === 'manager' ? world.manager : world.client;
  const { output } = await client.post('/act', { code: asCode(body), input, connectionKey });
  return output;
}

const thing = { method: 'GET', path: '/suite/thing' };

/** What every body may use: stubs of an app, an action without input and one with a schema. */
async function furnish(world) {
  await world.stub('github', 'GET', thing.path, { json: { thing: 1 } });
  await world.stub('github', 'POST', '/suite/notes', { status: 201, json: { noted: true } });
  await world.action({ integrationKey: 'github' }, thing);
  await world.action(
    {
      key: 'suite-note',
      name: 'Note',
      integrationKey: 'github',
      inputSchema: { type: 'object', required: ['text'], properties: { text: { type: 'string' } } },
    },
    { method: 'POST', path: '/suite/notes', body: { text: { $var: '$.input.text' } } },
  );
}

/** One case of the oracle. Options: `as`, `input`, `prepare` (given the world), `connectionKey`. */
function same(name, options, body = options) {
  const { as, input = {}, prepare, connectionKey = 'github-dev' } = body === options ? {} : options;
  test(`the sandbox does as the client does: ${name}`, async (t) => {
    const outcomes = [inNode, inSandbox].map(async (run) => {
      const world = await World.fork();
      t.after(() => world.drop());
      await furnish(world);
      await prepare?.(world);
      return comparable(await run(body, { as, input, world, connectionKey }), world);
    });
    const [expected, actual] = await Promise.all(outcomes);
    assert.notEqual(expected, undefined, 'a body that returns nothing proves nothing');
    assert.deepEqual(actual, expected);
  });
}
const manager = { as: 'manager' };

// The caller

same('self.get', ({ membrane }) => membrane.self.get());
same('self.patch changes what it names', async ({ membrane }) => {
  const patched = await membrane.self.patch({ fields: { plan: 'pro' }, name: 'Renamed', gone: undefined });
  return [patched, await membrane.self.get()];
});
same('setCredentials', ({ membrane }) => membrane.setCredentials({ apiKey: 'k' }));
same('the input arrives', { input: { text: 'ü', list: [1, null, { a: false }] } }, async ({ input }) => input);

// Connections

same('connections.find', ({ membrane }) => membrane.connections.find());
same('connections.find drops what is empty and writes the rest as text', ({ membrane }) =>
  membrane.connections.find({
    integrationKey: 'github', search: ' ', includeArchived: false, hash: 0, a: null, b: [], c: new Date(), d: { x: 1 },
  }));
same('connections.find searches for odd text', ({ membrane }) => membrane.connections.find({ search: 'a+b & c=d/é#?𝒳%' }));
same('connections.find page by page', async ({ membrane }) => {
  const pages = [];
  let cursor = '0';
  while (cursor) {
    const page = await membrane.connections.find({ limit: 1, cursor });
    pages.push(page.items.map(({ key }) => key));
    cursor = page.cursor;
  }
  return pages;
});
same('connection.get by id, by key and with secrets', async ({ membrane, connection }) => {
  const { credentials } = await membrane.connection('github-dev').get({ includeSecrets: true });
  const byKey = await membrane.connection('hubspot-prod').get({});
  return [await membrane.connection(connection.id).get(), byKey, Object.keys(credentials).sort()];
});
same('the given connection has its fields and its methods', async ({ connection, integration }) => [
  connection.key, connection.state, integration.key, await connection.get(), await integration.get(),
]);
same('connections.create, patch, put, archive', async ({ membrane }) => {
  const spec = { key: 'by-hand', name: 'By hand', integrationKey: 'stripe', credentials: { apiKey: 'sk_test' } };
  const made = await membrane.connections.create(spec);
  const byHand = membrane.connection(made.id);
  const steps = [made, await byHand.patch({ name: 'Patched', meta: { a: 1 } }), await byHand.put({ ...made, name: 'Put' })];
  await byHand.archive();
  return [...steps, await membrane.connections.find({ integrationKey: 'stripe' })];
});
same('connection.refreshCredentials', async ({ connection }) => {
  const refreshed = await connection.refreshCredentials();
  return [refreshed, (await connection.get()).state];
});

// The proxy

same('proxy.get with a query', {
  prepare: (world) => world.stub('github', 'GET', '/suite/search', { json: { found: 2 } }, { query: { q: 'a b&c', n: '1' } }),
}, ({ connection }) => connection.proxy.get('/suite/search?q=a b%26c&n=1'));
same('proxy.post, put, patch and delete', {
  prepare: async (world) => {
    for (const method of ['PUT', 'PATCH', 'DELETE']) await world.stub('github', method, '/suite/thing', { json: { method } });
  },
}, async ({ membrane, connection }) => {
  const { proxy } = membrane.connection('github-dev');
  return [
    await connection.proxy.post('suite/notes', { text: 'hello', gone: undefined }),
    await proxy.put('/suite/thing', { a: [1] }),
    await proxy.patch('/suite/thing', { a: null }),
    await proxy.delete('/suite/thing'),
  ];
});
same('proxy answers that are empty or no JSON', {
  prepare: async (world) => {
    await world.stub('github', 'GET', '/suite/empty', { status: 204 });
    await world.stub('github', 'GET', '/suite/text', { text: 'plain text' });
  },
}, async ({ connection }) => [await connection.proxy.get('/suite/empty'), await connection.proxy.get('/suite/text')]);
same('proxy errors carry the app\'s answer', {
  prepare: async (world) => {
    await world.stub('github', 'GET', '/suite/404', { status: 404, json: { message: 'Not Found' } });
    await world.stub('github', 'GET', '/suite/503', { status: 503, json: { error: { code: 7 } } });
  },
}, ({ connection }) => Promise.all(['404', '503'].map((status) => caught(() => connection.proxy.get(`/suite/${status}`)))));
same('connection.request', async ({ connection }) => caught(() => connection.request('/suite/notes', { text: 'hello' })));

// Actions

same('actions.find with filters and a limit', async ({ membrane }) => [
  await membrane.actions.find({ integrationKey: 'github', search: 'suite', limit: 1 }),
  await membrane.actions.find({ integrationKey: 'github', layer: 'integration' }),
]);
same('actions.findAll', ({ membrane }) => membrane.actions.findAll({ integrationKey: 'github', layer: 'integration' }));
same('actions page by page', async ({ membrane }) => {
  const query = { integrationKey: 'github', limit: 3 };
  const first = await membrane.actions.find(query);
  const second = await membrane.actions.find({ ...query, cursor: first.cursor });
  return [first.items, second.items].map((items) => items.map(({ key }) => key));
});
same('action.get by id and by selector', async ({ membrane }) => {
  const { items } = await membrane.actions.find({ integrationKey: 'github', search: 'suite-action' });
  const bySelector = await membrane.action({ key: 'suite-action', integrationKey: 'github' }).get();
  return [await membrane.action(items[0].id).get(), bySelector];
});
same('actions are created, patched, put, archived and restored', manager, async ({ membrane }) => {
  const spec = { type: 'api-request-to-external-app', config: { request: { method: 'GET', path: '/suite/thing' } } };
  const made = await membrane.actions.create({ key: 'made', name: 'Made', integrationKey: 'github', ...spec });
  const action = membrane.action(made.id);
  const steps = [made, await action.patch({ name: 'Patched', description: null }), await action.put({ ...made, name: 'Put' })];
  steps.push((await action.archive()) === undefined, 'archivedAt' in (await action.get()), await action.restore());
  return [...steps, await caught(() => membrane.action({ key: 'made', integrationKey: 'github' }).reset())];
});
same('action.run with input and options', async ({ membrane }) => {
  const note = membrane.action({ key: 'suite-note', integrationKey: 'github' });
  return [await note.run({ text: 'hello' }, { connectionKey: 'github-dev' }), await note.run({ text: 'again' })];
});
same('connection.action.run by key', async ({ connection, membrane }) => [
  await connection.action('suite-action').run(),
  await connection.action('suite-note').run({ text: 'hello' }),
  await membrane.connection('github-dev').action('suite-note').run({ text: 'by key' }),
]);
same('connection.actions and the copies of a connection', async ({ connection }) => {
  const { items } = await connection.actions.list({ search: 'suite' });
  const copy = connection.action('suite-action', { instanceKey: 'one' });
  const steps = [items.map(({ key }) => key), await copy.get({ autoCreate: true }), await copy.patch({ name: 'Mine' })];
  steps.push(await copy.setup(), await copy.reset(), await caught(() => copy.archive()));
  return [...steps, await connection.action('suite-action').create()];
});
same('actionInstance', async ({ membrane }) => {
  const instance = membrane.actionInstance({ parentKey: 'suite-note', integrationKey: 'github', autoCreate: true });
  const id = await instance.getId();
  const found = await membrane.actionInstances.find({ connectionKey: 'github-dev' });
  const again = await caught(() => instance.create({ name: 'x' }));
  return [id === (await instance.get()).id, found, await instance.run({ text: 'hello' }), again];
});

// Integrations, tenants, catalogue, logs

same('integrations.find and integration.get', async ({ membrane, integration }) => [
  await membrane.integrations.find({ search: 'git' }),
  await membrane.integration('github').get(),
  await integration.getConnectorSpec(),
]);
same('integration.actions and integration.action', async ({ membrane, integration }) => [
  await integration.action('suite-action').get(),
  (await membrane.integration('github').actions.list({ search: 'suite', limit: 5 })).items.map(({ key }) => key),
]);
same('an integration is created, patched, archived and restored', manager, async ({ membrane }) => {
  const made = await membrane.integrations.create({ key: 'made', name: 'Made', connectorKey: 'github' });
  const integration = membrane.integration('made');
  const config = { code: 'module.exports = () => 1' };
  const action = await integration.actions.create({ key: 'inner', name: 'Inner', type: 'run-javascript', config });
  const steps = [made, action, await integration.patch({ name: 'Patched' })];
  steps.push(await integration.action('inner').patch({ name: 'Outer' }));
  return [...steps, (await integration.archive()) === undefined, await caught(() => membrane.integration(made.id).restore())];
});
same('customers of a manager', manager, async ({ membrane }) => {
  const made = await membrane.customers.create({ internalId: 'acme', name: 'Acme' });
  const customer = membrane.customer(made.id);
  return [made, await customer.patch({ name: 'Acme Inc' }), await customer.get(), (await membrane.customers.findAll()).length];
});
same('connectors and external apps by their path', async ({ membrane }) => [
  await membrane.get('/connectors', { search: 'hub', limit: 2 }),
  await membrane.get('external-apps?search=hub', { limit: 1 }),
]);
same('run logs of a run', async ({ membrane, connection }) => {
  const { actionRunId } = await connection.action('suite-note').run({ text: 'hello' });
  const { status, input, output, connection: through } = await membrane.get(`/action-run-logs/${actionRunId}`);
  const { items } = await membrane.get('/action-run-logs', { connectionId: connection.id, status: 'success' });
  return [status, input, output, through.key, items.filter(({ id }) => id === actionRunId).length];
});
same('/act within', async ({ membrane }) => [
  await membrane.post('/act', { api: { method: 'GET', path: '/suite/thing' }, connectionKey: 'github-dev' }),
  await membrane.post('act', { key: 'suite-note', connectionKey: 'github-dev', input: { text: 'x' } }),
]);

// Failures

same('what does not exist is not found', async ({ membrane, connection }) => {
  const nobody = '000000000000000000000000';
  const calls = [
    () => membrane.connection(nobody).get(), () => membrane.integration('nowhere').get(), () => membrane.action(nobody).get(),
    () => membrane.action({ key: 'no-such-action' }).run({}), () => connection.action('no-such-action').run({ a: 1 }),
    () => membrane.get(`/action-run-logs/${nobody}`), () => membrane.connection(nobody).proxy.get('/x'),
  ];
  return Promise.all(calls.map(caught));
});
same('an address that does not exist', ({ membrane }) => caught(() => membrane.get('/integratoins')));
same('input that does not fit says where', async ({ membrane, connection }) => [
  await caught(() => connection.action('suite-note').run({ text: 5 })),
  await caught(() => membrane.action({ key: 'suite-note', integrationKey: 'github' }).run()),
]);
same('a limit that is no number', ({ membrane }) => caught(() => membrane.actions.find({ limit: 'many' })));
same('a field that /act does not know', ({ membrane }) => caught(() => membrane.post('/act', { api: {}, conectionKey: 'x' })));
same('a taken key', manager, ({ membrane }) =>
  caught(() => membrane.integrations.create({ key: 'github', name: 'G', connectorKey: 'github' })));
same('a disconnected connection', {
  connectionKey: 'hubspot-prod',
  prepare: (world) => world.poke('github-dev', 'loseCredentials'),
}, async ({ membrane }) => {
  const github = membrane.connection('github-dev');
  const state = (await github.get()).state;
  const calls = [() => github.action('suite-action').run(), () => github.proxy.get('/suite/thing')];
  return [state, ...await Promise.all(calls.map(caught))];
});
same('an action whose app refuses', {
  prepare: (world) => world.stub('github', 'GET', thing.path, { status: 422, json: { message: 'no' } }),
}, ({ connection }) => caught(() => connection.action('suite-action').run()));
same('a manager\'s calls are refused to a tenant', async ({ membrane, integration }) => {
  const calls = [
    () => membrane.actions.create({ key: 'k', name: 'n', type: 'run-javascript', config: {} }), () => membrane.customers.find(),
    () => integration.patch({ name: 'x' }), () => membrane.action({ key: 'suite-action', integrationKey: 'github' }).archive(),
  ];
  return Promise.all(calls.map(caught));
});
same('what is not faked says so', async ({ membrane, connection, integration }) => {
  const calls = [
    () => membrane.packages.find({ limit: 1 }), () => connection.operation('list-issues').run({ input: {} }),
    () => integration.getOperations(), () => membrane.externalEventSubscription('x').pullEvents(),
  ];
  return Promise.all(calls.map(caught));
});
same('data, and what there is none of', {
  connectionKey: 'my-book', prepare: ({ manager, client }) => addBook(manager, client),
}, async ({ membrane, connection, integration }) => {
  const people = connection.dataCollection('people', { team: 'red' });
  const calls = [
    () => connection.dataSources.list({ limit: 5 }), () => connection.fieldMappings.list({}), () => people.get(),
    () => people.list({ filter: { name: 'Ada' } }), () => people.search({ query: 'ada' }), () => people.create({ fields: {} }),
    () => people.create({ fields: { name: 'Dora' } }), () => people.update({ id: '1', fields: { name: 'Ada K' } }),
    () => people.delete({ id: '3' }), () => people.match({ query: { name: 'Cleo' } }), () => people.findById({ id: '1' }),
    () => connection.dataCollection('pets').list({}), () => integration.getDataCollections(),
    () => membrane.fieldMappingInstance({ key: 'k' }).setup(), () => membrane.dataSourceInstance('x').listRecords(),
  ];
  const ends = [];
  for (const call of calls) ends.push(await caught(call));
  return ends;
});
same('flows, and what there is none of', async ({ membrane, connection }) => {
  const calls = [
    () => membrane.flows.find({ limit: 1 }), () => membrane.flowInstance('x').run(), () => connection.flow('k').run({}),
    () => membrane.flowRuns.find({ state: 'failed' }), () => membrane.flowRun('x').getOutput(), () => membrane.flowRun('x').repeat(),
    () => membrane.flowRun('x').getNodeRuns('start', { limit: 1 }), () => membrane.flowInstance({ flowKey: 'k' }).get(),
  ];
  return Promise.all(calls.map(caught));
});
same('several at once', async ({ membrane, connection }) => {
  const ends = await Promise.allSettled([
    connection.proxy.get('/suite/thing'), connection.action('suite-note').run({ text: 'a' }), membrane.connection('nobody').get(),
    membrane.self.get(), Promise.all([1, 2, 3].map(() => connection.action('suite-action').run())),
  ]);
  return ends.map(({ status, value, reason }) => [status, value, reason?.message]);
});
same('a body that HTTP cannot carry', async ({ connection }) => [
  await caught(() => connection.action('suite-action').run(5)),
  await caught(() => connection.proxy.get()),
]);
same('an error as JSON, and its own fields', async ({ membrane, connection }) => {
  const [mapped, raw] = await Promise.all([
    membrane.connection('nobody').get().catch((error) => error), connection.proxy.get('/suite/nowhere').catch((error) => error),
  ]);
  const { message, name, code, status } = JSON.parse(JSON.stringify(raw));
  return [mapped, Object.keys(mapped), mapped.data.constructor.name, { message, name, code, status }];
});
same('the surface: what is there and what is not', async ({ membrane, connection, integration }) => {
  const shape = (target, names) => names.split(' ').map((name) => [name, typeof target[name]]);
  return [
    shape(membrane, 'get post put patch delete self actions action connections connection integrations integration flows flow'),
    shape(membrane, 'customers customer flowInstances flowRuns flowRun screens packages dataSources actionInstances actionInstance'),
    shape(membrane, 'externalEventSubscriptions connectors tenants users externalApps actionRunLogs act ui connect getToken'),
    shape(membrane.actions, 'find findAll create list'), shape(membrane.connections, 'find findAll create'),
    shape(membrane.action('x'), 'get put patch archive restore reset run setup delete'),
    shape(connection, 'get put patch archive proxy request operation dataCollection action actions flows run reconnect'),
    shape(integration, 'get put patch archive restore setup getConnectorSpec connect open action actions'),
    shape(connection.action('x'), 'get create put patch archive reset setup run restore'),
  ];
});

// Errors that a snippet lets through

const act = (world, body, more = { connectionKey: 'github-dev' }) => world.client.post('/act', { code: asCode(body), ...more });
const letThrough = async (world, body) => {
  const { data } = await errorOf(act(world, body));
  assert.equal(data.type, 'custom_code');
  assert.equal(typeof data.actionRunId, 'string');
  return data;
};

scenario('an engine error that is let through is the cause of the run\'s', async (world) => {
  const { message, causedByError } = await letThrough(world, ({ membrane }) => membrane.connection('nobody').get());
  assert.equal(causedByError.type, 'bad_request');
  assert.equal(causedByError.key, 'not_found');
  assert.ok(message.includes(causedByError.message), message);
});

scenario('the cause keeps what the failed run said of itself', async (world) => {
  await furnish(world);
  const { causedByError } = await letThrough(world, ({ connection }) => connection.action('suite-note').run({}));
  assert.equal(causedByError.type, 'bad_request');
  assert.ok(causedByError.data.errors.length > 0);
  const inner = await world.client.get(`/action-run-logs/${causedByError.actionRunId ?? causedByError.data.actionRunId}`);
  assert.equal(inner.status, 'error');
});

scenario('lost credentials are the cause, with their key', async (world) => {
  await world.poke('github-dev', 'loseCredentials');
  const body = ({ membrane }) => membrane.post('/act', { api: { method: 'GET', path: '/user' }, connectionKey: 'github-dev' });
  const { data } = await errorOf(act(world, body, { connectionKey: 'hubspot-prod' }));
  assert.equal(data.type, 'custom_code');
  assert.equal(data.causedByError.type, 'connection');
  assert.ok(['access_token_expired', 'connection_is_defunct'].includes(data.causedByError.key), data.causedByError.key);
});

scenario('what an app answers through `externalApiClient` is the cause', async (world) => {
  await world.stub('github', 'GET', '/suite/404', { status: 404, json: { message: 'Not Found' } });
  const { causedByError } = await letThrough(world, ({ externalApiClient }) => externalApiClient.get('/suite/404'));
  assert.equal(causedByError.type, 'action_run');
  assert.equal(causedByError.data.response.status, 404);
});

// What the client has not

scenario('`externalApiClient` answers bodies, `membrane.proxy` whole answers', async (world) => {
  await furnish(world);
  await world.stub('github', 'GET', '/suite/search', { json: { found: 1 } }, { query: { q: 'a b' }, headers: { 'x-suite': '1' } });
  const { output } = await act(world, async ({ membrane, externalApiClient }) => [
    await externalApiClient.get('/suite/search', { query: { q: 'a b' }, headers: { 'x-suite': '1' } }),
    await externalApiClient.post('/suite/notes', { text: 'x' }),
    (await externalApiClient.post('/suite/notes', { text: 'x' }, { returnFullResponse: true })).status,
    await membrane.proxy.get('/suite/thing'),
  ]);
  const [found, noted, status, { headers, ...whole }] = output;
  assert.deepEqual([found, noted, status, whole], [{ found: 1 }, { noted: true }, 201, { status: 200, data: { thing: 1 } }]);
  assert.equal(typeof headers, 'object');
});

scenario('errors of `externalApiClient` carry the app\'s answer and the engine\'s type', async (world) => {
  await world.stub('github', 'GET', '/suite/404', { status: 404, json: { message: 'Not Found' } });
  const body = ({ externalApiClient, membrane }) =>
    Promise.all([externalApiClient, membrane.proxy].map((client) => caught(() => client.get('/suite/404'))));
  for (const { type, status, data, answer } of (await act(world, body)).output) {
    assert.deepEqual({ type, status, data }, { type: 'action_run', status: 404, data: { message: 'Not Found' } });
    assert.deepEqual(answer, { status: 404, data: { message: 'Not Found' } });
  }
});

scenario('`connection` and `integration` are plain records when they are returned', async (world) => {
  const { output } = await act(world, ({ connection, integration }) => [connection, integration]);
  // How to connect is told to who asks for one integration.
  const { authOptions, ...integration } = await world.client.integration('github').get();
  assert.equal(authOptions.length, 1);
  const expected = [await world.client.connection('github-dev').get(), integration];
  assert.deepEqual(comparable(output, world), comparable(expected, world));
});

scenario('what needs a browser says what to do instead', async (world) => {
  const { output } = await act(world, ({ membrane, connection, integration }) => Promise.all([
    caught(() => membrane.ui.connect({})), caught(() => membrane.connect({})), caught(() => connection.openReconnectUI()),
    caught(() => integration.openNewConnection()), caught(() => membrane.getToken()),
  ]));
  for (const { message } of output) assert.match(message, /^\S+ is not available in the sandbox; \S+/);
});

scenario('a snippet that replaces the globals still has its client', async (world) => {
  const { output } = await act(world, async ({ membrane }) => {
    globalThis.JSON = globalThis.Error = globalThis.Promise = globalThis.String = globalThis.encodeURIComponent = undefined;
    Object.keys = Object.entries = Object.assign = Object.defineProperty = () => [];
    const failed = await membrane.connection(`nobody-${'0'.repeat(3)}`).get().catch((error) => error);
    return [(await membrane.connections.find({ search: 'github' })).items.length, failed.data.key];
  });
  assert.deepEqual(output, [1, 'not_found']);
});

scenario('a snippet has its caller\'s rights and no more', async (world) => {
  const other = world.clientOf('newcomer');
  await other.connections.create({ key: 'hidden', name: 'Hidden', integrationKey: 'stripe', credentials: { apiKey: 'sk_test' } });
  const { output } = await act(world, ({ membrane }) => caught(() => membrane.connection('hidden').get()));
  assert.equal(output.data.key, 'not_found');
});

const wrongRequests = {
  "membrane.api('/user')": /a request is an object, not string/,
  'membrane.api()': /a request is an object, not undefined/,
  "membrane.api({ url: '/user' })": /`url` is no part of a request/,
  "membrane.api({ method: 'GET', path: 5 })": /`path` is missing/,
  "membrane.api({ path: '/user', boddy: 1 })": /`boddy` is no part of a request/,
  "membrane.api({ path: '/user', headers: 5 })": /`headers` is an object/,
};
for (const [call, says] of Object.entries(wrongRequests)) {
  scenario(`${call} in a snippet says how to call it`, async ({ client }) => {
    const code = `module.exports = async ({ membrane }) => ${call}`;
    await assert.rejects(client.post('/act', { code, connectionKey: 'github-dev' }), (error) => {
      assert.match(error.message, says);
      assert.match(error.message, /call it with \{ method, path, query, body, headers \}/);
      return true;
    });
  });
}
