// Every request that the published skill document shows, one to one: `curl -X METHOD "$API/path" -H "Authorization…"`.
// Where it leaves a blank (`<id>`, `<vendor-endpoint>`, `…`), the suite fills one in.

import assert from 'node:assert/strict';
import * as sdk from '@membranehq/sdk';
import { World, byId, scenario } from './lib/world.mjs';
import { accept, page } from './lib/shape.mjs';

const Connection = sdk.ConnectionApiResponse;
const Integration = sdk.IntegrationApiResponse;
const Action = sdk.ActionApiResponse;

/** One request of the document as a tenant's token sends it; it must succeed and fit. */
async function ok(world, schema, method, path, options) {
  const { status, body } = await world.curl(method, path, options);
  assert.equal(status, 200, JSON.stringify(body));
  return schema ? accept(schema, body, `${method} ${path}`) : body;
}

const asManager = (world, options) => ({ token: world.managerToken, ...options });
const act = (world, data) => ok(world, sdk.ActionRunResponse, 'POST', '/act', { data });
const idOf = async (world, key) => (await world.client.connection(key).get()).id;

// Step 0: what is there

scenario('membrane external-app list --search: an app is found with its id', async (world) => {
  const { items } = await ok(world, null, 'GET', '/external-apps', { query: { search: 'github' } });
  assert.ok(items.some(({ id, key, name }) => id && key === 'github' && name), JSON.stringify(items));
});

scenario('membrane action list --externalAppId, then act by id: a catalog action runs', async (world) => {
  const { externalAppId } = await world.integration('github');
  const { items } = await ok(world, page(Action), 'GET', '/actions', { query: { externalAppId, limit: '1000' } });
  const catalog = items.filter((action) => action.key === '');
  assert.ok(catalog.length > 0, 'catalog actions carry an id and an empty key');
  for (const action of catalog) assert.ok(action.id && action.name && action.inputSchema && action.config.request, action.name);

  const plain = catalog.find(
    ({ config: { request }, inputSchema }) =>
      request.method === 'GET' && typeof request.path === 'string' && !request.path.includes('{') && !inputSchema.required?.length,
  );
  assert.ok(plain, 'one that needs no input');
  await world.stub('github', 'GET', plain.config.request.path, { json: [{ id: 1 }] });
  const { output } = await act(world, { id: plain.id, connectionKey: 'github-dev', input: {} });
  assert.deepEqual(output, [{ id: 1 }]);
});

// Connections

scenario('curl -sG $API/connections', async (world) => {
  const { items } = await ok(world, page(Connection), 'GET', '/connections');
  assert.equal(items.length, 2);
});

scenario('curl -sG $API/connections --data-urlencode integrationKey=github', async (world) => {
  const { items } = await ok(world, page(Connection), 'GET', '/connections', { query: { integrationKey: 'github' } });
  assert.deepEqual(items.map(({ key }) => key), ['github-dev']);
});

scenario('a token with a name, as the document mints it, lists connections', async (world) => {
  const token = world.mint({ workspaceKey: world.key, tenantKey: 'acme', name: 'Acme Inc' }, { expiresIn: 3600 });
  const { items } = await ok(world, page(Connection), 'GET', '/connections', { token });
  assert.deepEqual(items, []);
});

for (const which of ['id', 'key']) {
  scenario(`curl -X DELETE $API/connections/<${which}>, and POST /connections/:id/restore`, async (world) => {
    const { id, key } = await world.client.connection('github-dev').get();
    const gone = await world.curl('DELETE', `/connections/${{ id, key }[which]}`);
    assert.equal(gone.status, 200);
    assert.ok(!byId((await ok(world, page(Connection), 'GET', '/connections')).items).includes(id));
    const refusal = await world.curl('POST', '/act', { data: { api: { method: 'GET', path: '/user' }, connectionId: id } });
    assert.equal(refusal.status, 404, JSON.stringify(refusal.body));
    assert.ok(refusal.body.actionRunId);
    assert.equal((await ok(world, Connection, 'POST', `/connections/${id}/restore`)).state, 'READY');
  });
}

scenario('PATCH /connections/:id', async (world) => {
  const id = await idOf(world, 'github-dev');
  assert.equal((await ok(world, Connection, 'PATCH', `/connections/${id}`, { data: { name: 'Dev' } })).name, 'Dev');
});

scenario('POST /connections/:id/refresh', async (world) => {
  const id = await idOf(world, 'github-dev');
  const refreshed = await ok(world, Connection, 'POST', `/connections/${id}/refresh`);
  assert.equal(refreshed.id, id);
  assert.equal(refreshed.state, 'READY');
});

