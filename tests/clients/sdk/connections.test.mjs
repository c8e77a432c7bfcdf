// Connections, and the part of connecting that needs no browser.

import assert from 'node:assert/strict';
import * as sdk from '@membranehq/sdk';
import { byId, errorOf, scenario } from './lib/world.mjs';
import { accept, page } from './lib/shape.mjs';
import { refused } from './lib/failure.mjs';
import { inBrowser } from '../sdk-legacy/lib/page.mjs';

const Connection = sdk.ConnectionApiResponse;
const engine = { mock: { connectionStates: 'engine' } };

scenario('GET /connections lists the tenant\'s connections with their integrations', async ({ client }) => {
  const { items } = accept(page(Connection), await client.connections.find());
  assert.deepEqual(items.map(({ key }) => key).sort(), ['github-dev', 'hubspot-prod']);
  for (const connection of items) {
    assert.equal(connection.state, 'READY');
    assert.equal(connection.connected, true);
    assert.equal(connection.disconnected, false);
    assert.equal(connection.integration.id, connection.integrationId);
    assert.ok(connection.integration.name && connection.integration.key);
    assert.equal(connection.credentials, undefined);
  }
});

const filters = {
  'by integrationKey': () => ({ integrationKey: 'github' }),
  'by integrationId': (github) => ({ integrationId: github.integrationId }),
  'by connectorId': (github) => ({ connectorId: github.connectorId }),
  'by externalAppId': (github) => ({ externalAppId: github.externalAppId }),
  'by search in the key': () => ({ search: 'GITHUB-DEV' }),
  'by tenantId': (github) => ({ tenantId: github.tenantId, integrationKey: 'github' }),
  'by userId': (github) => ({ userId: github.userId, integrationKey: 'github' }),
  'by connected': () => ({ connected: true, integrationKey: 'github' }),
  'with a key it does not know': () => ({ integrationKey: 'github', hash: -1264902993 }),
};
for (const [how, query] of Object.entries(filters)) {
  scenario(`GET /connections filters ${how}`, async ({ client }) => {
    const github = await client.connection('github-dev').get();
    const { items } = accept(page(Connection), await client.connections.find(query(github)));
    assert.deepEqual(byId(items), [github.id]);
  });
}

scenario('GET /connections filters by lost credentials', engine, async (world) => {
  await world.poke('github-dev', 'loseCredentials');
  const { items } = accept(page(Connection), await world.client.connections.find({ disconnected: true }));
  assert.deepEqual(items.map(({ key }) => key), ['github-dev']);
  assert.deepEqual(
    (await world.client.connections.find({ connected: true })).items.map(({ key }) => key),
    ['hubspot-prod'],
  );
});

scenario('POST /connections with credentials makes a READY connection', async ({ client }) => {
  const made = accept(
    Connection,
    await client.connections.create({
      key: 'by-hand',
      name: 'By hand',
      integrationKey: 'stripe',
      credentials: { apiKey: 'sk_test_suite' },
    }),
  );
  assert.equal(made.key, 'by-hand');
  assert.equal(made.name, 'By hand');
  assert.equal(made.state, 'READY');
});

for (const [which, selector] of Object.entries({ id: ({ id }) => id, key: ({ key }) => key, 'integration key': () => 'github' })) {
  scenario(`GET /connections/:c finds a connection by ${which}`, async ({ client }) => {
    const [github] = (await client.connections.find({ integrationKey: 'github' })).items;
    const found = accept(Connection, await client.connection(selector(github)).get());
    assert.equal(found.id, github.id);
    assert.equal(found.credentials, undefined);
  });
}

scenario('GET /connections/:c without a query is the same', async ({ client }) => {
  assert.equal(accept(Connection, await client.connection('github-dev').get({})).key, 'github-dev');
});

scenario('GET /connections/:c shows secrets only when they are asked for', async ({ client }) => {
  const open = await client.connection('github-dev').get({ includeSecrets: true });
  accept(sdk.ConnectionApiResponseWithSecrets, open);
  assert.ok(Object.keys(open.credentials).length > 0);
});

scenario('GET /connections/:c of lost credentials keeps to the engine\'s states when told to', engine, async (world) => {
  await world.poke('github-dev', 'loseCredentials');
  const lost = accept(Connection, await world.client.connection('github-dev').get());
  assert.equal(lost.state, 'READY');
  assert.equal(lost.disconnected, true);
  assert.equal(lost.connected, false);
  assert.ok(lost.error.message);
});

scenario('PATCH /connections/:c merges', async ({ client }) => {
  const patched = accept(Connection, await client.connection('github-dev').patch({ name: 'Renamed', meta: { a: 1 } }));
  assert.equal(patched.name, 'Renamed');
  assert.equal(patched.key, 'github-dev');
  assert.deepEqual(patched.meta, { a: 1 });
  assert.equal(patched.state, 'READY');
});

