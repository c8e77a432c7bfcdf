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
  assert.match(await complaint(page), /agent session not found/);
  await button(page, 'Close').click();
  await visit.value();
  await visit.tidy();
});

const plain = {
  'actionInstance(i).open()': (membrane, { action }) => membrane.actionInstance(action).open(),
  'flowInstance(i).openEditor()': (membrane, { flow }) => membrane.flowInstance(flow).openEditor(),
  'flowInstance(i).embedEditor()': (membrane, { flow }) => membrane.flowInstance(flow).embedEditor({ mountTargetSelector: 'h1' }),
  'dataSourceInstance(i).openConfiguration()': (membrane, { dataSource }) => membrane.dataSourceInstance(dataSource).openConfiguration(),
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
  'flowInstance(i).openConfiguration() of none': [(membrane) => membrane.flowInstance('x').openConfiguration(), /no matching flow/],
  'fieldMappingInstance(i).openConfiguration() of none': [
    (membrane) => membrane.fieldMappingInstance('x').openConfiguration(),
    /no matching field mapping/,
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