scenario('membrane connect --connectionId: the record stays the same', async (world) => {
  const id = await idOf(world, 'github-dev');
  const again = await ok(world, Connection, 'POST', '/connect', { data: { connectionId: id } });
  assert.equal(again.id, id);
  assert.equal(again.clientAction.type, 'connect');
});

scenario('membrane connect --connectorKey works in a fresh workspace', { seed: 'none' }, async (world) => {
  const data = { connectorKey: 'github', connectionKey: 'github-dev' };
  const made = await ok(world, Connection, 'POST', '/connect', { data });
  assert.equal(made.state, 'CLIENT_ACTION_REQUIRED');
  assert.equal(made.key, 'github-dev');
  assert.equal((await ok(world, Integration, 'GET', `/integrations/${made.integrationId}`)).id, made.integrationId);
});

// Integrations

scenario('curl -sG $API/integrations --data-urlencode search=crm', async (world) => {
  await ok(world, page(sdk.IntegrationListItem), 'GET', '/integrations', { query: { search: 'crm' } });
});

scenario('curl -sG $API/integrations with connectors=1 and externalApps=1', { seed: 'none' }, async (world) => {
  assert.deepEqual((await ok(world, null, 'GET', '/integrations')).items, []);
  const query = { connectors: '1', externalApps: '1' };
  const { items } = await ok(world, page(sdk.IntegrationListItem), 'GET', '/integrations', { query });
  const candidate = items.find(({ connectorKey }) => connectorKey === 'github');
  assert.ok(candidate.id && candidate.name && candidate.logoUri, 'enough to hand straight to connect');
});

scenario('curl -X POST $API/integrations', { seed: 'none' }, async (world) => {
  const data = { key: 'github', name: 'GitHub', connectorKey: 'github' };
  const made = await ok(world, Integration, 'POST', '/integrations', asManager(world, { data }));
  assert.equal(made.key, 'github');
  assert.equal(made.name, 'GitHub');
});

scenario('GET and PATCH /integrations/:id', async (world) => {
  const { id } = await world.integration('github');
  assert.equal((await ok(world, Integration, 'GET', `/integrations/${id}`)).key, 'github');
  const data = { name: 'Our GitHub' };
  const patched = await ok(world, Integration, 'PATCH', `/integrations/${id}`, asManager(world, { data }));
  assert.equal(patched.name, 'Our GitHub');
});

scenario('curl -X PATCH $API/integrations/<id>/parameters, and -sG to fetch them', async (world) => {
  const { id } = await world.integration('github');
  const path = `/integrations/${id}/parameters`;
  await ok(world, null, 'PATCH', path, asManager(world, { data: { clientId: 'my-client', clientSecret: 'my-secret' } }));
  for (const token of [world.tenantToken, world.managerToken]) {
    const parameters = await ok(world, null, 'GET', path, { token });
    assert.equal(parameters.clientId.value, 'my-client');
    assert.ok(!JSON.stringify(parameters).includes('my-secret'), 'secrets are masked');
  }
});

scenario('DELETE /integrations/<id> archives, includeArchived=1 shows it, POST /restore brings it back', async (world) => {
  const { id } = await world.integration('slack');
  const list = async (query) => byId((await ok(world, page(sdk.IntegrationListItem), 'GET', '/integrations', { query })).items);
  assert.equal((await world.curl('DELETE', `/integrations/${id}`, asManager(world))).status, 200);
  assert.ok(!(await list({})).includes(id));
  assert.ok((await list({ includeArchived: '1' })).includes(id));
  await ok(world, Integration, 'POST', `/integrations/${id}/restore`, asManager(world));
  assert.ok((await list({})).includes(id));
});

// Actions

const SPECS = {
  'POST /actions with an externalAppId': async (world) => ({
    key: 'create-lead',
    name: 'Create Lead',
    type: 'api-request-to-external-app',
    externalAppId: (await world.integration('hubspot')).externalAppId,
    config: { request: { method: 'POST', path: '/crm/v3/objects/leads' } },
    inputSchema: { type: 'object', required: ['email'], properties: { email: { type: 'string' } } },
  }),
  'POST /actions with an integrationKey': () => ({
    key: 'list-users',
    type: 'api-request-to-external-app',
    integrationKey: 'github',
    config: { request: { method: 'GET', path: '/users' } },
  }),
};
for (const [what, spec] of Object.entries(SPECS)) {
  scenario(`${what} answers a READY action with its schemas`, async (world) => {
    const data = await spec(world);
    const made = await ok(world, Action, 'POST', '/actions', asManager(world, { data }));
    assert.equal(made.state, 'READY');
    assert.equal(made.key, data.key);
    assert.deepEqual(made.config, data.config);
    assert.ok(made.name, 'derived when not given');
    assert.ok('inputSchema' in made && 'outputSchema' in made, Object.keys(made).join());
  });
}

