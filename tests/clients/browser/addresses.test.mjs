// Pages that are opened by their address, without the client: `clientAction.uiUrl`, connection requests, the older popup.

import assert from 'node:assert/strict';
import { scenario } from './lib/scenario.mjs';
import { GIVE_UP, GO_ON, at, button, complaint, consent, fillKeys, reachVendor } from './lib/pages.mjs';
import { mockOrigin } from './lib/world.mjs';

async function open(visit, address) {
  visit.page = await visit.context.newPage();
  await visit.page.goto(address);
  return visit.page;
}

/** Through the vendor, in this window or in one that opens. */
async function authorize(visit, page, choice) {
  await at(page, 'connect');
  const here = () => at(page, 'vendor').then(() => page);
  const vendor = await Promise.any([visit.windowFrom(() => button(page, GO_ON).click()), here()]);
  await consent(vendor, choice);
}

scenario('clientAction.uiUrl: through the vendor to READY', async ({ world, visit }) => {
  const { id, clientAction } = await world.api('POST', '/connect', { connectorKey: 'slack', connectionKey: 'team' });
  const page = await open(visit, clientAction.uiUrl);
  await authorize(visit, page);
  await at(page, 'done');
  const connection = await world.connection(id);
  assert.equal(connection.state, 'READY');
  assert.equal((await world.vendorTokens('slack'))[0].account, 'ann@example.com');
});

scenario('clientAction.uiUrl: denied, and the page stays good for another try', async ({ world, visit }) => {
  const { id, clientAction } = await world.api('POST', '/connect', { connectorKey: 'slack' });
  const page = await open(visit, clientAction.uiUrl);
  await authorize(visit, page, { press: 'Deny' });
  assert.match(await complaint(page), /denied|declined|refused/i);
  assert.equal((await world.connection(id)).connected, false);
  await open(visit, clientAction.uiUrl);
  await authorize(visit, visit.page);
  await at(visit.page, 'done');
  assert.equal((await world.connection(id)).state, 'READY');
});

scenario('clientAction.uiUrl: a form of keys', async ({ world, visit }) => {
  const { id, clientAction } = await world.api('POST', '/connect', { connectorKey: 'stripe' });
  const page = await open(visit, clientAction.uiUrl);
  await fillKeys(page, { 'Secret key': 'sk_test_1' });
  await at(page, 'done');
  assert.equal((await world.connection(id)).state, 'READY');
});

scenario('clientAction.uiUrl: cancelled', async ({ world, visit }) => {
  const { id, clientAction } = await world.api('POST', '/connect', { connectorKey: 'slack' });
  const page = await open(visit, clientAction.uiUrl);
  await at(page, 'connect');
  await button(page, GIVE_UP).click();
  await at(page, 'message', 'done', 'problem');
  assert.equal((await world.connection(id)).connected, false);
});

const requestPages = {
  'its url': ({ url }) => url,
  '/screens/connections?connectionRequestId=': ({ requestId }) =>
    `${mockOrigin()}/screens/connections?connectionRequestId=${requestId}`,
};
for (const [which, address] of Object.entries(requestPages)) {
  scenario(`a connection request, by ${which}`, async ({ world, visit }) => {
    const request = await world.api('POST', '/connection-requests', { integrationKey: 'linear', connectionKey: 'ours' });
    assert.equal(request.status, 'pending');
    const page = await open(visit, address(request));
    await authorize(visit, page);
    await at(page, 'done');
    const after = await world.api('GET', `/connection-requests/${request.requestId}`);
    assert.equal(after.status, 'success');
    const connection = await world.connection(after.resultConnectionId);
    assert.equal(connection.key, 'ours');
    assert.equal(connection.state, 'READY');
  });
}

scenario('GET /connection-popup with a redirectUri: there and back', async ({ world, visit }) => {
  const back = `${visit.home}/sdk.html`;
  const query = new URLSearchParams({ token: world.tenantToken, integrationKey: 'gmail', redirectUri: back });
  const page = await open(visit, `${mockOrigin()}/connection-popup?${query}`);
  await reachVendor(page);
  await consent(page);
  await page.waitForURL((url) => url.href.startsWith(`${back}?`));
  const connection = await world.connection(new URL(page.url()).searchParams.get('connectionId'));
  assert.equal(connection.state, 'READY');
});

scenario('the callback with a state that nobody issued connects nothing', async ({ world, visit }) => {
  visit.expectErrors(/Failed to load resource.*40\d/);
  await world.api('POST', '/connect', { connectorKey: 'slack' });
  const page = await open(visit, `${mockOrigin()}/oauth-callback?code=guessed&state=guessed`);
  await at(page, 'problem', 'message');
  await world.notConnected('slack');
});

scenario('the callback cannot be used twice', async ({ world, visit }) => {
  visit.expectErrors(/Failed to load resource.*40\d/);
  const { id, clientAction } = await world.api('POST', '/connect', { connectorKey: 'slack' });
  const page = await open(visit, clientAction.uiUrl);
  await authorize(visit, page);
  await at(page, 'done');
  const callback = visit.requests.find((each) => new URL(each.url()).searchParams.has('code'));
  assert.ok(callback, 'no callback with a code was seen');
  const grants = (await world.vendorTokens('slack')).length;
  await open(visit, callback.url());
  await at(visit.page, 'problem', 'message', 'done');
  assert.equal((await world.vendorTokens('slack')).length, grants);
  assert.equal((await world.connection(id)).state, 'READY');
});
