// `ui.connect()` that ends otherwise: given up, denied, closed, reconnected with another account, refused.

import assert from 'node:assert/strict';
import { scenario } from './lib/scenario.mjs';
import { closed } from './lib/visit.mjs';
import { at, authorize, button, complaint, givesUp, vendorWindow } from './lib/pages.mjs';

const connect = (membrane, options) => membrane.ui.connect(options);

for (const origin of ['cross', 'same']) {
  scenario(`cancel gives null, ${origin} origin`, { origin }, async ({ world, visit }) => {
    await visit.open();
    await visit.start(connect, { integrationKey: 'gmail' });
    const page = await visit.iframe();
    await at(page, 'connect');
    await visit.shown();
    await button(page, 'Cancel').click();
    assert.equal(await visit.value(), null);
    await visit.tidy();
    await world.notConnected('gmail');
    assert.deepEqual(await world.vendorTokens('gmail'), []);
  });
}

scenario('cancel on a form of keys gives null', async ({ world, visit }) => {
  await visit.open();
  await visit.start(connect, { integrationKey: 'stripe' });
  const page = await visit.iframe();
  await at(page, 'form');
  await givesUp(visit, page);
  await world.notConnected('stripe');
});

scenario('cancel in the catalog gives null, and nothing is left behind', async ({ world, visit }) => {
  const before = await world.connections();
  await visit.open();
  await visit.start(connect, {});
  const page = await visit.iframe();
  await at(page, 'choose');
  await givesUp(visit, page);
  assert.equal((await world.connections()).length, before.length);
});

scenario('cancel of a reconnect leaves the connection as it was', async ({ world, visit }) => {
  const { id } = await world.connection('github-dev');
  await visit.open();
  await visit.start(connect, { connectionId: id });
  const page = await visit.iframe();
  await at(page, 'connect');
  await givesUp(visit, page);
  const after = await world.connection(id);
  assert.equal(after.state, 'READY');
  assert.equal(after.connected, true);
});

scenario('denied at the vendor: the page says so, and the user may give up', async ({ world, visit }) => {
  await visit.open();
  await visit.start(connect, { integrationKey: 'gmail' });
  const page = await visit.iframe();
  await authorize(visit, page, { press: 'Deny' });
  assert.match(await complaint(page), /denied|declined|refused/i);
  assert.equal(await visit.isPending(), true);
  await givesUp(visit, page);
  await world.notConnected('gmail');
  assert.deepEqual(await world.vendorTokens('gmail'), []);
});

scenario('denied at the vendor, then allowed', async ({ world, visit }) => {
  await visit.open();
  await visit.start(connect, { integrationKey: 'gmail' });
  const page = await visit.iframe();
  await authorize(visit, page, { press: 'Deny' });
  await complaint(page);
  await authorize(visit, page);
  await world.connected(await visit.value(), { integrationKey: 'gmail' });
});

scenario('the vendor\'s window closed by hand: the page lets the user try again', async ({ world, visit }) => {
  await visit.open();
  await visit.start(connect, { integrationKey: 'gmail' });
  const page = await visit.iframe();
  const vendor = await vendorWindow(visit, page);
  await at(vendor, 'vendor');
  await vendor.close();
  assert.equal(await visit.isPending(), true);
  await authorize(visit, page);
  await world.connected(await visit.value(), { integrationKey: 'gmail' });
});

scenario('cancel while the vendor\'s window is open closes it', async ({ visit }) => {
  await visit.open();
  await visit.start(connect, { integrationKey: 'gmail' });
  const page = await visit.iframe();
  const vendor = await vendorWindow(visit, page);
  await at(vendor, 'vendor');
  await givesUp(visit, page);
  await closed(vendor);
  assert.equal(await visit.value(), null);
});

scenario('the iframe removed by hand: the call stays open, the next one works', async ({ world, visit }) => {
  await visit.open();
  await visit.start(connect, { integrationKey: 'gmail' });
  await at(await visit.iframe(), 'connect');
  await visit.page.evaluate(() => document.getElementById('__integration-app-popup').remove());
  await visit.page.locator('#__integration-app-container').waitFor({ state: 'detached' });
  assert.equal(await visit.isPending(), true);

  await visit.start(connect, { integrationKey: 'gmail' });
  await authorize(visit, await visit.iframe());
  await world.connected(await visit.value(), { integrationKey: 'gmail' });
});