scenario('an action of an app runs by key through a connection to that app', async (world) => {
  const data = await SPECS['POST /actions with an externalAppId'](world);
  await ok(world, Action, 'POST', '/actions', asManager(world, { data }));
  await world.stub('hubspot', 'POST', '/crm/v3/objects/leads', { status: 201, json: { id: '7' } });
  const { output } = await act(world, { key: 'create-lead', connectionKey: 'hubspot-prod', input: { email: 'a@b.c' } });
  assert.deepEqual(output, { id: '7' });
});

scenario('POST /actions by intent, GET /actions/<id> until READY, then act', async (world) => {
  const data = { intent: 'open a pull request', integrationKey: 'github' };
  const made = await ok(world, Action, 'POST', '/actions', asManager(world, { data }));
  assert.equal(made.state, 'BUILDING');
  const query = { wait: 'true', timeout: '30' };
  const ready = await ok(world, Action, 'GET', `/actions/${made.id}`, { query });
  assert.equal(ready.state, 'READY');
  assert.ok(ready.integrationId);
  const { items } = await ok(world, page(Action), 'GET', '/actions', { query: { id: made.id } });
  assert.deepEqual(byId(items), [made.id]);
});

scenario('curl -sG $API/actions with connectionId and intent ranks what fits first', async (world) => {
  const connectionId = await idOf(world, 'hubspot-prod');
  await world.action({ key: 'suite-zebra', name: 'Feed the zebra', integrationKey: 'hubspot' });
  await world.action({ key: 'suite-contact', name: 'Create a contact', integrationKey: 'hubspot' });
  const query = { connectionId, intent: 'create a contact' };
  const { items } = await ok(world, page(Action), 'GET', '/actions', { query });
  assert.match(items[0].name, /contact/i);
  for (const action of items) assert.ok(action.id && action.name && action.layer, action.id);
});

scenario('without a connection the intent is ignored', async (world) => {
  await world.action({ key: 'suite-universal' });
  const { items } = await ok(world, page(Action), 'GET', '/actions');
  const ranked = await ok(world, page(Action), 'GET', '/actions', { query: { intent: 'create a contact' } });
  assert.deepEqual(byId(ranked.items), byId(items));
});

scenario('curl $API/actions/<id>, -X PATCH, PUT, -X DELETE and POST /restore', async (world) => {
  const action = await world.action({ key: 'create-contact-suite', description: 'before', integrationKey: 'hubspot' });
  const path = `/actions/${action.id}`;

  const read = await ok(world, Action, 'GET', path);
  assert.equal(read.id, action.id);
  assert.ok(read.state && read.type && read.config && read.integrationId);

  const patched = await ok(world, Action, 'PATCH', path, asManager(world, { data: { name: 'Create HubSpot contact' } }));
  assert.equal(patched.name, 'Create HubSpot contact');
  assert.equal(patched.description, 'before');

  const { key, type, config, integrationKey } = action;
  const data = { key, type, config, integrationKey, name: 'Whole' };
  const put = await ok(world, Action, 'PUT', path, asManager(world, { data }));
  assert.equal(put.name, 'Whole');
  assert.equal(put.description, undefined);

  assert.equal((await world.curl('DELETE', path, asManager(world))).status, 200);
  const query = { integrationKey: 'hubspot', limit: '1000' };
  assert.ok(!byId((await ok(world, page(Action), 'GET', '/actions', { query })).items).includes(action.id));
  for (const dispatch of [{ id: action.id }, { key }]) {
    const refusal = await world.curl('POST', '/act', { data: { ...dispatch, connectionKey: 'hubspot-prod' } });
    assert.equal(refusal.status, 404, JSON.stringify(refusal.body));
  }

  await ok(world, Action, 'POST', `${path}/restore`, asManager(world));
  await world.stub('hubspot', 'GET', '/suite/thing', { json: { restored: true } });
  assert.deepEqual((await act(world, { key, connectionKey: 'hubspot-prod' })).output, { restored: true });
});

// act, in each of its shapes

