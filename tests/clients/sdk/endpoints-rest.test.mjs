// What the files of the areas leave out: selectors as objects, the browser's addresses as the client makes them,
// instance keys, and what the client reaches with its generic calls alone.

import assert from 'node:assert/strict';
import * as sdk from '@membranehq/sdk';
import { byId, scenario } from './lib/world.mjs';
import { NOT_FAKED, refused } from './lib/failure.mjs';
import { accept, page } from './lib/shape.mjs';

const Action = sdk.ActionApiResponse;
const Connection = sdk.ConnectionApiResponse;

// Selectors

scenario('an object selector is the singular address of an integration too', async ({ client, manager }) => {
  const github = await client.integration('github').get();
  for (const query of [{ key: 'github' }, { id: github.id }]) {
    assert.equal(accept(sdk.IntegrationApiResponse, await client.get('/integration', query)).id, github.id);
  }
  const url = '/integration?key=github';
  assert.equal(accept(sdk.IntegrationApiResponse, await manager.patch(url, { name: 'Git Hub' })).name, 'Git Hub');
});

scenario('a slash at the end of the address is no obstacle', async (world) => {
  const client = new sdk.MembraneClient({ apiUri: `${world.apiUri}/`, token: world.tenantToken });
  assert.equal((await client.self.get()).internalId, world.tenantKey);
});

scenario('a key with a space or a letter beyond ASCII goes into the path as it is', async (world) => {
  await world.manager.integrations.create({ key: 'наш github', name: 'Ours', connectorKey: 'github' });
  assert.equal((await world.client.integration('наш github').get()).key, 'наш github');
});

scenario('a path that ends in a bare question mark is the path', async (world) => {
  await world.action({ integrationKey: 'github' });
  const answer = await fetch(`${world.apiUri}/connections/github-dev/actions/suite-action?`, {
    headers: { authorization: `Bearer ${world.tenantToken}` },
  });
  assert.equal(answer.status, 200);
});

// Where the client sends a browser beside connecting. None hangs or shows a blank page.

const form = (fields) => ({ method: 'POST', body: new URLSearchParams(fields) });
const pages = {
  'POST /screens/agent-session': {
    shows: /Build me something/,
    request: async (client) => {
      const { id } = await client.post('/agent/sessions', { prompt: 'Build me something' });
      const { url, postData } = await client.getScreensPostData('agent-session', { sessionId: id });
      return [url, form(postData)];
    },
  },
  'GET /screens/connections': {
    shows: /GitHub/,
    request: async (client) => {
      const { requestId } = await client.post('/connection-requests', { integrationKey: 'github' });
      return [await client.getScreensEmbedUri('connections', { connectionRequestId: requestId })];
    },
  },
  'GET /embed/integrations/:id': {
    shows: /GitHub/,
    request: async (client) => [await client.getEmbedUri('integrations/github')],
  },
  'GET /embed/main': { shows: /HubSpot/, request: async (client) => [await client.getEmbedUri('main')] },
  'GET /embed/action-instances/:id/configuration': {
    shows: /membrane-mock/,
    request: async (client, world) => {
      await world.action({ integrationKey: 'github' });
      const { id } = await client.connection('github-dev').action('suite-action').create();
      return [await client.getEmbedUri(`action-instances/${id}/configuration`)];
    },
  },
};
for (const [row, { shows, request }] of Object.entries(pages)) {
  scenario(`${row} is a page`, async (world) => {
    const client = new sdk.MembraneClient({ apiUri: world.apiUri, uiUri: world.apiUri, token: world.tenantToken });
    const response = await fetch(...(await request(client, world)));
    const html = await response.text();
    assert.equal(response.status, 200, html);
    assert.match(response.headers.get('content-type'), /^text\/html/);
    assert.match(html, shows);
  });
}

