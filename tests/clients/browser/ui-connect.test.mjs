// `ui.connect()` in the client's iframe: every way to name what to connect, and every way it ends well.

import assert from 'node:assert/strict';
import { scenario } from './lib/scenario.mjs';
import { at, authorize, button, fillKeys } from './lib/pages.mjs';

const connect = (membrane, options) => membrane.ui.connect(options);

for (const origin of ['cross', 'same']) {
  scenario(`by integrationKey, ${origin} origin`, { origin }, async ({ world, visit }) => {
    await visit.open();
    await visit.start(connect, { integrationKey: 'gmail' });
    const page = await visit.iframe();
    await at(page, 'connect');
    await visit.shown();
    await authorize(visit, page);

    const connection = await visit.value();
    await visit.tidy();
    await world.connected(connection, { integrationKey: 'gmail' });
    const [grant] = await world.vendorTokens('gmail');
    assert.equal(grant.account, 'ann@example.com');
    assert.deepEqual(visit.form('/screens/connect'), {
      token: world.tenantToken,
      integrationKey: 'gmail',
      allowMultipleConnections: '',
    });
  });
}

scenario('by connectorKey of an app that is no integration yet: the integration is made', async ({ world, visit }) => {
  await visit.open();
  await visit.start(connect, { connectorKey: 'jira' });
  await authorize(visit, await visit.iframe());
  await world.connected(await visit.value(), { integrationKey: 'jira' });
});

for (const [by, of] of Object.entries({
  integrationId: ({ id }) => ({ integrationId: id }),
  connectorId: ({ connectorId }) => ({ connectorId }),
})) {
  scenario(`by ${by}`, async ({ world, visit }) => {
    const integration = await world.api('GET', '/integrations/linear');
    await visit.open();
    await visit.start(connect, of(integration));
    await authorize(visit, await visit.iframe());
    await world.connected(await visit.value(), { integrationKey: 'linear' });
  });
}

scenario('with a connectionKey and a name', async ({ world, visit }) => {
  await visit.open();
  await visit.start(connect, { integrationKey: 'slack', connectionKey: 'team-slack', name: 'The <b>team\'s</b> Slack' });
  await authorize(visit, await visit.iframe());
  await world.connected(await visit.value(), { key: 'team-slack', name: 'The <b>team\'s</b> Slack' });
});

scenario('a connectionKey that exists reconnects it', async ({ world, visit }) => {
  const { id } = await world.connection('github-dev');
  await visit.open();
  await visit.start(connect, { integrationKey: 'github', connectionKey: 'github-dev' });
  await authorize(visit, await visit.iframe());
  await world.connected(await visit.value(), { id, key: 'github-dev' });
});

scenario('allowMultipleConnections keeps the former one', async ({ world, visit }) => {
  await visit.open();
  await visit.start(connect, { integrationKey: 'github', allowMultipleConnections: true });
  await authorize(visit, await visit.iframe(), { account: 'second@example.com' });
  const made = await world.connected(await visit.value(), { integrationKey: 'github' });
  assert.equal(visit.form('/screens/connect').allowMultipleConnections, '1');
  const ids = (await world.connections({ integrationKey: 'github' })).map(({ id }) => id);
  assert.equal(ids.length, 2);
  assert.ok(ids.includes(made.id));
});

scenario('connectorParameters travel as JSON', async ({ world, visit }) => {
  const connectorParameters = { clientId: 'our-own', clientSecret: 'our-secret' };
  await visit.open();
  await visit.start(connect, { connectorKey: 'jira', connectorParameters });
  await at(await visit.iframe(), 'connect', 'problem');
  assert.deepEqual(JSON.parse(visit.form('/screens/connect').connectorParameters), connectorParameters);
});

scenario('by intent: built, then connected', async ({ world, visit }) => {
  await visit.open();
  await visit.start(connect, { intent: 'Post messages to Slack' });
  await authorize(visit, await visit.iframe());
  const connection = await world.connected(await visit.value());
  assert.equal(connection.integration.connectorKey, 'slack');
});

scenario('by intent, while it is still BUILDING the page says so and goes on by itself', async ({ world, visit }) => {
  await world.progress({ 'connection.building': 'hold' });
  await visit.open();
  await visit.start(connect, { intent: 'Post messages to Slack' });
  const page = await visit.iframe();
  await visit.shown();
  await page.getByRole('status').filter({ hasText: /build|prepar|set(ting)? up/i }).first().waitFor();
  const [building] = (await world.connections()).filter(({ state }) => state === 'BUILDING');
  await world.control('POST', `/connections/${building.id}/poke`, { event: 'finishBuilding' });
  await world.progress({ 'connection.building': 'immediate' });
  await authorize(visit, page);
  await world.connected(await visit.value(), { id: building.id });
});

