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

/** What is told at each field that something is wrong with. */
async function toldAt(page) {
  const wrong = page.locator('[aria-invalid=true]');
  await wrong.first().waitFor();
  return wrong.evaluateAll((fields) =>
    Object.fromEntries(
      fields.map(({ id, labels, attributes }) => {
        const said = attributes['aria-describedby'].value.split(' ').map((each) => document.getElementById(each));
        return [labels[0].textContent, said.find(({ role }) => role === 'alert').textContent, id].slice(0, 2);
      }),
    ),
  );
}

const shop = {
  apiKey: { type: 'string', title: 'Key', isSensitive: true, minLength: 8 },
  port: { type: 'integer', title: 'Port', minimum: 1 },
  host: { type: 'string', title: 'Host', pattern: '^[a-z]+$' },
};
const wrongly = { Key: 'hunter2', Port: 'many', Host: 'Main 1' };
const told = {
  Key: '“Key” must have at least 8 characters.',
  Port: '“Port” must be a whole number, not `many`.',
  Host: '“Host” does not have the form that is asked for, not `Main 1`.',
};

scenario('a form: what is wrong is told at each field before anything is sent, and all that was typed stays', async ({ world, visit }) => {
  const { id, page } = await form(world, visit, shop, Object.keys(shop));
  await fillKeys(page, wrongly);
  assert.deepEqual(await toldAt(page), told);
  assert.equal(await page.getByLabel('Key').evaluate((field) => field === document.activeElement), true);
  for (const [label, text] of Object.entries(wrongly)) assert.equal(await page.getByLabel(label).inputValue(), text);
  await page.getByLabel('Host').fill('main');
  assert.deepEqual(Object.keys(await toldAt(page)), ['Key', 'Port']);
  await fillKeys(page, { Key: 'hunter22', Port: '8080' });
  await at(page, 'done');
  assert.deepEqual(await typed(world, id), { apiKey: 'hunter22', port: 8080, host: 'main' });
});

scenario('a form that is sent all the same: the server tells the same, and keeps all but secrets', async ({ world, visit }) => {
  visit.expectErrors(/Failed to load resource.*400/);
  const { page } = await form(world, visit, shop, Object.keys(shop));
  for (const [label, text] of Object.entries(wrongly)) await page.getByLabel(label).fill(text);
  // As without a script.
  await page.evaluate(() => {
    const form = document.querySelector('form');
    form.append(Object.assign(document.createElement('input'), { name: 'action', value: 'connect', type: 'hidden' }));
    form.submit();
  });
  assert.deepEqual(await toldAt(page), told);
  assert.equal(await page.getByLabel('Port').inputValue(), 'many');
  assert.equal(await page.getByLabel('Key').inputValue(), '');
  await page.getByText('Type it again').waitFor();
  assert.doesNotMatch(await page.content(), /hunter2/);
});

scenario('a form: what is needed and empty is told at its field', async ({ world, visit }) => {
  const { page } = await form(world, visit, { user: { type: 'string', title: 'User' } }, ['user']);
  await fillKeys(page, { User: ' ' });
  assert.deepEqual(await toldAt(page), { User: '“User” is needed.' });
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
  assert.equal(await complaint(page), 'So it is.');
  await button(page, 'Close').click();
  assert.equal(await visit.value(), null);
});