scenario('createEventSource() has the address of a stream that tells what changes', async ({ client, manager }, t) => {
  // Node 20 has none; this one only keeps its address.
  globalThis.EventSource = class {
    constructor(address) {
      this.address = address;
    }
  };
  t.after(() => delete globalThis.EventSource);
  const { address } = await client.createEventSource('sse/workspace', { of: 'everything' });
  const stream = new AbortController();
  t.after(() => stream.abort());
  const response = await fetch(address, { signal: stream.signal });
  assert.match(response.headers.get('content-type'), /^text\/event-stream/);
  const told = eventsOf(response.body);
  assert.equal((await told.next()).value.type, sdk.WorkspaceSyncEventType.Connected);
  const { id } = await manager.integration('github').patch({ name: 'Git Hub' });
  const { type, elementType, elementId } = (await told.next()).value;
  assert.deepEqual([type, elementType, elementId], [sdk.WorkspaceSyncEventType.ElementUpdate, 'integration', id]);
});

/** What a stream of events says, each in one line of JSON. */
async function* eventsOf(body) {
  let text = '';
  for await (const more of body.pipeThrough(new TextDecoderStream())) {
    const lines = (text + more).split('\n');
    text = lines.pop();
    for (const line of lines) if (line.startsWith('data: ')) yield JSON.parse(line.slice('data: '.length));
  }
}

scenario('PUT by the generic call replaces what it names', async ({ client, manager }) => {
  await client.connection('github-dev').patch({ meta: { a: 1 } });
  const put = accept(Connection, await client.put('/connections/github-dev', { name: 'Put' }));
  assert.equal(put.name, 'Put');
  assert.equal(accept(Connection, await manager.connection(put.id).get()).name, 'Put');
});

// Actions of a connection

scenario('GET /connections/:c/actions takes lists in brackets and pages', async (world) => {
  const action = await world.action({ integrationKey: 'github' });
  const { actions } = world.client.connection('github-dev');
  const query = { search: 'suite', tags: ['x', 'y'], meta: { a: 1 }, limit: 1, cursor: '0' };
  assert.deepEqual(byId(accept(page(Action), await actions.list(query)).items), [action.id]);
});

scenario('every call on /connections/:c/actions/:a keeps to its instanceKey', async (world) => {
  await world.stub('github', 'GET', '/suite/thing', { json: 'first' });
  await world.stub('github', 'GET', '/suite/second', { json: 'second' });
  await world.action({ integrationKey: 'github' });
  const at = (instanceKey) => world.client.connection('github-dev').action('suite-action', { instanceKey });
  const [first, second] = [accept(Action, await at('one').create()), accept(Action, await at('two').create())];
  assert.notEqual(first.id, second.id);

  const config = { request: { method: 'GET', path: '/suite/second' } };
  assert.equal(accept(Action, await at('two').patch({ config })).id, second.id);
  assert.equal((await at('one').run()).output, 'first');
  assert.equal((await at('two').run()).output, 'second');
  assert.equal(accept(Action, await at('two').setup()).id, second.id);
  assert.equal(accept(Action, await at('two').reset()).id, second.id);
  assert.equal((await at('two').run()).output, 'first');
  assert.equal(accept(Action, await at('two').put({ ...second, name: 'Put' })).name, 'Put');
  await at('two').archive();
  assert.equal((await at('one').get()).id, first.id);
});

scenario('DELETE /action-instance?{sel} by delete() is the same as archive()', async (world) => {
  await world.action({ integrationKey: 'github' });
  const selector = { parentKey: 'suite-action', connectionKey: 'github-dev', autoCreate: true };
  const { id } = await world.client.actionInstance(selector).get();
  await world.client.actionInstance(id).delete();
  assert.ok((await world.client.actionInstance(id).get()).archivedAt);
});

// No accessor, but schemas

/** A record without the fields that the server adds to the client's schema of it. */
const without = (fields, record) => Object.fromEntries(Object.entries(record).filter(([name]) => !fields.includes(name)));
const connectorOf = (record) => accept(sdk.Connector, without(['description'], record)) && record;
const apiLogOf = (record) =>
  accept(sdk.ExternalApiLogApiResponse, without(['userId', 'tenantId', 'method', 'sentTo'], record)) && record;

