// The ten shipped scenarios, each played against the client: what a user of the platform sees of them.
// Time stands still in 2030 until a test moves it. What the seeded tokens' age brings about there has happened before
// a story begins.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { once } from 'node:events';
import * as sdk from '@membranehq/sdk';
import { errorOf, lastStatus, scenario } from './lib/world.mjs';
import { goThrough } from './lib/hosted-page.mjs';
import { accept } from './lib/shape.mjs';
import { refused } from './lib/failure.mjs';

const MINUTE = 60_000;
const user = { api: { method: 'GET', path: '/user' }, connectionKey: 'github-dev' };
const act = (client) => client.post('/act', user);
const github = (world) => world.client.connection('github-dev').get();

function played(name, what, body) {
  scenario(`${name}: ${what}`, { clock: '2030-01-01T00:00:00Z' }, async (world, t) => {
    await world.settle();
    await body(world, t);
  });
}

/** A call through a connection that lost its credentials. */
async function lost(world) {
  const { data } = await refused(world.client, act, { as: sdk.ConnectionError, status: 400, message: /disconnected/ });
  assert.equal(data.code, 'CONNECTION_DISCONNECTED');
  assert.equal(data.key, 'access_token_expired');
  const log = await world.client.get(`/action-run-logs/${data.actionRunId}`);
  assert.equal(log.status, 'error');
  return data.data.connectionId;
}

/** The user connects again, at the pages, and is back under the same id. */
async function reconnect(world, connectionId) {
  const asked = await world.client.post('/connect', { connectionId });
  await goThrough(asked.clientAction.uiUrl);
  const connection = accept(sdk.ConnectionApiResponse, await world.client.connection(connectionId).get());
  assert.equal(connection.id, connectionId);
  assert.equal(connection.state, 'READY');
  assert.equal(connection.connected, true);
}

played('expire-after-n-acts', 'works so often, then needs its user, then works again', async (world) => {
  const story = await world.play('expire-after-n-acts', { acts: 2, connection: 'github-dev' });
  await act(world.client);
  await act(world.client);
  assert.equal((await github(world)).state, 'READY', 'nobody has noticed yet');

  const connectionId = await lost(world);
  const { state, connected, disconnected } = await github(world);
  assert.deepEqual({ state, connected, disconnected }, { state: 'DISCONNECTED', connected: false, disconnected: true });
  assert.equal((await world.client.connection('hubspot-prod').get()).state, 'READY', 'it is about one connection');

  await reconnect(world, connectionId);
  await act(world.client);
  await world.settle();
  assert.equal((await story()).state, 'done');
});

played('refresh-fails-twice-then-needs-user', 'stays READY while the vendor gives no answer', async (world) => {
  const story = await world.play('refresh-fails-twice-then-needs-user', { connection: 'github-dev' });
  const { data } = await refused(world.client, act, { as: sdk.ActionRunError, status: 400 });
  assert.equal(data.data.response.status, 401, 'what the app said of the old token');
  const { id, state, retryAttempts } = await github(world);
  assert.deepEqual({ state, retryAttempts }, { state: 'READY', retryAttempts: 1 });

  await world.advance(5_000);
  assert.equal((await github(world)).retryAttempts, 2);
  await world.advance(10_000);
  const given = await github(world);
  assert.equal(given.state, 'DISCONNECTED');
  assert.equal(given.error.key, 'access_token_expired');
  await lost(world);

  await reconnect(world, id);
  await act(world.client);
  await world.settle();
  assert.equal((await story()).state, 'done');
});

played('user-cancels-connect', 'leaves a first connection unconnected and an old one as it was', async (world) => {
  await world.play('user-cancels-connect');
  const asked = await world.client.post('/connection-requests', { integrationKey: 'slack', connectionKey: 'mine' });
  await world.settle();
  assert.equal((await world.client.get(`/connection-requests/${asked.requestId}`)).status, 'cancelled');
  const mine = await world.client.connection('mine').get();
  assert.equal(mine.connected, false);

  await world.client.post('/connect', { integrationKey: 'github', connectionKey: 'github-dev' });
  await world.settle();
  const { state, clientAction } = await github(world);
  assert.deepEqual({ state, clientAction }, { state: 'READY', clientAction: undefined });
  await act(world.client);

  const attempts = (await world.client.get('/connection-attempt-logs')).items;
  assert.deepEqual(attempts.map(({ status }) => status), ['error', 'error']);
  for (const attempt of attempts) assert.match(attempt.error.message, /cancelled/);
});

played('user-connects-other-account', 'connects whoever the scenario says', async (world) => {
  await world.play('user-connects-other-account', { account: 'eve@example.com' });
  const asked = await world.client.post('/connect', { integrationKey: 'github', connectionKey: 'github-dev' });
  const consentPage = await fetch(asked.clientAction.uiUrl, {
    method: 'POST',
    body: new URLSearchParams({ action: 'connect' }),
  });
  assert.match(await consentPage.text(), /value="eve@example\.com"/);
  await fetch(consentPage.url, { method: 'POST', body: new URLSearchParams({ action: 'allow', account: '' }) });

  assert.equal((await github(world)).state, 'READY');
  const grants = (await world.control('GET', '/upstreams/github/tokens')).items;
  assert.equal(grants.at(-1).account, 'eve@example.com');
  const { credentials } = await world.client.connection('github-dev').get({ includeSecrets: true });
  assert.ok(credentials.access_token.endsWith(grants.at(-1).accessTokenEndsWith), 'calls are made as the other account');
});