scenario('act by key with an integrationKey', async (world) => {
  // On the connection, where it wins over whatever the demo has under the same key.
  const connectionId = await idOf(world, 'github-dev');
  const input = { title: { $var: '$.input.title' } };
  await world.action({ key: 'create-issue', connectionId }, { method: 'POST', path: '/suite/issues', body: input });
  await world.stub('github', 'POST', '/suite/issues', { status: 201, json: { number: 1 } }, { body: { title: 'Hello' } });
  const { output } = await act(world, { key: 'create-issue', integrationKey: 'github', input: { title: 'Hello' } });
  assert.deepEqual(output, { number: 1 });
});

scenario('act with an inline request through a connection', async (world) => {
  await world.stub('github', 'GET', '/user/repos', { json: [{ name: 'hello-world' }] });
  const { output } = await act(world, { api: { method: 'GET', path: '/user/repos' }, connectionKey: 'github-dev' });
  assert.deepEqual(output, [{ name: 'hello-world' }]);
});

scenario('act with an inline POST that has a body', async (world) => {
  const body = { to: 'a@b.c' };
  await world.stub('hubspot', 'POST', '/suite/send', { json: { sent: true } }, { body });
  const { output } = await act(world, { connectionKey: 'hubspot-prod', api: { method: 'POST', path: '/suite/send', body } });
  assert.deepEqual(output, { sent: true });
});

scenario('act with inline JavaScript', async (world) => {
  const { output } = await act(world, {
    code: 'module.exports = ({ input }) => ({ echoed: input })',
    input: { hi: 1 },
    connectionKey: 'github-dev',
  });
  assert.deepEqual(output, { echoed: { hi: 1 } });
});

scenario('a snippet is given its connection, its integration and an authenticated client', async (world) => {
  await world.stub('github', 'GET', '/suite/one', { json: { one: 1 } });
  await world.stub('hubspot', 'GET', '/suite/two', { json: { two: 2 } });
  const { output } = await act(world, {
    code: `module.exports = async ({ membrane, connection, integration }) => ({
      connection: connection.key,
      integration: integration.key,
      here: (await membrane.proxy.get('/suite/one')).data,
      there: await membrane.connection('hubspot-prod').proxy.get('/suite/two'),
    })`,
    connectionKey: 'github-dev',
  });
  assert.deepEqual(output, { connection: 'github-dev', integration: 'github', here: { one: 1 }, there: { two: 2 } });
});

scenario('membrane.connection(key).action(key).run({}) of the client', async (world) => {
  const connectionId = await idOf(world, 'hubspot-prod');
  await world.action({ key: 'list-contacts', connectionId });
  await world.stub('hubspot', 'GET', '/suite/thing', { json: [{ id: '1' }] });
  const run = await world.client.connection('hubspot-prod').action('list-contacts').run({});
  assert.deepEqual(accept(sdk.ActionRunResponse, run).output, [{ id: '1' }]);
});

// Which connection an act takes: connectionId, then connectionKey, then the integration's, then the workspace's

const resolutions = {
  'connectionId before all else': ({ github }) => ({ connectionId: github, connectionKey: 'hubspot-prod' }),
  'connectionKey before the integration': () => ({ connectionKey: 'github-dev', integrationKey: 'hubspot' }),
  'the integration\'s connection by key': () => ({ integrationKey: 'github' }),
  'the integration\'s connection by id': ({ integrationId }) => ({ integrationId }),
};
for (const [how, fields] of Object.entries(resolutions)) {
  scenario(`act takes ${how}`, async (world) => {
    await world.stub('github', 'GET', '/suite/who', { json: 'github' });
    await world.stub('hubspot', 'GET', '/suite/who', { json: 'hubspot' });
    const { id: github, integrationId } = await world.client.connection('github-dev').get();
    const { output } = await act(world, { api: { method: 'GET', path: '/suite/who' }, ...fields({ github, integrationId }) });
    assert.equal(output, 'github');
  });
}

scenario('act takes the tenant\'s only connection when it is told nothing', async (world) => {
  await world.client.connection('hubspot-prod').archive();
  await world.stub('github', 'GET', '/suite/who', { json: 'github' });
  assert.equal((await act(world, { api: { method: 'GET', path: '/suite/who' } })).output, 'github');
});

// Step 4: universal actions

scenario('a universal action goes through the caller\'s connection, and an integration may have its own version', async (world) => {
  for (const connector of ['github', 'hubspot']) {
    await world.stub(connector, 'GET', '/suite/thing', { json: `universal at ${connector}` });
    await world.stub(connector, 'GET', '/suite/special', { json: `special at ${connector}` });
  }
  await world.action({ key: 'suite-send' });
  await world.action({ key: 'suite-send', integrationKey: 'github' }, { method: 'GET', path: '/suite/special' });
  const through = async (connectionKey) => (await act(world, { key: 'suite-send', connectionKey })).output;
  assert.equal(await through('hubspot-prod'), 'universal at hubspot');
  assert.equal(await through('github-dev'), 'special at github');
});

