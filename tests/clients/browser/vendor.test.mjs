// The consent page of an app: who asks, as whom, what for, and what may go wrong there.

import assert from 'node:assert/strict';
import { scenario } from './lib/scenario.mjs';
import { at, authorize, button, complaint, vendorWindow } from './lib/pages.mjs';

/** At the vendor, which was opened from the client's frame. */
async function atVendor(visit, integrationKey = 'gmail') {
  await visit.open();
  await visit.start((membrane, options) => membrane.ui.connect(options), { integrationKey });
  const page = await visit.iframe();
  const vendor = await vendorWindow(visit, page);
  await at(vendor, 'vendor');
  return { page, vendor };
}

const press = (vendor, name) => button(vendor, name).click().catch((error) => { if (!vendor.isClosed()) throw error; });
const rehearse = async (vendor, name) => {
  await vendor.getByText('Rehearse what goes wrong').click();
  await press(vendor, name);
};

scenario('the consent page names who asks, and for what', async ({ visit }) => {
  const { vendor } = await atVendor(visit);
  await vendor.getByRole('heading', { name: 'Allow Demo to use Gmail?' }).waitFor();
  assert.equal(await vendor.title(), 'Demo wants to use Gmail · membrane-mock');
  assert.ok((await vendor.getByRole('checkbox').count()) > 1);
});

scenario('the consent page offers accounts: the usual one, those that consented before, somebody else', async ({ world, visit }) => {
  const { page, vendor } = await atVendor(visit);
  const offered = (where) => where.getByRole('radio').evaluateAll((all) => all.map(({ value }) => value));
  assert.deepEqual(await offered(vendor), ['demo@example.com', 'somebody.else@example.com', '']);
  await press(vendor, 'Allow');
  const { id } = await world.connected(await visit.value());
  assert.deepEqual((await world.vendorTokens('gmail')).map(({ account }) => account), ['demo@example.com']);
  assert.ok(page);

  await visit.start((membrane, connectionId) => membrane.ui.connect({ connectionId }), id);
  await authorize(visit, await visit.iframe(), { account: 'ann@example.com' });
  await visit.value();
  await visit.start((membrane, connectionId) => membrane.ui.connect({ connectionId }), id);
  const again = await vendorWindow(visit, await visit.iframe());
  await at(again, 'vendor');
  assert.deepEqual(await offered(again), ['demo@example.com', 'ann@example.com', 'somebody.else@example.com', '']);
  await again.getByText('somebody.else@example.com').click();
  await press(again, 'Allow');
  await world.connected(await visit.value(), { id });
  const accounts = (await world.vendorTokens('gmail')).map(({ account }) => account);
  assert.deepEqual(accounts.sort(), ['ann@example.com', 'demo@example.com', 'somebody.else@example.com']);
});

scenario('who picks a known account after typing another one is the known one', async ({ world, visit }) => {
  const { vendor } = await atVendor(visit);
  await vendor.getByRole('textbox', { name: /^Another account/ }).fill('ann@example.com');
  assert.equal(await vendor.getByRole('radio', { name: 'Another account' }).isChecked(), true);
  await vendor.getByText('demo@example.com').click();
  await press(vendor, 'Allow');
  await world.connected(await visit.value());
  assert.deepEqual((await world.vendorTokens('gmail')).map(({ account }) => account), ['demo@example.com']);
});

scenario('a permission that is taken away is not granted', async ({ world, visit }) => {
  const { vendor } = await atVendor(visit);
  const scopes = await vendor.getByRole('checkbox').evaluateAll((all) => all.map(({ value }) => value));
  await vendor.getByRole('checkbox', { name: scopes[0] }).uncheck();
  await press(vendor, 'Allow');
  await world.connected(await visit.value());
  assert.deepEqual((await world.vendorTokens('gmail')).map((grant) => grant.scopes), [scopes.slice(1)]);
});

scenario('an app that fails: the page says so, and the user may try again', async ({ world, visit }) => {
  const { page, vendor } = await atVendor(visit);
  await rehearse(vendor, 'Fail');
  assert.match(await complaint(page), /^Gmail said: .*server_error/);
  await at(page, 'connect');
  await authorize(visit, page);
  await world.connected(await visit.value());
});

scenario('an app that is slow: the page waits as long as the workspace\'s clock says', async ({ world, visit }) => {
  const { page, vendor } = await atVendor(visit);
  const { now } = await world.control('GET', '/clock');
  await world.control('PUT', '/clock', { mode: now });
  await vendor.getByText('Rehearse what goes wrong').click();
  const sent = vendor.waitForRequest((request) => request.method() === 'POST');
  await button(vendor, 'Allow, slowly').click({ noWaitAfter: true });
  await sent;
  const pending = async () => (await world.control('GET', '/clock')).pending;
  while ((await pending()).length === 0);
  await at(page, 'waiting');
  assert.equal(await visit.isPending(), true);
  await world.control('POST', '/clock/advance', { ms: 5000 });
  await world.connected(await visit.value());
});
