// Themes: what is asked for holds for every page that the user then sees, whatever their system prefers.

import assert from 'node:assert/strict';
import { scenario } from './lib/scenario.mjs';
import { at, button, complaint, consent, fillKeys, reachVendor, shade, vendorWindow } from './lib/pages.mjs';
import { mockOrigin } from './lib/world.mjs';

/** The page was asked to look so, and is drawn so. */
async function looks(page, theme, drawn = theme) {
  const asked = await page.evaluate(() => document.documentElement.dataset.theme);
  assert.deepEqual({ asked, drawn: await shade(page) }, { asked: theme, drawn }, page.url());
}

/** At this screen, and it looks as it was asked to. */
async function seen(page, screen, theme, drawn) {
  await at(page, screen);
  await looks(page, theme, drawn);
}

/** A story on a system that prefers the opposite of what is asked for. */
function themed(name, body) {
  for (const [theme, system] of [['dark', 'light'], ['light', 'dark']]) {
    scenario(`theme ${theme}: ${name}`, { colorScheme: system }, (where) => body({ ...where, theme }));
  }
}

async function framed(visit, call, options) {
  await visit.open();
  await visit.start(call, options);
  return visit.iframe();
}

const connect = (visit, options) => framed(visit, (membrane, given) => membrane.ui.connect(given), options);
const hold = { 'connection.building': 'hold' };

// `ui.connect()`

themed('the connect page, the vendor\'s window and its end', async ({ visit, theme }) => {
  await visit.keepWindows();
  const page = await connect(visit, { integrationKey: 'gmail', theme });
  await seen(page, 'connect', theme);
  const vendor = await vendorWindow(visit, page);
  await seen(vendor, 'vendor', theme);
  await consent(vendor);
  await seen(vendor, 'done', theme);
});

themed('denied at the vendor', async ({ visit, theme }) => {
  await visit.keepWindows();
  const page = await connect(visit, { integrationKey: 'gmail', theme });
  const vendor = await vendorWindow(visit, page);
  await consent(vendor, { press: 'Deny' });
  await seen(vendor, 'problem', theme);
  await complaint(page);
  await seen(page, 'connect', theme);
});

themed('a form, and what was wrong with it', async ({ world, visit, theme }) => {
  visit.expectErrors(/Failed to load resource.*400/);
  const page = await connect(visit, { ...(await world.ownApp()), theme });
  await seen(page, 'form', theme);
  await fillKeys(page, { 'Access token': 'too short' });
  await complaint(page);
  await seen(page, 'form', theme);
});

themed('the catalog, the app that is chosen, and its vendor', async ({ visit, theme }) => {
  const page = await connect(visit, { theme });
  await seen(page, 'choose', theme);
  await button(page, /^Gmail/).click();
  await seen(page, 'connect', theme);
  await seen(await vendorWindow(visit, page), 'vendor', theme);
});

themed('a connector that is being built, and the page after it', async ({ world, visit, theme }) => {
  await world.progress(hold);
  const page = await connect(visit, { intent: 'Acme Rocketry', theme });
  await seen(page, 'building', theme);
  await world.poke(await world.beingBuilt(), 'finishBuilding');
  await seen(page, 'form', theme);
});

themed('connecting again', async ({ world, visit, theme }) => {
  const { id } = await world.connection('github-dev');
  const page = await connect(visit, { connectionId: id, theme });
  await seen(page, 'connect', theme);
  await seen(await vendorWindow(visit, page), 'vendor', theme);
});

themed('a request that a backend made', async ({ world, visit, theme }) => {
  const { requestId } = await world.api('POST', '/connection-requests', { integrationKey: 'linear' });
  const page = await connect(visit, { connectionRequestId: requestId, theme });
  await seen(page, 'connect', theme);
  await seen(await vendorWindow(visit, page), 'vendor', theme);
});

themed('each attempt has its own', async ({ world, visit, theme }) => {
  const { id } = await world.connection('github-dev');
  const other = await connect(visit, { connectionId: id, theme: theme === 'dark' ? 'light' : 'dark' });
  await at(other, 'connect');
  await button(other, 'Cancel').click();
  assert.equal(await visit.value(), null);
  await visit.tidy();

  await visit.start((membrane, given) => membrane.ui.connect(given), { connectionId: id, theme });
  const page = await visit.iframe();
  await seen(page, 'connect', theme);
  await seen(await vendorWindow(visit, page), 'vendor', theme);
});

// Problems

const problems = {
  'an unknown integration': () => ({ integrationKey: 'no-such-app' }),
  'an unknown connection': () => ({ connectionId: 'no-such-connection' }),
  'an integration whose parameters are wrong': async (world) => {
    await world.spoilOAuthClient('gmail');
    return { integrationKey: 'gmail' };
  },
  'a connector that cannot be built': async (world) => {
    await world.progress({ 'connection.building': { fail: { state: 'SETUP_FAILED' } } });
    return { intent: 'Acme Rocketry' };
  },
};
for (const [what, optionsOf] of Object.entries(problems)) {
  themed(what, async ({ world, visit, theme }) => {
    visit.expectErrors(/Failed to load resource.*40\d/);
    await seen(await connect(visit, { ...(await optionsOf(world)), theme }), 'problem', theme);
  });
}

themed('an expired token', async ({ world, visit, theme }) => {
  visit.expectErrors(/Failed to load resource.*401/);
  await visit.open('sdk.html', { token: world.expiredToken() });
  await visit.start((membrane, given) => membrane.ui.connect(given), { integrationKey: 'gmail', theme });
  await seen(await visit.iframe(), 'problem', theme);
});

