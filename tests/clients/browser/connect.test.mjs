// `client.connect()` and its kin: a form posted to `/connect` in a popup, a hidden iframe or the same window.

import assert from 'node:assert/strict';
import { scenario } from './lib/scenario.mjs';
import { closed } from './lib/visit.mjs';
import { at, consent, leave, popupAtVendor, thereAndBack } from './lib/pages.mjs';
import { mockOrigin } from './lib/world.mjs';

const connect = (membrane, options) =>
  membrane.connect({ ...options, onPopupClosed: () => window.notes.push('popup closed') });

const payloadOf = (visit) => JSON.parse(visit.form('/connect').payload);
const notes = (visit) => visit.page.evaluate(() => window.notes);

for (const origin of ['cross', 'same']) {
  scenario(`popup: success, ${origin} origin`, { origin }, async ({ world, visit }) => {
    await visit.open();
    const popup = await popupAtVendor(visit, connect, { integrationKey: 'gmail', connectionKey: 'mail', name: 'Mail' });
    await consent(popup);
    await world.connected(await visit.value(), { integrationKey: 'gmail', key: 'mail', name: 'Mail' });
    await closed(popup);

    const { requestId, ...payload } = payloadOf(visit);
    assert.match(requestId, /^[0-9a-z]+$/);
    assert.deepEqual(payload, {
      token: world.tenantToken,
      integrationKey: 'gmail',
      connectionKey: 'mail',
      name: 'Mail',
    });
    assert.equal(visit.to('GET', `/sse/connection-events/${requestId}`).length, 1);
    assert.deepEqual(await notes(visit), []);
  });

  scenario(`popup: the opener is severed and the event stream brings the answer, ${origin} origin`, { origin, severed: true }, async ({ world, visit }) => {
    await visit.open();
    const popup = await popupAtVendor(visit, connect, { integrationKey: 'gmail' });
    assert.equal(await popup.evaluate(() => window.opener), null);
    await consent(popup);
    await world.connected(await visit.value(), { integrationKey: 'gmail' });
  });
}

scenario('popup: denied at the vendor rejects', async ({ world, visit }) => {
  await visit.open();
  const popup = await popupAtVendor(visit, connect, { integrationKey: 'gmail' });
  await consent(popup, { press: 'Deny' });
  const error = await visit.rejection();
  assert.equal(error.class, 'MembraneError');
  assert.equal(error.isMembraneError, true);
  assert.match(error.message, /denied|declined|refused/i);
  await world.notConnected('gmail');
});

scenario('popup: denied, the opener severed: the event stream brings the error', { severed: true }, async ({ visit }) => {
  await visit.open();
  const popup = await popupAtVendor(visit, connect, { integrationKey: 'gmail' });
  await consent(popup, { press: 'Deny' });
  assert.match((await visit.rejection()).message, /denied|declined|refused/i);
});

scenario('popup: closed by hand gives null', async ({ world, visit }) => {
  await visit.open();
  const popup = await popupAtVendor(visit, connect, { integrationKey: 'gmail' });
  await popup.close();
  assert.equal(await visit.value(), null);
  assert.deepEqual(await notes(visit), ['popup closed']);
  await world.notConnected('gmail');
});

scenario('popup: an expired token rejects', async ({ world, visit }) => {
  visit.expectErrors(/Failed to load resource.*40[01]|event-?stream|MIME/i);
  await visit.open('sdk.html', { token: world.expiredToken() });
  await visit.start(connect, { integrationKey: 'gmail' });
  const error = await visit.rejection();
  assert.match(error.message, /expired/i);
});

scenario('popup: the integration does not exist, the first call rejects', async ({ visit }) => {
  visit.expectErrors(/Failed to load resource.*404/);
  await visit.open();
  await visit.start(connect, { integrationKey: 'no-such-app' });
  const error = await visit.rejection();
  assert.equal(error.class, 'BadRequestError');
  assert.equal(error.data.key, 'not_found');
  assert.equal(visit.to('POST', '/connect').length, 0);
});

scenario('integration(i).connect(): by the integration\'s id', async ({ world, visit }) => {
  const { id } = await world.api('GET', '/integrations/slack');
  await visit.open();
  const popup = await popupAtVendor(visit, (membrane) => membrane.integration('slack').connect({ name: 'Slack' }));
  await consent(popup);
  await world.connected(await visit.value(), { integrationKey: 'slack', name: 'Slack' });
  assert.equal(payloadOf(visit).integrationId, id);
});

