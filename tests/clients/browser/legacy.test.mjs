// The legacy client on a page: its popup, its frame for keys, and the pages that it shows in a frame.

import assert from 'node:assert/strict';
import { accept, Connection } from '../sdk-legacy/lib/accept.mjs';
import { scenario } from './lib/scenario.mjs';
import { closed } from './lib/visit.mjs';
import { GIVE_UP, at, authorize, button, consent, fillKeys, givesUp, popupAtVendor, thereAndBack } from './lib/pages.mjs';

const open = (visit, more) => visit.open('legacy.html', more);
const connect = (client, { key = 'gmail', ...options } = {}) => client.integration(key).connect(options);
const reconnect = (client, options) => client.connection('github-dev').reconnect(options);

/** The call resolved with this connection, as the client declares it. */
async function connected({ world, visit }, expected) {
  const given = await visit.value();
  accept(Connection, given);
  return world.connected(given, expected);
}

/** The call rejected with an error of the client's. */
async function refused(visit, message, type, key) {
  const error = await visit.rejection();
  assert.match(error.message, message);
  assert.deepEqual([error.class, error.data.type, error.data.key], ['IntegrationAppError', type, key]);
}

/** What the client posted: the query of the address, and the payload with its id, which names a stream of events. */
function posted(visit) {
  const { requestId, ...payload } = JSON.parse(visit.form('/connection-popup').payload);
  const [post] = visit.to('POST', '/connection-popup');
  const [stream, ...more] = visit.to('GET', `/sse/connection-events/${requestId}`);
  assert.equal(new URL(stream.url()).search, '', 'this client gives the stream no token');
  assert.deepEqual(more, []);
  return { query: Object.fromEntries(new URL(post.url()).searchParams), payload, requestId };
}

/** No event comes over the stream: what ends the call is the message of the page. */
async function withoutStream(visit) {
  visit.expectErrors(/ERR_FAILED.*sse/);
  await visit.context.route('**/sse/connection-events/**', (route) => route.abort());
}

const oneWindow = (visit) => assert.equal(visit.context.pages().length, 1, 'no popup was opened');

// The popup.

for (const origin of ['cross', 'same']) {
  scenario(`legacy popup: connect(), ${origin} origin`, { origin }, async ({ world, visit }) => {
    const { id } = await world.api('GET', '/integrations/gmail');
    await open(visit);
    const popup = await popupAtVendor(visit, connect, { name: 'Ours' });
    assert.equal(await popup.opener(), visit.page);
    const { query, payload, requestId } = posted(visit);
    assert.deepEqual(query, { integrationId: id });
    assert.deepEqual(payload, { token: world.tenantToken, name: 'Ours' });
    assert.equal(await popup.evaluate(() => window.name), `connection-request-${requestId}`);
    await consent(popup);
    await connected({ world, visit }, { integrationKey: 'gmail', name: 'Ours' });
    await closed(popup);
  });
}

scenario('legacy popup: createConnection()', async ({ world, visit }) => {
  await open(visit);
  const create = (client) => client.integration('slack').createConnection({ name: 'Ours' });
  await consent(await popupAtVendor(visit, create));
  await connected({ world, visit }, { integrationKey: 'slack', name: 'Ours' });
});

scenario('legacy popup: the opener is severed, the event stream answers', { severed: true }, async ({ world, visit }) => {
  await open(visit);
  const popup = await popupAtVendor(visit, connect);
  assert.equal(await popup.evaluate(() => window.opener), null);
  await consent(popup);
  await connected({ world, visit }, { integrationKey: 'gmail' });
  const stream = visit.answers.find((answer) => answer.url().includes('/sse/'));
  assert.match(stream.headers()['content-type'], /^text\/event-stream\b/);
});

scenario('legacy popup: the event stream fails and the page brings the answer', async ({ world, visit }) => {
  await withoutStream(visit);
  await open(visit);
  await consent(await popupAtVendor(visit, connect));
  await connected({ world, visit }, { integrationKey: 'gmail' });
});

for (const severed of [false, true]) {
  const how = severed ? ', the opener severed' : '';
  scenario(`legacy popup: denied at the vendor rejects${how}`, { severed }, async ({ world, visit }) => {
    await open(visit);
    await consent(await popupAtVendor(visit, connect), { press: 'Deny' });
    await refused(visit, /access_denied/, 'bad_request', 'access_denied');
    await world.notConnected('gmail');
  });
}

scenario('legacy popup: cancelled before the vendor rejects', async ({ world, visit }) => {
  await open(visit);
  const popup = await visit.windowFrom(() => visit.start(connect));
  await at(popup, 'connect');
  await button(popup, 'Cancel').click();
  await refused(visit, /cancelled/, 'bad_request');
  await closed(popup);
  await world.notConnected('gmail');
});