// Other pages

themed('ui.connection(), and connecting again from there', async ({ world, visit, theme }) => {
  const { id } = await world.connection('github-dev');
  await world.loseCredentials(id);
  const page = await framed(visit, (membrane, given) => membrane.ui.connection(given), { connectionId: id, theme });
  await seen(page, 'connection', theme);
  await button(page, 'Reconnect').click();
  await seen(page, 'connect', theme);
  await seen(await vendorWindow(visit, page), 'vendor', theme);
});

themed('ui.connection() of none', async ({ visit, theme }) => {
  visit.expectErrors(/Failed to load resource.*404/);
  const options = { connectionId: 'no-such-connection', theme };
  await seen(await framed(visit, (membrane, given) => membrane.ui.connection(given), options), 'problem', theme);
});

themed('ui.UNSAFE_agentSession()', async ({ world, visit, theme }) => {
  const { id } = await world.api('POST', '/agent/sessions', { prompt: 'Connect to Acme Rocketry' });
  const options = { sessionId: id, theme };
  await seen(await framed(visit, (membrane, given) => membrane.ui.UNSAFE_agentSession(given), options), 'agent-session', theme);
});

themed('ui.UNSAFE_agentSession() of none', async ({ visit, theme }) => {
  visit.expectErrors(/Failed to load resource.*404/);
  const options = { sessionId: 'no-such-session', theme };
  await seen(await framed(visit, (membrane, given) => membrane.ui.UNSAFE_agentSession(given), options), 'problem', theme);
});

// Addresses that carry it

async function alone(visit, path, query) {
  visit.page = await visit.context.newPage();
  await visit.page.goto(`${mockOrigin()}${path}?${new URLSearchParams(query)}`);
  return visit.page;
}

const popup = (visit, { tenantToken }, theme, integrationKey = 'gmail') =>
  alone(visit, '/connection-popup', { token: tenantToken, integrationKey, theme });

for (const [press, screen] of [['Allow', 'done'], ['Deny', 'problem']]) {
  themed(`a window of its own, from the connect page to ${press} and its end`, async ({ world, visit, theme }) => {
    const page = await popup(visit, world, theme);
    await seen(page, 'connect', theme);
    await reachVendor(page);
    await looks(page, theme);
    await consent(page, { press });
    await seen(page, screen, theme);
  });
}

themed('a window of its own, cancelled', async ({ world, visit, theme }) => {
  const page = await popup(visit, world, theme);
  await button(page, 'Cancel').click();
  await seen(page, 'problem', theme);
});

themed('a window of its own, still being set up after the form', async ({ world, visit, theme }) => {
  const page = await popup(visit, world, theme, 'stripe');
  await seen(page, 'form', theme);
  await world.progress(hold);
  await fillKeys(page, { 'Secret key': 'sk_test_1' });
  await seen(page, 'done', theme);
});

themed('a popup, which tells its opener and closes', async ({ world, visit, theme }) => {
  await visit.keepWindows();
  await visit.open();
  const query = new URLSearchParams({ token: world.tenantToken, integrationKey: 'gmail', theme });
  const page = await visit.windowFrom(() =>
    visit.start((membrane, address) => void window.open(address, '', 'popup'), `${mockOrigin()}/connection-popup?${query}`),
  );
  await reachVendor(page);
  await looks(page, theme);
  await consent(page);
  await seen(page, 'done', theme);
});

const embedded = {
  '/embed/main': 'integrations',
  '/embed/integrations/github': 'integrations',
  '/embed/integrations/slack/connect': 'connect',
  '/embed/connections/github-dev/refresh': 'connect',
  '/embed/flow-instances/{flow}/configuration': 'configuration',
  '/isolated-embed/flow-runs/{run}/editor': 'configuration',
  '/embed/integrations/no-such-app': 'problem',
};
for (const [path, screen] of Object.entries(embedded)) {
  themed(`GET ${path}`, async ({ world, visit, theme }) => {
    if (screen === 'problem') visit.expectErrors(/Failed to load resource.*404/);
    const { flow, run } = await world.elements();
    const at = path.replace('{flow}', flow).replace('{run}', run);
    await seen(await alone(visit, at, { token: world.tenantToken, theme }), screen, theme);
  });
}

themed('GET /embed/main, the app that is connected there, and its vendor', async ({ world, visit, theme }) => {
  const page = await alone(visit, '/embed/main', { token: world.tenantToken, theme });
  await button(page, /^Connect Gmail/).click();
  await seen(page, 'connect', theme);
  await reachVendor(page);
  await looks(page, theme);
});

themed('GET /embed/main with an expired token', async ({ world, visit, theme }) => {
  visit.expectErrors(/Failed to load resource.*401/);
  await seen(await alone(visit, '/embed/main', { token: world.expiredToken(), theme }), 'problem', theme);
});

// Nothing asked for: as the user's system prefers

for (const system of ['dark', 'light']) {
  for (const theme of ['auto', undefined, 'purple']) {
    scenario(`theme ${theme} on a ${system} system follows the system to the end`, { colorScheme: system }, async ({ visit }) => {
      await visit.keepWindows();
      const page = await connect(visit, { integrationKey: 'gmail', theme });
      await seen(page, 'connect', 'auto', system);
      const vendor = await vendorWindow(visit, page);
      await seen(vendor, 'vendor', 'auto', system);
      await consent(vendor);
      await seen(vendor, 'done', 'auto', system);
    });
  }
}