scenario('membrane action create --intent --key makes a universal action', { seed: 'none' }, async (world) => {
  const data = { intent: 'send an email', key: 'send-email' };
  const made = await ok(world, Action, 'POST', '/actions', asManager(world, { data }));
  assert.equal(made.key, 'send-email');
  assert.equal(made.integrationId, undefined);
});

for (const which of ['key', 'id']) {
  scenario(`PATCH /workspaces/<${which}> toggles the three settings and nothing else`, async (world) => {
    const path = (workspace) => `/workspaces/${workspace}`;
    const { id } = await ok(world, sdk.Workspace, 'PATCH', path(world.key), asManager(world, { data: {} }));
    const settings = {
      useMembraneUniverse: true,
      autoGenerateIntegrationsFromConnectors: true,
      autoGenerateIntegrationsFromExternalApps: true,
    };
    const selector = { id, key: world.key }[which];
    for (const [name, value] of Object.entries(settings)) {
      const data = { settings: { [name]: value } };
      const { body } = await world.curl('PATCH', path(selector), asManager(world, { data }));
      accept(sdk.Workspace, body);
      assert.equal(body.settings[name], true);
      assert.ok(!JSON.stringify(body).includes(world.secret), 'no answer holds the secret');
    }
    const { settings: all } = await ok(world, sdk.Workspace, 'PATCH', path(selector), asManager(world, { data: {} }));
    assert.deepEqual({ ...all, ...settings }, all);
  });
}

// As written, against the demo as it comes: its keys are there and its apps answer

scenario('act by key, as the document writes it', async (world) => {
  const { output } = await act(world, { key: 'create-issue', integrationKey: 'github', input: { title: 'Hello' } });
  assert.equal(output.title, 'Hello');
  assert.ok(output.number);
});

scenario('act with an inline request, as the document writes it', async (world) => {
  const { output } = await act(world, { api: { method: 'GET', path: '/user/repos' }, connectionKey: 'github-dev' });
  assert.ok(output.length > 0 && output[0].name, JSON.stringify(output));
});

scenario('connection(\'hubspot-prod\').action(\'list-contacts\').run({}), as the document writes it', async (world) => {
  const run = accept(sdk.ActionRunResponse, await world.client.connection('hubspot-prod').action('list-contacts').run({}));
  assert.ok(run.output.results.length > 0);
});

const autoConnect = { mock: { autoConnect: true } };

scenario('act by the id of the catalog\'s Gmail action through gmail-<userId>', autoConnect, async (world) => {
  const connectionKey = 'gmail-user-1';
  await ok(world, Connection, 'POST', '/connect', { data: { connectorKey: 'gmail', connectionKey } });
  const { items: apps } = await ok(world, null, 'GET', '/external-apps', { query: { search: 'gmail' } });
  const query = { externalAppId: apps.find(({ key }) => key === 'gmail').id, limit: '1000' };
  const { items } = await ok(world, page(Action), 'GET', '/actions', { query });
  const { id } = items.find(({ key, name }) => key === '' && name === 'Send message');
  const { output } = await act(world, { id, connectionKey, input: { to: 'a@b.c', subject: 'Hi', body: 'Hello' } });
  assert.ok(output.id);
});

scenario('act({ key: \'send-email\', connectionKey: userPickedConnection, input }) whichever app the user picked', autoConnect, async (world) => {
  for (const connectorKey of ['gmail', 'outlook', 'sendgrid']) {
    const data = { connectorKey, connectionKey: connectorKey };
    await ok(world, Connection, 'POST', '/connect', { data });
    const input = { to: 'a@b.c', subject: 'Hi', body: 'Hello' };
    const { actionRunId } = await act(world, { key: 'send-email', connectionKey: connectorKey, input });
    const log = await ok(world, sdk.ActionRunLogRecordApiResponse, 'GET', `/action-run-logs/${actionRunId}`);
    assert.equal(log.connection.key, connectorKey);
    assert.equal((await world.requestsTo(connectorKey)).length, 1, `the app behind ${connectorKey} was asked`);
  }
});

