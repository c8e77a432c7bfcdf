// The client's other pages: one connection, the older `embed` pages, reconnect, integrations, agent session.

import assert from 'node:assert/strict';
import { scenario } from './lib/scenario.mjs';
import { GIVE_UP, at, authorize, button, complaint, givesUp } from './lib/pages.mjs';

scenario('ui.connection() shows the connection and closes with null', async ({ world, visit }) => {
  const { id } = await world.connection('github-dev');
  await visit.open();
  await visit.start((membrane, connectionId) => membrane.ui.connection({ connectionId, theme: 'dark' }), id);
  const page = await visit.iframe();
  await at(page, 'connection');
  await visit.shown();
  await page.getByRole('heading', { name: /GitHub/ }).first().waitFor();
  assert.deepEqual(visit.form('/screens/connection'), { token: world.tenantToken, connectionId: id, theme: 'dark' });
  await givesUp(visit, page);
});

scenario('ui.connection() of a lost connection reconnects it', async ({ world, visit }) => {
  const { id } = await world.connection('github-dev');
  await world.loseCredentials(id);
  await visit.open();
  await visit.start((membrane, connectionId) => membrane.ui.connection({ connectionId }), id);
  const page = await visit.iframe();
  await at(page, 'connection');
  await button(page, /^Reconnect/).click();
  await authorize(visit, page);
  await world.connected(await visit.value(), { id });
});

const older = {
  openNewConnection: (membrane, options) => membrane.integration('slack').openNewConnection(options),
  openNewConnectionV2: (membrane, options) => membrane.integration('slack').openNewConnectionV2(options),
};
for (const [name, call] of Object.entries(older)) {
  for (const origin of ['cross', 'same']) {
    scenario(`integration(i).${name}(), ${origin} origin`, { origin }, async ({ world, visit }) => {
      await visit.open();
      await visit.start(call, { name: 'Our Slack' });
      const page = await visit.iframe();
      await at(page, 'connect');
      await visit.shown();
      await authorize(visit, page);
      await world.connected(await visit.value(), { integrationKey: 'slack', name: 'Our Slack' });
      await visit.tidy();
    });
  }

  scenario(`integration(i).${name}() cancelled`, async ({ world, visit }) => {
    await visit.open();
    await visit.start(call, {});
    const page = await visit.iframe();
    await at(page, 'connect');
    await button(page, 'Cancel').click();
    assert.equal(await visit.value(), null);
    await world.notConnected('slack');
  });
}

scenario('openNewConnection() with allowMultipleConnections keeps the former one', async ({ world, visit }) => {
  await visit.open();
  await visit.start((membrane) => membrane.integration('github').openNewConnection({ allowMultipleConnections: true }));
  await authorize(visit, await visit.iframe(), { account: 'second@example.com' });
  await world.connected(await visit.value(), { integrationKey: 'github' });
  assert.equal((await world.connections({ integrationKey: 'github' })).length, 2);
});

scenario('connection(c).openReconnectUI(): the same id', async ({ world, visit }) => {
  const { id } = await world.connection('github-dev');
  await world.loseCredentials(id);
  await visit.open();
  await visit.start((membrane) => membrane.connection('github-dev').openReconnectUI());
  const page = await visit.iframe();
  await visit.shown();
  await authorize(visit, page);
  await world.connected(await visit.value(), { id, key: 'github-dev' });
  await visit.tidy();
});

// Pages beside connecting: each shakes hands, shows how things stand, and closes.

scenario('client.open() lists the integrations and how they stand, and closes', async ({ visit }) => {
  await visit.open();
  await visit.start((membrane) => membrane.open());
  const page = await visit.iframe();
  await at(page, 'integrations');
  await visit.shown();
  await button(page, 'Reconnect GitHub').waitFor();
  await button(page, /^Connect Slack/).waitFor();
  await button(page, 'Close').click();
  await visit.value();
  await visit.tidy();
});

for (const origin of ['cross', 'same']) {
  scenario(`client.open(): Connect leads to the connect page and to READY, ${origin} origin`, { origin }, async ({ world, visit }) => {
    await visit.open();
    await visit.start((membrane) => membrane.open());
    const page = await visit.iframe();
    await at(page, 'integrations');
    await visit.shown();
    await button(page, /^Connect Slack/).click();
    await at(page, 'connect');
    await visit.shown();
    await authorize(visit, page);
    await visit.value();
    await visit.tidy();
    const [slack] = await world.connections({ integrationKey: 'slack' });
    assert.equal(slack.state, 'READY');
    assert.equal((await world.vendorTokens('slack'))[0].account, 'ann@example.com');
  });
}

scenario('client.open(): a connect page that is cancelled connects nothing', async ({ world, visit }) => {
  await visit.open();
  await visit.start((membrane) => membrane.open());
  const page = await visit.iframe();
  await at(page, 'integrations');
  await visit.shown();
  await button(page, /^Connect Stripe/).click();
  await at(page, 'form');
  await button(page, 'Cancel').click();
  await visit.value();
  await visit.tidy();
  await world.notConnected('stripe');
});