scenario('connection(c).reconnect(): the same id, another account', async ({ world, visit }) => {
  const { id } = await world.connection('github-dev');
  await world.loseCredentials(id);
  await visit.open();
  const popup = await popupAtVendor(visit, (membrane) => membrane.connection('github-dev').reconnect());
  await consent(popup, { account: 'bob@example.com' });
  await world.connected(await visit.value(), { id, key: 'github-dev' });
  assert.equal(payloadOf(visit).connectionId, id);
  const accounts = (await world.vendorTokens('github')).map(({ account }) => account);
  assert.ok(accounts.includes('bob@example.com'), `accounts at the vendor: ${accounts}`);
});

scenario('connection(c).reconnect(): denied names the connection', async ({ world, visit }) => {
  const { id } = await world.connection('github-dev');
  await world.loseCredentials(id);
  await visit.open();
  const popup = await popupAtVendor(visit, (membrane) => membrane.connection('github-dev').reconnect());
  await consent(popup, { press: 'Deny' });
  const error = await visit.rejection();
  assert.equal(error.data.data.connectionId, id);
  assert.equal((await world.connection(id)).disconnected, true);
});

// Keys go through a hidden iframe, without anything to see. The client looks for the option whose `key` equals the
// `authOptionKey` it was given, and it was given none.

scenario('client-credentials with input: a hidden iframe', async ({ world, visit }) => {
  await visit.open();
  await visit.start(connect, { integrationKey: 'stripe', input: { apiKey: 'sk_test_1' } });
  const { id } = await world.connected(await visit.value(), { integrationKey: 'stripe' });
  assert.equal(visit.context.pages().length, 1, 'no popup was opened');
  assert.equal(await visit.page.locator('iframe[id^="connection-request-"]').count(), 1);
  const { credentials } = await world.api('GET', `/connections/${id}?includeSecrets=true`);
  assert.equal(credentials.apiKey, 'sk_test_1');
});

scenario('client-credentials: integration(i).connect({ parameters })', async ({ world, visit }) => {
  await visit.open();
  await visit.start((membrane) => membrane.integration('stripe').connect({ parameters: { apiKey: 'sk_test_2' } }));
  await world.connected(await visit.value(), { integrationKey: 'stripe' });
  assert.deepEqual(payloadOf(visit).input, { apiKey: 'sk_test_2' });
});

scenario('client-credentials without the key that is required rejects', async ({ world, visit }) => {
  await visit.open();
  await visit.start(connect, { integrationKey: 'stripe', input: {} });
  const error = await visit.rejection();
  assert.match(error.message, /apiKey|Secret key/);
  await world.notConnected('stripe');
});

scenario('autoConnect: the popup closes itself', { mock: { autoConnect: true } }, async ({ world, visit }) => {
  await visit.open();
  await visit.start(connect, { integrationKey: 'gmail' });
  await world.connected(await visit.value(), { integrationKey: 'gmail' });
});

// In the same window: there and back to the application.

const inSameWindow = (membrane, redirectUri) =>
  membrane.connect({ integrationKey: 'gmail', sameWindow: true, redirectUri });

async function success({ world, visit }, back) {
  await visit.open();
  const query = await thereAndBack(visit, inSameWindow, {}, back);
  const connection = await world.connection(query.get('connectionId'));
  assert.equal(connection.state, 'READY');
  assert.equal(connection.integration.key, 'gmail');
  assert.equal(query.has('error'), false);
  assert.equal(query.has('errorData'), false);
}

scenario('sameWindow: success appends the connection\'s id, cross origin', (where) => success(where));

// A redirect cannot be answered by the test, so this one comes back to a page that the mock has.
scenario('sameWindow: success appends the connection\'s id, same origin', { origin: 'same' }, (where) =>
  success(where, `${mockOrigin()}/`),
);

scenario('sameWindow: denied appends the error', async ({ world, visit }) => {
  await visit.open();
  const query = await thereAndBack(visit, inSameWindow, { press: 'Deny' });
  assert.match(query.get('error'), /denied|declined|refused/i);
  const data = JSON.parse(query.get('errorData'));
  assert.equal(data.message, query.get('error'));
  assert.ok(data.type);
  assert.equal(query.has('connectionId'), false);
  await world.notConnected('gmail');
});

for (const redirectUri of ['javascript:alert(document.domain)', 'data:text/html,hello', 'not an address']) {
  scenario(`sameWindow: ${redirectUri} is no address to go to`, async ({ world, visit }) => {
    visit.expectErrors(/Failed to load resource.*400/);
    await visit.open();
    await leave(visit, inSameWindow, redirectUri);
    await visit.page.waitForURL((url) => url.pathname === '/connect');
    await at(visit.page, 'problem');
    await world.notConnected('gmail');
  });
}