scenario('PUT /connections/:c takes a whole record, read-only fields and all', async ({ client }) => {
  const before = await client.connection('github-dev').get();
  const after = accept(Connection, await client.connection('github-dev').put({ ...before, name: 'Replaced' }));
  assert.equal(after.name, 'Replaced');
  assert.equal(after.id, before.id);
  assert.equal(after.createdAt, before.createdAt);
  assert.equal(after.state, 'READY');
});

scenario('DELETE /connections/:c archives: gone from lists and from act, and restorable', async (world) => {
  const { client } = world;
  const { id } = await client.connection('github-dev').get();
  await client.connection('github-dev').archive();
  assert.deepEqual((await client.connections.find()).items.map(({ key }) => key), ['hubspot-prod']);
  const archived = (await client.connections.find({ includeArchived: true })).items.find((each) => each.id === id);
  assert.ok(archived.archivedAt);
  const call = { api: { method: 'GET', path: '/user' }, connectionKey: 'github-dev' };
  await refused(client, () => client.post('/act', call), { as: sdk.BadRequestError, status: 404, key: 'not_found' });
  await refused(client, () => client.connection(id).patch({ name: 'x' }), { as: sdk.BadRequestError, status: 400 });

  const restored = accept(Connection, await client.post(`/connections/${id}/restore`));
  assert.equal(restored.archivedAt, undefined);
  assert.equal(restored.state, 'READY');
  assert.equal((await client.connections.find()).items.length, 2);
});

scenario('POST /connections/:c/refresh-credentials renews them', async ({ client }) => {
  await client.connection('github-dev').refreshCredentials();
  assert.equal((await client.connection('github-dev').get()).state, 'READY');
});

scenario('POST /connections/:c/api/<path> passes body and answer on', async (world) => {
  await world.stub('github', 'POST', '/suite/echo', { json: { ok: true } }, { body: { a: 1 } });
  assert.deepEqual(await world.client.connection('github-dev').request('/suite/echo', { a: 1 }), { ok: true });
});

scenario('POST /connections/:c/api/<path> without a body sends none', async (world) => {
  await world.stub('github', 'POST', '/suite/ping', { json: { pong: true } });
  assert.deepEqual(await world.client.connection('github-dev').request('suite/ping'), { pong: true });
});

for (const method of ['get', 'post', 'put', 'patch', 'delete']) {
  scenario(`${method.toUpperCase()} /connections/:c/proxy/<path> is a pass-through`, async (world) => {
    await world.stub('github', method.toUpperCase(), '/suite/proxied', { json: { by: method } }, { query: { q: '1 2' } });
    const { proxy } = world.client.connection('github-dev');
    assert.deepEqual(await proxy[method]('/suite/proxied?q=1%202', { a: 1 }), { by: method });
  });
}

scenario('a proxied failure keeps the external app\'s status and body', async (world) => {
  await world.stub('github', 'GET', '/suite/teapot', { status: 418, json: { message: 'short and stout' } });
  const error = await errorOf(world.client.connection('github-dev').proxy.get('/suite/teapot'));
  assert.equal(error.isAxiosError, true, 'no engine error: the body is the external app\'s');
  assert.equal(error.response.status, 418);
  assert.deepEqual(error.response.data, { message: 'short and stout' });
});

// Connecting, without a browser

const optionsAsked = {
  'an integration key': () => ({ integrationKey: 'github' }),
  'an integration id': ({ integrationId }) => ({ integrationId }),
  'a connector id': ({ connectorId }) => ({ connectorId }),
  'a connection id': ({ id }) => ({ connectionId: id }),
};
for (const [by, query] of Object.entries(optionsAsked)) {
  scenario(`POST /connection-options by ${by} is a bare array of ways to authenticate`, async ({ client }) => {
    const options = await client.post('/connection-options', query(await client.connection('github-dev').get()));
    assert.ok(Array.isArray(options) && options.length > 0, JSON.stringify(options));
    for (const option of options) {
      accept(sdk.GeneratedConnectorOption, option);
      assert.equal(typeof option.key, 'string');
    }
    assert.ok(options.some(({ type }) => type === 'oauth2'));
  });
}

scenario('POST /connection-options of an app with API keys says client-credentials and what to type', async ({ client }) => {
  const [option] = await client.post('/connection-options', { integrationKey: 'stripe' });
  accept(sdk.GeneratedConnectorOption, option);
  assert.equal(option.type, 'client-credentials');
  assert.ok(Object.keys(option.inputSchema.properties).length > 0);
});