scenario('POST /act takes what ActRequest allows and answers ActionRunResponse', async ({ client }) => {
  const request = { api: { method: 'GET', path: '/user/repos', query: { page: '1' } }, connectionKey: 'github-dev', meta: { a: 1 } };
  sdk.ActRequest?.parse(request);
  const run = accept(sdk.ActionRunResponse, await client.post('/act', request));
  accept(sdk.ActionRunLogRecordApiResponse, await client.get(`/action-run-logs/${run.actionRunId}`));
});

scenario('GET /connectors and /connectors/:id are connectors', async ({ client }) => {
  const { items } = await client.get('/connectors', { search: 'github' });
  const github = items.map(connectorOf).find(({ key }) => key === 'github');
  for (const selector of [github.id, 'github', github.uuid]) {
    assert.equal(connectorOf(await client.get(`/connectors/${selector}`)).id, github.id);
  }
});

scenario('POST /connectors/:id/generate-options is a bare array of options', async ({ client }) => {
  const options = await client.post('/connectors/github/generate-options', {});
  assert.ok(Array.isArray(options) && options.length > 0, JSON.stringify(options));
  for (const option of options) accept(sdk.GeneratedConnectorOption, option);
});

scenario('GET /external-apps and /external-apps/:id have ids, keys, names and pictures', async ({ client }) => {
  const { items } = await client.get('/external-apps', { search: 'hubspot', limit: 5 });
  const app = items.find(({ key }) => key === 'hubspot');
  for (const field of ['id', 'uuid', 'key', 'name', 'logoUri']) assert.equal(typeof app[field], 'string', field);
  assert.equal((await client.get(`/external-apps/${app.id}`)).key, 'hubspot');
});

scenario('a connection request is made, read and ends with the connection', { mock: { autoConnect: true } }, async ({ client }) => {
  const made = await client.post('/connection-requests', { integrationKey: 'github' });
  assert.ok(made.requestId && made.url && made.createdAt, JSON.stringify(made));
  const read = await client.get(`/connection-requests/${made.requestId}`);
  assert.equal(read.requestId, made.requestId);
  // The schema's dates are dates, which JSON has not.
  sdk.ConnectionRequest.parse({ ...read, createdAt: new Date(read.createdAt) });
  assert.equal(read.status, 'success', JSON.stringify(read));
  accept(Connection, await client.get(`/connections/${read.resultConnectionId}`));
});

scenario('POST /connections/ensure finds the connection of an app by its address', async ({ client }) => {
  const request = { appUrl: 'https://github.com' };
  sdk.EnsureConnectionRequest.parse(request);
  assert.equal(accept(Connection, await client.post('/connections/ensure', request)).key, 'github-dev');
});

for (const method of ['get', 'post']) {
  scenario(`${method.toUpperCase()} /connections/:c/test says whether it works`, async (world) => {
    const works = await world.client[method]('/connections/github-dev/test');
    assert.deepEqual(accept(sdk.ConnectionTestResponse, works), { success: true });
  });
}

scenario('GET /connection-attempt-logs lists how attempts to connect ended', async (world) => {
  const { id } = await world.client.post('/connect', { integrationKey: 'slack' });
  await world.control('POST', `/connections/${id}/fail`, { error: 'access_denied' });
  const { items } = await world.client.get('/connection-attempt-logs', { connectionId: id });
  assert.deepEqual(items.map(({ status, connectionId }) => ({ status, connectionId })), [{ status: 'error', connectionId: id }]);
  accept(sdk.ConnectionAttemptLogApiResponse, items[0]);
  assert.deepEqual(await world.client.get(`/connection-attempt-logs/${items[0].id}`), items[0]);
});

scenario('GET /workspaces and /workspaces/:id are a manager\'s, without the secret', async (world) => {
  const { items } = accept(page(sdk.Workspace), await world.manager.get('/workspaces'));
  const own = items.find(({ key }) => key === world.key);
  const read = accept(sdk.Workspace, await world.manager.get(`/workspaces/${own.id}`));
  assert.equal(read.key, world.key);
  assert.deepEqual(byId(items), [own.id], 'a workspace sees itself alone');
  assert.ok(!JSON.stringify([items, read]).includes(world.secret));
});