scenario('legacy popup: closed by hand gives null, and the next one works', async ({ world, visit }) => {
  await open(visit);
  await (await popupAtVendor(visit, connect)).close();
  assert.equal(await visit.value(), null);
  await world.notConnected('gmail');
  await consent(await popupAtVendor(visit, connect));
  await connected({ world, visit }, { integrationKey: 'gmail' });
});

scenario('legacy popup: reconnect() keeps the connection, with another account', async ({ world, visit }) => {
  const { id } = await world.connection('github-dev');
  await world.loseCredentials(id);
  await open(visit);
  await consent(await popupAtVendor(visit, reconnect), { account: 'bob@example.com' });
  await connected({ world, visit }, { id, key: 'github-dev' });
  assert.deepEqual(posted(visit).query, { connectionId: id });
  const accounts = (await world.vendorTokens('github')).map(({ account }) => account);
  assert.ok(accounts.includes('bob@example.com'), `accounts at the vendor: ${accounts}`);
});

scenario('legacy popup: reconnect() that is denied leaves the connection as it was', async ({ world, visit }) => {
  const { id } = await world.connection('github-dev');
  await world.loseCredentials(id);
  await open(visit);
  await consent(await popupAtVendor(visit, reconnect), { press: 'Deny' });
  await refused(visit, /access_denied/, 'bad_request', 'access_denied');
  assert.equal((await world.connection(id)).disconnected, true);
});

for (const allowMultipleConnections of [undefined, true]) {
  const many = allowMultipleConnections ? 2 : 1;
  scenario(`legacy popup: allowMultipleConnections ${allowMultipleConnections} leaves ${many}`, async ({ world, visit }) => {
    await open(visit);
    await consent(await popupAtVendor(visit, connect, { key: 'github', allowMultipleConnections }));
    const { id } = await connected({ world, visit }, { integrationKey: 'github' });
    const ids = (await world.connections({ integrationKey: 'github' })).map((each) => each.id);
    assert.equal(ids.length, many);
    assert.ok(ids.includes(id));
  });
}

scenario('legacy popup: parameters are kept beside the tokens', async ({ world, visit }) => {
  const inputSchema = { type: 'object', required: ['shop'], properties: { shop: { type: 'string' } } };
  const connector = { key: 'acme-shop', name: 'Acme Shop', type: 'oauth2', inputSchema };
  await world.api('POST', '/connectors', connector, world.managerToken);
  await world.api('POST', '/integrations', { key: 'acme', name: 'Acme', connectorKey: connector.key }, world.managerToken);
  await open(visit);
  await consent(await popupAtVendor(visit, connect, { key: 'acme', parameters: { shop: 'main' } }));
  const { id } = await connected({ world, visit }, { integrationKey: 'acme' });
  const { credentials, input } = await world.api('GET', `/connections/${id}?includeSecrets=true`);
  assert.deepEqual(input, { shop: 'main' });
  assert.ok(credentials.access_token);
});

scenario('legacy popup: wrong own OAuth parameters reject', async ({ world, visit }) => {
  await world.spoilOAuthClient('gmail');
  await open(visit);
  await closed(await visit.windowFrom(() => visit.start(connect)));
  await refused(visit, /clientId/, 'configuration');
});

scenario('legacy popup: autoConnect closes it', { mock: { autoConnect: true } }, async ({ world, visit }) => {
  await open(visit);
  await closed(await visit.windowFrom(() => visit.start(connect)));
  await connected({ world, visit }, { integrationKey: 'gmail' });
});

const refusals = {
  'an expired token': ['gmail', (world) => ({ token: world.expiredToken() }), 'not_authenticated'],
  'an unknown integration': ['no-such-app', () => ({}), 'not_found'],
};
for (const [what, [key, settings, expected]] of Object.entries(refusals)) {
  scenario(`legacy popup: ${what} rejects, and none is opened`, async ({ world, visit }) => {
    visit.expectErrors(/Failed to load resource.*40[14]/);
    await open(visit, settings(world));
    await visit.start(connect, { key });
    const error = await visit.rejection();
    assert.deepEqual([error.class, error.data.key], ['BadRequestError', expected]);
    oneWindow(visit);
  });
}

// The same window, where a client with an address to go back to opens no popup.

const inSameWindow = (client, redirectUri) => client.integration('gmail').connect({ sameWindow: true, redirectUri });

scenario('legacy sameWindow: success appends the connection\'s id', async ({ world, visit }) => {
  await open(visit);
  const query = await thereAndBack(visit, inSameWindow);
  assert.equal((await world.connection(query.get('connectionId'))).connected, true);
  oneWindow(visit);
});