const connectTargets = {
  'an integration key': ({ integration }) => ({ integrationKey: integration.key }),
  'an integration id': ({ integration }) => ({ integrationId: integration.id }),
  'a connector id': ({ listed }) => ({ connectorId: listed.connectorId }),
  'a connector key': ({ listed }) => ({ connectorKey: listed.connectorKey }),
  'an external app id': ({ listed }) => ({ externalAppId: listed.externalAppId }),
};
for (const [by, target] of Object.entries(connectTargets)) {
  scenario(`POST /connect by ${by} asks the user`, async ({ client }) => {
    const integration = await client.integration('slack').get();
    const listed = (await client.integrations.find({ search: 'slack' })).items.find(({ key }) => key === 'slack');
    const connection = accept(Connection, await client.post('/connect', target({ integration, listed })));
    assert.equal(connection.state, 'CLIENT_ACTION_REQUIRED');
    assert.equal(connection.clientAction.type, 'connect');
    assert.ok(connection.clientAction.description);
    assert.ok(connection.key, 'a key is assigned when none is given');
    assert.ok(connection.integrationId);
  });
}

scenario('POST /connect with a known connectionKey reconnects that connection', async ({ client }) => {
  const known = await client.connection('github-dev').get();
  const again = await client.post('/connect', { integrationKey: 'github', connectionKey: 'github-dev' });
  assert.equal(again.id, known.id);
});

const connectMistakes = {
  'an integration that does not exist': [{ integrationKey: 'nowhere' }, { status: 404, key: 'not_found', message: /^integration not found/i }],
  'a connection that does not exist': [{ connectionId: '000000000000000000000000' }, { status: 404, key: 'not_found' }],
  'nothing to connect to': [{}, { status: 400 }],
  'a key that is too long': [{ integrationKey: 'github', connectionKey: 'k'.repeat(101) }, { status: 400 }],
};
for (const [what, [body, expected]] of Object.entries(connectMistakes)) {
  scenario(`POST /connect refuses ${what}`, async ({ client }) => {
    await refused(client, () => client.post('/connect', body), { as: sdk.BadRequestError, ...expected });
  });
}

// The states a client sees

const held = { ...engine, progress: { 'connection.building': 'hold' } };
const buildings = {
  finishBuilding: 'CLIENT_ACTION_REQUIRED',
  failConfiguration: 'CONFIGURATION_ERROR',
  failSetup: 'SETUP_FAILED',
};
for (const [event, state] of Object.entries(buildings)) {
  scenario(`a connection that is built from an intent goes from BUILDING to ${state}`, held, async (world) => {
    await world.progress(held.progress);
    const building = accept(Connection, await world.client.post('/connect', { intent: 'Zyqqlotron' }));
    assert.equal(building.state, 'BUILDING');
    assert.equal(building.clientAction, undefined);
    await world.poke(building.id, event, state === 'CLIENT_ACTION_REQUIRED' ? undefined : 'the suite says no');
    const moved = accept(Connection, await world.client.connection(building.id).get());
    assert.equal(moved.state, state);
    if (state === 'CLIENT_ACTION_REQUIRED') assert.ok(moved.clientAction.uiUrl);
    else assert.match(moved.errors[0].message, /the suite says no/);
  });
}

scenario('a reconnect that the user cancels leaves the connection as it was', async (world) => {
  const known = await world.client.connection('github-dev').get();
  await world.client.post('/connect', { connectionId: known.id });
  await world.poke(known.id, 'cancel');
  const after = accept(Connection, await world.client.connection(known.id).get());
  assert.equal(after.state, 'READY');
  assert.equal(after.clientAction, undefined);
});

scenario('POST /connections/:c/execute-request answers with the output of the app\'s request', async ({ client }) => {
  const repositories = await client.connectionRequest('github-dev', 'list-repositories', {});
  assert.ok(Array.isArray(repositories) && repositories.length > 0);
});

scenario('POST /connections/:c/execute-request names the requests there are', async ({ client }) => {
  await assert.rejects(client.connectionRequest('github-dev', 'list-repos', {}), (error) => {
    assert.match(error.message, /`list-repositories`/);
    return error.data.key === 'not_found';
  });
});

scenario('integration().createConnection() connects in a popup', async (world) => {
  const { id } = await world.client.integration('slack').get();
  const ended = await inBrowser(() => world.client.integration('slack').createConnection({ name: 'Ours' }));
  const made = accept(Connection, ended.value);
  assert.deepEqual([made.name, made.integrationId], ['Ours', id]);
  assert.equal(ended.payload.integrationId, id);
  assert.equal(accept(Connection, await world.client.connection(made.id).get()).disconnected, false);
});

scenario('POST /connections/ensure passes over a connection that cannot be used', async (world) => {
  const ensure = () => world.client.post('/connections/ensure', { appUrl: 'https://github.com' });
  const first = await ensure();
  assert.equal(first.key, 'github-dev');
  await world.manager.integration('github').archive();
  const second = await ensure();
  assert.notEqual(second.id, first.id);
});
