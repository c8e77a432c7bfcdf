// The client's other pages: one connection, the older `embed` pages, reconnect, agent session; and their themes.

import assert from 'node:assert/strict';
import { scenario } from './lib/scenario.mjs';
import { GIVE_UP, at, authorize, button } from './lib/pages.mjs';
import { mockOrigin } from './lib/world.mjs';

scenario('ui.connection() shows the connection and closes with null', async ({ world, visit }) => {
  const { id } = await world.connection('github-dev');
  await visit.open();
  await visit.start((membrane, connectionId) => membrane.ui.connection({ connectionId, theme: 'dark' }), id);
  const page = await visit.iframe();
  await at(page, 'connection');
  await visit.shown();
  await page.getByRole('heading', { name: /GitHub/ }).first().waitFor();
  assert.deepEqual(visit.form('/screens/connection'), { token: world.tenantToken, connectionId: id, theme: 'dark' });
  await button(page, GIVE_UP).click();
  assert.equal(await visit.value(), null);
  await visit.tidy();
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

// These pages shake hands, say that they are not faked, and close.
const plain = {
  'client.open()': (membrane) => membrane.open(),
  'integration(i).open()': (membrane) => membrane.integration('github').open(),
};
for (const [name, call] of Object.entries(plain)) {
  scenario(`${name} says that it is not faked, and closes`, async ({ visit }) => {
    visit.expectErrors(/Failed to load resource/);
    await visit.open();
    await visit.start(call);
    const page = await visit.iframe();
    await at(page, 'problem');
    await visit.shown();
    await button(page, GIVE_UP).click();
    await visit.outcome();
    await visit.tidy();
  });
}

for (const path of ['flow-instances/000000000000000000000001/configuration', 'field-mapping-instances/x/configuration']) {
  scenario(`the page /embed/${path} says that it is not faked`, async ({ world, visit }) => {
    visit.expectErrors(/Failed to load resource/);
    const page = await visit.context.newPage();
    await page.goto(`${mockOrigin()}/embed/${path}?token=${world.tenantToken}`);
    await at(page, 'message', 'problem');
  });
}

// Themes: asked for against what the user's system prefers.

/** 0 is black, 1 is white. */
const brightness = (page) =>
  page.evaluate(() => {
    const [red, green, blue] = getComputedStyle(document.body).backgroundColor.match(/[\d.]+/g).map(Number);
    return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
  });

const shades = { dark: (shade) => shade < 0.3, light: (shade) => shade > 0.7 };
const screens = { 'a consent': { integrationKey: 'gmail' }, 'a form': { integrationKey: 'stripe' }, 'the catalog': {} };
const themes = [
  ['dark', 'light', 'dark'],
  ['light', 'dark', 'light'],
  ['auto', 'dark', 'dark'],
  [undefined, 'dark', 'dark'],
];
for (const [theme, system, drawn] of themes) {
  for (const [what, options] of Object.entries(screens)) {
    scenario(`theme ${theme} on a ${system} system: ${what} is ${drawn}`, { colorScheme: system }, async ({ visit }) => {
      await visit.open();
      await visit.start((membrane, given) => membrane.ui.connect(given), { ...options, theme });
      const page = await visit.iframe();
      await at(page, 'connect', 'form', 'choose');
      const shade = await brightness(page);
      assert.ok(shades[drawn](shade), `a ${drawn} page has a background of brightness ${shade}`);
    });
  }
}