played('building-never-finishes', 'keeps whoever waits waiting', async (world) => {
  await world.play('building-never-finishes');
  const begun = accept(sdk.ConnectionApiResponse, await world.client.post('/connect', { intent: 'Zyqqlotron' }));
  assert.equal(begun.state, 'BUILDING');
  await world.advance(24 * 60 * MINUTE);

  const waited = await world.client.get(`/connections/${begun.id}`, { wait: true, timeout: 1 });
  assert.equal(waited.state, 'BUILDING', 'an answer within the time that the client gave');
  await refused(world.client, (client) => client.post('/act', { ...user, connectionKey: begun.key }), {
    as: sdk.ConnectionError,
    status: 400,
    message: /still BUILDING/,
  });

  await world.poke(begun.id, 'finishBuilding');
  assert.equal((await world.client.connection(begun.id).get()).state, 'CLIENT_ACTION_REQUIRED');
});

played('connector-setup-fails', 'ends in SETUP_FAILED and says why', async (world) => {
  await world.play('connector-setup-fails', { error: 'the vendor has no API' });
  const { id, key } = await world.client.post('/connect', { intent: 'Zyqqlotron' });
  const failed = accept(
    sdk.ConnectionApiResponse,
    await world.client.get(`/connections/${id}`, { wait: true, timeout: 10 }),
  );
  assert.equal(failed.state, 'SETUP_FAILED');
  assert.equal(failed.errors[0].message, 'the vendor has no API');
  await refused(world.client, (client) => client.post('/act', { ...user, connectionKey: key }), {
    as: sdk.ConnectionError,
    status: 400,
  });
});

played('vendor-outage', 'answers 503 behind one connector for so long', async (world) => {
  const story = await world.play('vendor-outage', { connector: 'github', minutes: 2 });
  const { data } = await refused(world.client, act, { as: sdk.ActionRunError, status: 400 });
  assert.equal(data.data.response.status, 503);
  const log = await world.client.get(`/action-run-logs/${data.actionRunId}/details`);
  assert.equal(log.details.response.status, 503);
  const proxied = await errorOf(world.client.connection('github-dev').proxy.get('/user'));
  assert.equal(proxied.response.status, 503, 'a pass-through passes it through');
  await world.client.post('/act', { key: 'list-contacts', connectionKey: 'hubspot-prod' });

  await world.advance(2 * MINUTE - 1);
  assert.equal((await errorOf(act(world.client))).data.data.response.status, 503);
  await world.advance(1);
  assert.equal((await story()).state, 'done');
  await act(world.client);
});

played('rate-limited', 'is a BadRequestError with status 429 until the clock has moved', async (world) => {
  await world.play('rate-limited', { limit: 2 });
  await act(world.client);
  await act(world.client);
  const { data } = await refused(world.client, act, { as: sdk.BadRequestError, status: 429, key: 'rate_limit_exceeded' });
  assert.equal(data.actionRunId, undefined, 'nothing ran');
  await world.clientOf('another').connections.find();

  const answer = await world.curl('POST', '/act', { data: user });
  const seconds = Number(answer.headers.get('retry-after'));
  assert.equal(answer.status, 429);
  assert.ok(seconds > 0 && seconds <= 60, `Retry-After: ${seconds}`);
  await world.advance(seconds * 1_000);
  await act(world.client);
});

played('webhook-receiver-down', 'is told later, once, and signed', async (world, t) => {
  const told = [];
  const app = createServer(async (request, response) => {
    const body = (await request.toArray()).join('');
    told.push({ body, headers: request.headers });
    response.writeHead(204).end();
  }).listen(0, '127.0.0.1');
  t.after(() => app.close());
  await once(app, 'listening');
  await world.configure({ mock: { webhookSecret: 'hush' } });
  await world.manager.patch(`/workspaces/${world.key}`, { webhookUri: `http://127.0.0.1:${app.address().port}/hook` });

  await world.play('webhook-receiver-down', { minutes: 1 });
  await world.poke('github-dev', 'loseCredentials');
  await world.advance(MINUTE - 1);
  assert.equal(told.length, 0);
  await world.advance(MINUTE);

  assert.equal(told.length, 1);
  const payload = JSON.parse(told[0].body);
  assert.equal(payload.eventType, sdk.WorkspaceEventType.ConnectionDisconnected);
  assert.equal(payload.data.connection.key, 'github-dev');
  assert.equal(told[0].headers['x-signature'], createHmac('sha256', 'hush').update(told[0].body).digest('hex'));
  const [delivery] = (await world.control('GET', '/webhooks')).items;
  assert.equal(delivery.state, 'delivered');
  const statuses = delivery.attempts.map(({ status }) => status);
  assert.deepEqual(new Set(statuses.slice(0, -1)), new Set([503]));
  assert.equal(statuses.at(-1), 204);
});

played('secret-rotated', 'refuses a client with the old secret', async (world) => {
  const client = world.clientOf();
  await world.play('secret-rotated', { acts: 1, secret: 'another-secret-another-secret-another-secret' });
  await act(client);
  await refused(client, () => client.self.get(), { as: sdk.BadRequestError, status: 401, key: 'not_authenticated' });

  world.secret = 'another-secret-another-secret-another-secret';
  const told = world.clientOf();
  await told.self.get();
  assert.equal(lastStatus(told), 200);
});
