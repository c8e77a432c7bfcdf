// The React package: list hooks, an element hook, connecting from a component, live updates.

import assert from 'node:assert/strict';
import { scenario } from './lib/scenario.mjs';
import { authorize } from './lib/pages.mjs';

const part = (visit, name) => visit.page.getByRole('region', { name, exact: true });
const rows = (visit, name) => part(visit, name).getByRole('listitem');
const keys = (visit, name) => rows(visit, name).allInnerTexts();
const press = (visit, name, button) => part(visit, name).getByRole('button', { name: button }).click();

/** Waits until the list shows exactly so many. */
const count = (visit, name, many) =>
  visit.page.waitForFunction(
    ([label, expected]) => document.querySelectorAll(`section[aria-label="${label}"] li`).length === expected,
    [name, many],
  );

const open = (visit, settings) => visit.open('react.html', settings);

const asked = (visit, path) =>
  visit.to('GET', path).map((each) => Object.fromEntries(new URL(each.url()).searchParams));

for (const origin of ['cross', 'same']) {
  scenario(`useIntegrations lists, ${origin} origin`, { origin }, async ({ world, visit }) => {
    await open(visit, { parts: 'integrations' });
    await count(visit, 'Integrations', 5);
    const all = (await world.api('GET', '/integrations')).items.map(({ key }) => key);
    assert.deepEqual(await keys(visit, 'Integrations'), all.slice(0, 5));
  });
}

scenario('load more goes on until a page is not full, and shows nothing twice', async ({ world, visit }) => {
  await open(visit, { parts: 'integrations' });
  await count(visit, 'Integrations', 5);
  await press(visit, 'Integrations', 'Load more');
  await count(visit, 'Integrations', 10);
  await press(visit, 'Integrations', 'Load more');
  const all = (await world.api('GET', '/integrations')).items.map(({ key }) => key);
  await count(visit, 'Integrations', all.length);
  assert.deepEqual(await keys(visit, 'Integrations'), all);

  const before = asked(visit, '/integrations').length;
  await press(visit, 'Integrations', 'Load more');
  await press(visit, 'Integrations', 'Refresh');
  await count(visit, 'Integrations', all.length);
  const after = asked(visit, '/integrations').slice(before);
  assert.ok(after.every(({ cursor }) => cursor === undefined || /\S/.test(cursor)));
});

scenario('load more after a page that is exactly full', async ({ world, visit }) => {
  const all = (await world.api('GET', '/integrations')).items.map(({ key }) => key);
  await open(visit, { parts: 'integrations', limit: all.length / 2 });
  await count(visit, 'Integrations', all.length / 2);
  await press(visit, 'Integrations', 'Load more');
  await count(visit, 'Integrations', all.length);
  assert.deepEqual(await keys(visit, 'Integrations'), all);
});

scenario('useActions of one integration', async ({ world, visit }) => {
  for (const key of ['close', 'open', 'label', 'merge']) {
    const config = { code: 'module.exports = () => null' };
    const action = { key, name: key, integrationKey: 'github', type: 'run-javascript', config };
    await world.api('POST', '/actions', action, world.managerToken);
  }
  await open(visit, { parts: 'actions' });
  await count(visit, 'Actions', 3);
  await press(visit, 'Actions', 'Load more');
  const all = (await world.api('GET', '/actions?integrationKey=github')).items.map(({ key }) => key);
  assert.equal(all.length, 6);
  await count(visit, 'Actions', 6);
  assert.deepEqual(await keys(visit, 'Actions'), all);
});

scenario('useFlows, useFlowInstance and useFlowRuns: a flow is switched off and run', async ({ world, visit }) => {
  const nodes = {
    start: { type: 'api-trigger', links: [{ key: 'greet' }] },
    greet: { type: 'transform-data', config: { output: { $concat: ['Hello ', { $var: '$.input.start.name' }] } } },
  };
  await world.api('POST', '/flows', { key: 'greet', name: 'Greet', nodes }, world.managerToken);
  await open(visit, { parts: 'flows' });
  await count(visit, 'Flows', 1);
  assert.deepEqual(await keys(visit, 'Flows'), ['greet']);
  await visit.page.getByText('Greet, on').waitFor();
  await visit.page.getByRole('button', { name: 'Switch off' }).click();
  await visit.page.getByText('Greet, off').waitFor();

  // A flow that is switched off is run by the API all the same.
  await visit.page.getByRole('button', { name: 'Run' }).click();
  await visit.page.getByText('"greet":["Hello Ada"]').waitFor();
  await count(visit, 'Runs', 1);
  assert.deepEqual(await keys(visit, 'Runs'), ['Greet completed']);
});

scenario('useAppDataSchemas, useAppDataSchemaInstance and its list: a tenant renames its own', async ({ world, visit }) => {
  await world.api('POST', '/app-data-schemas', { key: 'contact', name: 'Contact' }, world.managerToken);
  await open(visit, { parts: 'schemas' });
  await count(visit, 'Schemas', 1);
  assert.deepEqual(await keys(visit, 'Schemas'), ['contact']);
  await visit.page.getByTestId('own-schema').filter({ hasText: 'Contact' }).waitFor();
  await visit.page.getByRole('button', { name: 'Rename' }).click();
  await visit.page.getByTestId('own-schema').filter({ hasText: 'My contact' }).waitFor();
  await visit.page.getByLabel('Own schemas', { exact: true }).getByText('My contact').waitFor();
  assert.deepEqual(await keys(visit, 'Own schemas'), ['My contact']);
});

