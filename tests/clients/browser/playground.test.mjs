// A product's demo page on the React package, from what it offers to what was done: each story to its end.

import assert from 'node:assert/strict';
import { scenario } from './lib/scenario.mjs';
import { at, authorize, button } from './lib/pages.mjs';

const part = (visit, name) => visit.page.getByRole('region', { name, exact: true });
const item = (visit, name, text) => part(visit, name).getByRole('listitem').filter({ hasText: text });
const shows = (visit, name, text) => item(visit, name, text).waitFor();
const gone = (visit, name, text) => item(visit, name, text).waitFor({ state: 'detached' });

/** In a section or, without one, anywhere on the page. */
const press = (visit, name, text) => button(name ? part(visit, name) : visit.page, text).click();

const open = (visit) => visit.open('playground.html');

async function asked(world, connector) {
  return (await world.control('GET', `/upstreams/${connector}/requests`)).items;
}

scenario('an app is connected, acted on, looked up in the log, and disconnected', async ({ world, visit }) => {
  visit.expectErrors(/status of 400 .*\/actions\/\w+\/run/);
  await open(visit);
  await shows(visit, 'Connected', 'GitHub');
  await shows(visit, 'Available', 'Connect Slack');
  await gone(visit, 'Available', 'Connect GitHub');

  await press(visit, 'Available', 'Connect Slack');
  await authorize(visit, await visit.iframe());
  await press(visit, 'Connected', 'Slack');
  await press(visit, 'Actions', 'Send message');
  await part(visit, 'Action').getByLabel('Channel').fill('#general');
  await press(visit, 'Action', 'Run');
  await part(visit, 'Action').getByRole('alert').waitFor();
  await shows(visit, 'Log', 'Send message: error');
  await part(visit, 'Action').getByLabel('Text').fill('The build is green');
  await press(visit, 'Action', 'Run');
  await shows(visit, 'Log', 'Send message: success');
  const sent = (await asked(world, 'slack')).filter(({ method }) => method === 'POST');
  assert.deepEqual(sent.map(({ body }) => body.text), ['The build is green']);

  await press(visit, undefined, 'Configure');
  const page = await visit.iframe();
  await at(page, 'integrations');
  await button(page, 'Close').click();
  await visit.tidy();
  await press(visit, undefined, 'Disconnect');
  await shows(visit, 'Available', 'Connect Slack');
  assert.deepEqual(await world.connections({ integrationKey: 'slack' }), []);
});

scenario('a flow of a connection is run by its trigger, and its runs are shown', async ({ world, visit }) => {
  const greeting = { $concat: ['Hello ', { $var: '$.input.start.name' }] };
  const nodes = {
    start: { type: 'api-trigger', name: 'Start', links: [{ key: 'greet' }] },
    greet: { type: 'transform-data', config: { output: greeting } },
  };
  await world.api('POST', '/flows', { key: 'greet', name: 'Greet', nodes, integrationKey: 'github' }, world.managerToken);
  await open(visit);

  await press(visit, 'Connected', 'GitHub');
  await press(visit, 'Flows', 'Greet');
  await press(visit, 'Flow', 'Run Start');
  await shows(visit, 'Flow', 'start');
  await world.control('POST', '/clock/settle');
  await press(visit, 'Flow', 'Look again');
  await shows(visit, 'Flow', 'start completed');

  const { id } = await world.connection('github-dev');
  const [run] = (await world.api('GET', `/flow-runs?connectionId=${id}`)).items;
  const output = await world.api('GET', `/flow-runs/${run.id}/output`);
  assert.deepEqual(output, { start: [{ name: 'Ada' }], greet: ['Hello Ada'] });
});

