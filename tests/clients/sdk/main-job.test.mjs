// What a user of the platform does all day, with a client that was told only where the workspace is and who asks.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as sdk from '@membranehq/sdk';
import { errorOf, exported, lastStatus, scenario } from './lib/world.mjs';
import { goThrough } from './lib/hosted-page.mjs';
import { accept, page } from './lib/shape.mjs';

test('the exported environment alone makes a client that works', async () => {
  const client = new sdk.MembraneClient(exported());
  const self = accept(sdk.TenantSelfResponse, await client.self.get());
  assert.equal(self.internalId, exported().tenantKey);
  const keys = (await client.connections.find()).items.map((connection) => connection.key);
  assert.ok(keys.includes('github-dev') && keys.includes('hubspot-prod'), `demo connections, got ${keys}`);
});

scenario('a connection is made, used in every way, breaks, is reconnected and works again', async (world, t) => {
  const client = world.clientOf();
  const repositories = [{ id: 1, name: 'hello-world', private: false }];
  await world.stub('github', 'GET', '/user/repos', { json: repositories });
  const action = await world.action(
    { key: 'suite-list-repos', name: 'List repositories', integrationKey: 'github' },
    { method: 'GET', path: '/user/repos' },
  );
  let connection;
  let failedRun;

  await t.test('integrations are listed', async () => {
    const { items } = accept(page(sdk.IntegrationListItem), await client.integrations.find());
    assert.ok(items.some((integration) => integration.key === 'github'));
  });

  await t.test('a connection is asked for and waits for its user', async () => {
    connection = await client.post('/connect', { integrationKey: 'github', connectionKey: 'suite' });
    accept(sdk.ConnectionApiResponse, connection);
    assert.equal(connection.state, 'CLIENT_ACTION_REQUIRED');
    assert.equal(connection.key, 'suite');
    assert.equal(connection.clientAction.type, 'connect');
    assert.equal(connection.connected, false);
    assert.ok(URL.canParse(connection.clientAction.uiUrl), connection.clientAction.uiUrl);
  });

  await t.test('the user presses Connect and the connection is READY', async () => {
    await goThrough(connection.clientAction.uiUrl);
    const ready = await client.get(`/connections/${connection.id}`, { wait: true, timeout: 30 });
    accept(sdk.ConnectionApiResponse, ready);
    assert.equal(ready.state, 'READY');
    assert.equal(ready.connected, true);
    assert.equal(ready.disconnected, false);
    assert.equal(ready.clientAction, undefined);
    assert.equal(ready.integration.key, 'github');
  });

  const dispatches = {
    'an inline request': { api: { method: 'GET', path: '/user/repos' } },
    'an action by key': { key: 'suite-list-repos' },
    'an action by id': { id: action.id },
    'an inline snippet': { code: 'module.exports = ({ input }) => input.repositories', input: { repositories } },
  };
  for (const [what, dispatch] of Object.entries(dispatches)) {
    await t.test(`${what} runs through the connection and leaves a run log`, async () => {
      const answer = await client.post('/act', { ...dispatch, connectionKey: 'suite' });
      accept(sdk.ActionRunResponse, answer);
      assert.deepEqual(answer.output, repositories);

      const log = await client.get(`/action-run-logs/${answer.actionRunId}`);
      accept(sdk.ActionRunLogRecordApiResponse, log);
      assert.equal(log.id, answer.actionRunId);
      assert.equal(log.status, 'success');
      assert.equal(log.connectionId, connection.id);
      assert.equal(log.connection.key, 'suite');
      assert.equal(log.integration.key, 'github');
      assert.deepEqual(log.output, repositories);
    });
  }

  await t.test('the details of a run show the exchange with the external app', async () => {
    const { actionRunId } = await client.post('/act', { key: 'suite-list-repos', connectionKey: 'suite' });
    const log = await client.get(`/action-run-logs/${actionRunId}/details`);
    accept(sdk.ActionRunLogRecordApiResponse, log);
    assert.equal(log.details.request.method, 'GET');
    assert.match(JSON.stringify(log.details.request), /api\.github\.com\/user\/repos/);
    assert.equal(log.details.response.status, 200);
    assert.ok((await world.requestsTo('github')).some((request) => request.path === '/user/repos'));
  });

  await t.test('with its credentials gone a call says so and still has a run id', async () => {
    await world.poke(connection.id, 'loseCredentials');
    const error = await errorOf(client.post('/act', { key: 'suite-list-repos', connectionKey: 'suite' }));
    assert.equal(error.constructor, sdk.ConnectionError);
    assert.equal(lastStatus(client), 400);
    assert.equal(error.data.code, 'CONNECTION_DISCONNECTED');
    assert.equal(error.data.data.connectionId, connection.id);
    assert.equal(error.data.data.actionRunId, error.data.actionRunId);
    accept(sdk.ErrorDataSchema, error.data);
    failedRun = error.data.actionRunId;

    const broken = await client.connection('suite').get();
    assert.equal(broken.state, 'DISCONNECTED');
    assert.equal(broken.disconnected, true);
    assert.equal(broken.connected, false);
    assert.ok(broken.error.message);
    assert.ok(broken.requestError.message);
  });

  await t.test('the failed run is in the log', async () => {
    const log = await client.get(`/action-run-logs/${failedRun}`);
    assert.equal(log.status, 'error');
    assert.equal(log.error.type, 'connection');
    assert.equal(log.connectionId, connection.id);
  });

  await t.test('it is reconnected under the same id', async () => {
    const again = await client.post('/connect', { connectionId: connection.id });
    assert.equal(again.id, connection.id);
    assert.equal(again.state, 'CLIENT_ACTION_REQUIRED');
    assert.equal(again.disconnected, true, 'disconnected until it succeeds');
    await goThrough(again.clientAction.uiUrl);
    const ready = await client.get(`/connections/${connection.id}`, { wait: true, timeout: 30 });
    accept(sdk.ConnectionApiResponse, ready);
    assert.equal(ready.state, 'READY');
    assert.equal(ready.disconnected, false);
    assert.equal(ready.error, undefined);
    assert.equal((await client.connections.find({ search: 'suite' })).items.length, 1);
  });

  await t.test('and the same call works again', async () => {
    const { output } = await client.post('/act', { key: 'suite-list-repos', connectionKey: 'suite' });
    assert.deepEqual(output, repositories);
  });

  await t.test('the whole story is in the journal', async () => {
    const calls = (await world.journal()).map(({ method, path, status }) => ({ method, path, status }));
    const acts = calls.filter((call) => call.method === 'POST' && call.path === '/act');
    assert.deepEqual(
      acts.map((call) => call.status),
      [200, 200, 200, 200, 200, 400, 200],
    );
    assert.deepEqual(calls.filter((call) => call.status >= 500), []);
  });
});