const connects = {
  '{ connectorKey: "hubspot", connectionKey: "hubspot-prod" }': { connectorKey: 'hubspot', connectionKey: 'hubspot-prod' },
  '{ connectorKey: "gmail", connectionKey: "gmail-<userId>" }': { connectorKey: 'gmail', connectionKey: 'gmail-user-1' },
  '{ connectorKey: "github", connectionKey: "github-dev" }': { connectorKey: 'github', connectionKey: 'github-dev' },
  '{ integrationKey: "hubspot" }': { integrationKey: 'hubspot' },
  '{ integrationKey: "github", connectionKey: "github-dev" }': { integrationKey: 'github', connectionKey: 'github-dev' },
};
for (const [what, data] of Object.entries(connects)) {
  scenario(`ui.connect(${what}) asks the user`, async (world) => {
    const token = world.mint({ workspaceKey: world.key, tenantKey: 'user-1' });
    const made = await ok(world, Connection, 'POST', '/connect', { data, token });
    assert.equal(made.state, 'CLIENT_ACTION_REQUIRED');
    assert.ok(made.key && made.clientAction.uiUrl);
    if (data.connectionKey) assert.equal(made.key, data.connectionKey);
  });
}

scenario('ui.connect({ intent: "connect my GitHub account" }) picks the app', async (world) => {
  const made = await ok(world, Connection, 'POST', '/connect', { data: { intent: 'connect my GitHub account' } });
  assert.equal(made.state, 'BUILDING');
  const query = { wait: 'true', timeout: '30' };
  const built = await ok(world, Connection, 'GET', `/connections/${made.id}`, { query });
  assert.equal(built.state, 'CLIENT_ACTION_REQUIRED');
  assert.equal(built.integration.key, 'github');
});

scenario('membrane connect takes each of its flags', async (world) => {
  const { integrationId, connectorId } = await world.client.connection('github-dev').get();
  for (const target of [{ integrationId }, { connectorId }]) {
    const data = { ...target, connectionKey: `by-${Object.keys(target)}`, name: 'Mine' };
    const made = await ok(world, Connection, 'POST', '/connect', { data });
    assert.equal(made.name, 'Mine');
    assert.equal(made.integrationId, integrationId);
  }
});

scenario('membrane connection list with all of its filters', async (world) => {
  const query = { integrationKey: 'github', search: 'dev', limit: '1', cursor: '0' };
  const { items } = await ok(world, page(Connection), 'GET', '/connections', { query });
  assert.deepEqual(items.map(({ key }) => key), ['github-dev']);
});

scenario('membrane integration list with all of its filters', async (world) => {
  const query = { search: 'mail', connectors: '1', externalApps: '1', limit: '2', cursor: '0' };
  const { items, cursor } = await ok(world, page(sdk.IntegrationListItem), 'GET', '/integrations', { query });
  assert.equal(items.length, 2);
  assert.ok(cursor);
  const off = { search: 'mail', connectors: '0', externalApps: '0' };
  const real = await ok(world, page(sdk.IntegrationListItem), 'GET', '/integrations', { query: off });
  for (const { integrationId } of real.items) assert.ok(integrationId);
});

scenario('membrane action list --connectionKey --intent --limit', async (world) => {
  const query = { connectionKey: 'hubspot-prod', intent: 'create a contact', limit: '3' };
  const { items } = await ok(world, page(Action), 'GET', '/actions', { query });
  assert.ok(items.length > 0 && items.length <= 3);
  assert.equal(items[0].key, 'create-contact');
});

scenario('membrane action create --intent --connectionKey makes an action of that connection', async (world) => {
  const data = { intent: 'open a pull request', connectionKey: 'github-dev' };
  // A manager who acts for the demo's tenant, as the CLI does.
  const token = world.mint({ workspaceKey: world.key, tenantKey: world.tenantKey, isAdmin: true });
  const made = await ok(world, Action, 'POST', '/actions', { data, token });
  assert.equal(made.connectionId, await idOf(world, 'github-dev'));
  assert.equal(made.layer, 'connection');
  // "Works for both integration-level Actions and connection-level ActionInstances."
  const read = await ok(world, Action, 'GET', `/actions/${made.id}`, { query: { wait: 'true' } });
  assert.equal(read.state, 'READY');
});

scenario('membrane action update and delete <key> take scope hints', async (world) => {
  const at = await world.action({ integrationKey: 'github' });
  const elsewhere = await world.action({ integrationKey: 'hubspot' });
  const query = { integrationId: at.integrationId };
  const path = '/actions/suite-action';

  const data = { name: 'Create HubSpot contact' };
  assert.equal((await world.curl('PATCH', path, asManager(world, { data }))).status, 400, 'the key stands twice');
  assert.equal((await ok(world, Action, 'PATCH', path, asManager(world, { data, query }))).id, at.id);
  assert.equal((await ok(world, Action, 'DELETE', path, asManager(world, { query }))).id, at.id);
  assert.equal((await ok(world, Action, 'GET', path)).id, elsewhere.id);
});