for (const path of ['/integrations/github/documentation', '/integrations/github/global-webhooks']) {
  scenario(`GET ${path} says that it is not faked`, ({ manager }) => refused(manager, () => manager.get(path), NOT_FAKED));
}

scenario('GET /universe/packages is an empty page: none is for everybody', async (world) => {
  await world.manager.packages.create({ key: 'ours', name: 'Ours' });
  for (const query of [{}, { limit: 1 }, { search: 'ours' }]) {
    assert.deepEqual(accept(page(sdk.PackageApiResponse), await world.client.get('/universe/packages', query)), { items: [] });
  }
  const wrong = { as: sdk.BadRequestError, status: 400, message: /`limit` is `0`/ };
  await refused(world.client, (client) => client.get('/universe/packages', { limit: 0 }), wrong);
});

scenario('POST /connections/:c/data/:key/refresh is the collection as it is now', async (world) => {
  const at = '/connections/github-dev/data/issues';
  const refreshed = await world.client.post(`${at}/refresh`);
  assert.deepEqual(accept(sdk.DataCollectionSpec, refreshed), await world.client.get(at));
  const gone = { as: sdk.BadRequestError, status: 404, key: 'not_found' };
  await refused(world.client, (client) => client.post('/connections/github-dev/data/isues/refresh'), { ...gone, message: /`issues`/ });
  await refused(world.client, (client) => client.post('/connections/nope/data/issues/refresh'), { ...gone, message: /`nope`/ });
  await refused(world.clientOf('anna'), (client) => client.post(`${at}/refresh`), gone);
});

scenario('GET /search finds elements in the form of their lists', async ({ client }) => {
  const forms = { integration: sdk.IntegrationApiResponse, action: Action, connection: Connection };
  const found = await client.get('/search', { q: 'github', limit: 100 });
  assert.deepEqual(found.items.slice(0, 2).map(({ elementType }) => elementType), ['integration', 'connector']);
  for (const { elementType, element } of found.items) {
    assert.ok(Object.values(sdk.WorkspaceElementType).includes(elementType), elementType);
    if (forms[elementType]) accept(forms[elementType], element);
  }
  const [first] = await client.get('/semantic-search', { q: 'github', elementType: 'Connection' });
  assert.equal(accept(Connection, first.element).key, 'github-dev');
});

scenario('GET /external-api-logs lists each request to an app, and its details', async ({ client }) => {
  const { actionRunId } = await client.post('/act', { api: { method: 'GET', path: '/user/repos' }, connectionKey: 'github-dev' });
  const { items } = await client.get('/external-api-logs', { actionRunId });
  assert.equal(items.length, 1);
  const [log] = items.map(apiLogOf);
  assert.deepEqual([log.method, log.statusCode, log.isSuccess], ['GET', 200, true]);
  assert.equal(apiLogOf(await client.get(`/external-api-logs/${log.id}`)).id, log.id);
  const details = await client.get(`/external-api-logs/${log.id}/details`);
  assert.equal(details.response.status, 200);
});

scenario('GET /incoming-webhooks is an empty list: nothing comes in', async ({ client }) => {
  assert.deepEqual(accept(page(sdk.IncomingWebhookApiResponse), await client.get('/incoming-webhooks')).items, []);
});

// Tenants

scenario('a tenant is found under its newer name as well', async ({ manager }) => {
  const { id } = await manager.customers.create({ name: 'Acme Inc', internalId: 'acme' });
  for (const path of [`/tenants/${id}`, `/users/${id}`, `/tenant?id=${id}`, '/tenants/acme']) {
    assert.equal(accept(sdk.CustomerApiResponse, await manager.get(path)).id, id, path);
  }
  assert.equal((await manager.customer('acme').get()).id, id);
});

scenario('making a workspace over the API says that it is not faked', ({ manager }) =>
  refused(manager, () => manager.post('/workspaces', { name: 'Another' }), NOT_FAKED),
);