scenario('integration(i).open() shows that one, and connects a lost connection again', async ({ world, visit }) => {
  const { id } = await world.connection('github-dev');
  await world.loseCredentials(id);
  await visit.open();
  await visit.start((membrane) => membrane.integration('github').open());
  const page = await visit.iframe();
  await at(page, 'integrations');
  await visit.shown();
  assert.equal(await page.getByRole('listitem').count(), 1);
  await page.getByText('Disconnected').waitFor();
  await button(page, 'Reconnect GitHub').click();
  await at(page, 'connect');
  await authorize(visit, page);
  await visit.value();
  await visit.tidy();
  assert.equal((await world.connection(id)).state, 'READY');
});

scenario('integration(i).open() leads to what can be set of its connection', async ({ world, visit }) => {
  const { flow } = await world.elements();
  await visit.open();
  await visit.start((membrane) => membrane.integration('github').open());
  const page = await visit.iframe();
  await at(page, 'integrations');
  await visit.shown();
  const links = page.getByRole('listitem').getByRole('link');
  const texts = (await links.allInnerTexts()).map((text) => text.replace(/\s+/g, ' ').trim());
  assert.deepEqual(texts.sort(), ['Suite data source', 'Suite field mapping', 'Suite flow']);
  await page.getByRole('link', { name: 'Suite flow' }).click();
  await at(page, 'configuration');
  await visit.steady();
  const field = page.getByLabel(/^Enabled/);
  await field.selectOption('no');
  await button(page, 'Save').click();
  await visit.value();
  await visit.tidy();
  assert.equal((await world.api('GET', `/flow-instances/${flow}`)).enabled, false);
});

scenario('integration(i).open() closes', async ({ visit }) => {
  await visit.open();
  await visit.start((membrane) => membrane.integration('github').open());
  const page = await visit.iframe();
  await at(page, 'integrations');
  await visit.shown();
  await button(page, GIVE_UP).click();
  await visit.value();
  await visit.tidy();
});

scenario('ui.UNSAFE_agentSession() shows what was said, and closes', async ({ world, visit }) => {
  const { id } = await world.api('POST', '/agent/sessions', { prompt: 'Add a field for the <b>phone</b>' });
  await world.api('GET', `/agent/sessions/${id}?wait=true&timeout=10`);
  await visit.open();
  await visit.start((membrane, sessionId) => membrane.ui.UNSAFE_agentSession({ sessionId, theme: 'dark' }), id);
  const page = await visit.iframe();
  await at(page, 'agent-session');
  await visit.shown();
  assert.deepEqual(visit.form('/screens/agent-session'), { token: world.tenantToken, sessionId: id, theme: 'dark' });
  assert.match(await page.getByRole('status').innerText(), /completed/);
  await page.getByRole('heading', { name: 'Add a field for the <b>phone</b>' }).waitFor();
  await button(page, 'Close').click();
  await visit.value();
  await visit.tidy();
});

scenario('ui.UNSAFE_agentSession() of no session says so, and closes', async ({ visit }) => {
  visit.expectErrors(/Failed to load resource/);
  await visit.open();
  await visit.start((membrane) => membrane.ui.UNSAFE_agentSession({ sessionId: 'no-such-session' }));
  const page = await visit.iframe();
  await at(page, 'problem');
  await visit.shown();
  assert.match(await complaint(page), /Agent session not found/);
  await button(page, 'Close').click();
  await visit.value();
  await visit.tidy();
});

// What can be set: what a person chooses by the label of the field, and what the instance then has.
const flow = [{ Enabled: 'no' }, (world) => world.api('GET', '/connections/github-dev/flows/suite'), { enabled: false }];
const dataSource = [
  { Owner: 'acme', Repository: 'website' },
  (world) => world.api('GET', '/connections/github-dev/data-sources/suite'),
  { collectionParameters: { owner: 'acme', repo: 'website' } },
];
const fieldMapping = [
  { Headline: 'title' },
  (world) => world.api('GET', '/connections/github-dev/field-mappings/suite'),
  { importValue: { headline: { $var: '$.title' } } },
];
const settable = {
  'flowInstance(i).openConfiguration()': [flow, (membrane, { flow }) => membrane.flowInstance(flow).openConfiguration()],
  'flowInstance(i).openEditor()': [flow, (membrane, { flow }) => membrane.flowInstance(flow).openEditor()],
  'flowInstance(i).embedEditor()': [
    flow,
    (membrane, { flow }) => membrane.flowInstance(flow).embedEditor({ mountTargetSelector: 'h1' }),
  ],
  'connection(c).flow(k).openConfiguration()': [
    flow,
    (membrane) => membrane.connection('github-dev').flow('suite').openConfiguration(),
  ],
  'connection(c).flow(k).openEditor()': [flow, (membrane) => membrane.connection('github-dev').flow('suite').openEditor()],
  'dataSourceInstance(i).openConfiguration()': [
    dataSource,
    (membrane, { dataSource }) => membrane.dataSourceInstance(dataSource).openConfiguration(),
  ],
  'connection(c).dataSource(k).openConfiguration()': [
    dataSource,
    (membrane) => membrane.connection('github-dev').dataSource('suite').openConfiguration(),
  ],
  'fieldMappingInstance(i).openConfiguration()': [
    fieldMapping,
    (membrane, { fieldMapping }) => membrane.fieldMappingInstance(fieldMapping).openConfiguration(),
  ],
  'connection(c).fieldMapping(k).openConfiguration()': [
    fieldMapping,
    (membrane) => membrane.connection('github-dev').fieldMapping('suite').openConfiguration(),
  ],
};
for (const [name, [[chosen, read, expected], call]] of Object.entries(settable)) {
  scenario(`${name} keeps what is set, by the keyboard alone, and closes`, async ({ world, visit }) => {
    const ids = await world.elements();
    await visit.open();
    await visit.start(call, ids);
    const frame = await visit.iframe();
    await at(frame, 'configuration');
    await visit.shown();
    for (const [label, choice] of Object.entries(chosen)) {
      const field = frame.getByLabel(new RegExp(`^${label}`));
      await field.focus();
      if ((await field.evaluate((element) => element.tagName)) === 'SELECT') await field.selectOption(choice);
      else await field.pressSequentially(choice);
    }
    await button(frame, 'Save').focus();
    await button(frame, 'Save').press('Enter');
    await visit.value();
    await visit.tidy();
    const kept = await read(world);
    for (const [member, value] of Object.entries(expected)) assert.deepEqual(kept[member], value, member);
  });
}

