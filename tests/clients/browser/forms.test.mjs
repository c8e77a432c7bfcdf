// Forms made from any schema that a connector may have, and what a page may not promise or show.

import assert from 'node:assert/strict';
import { scenario } from './lib/scenario.mjs';
import { at, button, complaint, fillKeys } from './lib/pages.mjs';
import { mockOrigin } from './lib/world.mjs';

/** The form of an app with these fields, in a window of its own. */
async function form(world, visit, properties, required) {
  const inputSchema = { type: 'object', required, properties };
  const connector = { key: 'acme-shop', name: 'Acme Shop', type: 'client-credentials', inputSchema };
  await world.api('POST', '/connectors', connector, world.managerToken);
  const { id, clientAction } = await world.api('POST', '/connect', { connectorKey: 'acme-shop' });
  visit.page = await visit.context.newPage();
  await visit.page.goto(clientAction.uiUrl);
  await at(visit.page, 'form');
  return { id, page: visit.page };
}

const typed = async (world, id) => (await world.api('GET', `/connections/${id}?includeSecrets=true`)).credentials;

scenario('a form: a number is sent as a number', async ({ world, visit }) => {
  const { id, page } = await form(world, visit, { port: { type: 'integer', title: 'Port' } }, ['port']);
  await fillKeys(page, { Port: '8080' });
  await at(page, 'done');
  assert.deepEqual(await typed(world, id), { port: 8080 });
});

scenario('a form: a choice of numbers and a yes or no are sent as what they are', async ({ world, visit }) => {
  const version = { type: 'integer', title: 'Version', enum: [1, 2] };
  const encrypted = { type: 'boolean', title: 'Encrypted' };
  const { id, page } = await form(world, visit, { version, encrypted }, ['version', 'encrypted']);
  await page.getByLabel('Version').selectOption('2');
  await page.getByLabel('Encrypted').selectOption('false');
  await fillKeys(page, {});
  await at(page, 'done');
  assert.deepEqual(await typed(world, id), { version: 2, encrypted: false });
});

scenario('a form: records are chosen by name and sent by id', async ({ world, visit }) => {
  const referenceRecords = [{ id: 7, name: 'North' }, { id: 8, name: 'South' }, { id: 9 }];
  const region = { type: 'integer', title: 'Region', enum: [7], referenceRecords };
  const { id, page } = await form(world, visit, { region }, ['region']);
  assert.deepEqual(await page.getByLabel('Region').locator('option').allTextContents(), ['North', 'South', '9']);
  await page.getByLabel('Region').selectOption({ label: 'North' });
  await fillKeys(page, {});
  await at(page, 'done');
  assert.deepEqual(await typed(world, id), { region: 7 });
});

scenario('a form: a choice that is optional can be left out', async ({ world, visit }) => {
  const plan = { type: 'string', title: 'Plan', enum: ['free', 'paid'] };
  const { id, page } = await form(world, visit, { apiKey: { type: 'string', title: 'Key' }, plan }, ['apiKey']);
  await fillKeys(page, { Key: 'k' });
  await at(page, 'done');
  assert.deepEqual(await typed(world, id), { apiKey: 'k' });
});

scenario('a form: a secret that is wrong is not shown', async ({ world, visit }) => {
  visit.expectErrors(/Failed to load resource.*400/);
  const apiKey = { type: 'string', title: 'Key', isSensitive: true, minLength: 20 };
  const { page } = await form(world, visit, { apiKey }, ['apiKey']);
  await fillKeys(page, { Key: 'hunter2' });
  await complaint(page);
  assert.doesNotMatch(await page.content(), /hunter2/);
});

scenario('a window that no script opened has no button that closes it', async ({ visit }) => {
  visit.expectErrors(/Failed to load resource.*404/);
  visit.page = await visit.context.newPage();
  await visit.page.goto(`${mockOrigin()}/screens/connections?connectionRequestId=no-such-request`);
  await at(visit.page, 'problem');
  assert.equal(await button(visit.page, 'Close').count(), 0);
});

scenario('an error on cue is a page where a page was asked for', async ({ world, visit }) => {
  visit.expectErrors(/Failed to load resource.*500/);
  await world.fault({ on: { route: 'POST /screens/connect' }, fault: { error: { type: 'internal', message: 'So it is' } } });
  await visit.open();
  await visit.start((membrane) => membrane.ui.connect({ integrationKey: 'gmail' }));
  const page = await visit.iframe();
  await at(page, 'problem');
  assert.equal(await complaint(page), 'So it is');
  await button(page, 'Close').click();
  assert.equal(await visit.value(), null);
});