scenario('legacy sameWindow: denied appends the error', async ({ world, visit }) => {
  await open(visit);
  const query = await thereAndBack(visit, inSameWindow, { press: 'Deny' });
  assert.match(query.get('error'), /access_denied/);
  assert.equal(JSON.parse(query.get('errorData')).message, query.get('error'));
  await world.notConnected('gmail');
});

// Keys go through a frame. This client gives its size without a unit, so on a page like this one it is to be seen.

const parameters = { apiKey: 'sk_test_1' };

/** The frame for keys. */
async function keysFrame(visit) {
  const element = await visit.page.waitForSelector('iframe[name^="connection-request-"]');
  return element.contentFrame();
}

async function withKeys(where, expected) {
  const { id } = await connected(where, { integrationKey: 'stripe', ...expected });
  const { credentials } = await where.world.api('GET', `/connections/${id}?includeSecrets=true`);
  assert.equal(credentials.apiKey, parameters.apiKey);
  oneWindow(where.visit);
}

const ways = {
  'connect()': connect,
  'createConnection()': (client, { key, ...options }) => client.integration(key).createConnection(options),
};
for (const [way, call] of Object.entries(ways)) {
  scenario(`legacy frame: ${way} with keys`, async ({ world, visit }) => {
    const { id } = await world.api('GET', '/integrations/stripe');
    await open(visit);
    await visit.start(call, { key: 'stripe', parameters });
    await withKeys({ world, visit });
    const { query, payload } = posted(visit);
    assert.deepEqual(query, { integrationId: id });
    assert.deepEqual(payload, { token: world.tenantToken, connectionParameters: parameters });
  });
}

scenario('legacy frame: the event stream fails and the page brings the answer', async ({ world, visit }) => {
  await withoutStream(visit);
  await open(visit);
  await visit.start(connect, { key: 'stripe', parameters });
  await withKeys({ world, visit });
});

scenario('legacy frame: keys without the one that is required reject', async ({ world, visit }) => {
  await open(visit);
  await visit.start(connect, { key: 'stripe', parameters: {} });
  await refused(visit, /apiKey/, 'bad_request');
  await world.notConnected('stripe');
});

scenario('legacy frame: connect() without keys asks for them there', async ({ world, visit }) => {
  await open(visit);
  await visit.start(connect, { key: 'stripe' });
  await fillKeys(await keysFrame(visit), { 'Secret key': parameters.apiKey });
  await withKeys({ world, visit });
});

scenario('legacy frame: connect() finds the way to authenticate that it is told', async ({ world, visit }) => {
  await open(visit);
  await visit.start(connect, { key: 'stripe', authOptionKey: 'default' });
  await fillKeys(await keysFrame(visit), { 'Secret key': parameters.apiKey });
  await withKeys({ world, visit });
});

scenario('legacy frame: reconnect() with keys keeps the connection', async ({ world, visit }) => {
  const { id } = await world.api('POST', '/connect', { integrationKey: 'stripe', input: { apiKey: 'sk_test_0' } });
  await world.loseCredentials(id);
  await open(visit);
  await visit.start((client, given) => client.connection(given.id).reconnect(given), { id, parameters });
  await withKeys({ world, visit }, { id });
});

// The pages that the client shows in a frame of its own, which speak to it.

const openNewConnection = (client, { key, ...options }) => client.integration(key).openNewConnection(options);

for (const origin of ['cross', 'same']) {
  scenario(`legacy openNewConnection() gives the connection, ${origin} origin`, { origin }, async ({ world, visit }) => {
    await open(visit);
    await visit.start(openNewConnection, { key: 'github', name: 'Second', allowMultipleConnections: true });
    await authorize(visit, await visit.iframe());
    await connected({ world, visit }, { integrationKey: 'github', name: 'Second' });
    await visit.tidy();
    assert.equal((await world.connections({ integrationKey: 'github' })).length, 2);
  });
}

scenario('legacy openNewConnection() has a form for keys', async ({ world, visit }) => {
  await open(visit);
  await visit.start(openNewConnection, { key: 'stripe' });
  await fillKeys(await visit.iframe(), { 'Secret key': parameters.apiKey });
  await withKeys({ world, visit });
  await visit.tidy();
});

scenario('legacy openNewConnection() that is cancelled gives null', async ({ world, visit }) => {
  await open(visit);
  await visit.start(openNewConnection, { key: 'gmail' });
  const page = await visit.iframe();
  await at(page, 'connect');
  await visit.steady();
  await givesUp(visit, page);
  await world.notConnected('gmail');
});