scenario('search narrows, and clearing it brings all back', async ({ visit }) => {
  await open(visit, { parts: 'integrations' });
  await count(visit, 'Integrations', 5);
  const search = visit.page.getByLabel('Search integrations');
  await search.fill('HUB');
  await count(visit, 'Integrations', 2);
  assert.deepEqual((await keys(visit, 'Integrations')).sort(), ['github', 'hubspot']);
  await search.fill('');
  await count(visit, 'Integrations', 5);
});

scenario('integrationKey filters connections', async ({ visit }) => {
  await open(visit, { parts: 'connections' });
  await count(visit, 'Connections', 2);
  await visit.page.getByLabel('Connections of').fill('github');
  await count(visit, 'Connections', 1);
  assert.match((await keys(visit, 'Connections'))[0], /^github-dev/);
});

scenario('useAction by key and integrationKey', async ({ world, visit }) => {
  await open(visit, { parts: 'actions' });
  const { name } = await world.api('GET', '/action?key=list-repositories&integrationKey=github');
  await visit.page.getByTestId('action').filter({ hasText: name }).waitFor();
});

scenario('a list refreshed after an archive has one less', async ({ world, visit }) => {
  await open(visit, { parts: 'connections' });
  await count(visit, 'Connections', 2);
  await press(visit, 'Connections', 'Archive github-dev');
  await count(visit, 'Connections', 1);
  assert.match((await keys(visit, 'Connections'))[0], /^hubspot-prod/);
  assert.deepEqual((await world.connections()).map(({ key }) => key), ['hubspot-prod']);
});

scenario('with fetchToken the first page is asked twice and shown once', async ({ visit }) => {
  await open(visit, { parts: 'connections', fetchToken: '1' });
  await count(visit, 'Connections', 2);
  await visit.page.locator('section[aria-label="Connections"][aria-busy="false"]').waitFor();
  const hashes = asked(visit, '/connections').map(({ hash }) => hash);
  assert.equal(hashes[0], '0');
});

scenario('a 500 is the hook\'s error, and a refresh that works takes it away', async ({ world, visit }) => {
  visit.expectErrors(/Failed to load resource.*500/);
  const fire = await world.fault({
    on: { route: 'GET /connections' },
    fault: { error: { type: 'internal', message: 'The engine is on fire' } },
  });
  await open(visit, { parts: 'connections' });
  const alert = part(visit, 'Connections').getByRole('alert');
  await alert.waitFor();
  assert.equal(await alert.innerText(), 'InternalError: The engine is on fire');
  await world.repair(fire);
  await press(visit, 'Connections', 'Refresh');
  await count(visit, 'Connections', 2);
  await alert.waitFor({ state: 'detached' });
});

scenario('an expired token is the hook\'s error', async ({ world, visit }) => {
  visit.expectErrors(/Failed to load resource.*401/);
  await open(visit, { parts: 'connections', token: world.expiredToken() });
  const alert = part(visit, 'Connections').getByRole('alert');
  await alert.waitFor();
  assert.match(await alert.innerText(), /^BadRequestError: .*expired/i);
});

scenario('useConnection reads, and a patch is one PUT of the whole record', async ({ world, visit }) => {
  const { id } = await world.connection('github-dev');
  await open(visit, { open: id });
  const heading = part(visit, 'Connection').getByRole('heading');
  await heading.filter({ hasText: 'GitHub' }).waitFor();
  const answered = visit.page.waitForResponse((answer) => answer.request().method() === 'PUT');
  await press(visit, 'Connection', 'Rename');
  await heading.filter({ hasText: 'Renamed' }).waitFor();
  assert.equal((await answered).status(), 200);
  const after = await world.connection(id);
  assert.equal(after.name, 'Renamed');
  assert.equal(after.state, 'READY');
  assert.equal((await answered).request().postDataJSON().createdAt, after.createdAt);
});

scenario('useConnection of an unknown id gives the engine\'s error', async ({ visit }) => {
  visit.expectErrors(/Failed to load resource.*404/);
  await open(visit, { open: 'no-such-connection' });
  assert.match(await part(visit, 'Connection').getByRole('alert').innerText(), /connection not found/i);
});

scenario('a component connects an app and its list shows it', async ({ world, visit }) => {
  await open(visit, { parts: 'connections' });
  await count(visit, 'Connections', 2);
  await visit.page.getByRole('button', { name: 'Connect Slack' }).click();
  await authorize(visit, await visit.iframe());
  await count(visit, 'Connections', 3);
  const [slack] = await world.connections({ integrationKey: 'slack' });
  assert.equal(slack.state, 'READY');
});

for (const origin of ['cross', 'same']) {
  scenario(`useElementsBackgroundSync: what changes on the server is read again, ${origin} origin`, { origin }, async ({ world, visit }) => {
    const { id } = await world.connection('github-dev');
    await open(visit, { parts: 'sync', open: id });
    const shown = part(visit, 'Connection').getByRole('heading');
    await shown.filter({ hasText: 'GitHub' }).waitFor();
    await visit.page.getByTestId('sync').filter({ hasText: /^live$/ }).waitFor();
    await visit.page.waitForFunction(() => window.events.some(({ type }) => type === 'connected'));

    await world.api('PATCH', `/connections/${id}`, { name: 'Changed elsewhere' });
    await shown.filter({ hasText: 'Changed elsewhere' }).waitFor();
    const events = await visit.page.evaluate(() => window.events);
    assert.ok(events.some((each) => each.type === 'element-update' && each.elementType === 'connection' && each.elementId === id));

    await world.loseCredentials(id);
    await part(visit, 'Connection').getByRole('status').filter({ hasText: 'DISCONNECTED' }).waitFor();
  });
}