scenario('act with headers, query and meta; act by key with a connectionId', async (world) => {
  const more = { query: { page: '2' }, headers: { 'x-suite': 'yes' } };
  await world.stub('github', 'GET', '/suite/paged', { json: { page: 2 } }, more);
  const api = { method: 'GET', path: '/suite/paged', ...more };
  const { output, actionRunId } = await act(world, { api, connectionKey: 'github-dev', meta: { why: 'suite' } });
  assert.deepEqual(output, { page: 2 });
  assert.deepEqual((await ok(world, null, 'GET', `/action-run-logs/${actionRunId}`)).meta, { why: 'suite' });

  const connectionId = await idOf(world, 'hubspot-prod');
  assert.ok((await act(world, { key: 'list-contacts', connectionId })).output.results);
});

scenario('POST /actions/:selector/run follows the same chain as act', async (world) => {
  const path = '/actions/create-issue/run';
  const query = { integrationKey: 'github' };
  const ran = await ok(world, sdk.ActionRunResponse, 'POST', path, { query, data: { input: { title: 'Hello' } } });
  assert.equal(ran.output.title, 'Hello');
  assert.ok(ran.actionRunId);
});

scenario('an integration that was made takes connections and reusable actions', { seed: 'none' }, async (world) => {
  const data = { key: 'github', name: 'GitHub', connectorKey: 'github' };
  const made = await ok(world, Integration, 'POST', '/integrations', asManager(world, { data }));
  const connection = await ok(world, Connection, 'POST', '/connect', { data: { integrationKey: 'github' } });
  assert.equal(connection.integrationId, made.id);
  const action = await ok(world, Action, 'POST', '/actions', asManager(world, { data: SPECS['POST /actions with an integrationKey']() }));
  assert.equal(action.integrationId, made.id);
});

// Run logs

scenario('curl $API/action-run-logs/<runId> and /details', async (world) => {
  await world.stub('github', 'GET', '/user/repos', { status: 200, json: [{ name: 'hello-world' }] });
  const { actionRunId } = await act(world, { api: { method: 'GET', path: '/user/repos' }, connectionKey: 'github-dev' });
  const path = `/action-run-logs/${actionRunId}`;

  const summary = await ok(world, sdk.ActionRunLogRecordApiResponse, 'GET', path);
  assert.equal(summary.status, 'success');
  for (const part of ['action', 'connection', 'integration']) assert.equal(typeof summary[part], 'object', part);
  assert.deepEqual(summary.output, [{ name: 'hello-world' }]);
  assert.equal(summary.details, undefined);

  const { details, ...record } = await ok(world, sdk.ActionRunLogRecordApiResponse, 'GET', `${path}/details`);
  assert.equal(record.id, actionRunId);
  assert.equal(details.request.method, 'GET');
  assert.equal(details.response.status, 200);
  assert.ok(Array.isArray(details.stateTransitions));
  assert.ok((await ok(world, null, 'GET', path, { query: { includeDetails: 'true' } })).details);
});

scenario('the run log of a failure shows what the external app answered', async (world) => {
  await world.stub('github', 'POST', '/suite/issues', { status: 422, json: { message: 'Validation Failed' } });
  const call = { api: { method: 'POST', path: '/suite/issues', body: {} }, connectionKey: 'github-dev' };
  const { status, body } = await world.curl('POST', '/act', { data: call });
  assert.equal(status, 400);
  const log = await ok(world, sdk.ActionRunLogRecordApiResponse, 'GET', `/action-run-logs/${body.actionRunId}/details`);
  assert.equal(log.status, 'error');
  assert.ok(log.error.message);
  assert.equal(log.details.response.status, 422);
  assert.match(JSON.stringify(log.details.response), /Validation Failed/);
});

// Managers only. The document names the first group; that tenants only read what belongs to the workspace gives the second.