scenario('reconnect by connectionId: the same id, READY again', async ({ world, visit }) => {
  const { id } = await world.connection('github-dev');
  await world.loseCredentials(id);
  assert.equal((await world.connection(id)).disconnected, true);
  await visit.open();
  await visit.start(connect, { connectionId: id });
  const page = await visit.iframe();
  await at(page, 'connect');
  await button(page, /^Reconnect/).waitFor();
  await authorize(visit, page);
  const after = await world.connected(await visit.value(), { id, key: 'github-dev' });
  assert.equal(after.error, undefined);
});

scenario('reconnect with another account: the same id, and the other account is to be seen', async ({ world, visit }) => {
  await visit.open();
  await visit.start(connect, { integrationKey: 'gmail', connectionKey: 'mail' });
  await authorize(visit, await visit.iframe(), { account: 'ann@example.com' });
  const { id } = await world.connected(await visit.value());

  await visit.start(connect, { connectionId: id });
  await authorize(visit, await visit.iframe(), { account: 'bob@example.com' });
  await world.connected(await visit.value(), { id, key: 'mail' });

  const accounts = (await world.vendorTokens('gmail')).map(({ account }) => account);
  assert.ok(accounts.includes('bob@example.com'), `accounts at the vendor: ${accounts}`);
  await visit.start((membrane, connectionId) => membrane.ui.connection({ connectionId }), id);
  const page = await visit.iframe();
  await at(page, 'connection');
  await page.getByText('bob@example.com').first().waitFor();
  assert.equal(await page.getByText('ann@example.com').count(), 0);
});

const refusals = {
  'an integration that does not exist': [{ integrationKey: 'no-such-app' }, /no-such-app/],
  'a connection that does not exist': [{ connectionId: '000000000000000000000000' }, /connection/i],
  'an integration key made of markup': [{ integrationKey: '<img src=x onerror=alert(1)>' }, /<img/],
};
for (const [what, [options, words]] of Object.entries(refusals)) {
  scenario(`${what}: the page says so and gives null`, async ({ visit }) => {
    visit.expectErrors(/Failed to load resource.*40[04]/);
    await visit.open();
    await visit.start(connect, options);
    const page = await visit.iframe();
    await at(page, 'problem');
    await visit.shown();
    assert.match(await complaint(page), words);
    await givesUp(visit, page);
  });
}

scenario('an expired token: the page says so and gives null', async ({ world, visit }) => {
  visit.expectErrors(/Failed to load resource.*401/);
  await visit.open('sdk.html', { token: world.expiredToken() });
  await visit.start(connect, { integrationKey: 'gmail' });
  const page = await visit.iframe();
  await at(page, 'problem');
  await visit.shown();
  assert.match(await complaint(page), /expired/i);
  await givesUp(visit, page);
  await world.notConnected('gmail');
});

scenario('wrong own OAuth parameters: CONFIGURATION_ERROR, explained on the page', async ({ world, visit }) => {
  await world.spoilOAuthClient('gmail');
  await visit.open();
  await visit.start(connect, { integrationKey: 'gmail', connectionKey: 'mail' });
  const page = await visit.iframe();
  await at(page, 'problem');
  await visit.shown();
  assert.match(await complaint(page), /clientId/);
  await givesUp(visit, page);
  const connection = await world.connection('mail');
  assert.equal(connection.state, 'CONFIGURATION_ERROR');
  assert.ok(connection.errors.length > 0);
});

scenario('a connector that cannot be built: SETUP_FAILED, explained on the page', async ({ world, visit }) => {
  await world.progress({ 'connection.building': { fail: { state: 'SETUP_FAILED', error: 'The docs of the app are gone' } } });
  await visit.open();
  await visit.start(connect, { intent: 'Acme Rocketry' });
  const page = await visit.iframe();
  assert.match(await complaint(page), /The docs of the app are gone/);
  await givesUp(visit, page);
});

scenario('a connector that cannot be built, while the page waits: SETUP_FAILED, explained on the page', async ({ world, visit }) => {
  await world.progress({ 'connection.building': 'hold' });
  await visit.open();
  await visit.start(connect, { intent: 'Acme Rocketry' });
  const page = await visit.iframe();
  await at(page, 'building');
  const id = await world.beingBuilt();
  await world.poke(id, 'failSetup', 'The docs of the app are gone');
  await at(page, 'problem');
  assert.match(await complaint(page), /The docs of the app are gone/);
  assert.equal((await world.connection(id)).state, 'SETUP_FAILED');
  await givesUp(visit, page);
});