scenario('by an intent that nothing matches: a connector of its own, with a key', async ({ world, visit }) => {
  await visit.open();
  await visit.start(connect, { intent: 'Acme Rocketry' });
  const page = await visit.iframe();
  await at(page, 'form');
  for (const field of await page.locator('main input:not([type=hidden])').all()) await field.fill('acme-key');
  await button(page, 'Connect').click();
  const connection = await world.connected(await visit.value());
  assert.match(connection.integration.name, /Acme/);
});

scenario('without any key: the catalog is searched and an app chosen', async ({ world, visit }) => {
  await visit.open();
  await visit.start(connect, {});
  const page = await visit.iframe();
  await at(page, 'choose');
  await visit.shown();
  const apps = page.getByRole('main').getByRole('button');
  assert.ok((await apps.count()) > 5, 'apps to choose from before anything is typed');
  await page.getByLabel('Search apps').fill('notio');
  await button(page, /^Hubspot/i).waitFor({ state: 'detached' });
  await button(page, /^Notion/).click();
  await authorize(visit, page);
  await world.connected(await visit.value(), { integrationKey: 'notion' });
});

scenario('a search of the catalog that finds nothing says so', async ({ visit }) => {
  await visit.open();
  await visit.start(connect, {});
  const page = await visit.iframe();
  await at(page, 'choose');
  await page.getByLabel('Search apps').fill('zzzzqq');
  await page.getByRole('status').filter({ hasText: /\bno\b|nothing/i }).waitFor();
});

scenario('an app with keys: the form has the connector\'s fields', async ({ world, visit }) => {
  await visit.open();
  await visit.start(connect, { integrationKey: 'stripe' });
  const page = await visit.iframe();
  await at(page, 'form');
  await visit.shown();
  assert.equal(await page.getByLabel('Secret key').getAttribute('type'), 'password');
  await fillKeys(page, { 'Secret key': 'sk_test_1' });
  const { id } = await world.connected(await visit.value(), { integrationKey: 'stripe' });
  await visit.tidy();
  const { credentials } = await world.api('GET', `/connections/${id}?includeSecrets=true`);
  assert.equal(credentials.apiKey, 'sk_test_1');
});

scenario('an app with two keys, not an integration yet', async ({ world, visit }) => {
  await visit.open();
  await visit.start(connect, { connectorKey: 'twilio', authOptionKey: 'default' });
  await fillKeys(await visit.iframe(), { 'Account SID': 'AC1', 'Auth token': 'secret' });
  await world.connected(await visit.value(), { integrationKey: 'twilio' });
});

scenario('a key that is missing is asked for, and the connection waits', async ({ world, visit }) => {
  await visit.open();
  await visit.start(connect, { integrationKey: 'stripe' });
  const page = await visit.iframe();
  await at(page, 'form');
  await button(page, 'Connect').click();
  assert.equal(await page.getByLabel('Secret key').evaluate((input) => input.matches(':invalid')), true);
  assert.equal(await visit.isPending(), true);
  await world.notConnected('stripe');
});

scenario('the form can be filled and sent by keyboard alone', async ({ world, visit }) => {
  await visit.open();
  await visit.start(connect, { integrationKey: 'stripe' });
  const page = await visit.iframe();
  await at(page, 'form');
  await visit.shown();
  await page.getByLabel('Secret key').focus();
  await visit.page.keyboard.type('sk_test_2');
  await visit.page.keyboard.press('Enter');
  await world.connected(await visit.value(), { integrationKey: 'stripe' });
});

scenario('autoConnect: the page completes itself', { mock: { autoConnect: true } }, async ({ world, visit }) => {
  await visit.open();
  await visit.start(connect, { integrationKey: 'gmail' });
  await world.connected(await visit.value(), { integrationKey: 'gmail' });
  await visit.tidy();
});

scenario('requestId, customState and authOptionKey are taken along', async ({ world, visit }) => {
  const options = { integrationKey: 'gmail', requestId: 'our-request', customState: 'ours', authOptionKey: 'default' };
  await visit.open();
  await visit.start(connect, options);
  await authorize(visit, await visit.iframe());
  await world.connected(await visit.value(), { integrationKey: 'gmail' });
  const { token, allowMultipleConnections, ...sent } = visit.form('/screens/connect');
  assert.deepEqual(sent, options);
});

scenario('by connectionRequestId: the request succeeds', async ({ world, visit }) => {
  const { requestId } = await world.api('POST', '/connection-requests', { integrationKey: 'linear', connectionKey: 'ours' });
  await visit.open();
  await visit.start(connect, { connectionRequestId: requestId });
  await authorize(visit, await visit.iframe());
  const { id } = await world.connected(await visit.value(), { integrationKey: 'linear', key: 'ours' });
  const request = await world.api('GET', `/connection-requests/${requestId}`);
  assert.equal(request.status, 'success');
  assert.equal(request.resultConnectionId, id);
});