const reserved = {
  'POST /actions by spec': ({ action }) => ['POST', '/actions', { key: 'k', name: 'n', type: action.type, config: action.config }],
  'POST /actions by intent': () => ['POST', '/actions', { intent: 'send an email' }],
  'PATCH /actions/<id>': ({ action }) => ['PATCH', `/actions/${action.id}`, { name: 'n' }],
  'DELETE /actions/<id>': ({ action }) => ['DELETE', `/actions/${action.id}`],
  'PATCH /integrations/<id>/parameters': ({ id }) => ['PATCH', `/integrations/${id}/parameters`, { clientId: 'c' }],
  'POST /import': () => ['POST', '/import'],
  'GET /export': () => ['GET', '/export'],
  'PATCH /workspaces/:id': ({ world }) => ['PATCH', `/workspaces/${world.key}`, { settings: {} }],

  'PUT /actions/<id>': ({ action }) => ['PUT', `/actions/${action.id}`, { name: 'n' }],
  'POST /actions/<id>/restore': ({ action }) => ['POST', `/actions/${action.id}/restore`],
  'POST /integrations': () => ['POST', '/integrations', { key: 'k', name: 'n', connectorKey: 'github' }],
  'PATCH /integrations/<id>': ({ id }) => ['PATCH', `/integrations/${id}`, { name: 'n' }],
  'DELETE /integrations/<id>': ({ id }) => ['DELETE', `/integrations/${id}`],
  'POST /integrations/<id>/restore': ({ id }) => ['POST', `/integrations/${id}/restore`],
};
for (const [what, request] of Object.entries(reserved)) {
  scenario(`${what} is refused to a tenant`, async (world) => {
    const action = await world.action({ integrationKey: 'github' });
    const { id } = await world.integration('github');
    const [method, path, data] = request({ world, action, id });
    const { status, body } = await world.curl(method, path, { data });
    assert.equal(status, 403, JSON.stringify(body));
    accept(sdk.ErrorDataSchema, body);
    assert.equal(body.type, 'bad_request');
    assert.equal(body.key, 'access_denied');
  });
}

// What a workspace defines goes out and comes in by background jobs, polled by id as managers' scripts do.

/** The job when it is over. */
async function over(world, { jobId }) {
  for (;;) {
    const { status, body } = await world.curl('GET', `/background-jobs/${jobId}:${jobId}`, asManager(world));
    assert.equal(status, 200, JSON.stringify(body));
    assert.equal(body.id, jobId);
    assert.ok(Object.values(sdk.AsyncRequestStatus).includes(body.status), body.status);
    if (!['pending', 'active'].includes(body.status)) return body;
  }
}

async function exported(world) {
  const begun = await ok(world, sdk.AsyncRequestTriggerResponse, 'GET', '/export', asManager(world));
  const { status, result } = await over(world, begun);
  assert.equal(status, 'completed');
  const response = await fetch(result.downloadUrl);
  assert.equal(response.headers.get('content-type'), 'application/zip');
  return response.blob();
}

async function imported(world, archive, query = {}) {
  const body = new FormData();
  body.append('file', archive, 'workspace.zip');
  body.append('dryRun', String(query.dryRun ?? false));
  const all = { dryRun: 'false', partial: 'false', diff: 'false', force: 'false', ...query };
  const options = asManager(world, { body, query: all });
  return over(world, await ok(world, sdk.AsyncRequestTriggerResponse, 'POST', '/import', options));
}

scenario('GET /export, then POST /import: another workspace defines the same', async (world) => {
  await world.action({ integrationKey: 'github', key: 'greet', type: 'run-javascript', config: { code: 'module.exports = () => "hello"' } });
  const other = await World.fork({ seed: 'none' });
  try {
    const archive = await exported(world);
    const dry = await imported(other, archive, { dryRun: 'true' });
    assert.ok(dry.result.created.includes('integrations/github/actions/greet'), JSON.stringify(dry));
    assert.equal((await other.curl('GET', '/integrations/github')).status, 404, 'a dry run changes nothing');
    const { status, result } = await imported(other, archive);
    assert.deepEqual([status, result.created], ['completed', dry.result.created]);
    const [here, there] = [await world.integration('github'), await other.integration('github')];
    assert.equal(there.uuid, here.uuid);
    const { id, state } = await other.client.post('/connect', { integrationKey: 'github' });
    assert.equal(state, 'CLIENT_ACTION_REQUIRED');
    await other.control('POST', `/connections/${id}/complete`);
    const { output } = await other.client.post('/act', { key: 'greet', connectionId: id });
    assert.equal(output, 'hello');
  } finally {
    await other.drop();
  }
});

scenario('POST /import of what is no archive says what would be one', async (world) => {
  const body = new FormData();
  body.append('file', new Blob(['PK']), 'workspace.zip');
  const answer = await world.curl('POST', '/import', asManager(world, { body }));
  assert.equal(answer.status, 400, JSON.stringify(answer.body));
  accept(sdk.ErrorDataSchema, answer.body);
  assert.match(answer.body.message, /zip archive/);
});