scenario('legacy openReconnectUI() keeps the connection', async ({ world, visit }) => {
  const { id } = await world.connection('github-dev');
  await world.loseCredentials(id);
  await open(visit);
  await visit.start((client) => client.connection('github-dev').openReconnectUI());
  await authorize(visit, await visit.iframe());
  await connected({ world, visit }, { id, key: 'github-dev' });
  await visit.tidy();
});

/** The call with an `onClose` that makes a note. */
const noting = (call) => `(client, ids) => (${call})(client, { onClose: () => window.notes.push('closed') }, ids)`;

/** The frame is gone: `onClose` was called once, and the call resolved with nothing. */
async function gone(visit) {
  assert.equal(await visit.value(), undefined);
  assert.deepEqual(await visit.page.evaluate(() => window.notes), ['closed']);
  await visit.tidy();
}

scenario('legacy open(): an app is connected from the list, which closes', async ({ world, visit }) => {
  await open(visit);
  await visit.start(noting((client, options) => client.open(options)));
  const page = await visit.iframe();
  await at(page, 'integrations');
  await visit.steady();
  await button(page, 'Connect Gmail').click();
  await authorize(visit, page);
  await gone(visit);
  const [connection] = await world.connections({ integrationKey: 'gmail' });
  assert.equal(connection.connected, true);
});

const framed = {
  'open()': ['integrations', (client, options) => client.open(options)],
  'integration().open()': ['integrations', (client, options) => client.integration('github').open(options)],
  'connection().flow().openConfiguration()': [
    'configuration',
    (client, options) => client.connection('github-dev').flow('suite').openConfiguration(options),
  ],
  'flowInstance().embedEditor()': [
    'configuration',
    (client, options) => {
      const flow = { flowKey: 'suite', integrationKey: 'github', autoCreate: true };
      return client.flowInstance(flow).embedEditor({ ...options, mountTargetSelector: 'body' });
    },
  ],
  'connection().flow().openEditor()': [
    'configuration',
    (client, options) => client.connection('github-dev').flow('suite').openEditor(options),
  ],
  'flowInstance().openConfiguration()': [
    'configuration',
    (client, options, { flow }) => client.flowInstance(flow).openConfiguration(options),
  ],
  'flowInstance().openEditor()': [
    'configuration',
    (client, options, { flow }) => client.flowInstance(flow).openEditor(options),
  ],
  'connection().dataSource().openConfiguration()': [
    'configuration',
    (client, options) => client.connection('github-dev').dataSource('suite').openConfiguration(options),
  ],
  'dataSourceInstance().openConfiguration()': [
    'configuration',
    (client, options, { dataSource }) => client.dataSourceInstance(dataSource).openConfiguration(options),
  ],
  'connection().fieldMapping().openConfiguration()': [
    'configuration',
    (client, options) => client.connection('github-dev').fieldMapping('suite').openConfiguration(options),
  ],
  'fieldMappingInstance().openConfiguration()': [
    'configuration',
    (client, options, { fieldMapping }) => client.fieldMappingInstance(fieldMapping).openConfiguration(options),
  ],
  'actionInstance().open()': [
    'configuration',
    (client, options, { action }) => client.actionInstance(action).open(options),
  ],
  'flowRun().openEditor()': ['configuration', (client, options, { run }) => client.flowRun(run).openEditor(options)],
  'flowRun().embedEditor()': [
    'configuration',
    (client, options, { run }) => client.flowRun(run).embedEditor({ ...options, mountTargetSelector: 'body' }),
  ],
};
for (const [way, [screen, call]] of Object.entries(framed)) {
  scenario(`legacy ${way} shows its page until that is closed`, async ({ world, visit }) => {
    const ids = await world.elements();
    await open(visit);
    await visit.start(noting(call), ids);
    const page = await visit.iframe();
    await at(page, screen);
    await visit.steady();
    assert.equal(await visit.isPending(), true);
    await button(page, GIVE_UP).click();
    await gone(visit);
  });
}

scenario('legacy getEmbedUri(): a page of its own goes back to the address that it is given', async ({ world, visit }) => {
  await open(visit);
  const query = await thereAndBack(visit, async (client, redirectUri) => {
    location.href = await client.getEmbedUri('integrations/slack/connect', { redirectUri });
  });
  assert.equal((await world.connection(query.get('connectionId'))).integration.key, 'slack');
});

scenario('legacy disconnect() leaves the connections of the others', async ({ visit }) => {
  await open(visit);
  await visit.start(async (client) => {
    await client.integration('github').disconnect();
    return client.connections.find();
  });
  assert.deepEqual((await visit.value()).items.map(({ key }) => key), ['hubspot-prod']);
});