scenario('another collection may be chosen whose parameters are not known yet', async ({ world, visit }) => {
  const { dataSource } = await world.elements();
  await visit.open();
  await visit.start((membrane, instance) => membrane.dataSourceInstance(instance).openConfiguration(), dataSource);
  const frame = await visit.iframe();
  await at(frame, 'configuration');
  await frame.getByLabel('Collection').selectOption('users');
  await button(frame, 'Save').click();
  await visit.value();
  await visit.tidy();
  const kept = await world.api('GET', '/connections/github-dev/data-sources/suite');
  assert.deepEqual([kept.collectionKey, kept.collectionParameters], ['users', undefined]);
});

scenario('a wrong value is shown with what is wrong about it, and changes nothing', async ({ world, visit }) => {
  visit.expectErrors(/Failed to load resource.*400/);
  const parametersSchema = { type: 'object', properties: { size: { type: 'integer', title: 'Size' } } };
  await world.elements();
  const { id } = await world.api('GET', '/flows/github.suite');
  await world.api('PATCH', `/flows/${id}`, { parametersSchema }, world.managerToken);
  const instance = await world.api('POST', '/connections/github-dev/flows/suite/reset');
  await visit.open();
  await visit.start((membrane, flow) => membrane.flowInstance(flow).openConfiguration(), instance.id);
  const frame = await visit.iframe();
  await at(frame, 'configuration');
  await visit.shown();
  await frame.getByLabel('Size').fill('many');
  await button(frame, 'Save').click();
  await frame.getByRole('alert').waitFor();
  assert.match(await frame.getByRole('alert').innerText(), /must be a whole number, not/);
  await button(frame, 'Cancel').click();
  await visit.value();
  await visit.tidy();
  assert.equal((await world.api('GET', '/connections/github-dev/flows/suite')).parameters, undefined);
});

const plain = {
  'actionInstance(i).open()': (membrane, { action }) => membrane.actionInstance(action).open(),
  'flowRun(r).openEditor()': (membrane, { run }) => membrane.flowRun(run).openEditor(),
  'flowRun(r).embedEditor()': (membrane, { run }) => membrane.flowRun(run).embedEditor({ mountTargetSelector: 'h1' }),
};
for (const [name, call] of Object.entries(plain)) {
  scenario(`${name} says that there is nothing to set, and closes`, async ({ world, visit }) => {
    await visit.open();
    await visit.start(call, await world.elements());
    const page = await visit.iframe();
    await at(page, 'configuration');
    await visit.shown();
    await page.getByText(/there is nothing to set/).waitFor();
    await button(page, 'Close').click();
    await visit.value();
    await visit.tidy();
  });
}

const lacking = {
  'flowInstance(i).openConfiguration() of none': [(membrane) => membrane.flowInstance('x').openConfiguration(), /No matching flow instance/],
  'fieldMappingInstance(i).openConfiguration() of none': [
    (membrane) => membrane.fieldMappingInstance('x').openConfiguration(),
    /No matching field mapping instance/,
  ],
};
for (const [name, [call, words]] of Object.entries(lacking)) {
  scenario(`${name} says what is lacking, and closes`, async ({ visit }) => {
    visit.expectErrors(/Failed to load resource.*404/);
    await visit.open();
    await visit.start(call);
    const page = await visit.iframe();
    await at(page, 'problem');
    await visit.shown();
    assert.match(await complaint(page), words);
    await button(page, 'Close').click();
    await visit.value();
    await visit.tidy();
  });
}