/** The elements of the connection to HubSpot that its user can set. */
async function withPeople(world) {
  const people = { key: 'people', name: 'People', integrationKey: 'hubspot' };
  await world.api('POST', '/data-sources', { ...people, collectionKey: 'contacts' }, world.managerToken);
  const title = (each) => ({ type: 'string', title: each });
  const appSchema = { type: 'object', properties: { who: title('Who'), mail: title('Mail') } };
  const importValue = { mail: { $var: '$.email' } };
  const mapping = { ...people, dataSourceKey: 'people', direction: 'import', appSchema, importValue };
  await world.api('POST', '/field-mappings', mapping, world.managerToken);
}

/** On the page that opens, one field is chosen and saved, and the page closes itself. */
async function configure(visit, name, label, option) {
  await press(visit, name, 'Configure');
  const page = await visit.iframe();
  await at(page, 'configuration');
  await visit.steady();
  await page.getByLabel(label).selectOption(option);
  await button(page, 'Save').click();
  await visit.tidy();
}

scenario('where records come from is chosen in a form, or on the page of the data source', async ({ world, visit }) => {
  await withPeople(world);
  await open(visit);
  await press(visit, 'Connected', 'HubSpot');
  await press(visit, 'Data sources', 'People');
  await press(visit, 'Data source', 'List records');
  await shows(visit, 'Data source', 'ada.okafor@example.com');

  // What is chosen is sent half a second later.
  const sent = visit.page.waitForResponse((answer) => answer.request().method() === 'PUT');
  await part(visit, 'Data source').getByRole('combobox').getByText('Contacts').click();
  await visit.page.getByText('Companies', { exact: true }).click();
  assert.equal((await sent).status(), 200);
  await press(visit, 'Data source', 'List records');
  await shows(visit, 'Data source', 'Northwind Bakery');
  await configure(visit, 'Data source', 'Collection', 'deals');
  await press(visit, 'Data source', 'List records');
  await shows(visit, 'Data source', 'Acme renewal');

  const instances = async () => (await world.api('GET', '/data-source-instances')).items;
  const set = (await instances()).map(({ key, collectionKey, isCustomized }) => [key, collectionKey, isCustomized]);
  assert.deepEqual(set, [['people', 'deals', true]]);
  await press(visit, undefined, 'Disconnect');
  await shows(visit, 'Available', 'Connect HubSpot');
  assert.deepEqual(await instances(), []);
});

scenario('fields are mapped for one connection, and a record shows what becomes of them', async ({ world, visit }) => {
  await withPeople(world);
  await open(visit);
  await press(visit, 'Connected', 'HubSpot');
  await press(visit, 'Field mappings', 'People');
  for (const title of ['Who', 'Mail']) await part(visit, 'Field mapping').getByTitle(title, { exact: true }).waitFor();
  await press(visit, 'Field mapping', 'Map a record');
  await part(visit, 'Field mapping').getByText('{"mail":"ada.okafor@example.com"}').waitFor();

  await configure(visit, 'Field mapping', 'Who', 'firstname');

  await press(visit, 'Field mapping', 'Map a record');
  await part(visit, 'Field mapping').getByText('"who":"Ada"').waitFor();
  const [own] = (await world.api('GET', '/field-mapping-instances')).items;
  assert.deepEqual(own.importValue, { mail: { $var: '$.email' }, who: { $var: '$.firstname' } });
  const ofAll = await world.api('GET', `/field-mappings/${own.fieldMappingId}`);
  assert.deepEqual(ofAll.importValue, { mail: { $var: '$.email' } }, 'nobody else is concerned');
});

scenario('a form of the page itself connects an app that has a key', async ({ world, visit }) => {
  await open(visit);
  await press(visit, 'Available', 'Fill in Stripe');
  await part(visit, 'Form').getByLabel('Secret key').fill('sk_test_of_the_page');
  await press(visit, 'Form', 'Connect');
  await shows(visit, 'Connected', 'Stripe');

  const [made] = await world.connections({ integrationKey: 'stripe', includeSecrets: true });
  assert.deepEqual([made.state, made.credentials.apiKey], ['READY', 'sk_test_of_the_page']);
});
