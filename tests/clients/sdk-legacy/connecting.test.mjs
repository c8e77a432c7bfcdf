// Connecting with the legacy client: a form posted to the former name of the connect page, whose query says what to
// connect, and the event stream that has no token. The client's own code runs, in as much of a browser as it needs.

import assert from 'node:assert/strict';
import * as sdk from '@integration-app/sdk';
import { accept, Connection } from './lib/shape.mjs';
import { inBrowser } from './lib/page.mjs';
import { scenario } from './lib/world.mjs';

const ways = {
  'integration().connect()': (client) => client.integration('slack').connect({ name: 'Ours' }),
  'integration().createConnection()': (client) => client.integration('slack').createConnection({ name: 'Ours' }),
};
for (const [way, call] of Object.entries(ways)) {
  scenario(`${way} makes a connection`, async (world) => {
    const ended = await inBrowser(() => call(world.client));
    accept(Connection, ended.value);
    const { id } = await world.client.integration('slack').get();
    assert.deepEqual([ended.value.name, ended.value.integrationId], ['Ours', id]);
    assert.equal((await world.client.connection(ended.value.id).get()).disconnected, false);

    assert.deepEqual(ended.query, { integrationId: id });
    const { requestId, ...payload } = ended.payload;
    assert.equal(ended.target, `connection-request-${requestId}`);
    assert.deepEqual(payload, { token: world.tenantToken, name: 'Ours' });
  });
}

scenario('connection().reconnect() keeps the connection', async (world) => {
  const before = await world.client.connection('github-dev').get();
  await world.control('POST', '/connections/github-dev/poke', { event: 'loseCredentials' });
  const ended = await inBrowser(() => world.client.connection('github-dev').reconnect());
  assert.deepEqual(ended.query, { connectionId: before.id });
  assert.equal(ended.value.id, before.id);
  accept(Connection, ended.value);
  assert.equal((await world.client.connection('github-dev').get()).disconnected, false);
  assert.equal((await world.client.connections.find()).items.length, 2);
});

scenario('connect() with credentials ends in a hidden frame, without anyone to ask', async (world) => {
  const silent = async (load, url, init) => {
    const page = await load(url, init);
    assert.equal(page.status, 200, await page.clone().text());
    assert.equal(page.headers.get('x-frame-options'), null);
    assert.doesNotMatch(page.headers.get('content-security-policy') ?? '', /frame-ancestors/);
  };
  const parameters = { apiKey: 'sk_test_suite' };
  const connect = () => world.client.integration('stripe').connect({ parameters });
  const ended = await inBrowser(connect, silent);
  assert.deepEqual(ended.payload.connectionParameters, parameters);
  accept(Connection, ended.value);
  const made = await world.client.connection(ended.value.id).get({ includeSecrets: true });
  assert.equal(made.credentials.apiKey, parameters.apiKey);
});

scenario('connect() in the same window goes back to the address it is given', async (world) => {
  const redirectUri = 'https://app.example/back?kept=1';
  const connect = () => world.client.integration('slack').connect({ sameWindow: true, redirectUri });
  const ended = await inBrowser(connect);
  assert.equal(ended.target, '_self');
  assert.equal(ended.payload.redirectUri, redirectUri);
  const back = new URL(ended.end.html);
  assert.equal(back.origin + back.pathname, 'https://app.example/back');
  assert.equal(back.searchParams.get('kept'), '1');
});

scenario('connect() rejects with what went wrong', async (world) => {
  const failing = async (load, url, init) => {
    await load(url, init);
    const { items } = await world.manager.connections.find({ integrationKey: 'slack' });
    await world.control('POST', `/connections/${items[0].id}/fail`, { error: 'access_denied' });
  };
  const connect = () => world.client.integration('slack').connect();
  await assert.rejects(inBrowser(connect, failing), (error) => {
    assert.ok(error instanceof sdk.IntegrationAppError, String(error));
    assert.match(error.message, /denied/i);
    return true;
  });
});

scenario("integration().disconnect() archives the caller's connections of it, and no others", async (world) => {
  await world.client.integration('github').disconnect();
  assert.deepEqual((await world.client.connections.find()).items.map(({ key }) => key), ['hubspot-prod']);
});

scenario('GET and POST /connection-popup take what they connect from the query', async (world) => {
  const { id } = await world.client.integration('slack').get();
  const payload = JSON.stringify({ token: world.tenantToken, requestId: 'r' });
  const form = { method: 'POST', body: new URLSearchParams({ payload }) };
  const asked = { [`integrationId=${id}&token=${world.tenantToken}`]: {}, [`integrationId=${id}`]: form };
  for (const [query, init] of Object.entries(asked)) {
    const response = await fetch(`${world.apiUri}/connection-popup?${query}`, init);
    const html = await response.text();
    assert.equal(response.status, 200, html);
    assert.match(html, /Slack/);
  }
  const nowhere = await fetch(`${world.apiUri}/connection-popup?integrationId=nowhere`, form);
  assert.match(await nowhere.text(), /integration not found/i);
});

// The pages that the client shows in a frame, at the addresses that it makes itself.

async function elements(world) {
  const nodes = { start: { type: 'api-trigger' } };
  await world.manager.flows.create({ key: 'suite', name: 'Suite', nodes, integrationKey: 'github' });
  const run = await world.client.connection('github-dev').flow('suite').run({ input: {} });
  const of = { parentKey: 'list-repositories', integrationKey: 'github', autoCreate: true };
  const made = { run: run.id, flow: run.flowInstanceId, action: await world.client.actionInstance(of).getId() };
  for (const kind of ['dataSource', 'fieldMapping']) {
    await world.manager[`${kind}s`].create({ key: 'suite', integrationKey: 'github' });
    made[kind] = (await world.client.connection('github-dev')[kind]('suite').create()).id;
  }
  return made;
}
const pages = {
  'open()': () => 'main',
  'integration().open()': () => 'integrations/github',
  'integration().openNewConnection()': () => 'integrations/github/connect',
  'connection().openReconnectUI()': () => 'connections/github-dev/refresh',
  'actionInstance().open()': ({ action }) => `action-instances/${action}/configuration`,
  'flowInstance().openConfiguration()': ({ flow }) => `flow-instances/${flow}/configuration`,
  'flowInstance().openEditor()': ({ flow }) => `flow-instances/${flow}/editor`,
  'flowRun().openEditor()': ({ run }) => `flow-runs/${run}/editor`,
  'dataSourceInstance().openConfiguration()': ({ dataSource }) => `data-source-instances/${dataSource}/configuration`,
  'fieldMappingInstance().openConfiguration()': ({ fieldMapping }) => `field-mapping-instances/${fieldMapping}/configuration`,
};
const isolated = {
  'flowInstance().embedEditor()': ({ flow }) => `flow-instances/${flow}/editor`,
  'flowRun().embedEditor()': ({ run }) => `flow-runs/${run}/editor`,
};
for (const [all, embedMode] of [[pages], [isolated, 'isolated-embed']]) {
  for (const [method, path] of Object.entries(all)) {
    scenario(`${method} has a page that may be framed`, async (world) => {
      const address = await world.client.getEmbedUri(path(await elements(world)), {}, { embedMode });
      const response = await fetch(address, { headers: { accept: 'text/html' } });
      const html = await response.text();
      assert.equal(response.status, 200, html);
      assert.match(response.headers.get('content-type'), /^text\/html/);
      assert.equal(response.headers.get('x-frame-options'), null);
    });
  }
}