scenario('an app with an API key is connected by typing the key', async (world) => {
  const asked = await world.client.post('/connect', { integrationKey: 'stripe', connectionKey: 'stripe-suite' });
  assert.equal(asked.state, 'CLIENT_ACTION_REQUIRED');
  await goThrough(asked.clientAction.uiUrl);
  const ready = await world.client.get(`/connections/${asked.id}`, { wait: true, timeout: 30 });
  assert.equal(ready.state, 'READY');
  await world.stub('stripe', 'GET', '/suite/balance', { json: { available: 5 } });
  const { output } = await world.client.post('/act', {
    api: { method: 'GET', path: '/suite/balance' },
    connectionKey: 'stripe-suite',
  });
  assert.deepEqual(output, { available: 5 });
});

scenario('with autoConnect the answer is READY at once', { mock: { autoConnect: true } }, async (world) => {
  const connection = await world.client.post('/connect', { connectorKey: 'slack', connectionKey: 'slack-suite' });
  accept(sdk.ConnectionApiResponse, connection);
  assert.equal(connection.state, 'READY');
  assert.equal(connection.clientAction, undefined);
});

scenario('two tenants with the same connection key do not see each other', { mock: { autoConnect: true } }, async (world) => {
  const [anna, ben] = [world.clientOf('anna'), world.clientOf('ben')];
  const hers = await anna.post('/connect', { integrationKey: 'github', connectionKey: 'mine' });
  const his = await ben.post('/connect', { integrationKey: 'github', connectionKey: 'mine' });
  assert.notEqual(hers.id, his.id);
  assert.deepEqual((await anna.connections.find()).items.map(({ id }) => id), [hers.id]);
  const error = await errorOf(ben.connection(hers.id).get());
  assert.equal(error.constructor, sdk.BadRequestError);
  assert.equal(error.data.key, 'not_found');
});
