// Every page that the mock draws, and how a user gets there: looked at by the accessibility test and by screenshots.

import { at, authorize, button, complaint, reachVendor, vendorWindow } from './pages.mjs';
import { mockOrigin } from './world.mjs';

const EXPECTED = /Failed to load resource/;

/** A page in the client's iframe. */
const framed = (call, argument, ...screens) => async ({ world, visit }) => {
  await visit.open();
  await visit.start(call, typeof argument === 'function' ? await argument(world) : argument);
  const page = await visit.iframe();
  await at(page, ...screens);
  await visit.shown();
  return page;
};

const connect = (options, ...screens) =>
  framed((membrane, given) => membrane.ui.connect(given), options, ...screens);

/** A page in a window of its own. */
const alone = (address, ...screens) => async ({ world, visit }) => {
  visit.page = await visit.context.newPage();
  await visit.page.goto(await address(world));
  await at(visit.page, ...screens);
  return visit.page;
};

const uiUrl = async (world, payload) => (await world.api('POST', '/connect', payload)).clientAction.uiUrl;
const embed = (path) => (world) => `${mockOrigin()}/embed/${path}?token=${world.tenantToken}`;
const github = async (world) => (await world.connection('github-dev')).id;

const lost = async (world) => {
  const id = await github(world);
  await world.loseCredentials(id);
  return id;
};

/** An agent session that has ended. */
const session = async (world) => {
  const { id } = await world.api('POST', '/agent/sessions', { prompt: 'Connect to Acme Rocketry and list its rockets' });
  await world.api('GET', `/agent/sessions/${id}?wait=true&timeout=10`);
  return id;
};

const agentSession = (options, ...screens) =>
  framed((membrane, given) => membrane.ui.UNSAFE_agentSession(given), options, ...screens);

/** name → `({ world, visit, theme }) => window or iframe`; `theme` is what `ui.connect()` is asked for. */
export const TOUR = {
  connect: ({ theme, ...rest }) => connect({ integrationKey: 'gmail', theme }, 'connect')(rest),
  reconnect: ({ theme, ...rest }) =>
    connect(async (world) => ({ connectionId: await lost(world), theme }), 'connect')(rest),
  'connect-long-names': ({ theme, ...rest }) =>
    connect({ integrationKey: 'google-sheets', connectionKey: 'k'.repeat(100), name: 'Accounting '.repeat(12), theme }, 'connect')(rest),
  waiting: async ({ theme, ...rest }) => {
    const page = await connect({ integrationKey: 'gmail', theme }, 'connect')(rest);
    await at(await vendorWindow(rest.visit, page), 'vendor');
    return page;
  },
  vendor: async ({ theme, ...rest }) =>
    vendorWindow(rest.visit, await connect({ integrationKey: 'gmail', theme }, 'connect')(rest)).then(async (vendor) => {
      await at(vendor, 'vendor');
      return vendor;
    }),
  denied: async ({ theme, ...rest }) => {
    const page = await connect({ integrationKey: 'gmail', theme }, 'connect')(rest);
    await authorize(rest.visit, page, { press: 'Deny' });
    await complaint(page);
    return page;
  },
  form: ({ theme, ...rest }) => connect({ integrationKey: 'stripe', theme }, 'form')(rest),
  'form-of-two': ({ theme, ...rest }) => connect({ connectorKey: 'twilio', theme }, 'form')(rest),
  choose: ({ theme, ...rest }) => connect({ theme }, 'choose')(rest),
  'choose-found': async ({ theme, ...rest }) => {
    const page = await connect({ theme }, 'choose')(rest);
    await page.getByLabel('Search apps').fill('google');
    await button(page, /^HubSpot/i).waitFor({ state: 'detached' });
    return page;
  },
  'choose-nothing': async ({ theme, ...rest }) => {
    const page = await connect({ theme }, 'choose')(rest);
    await page.getByLabel('Search apps').fill('zzzzqq');
    await page.getByRole('status').filter({ hasText: /\bno\b|nothing/i }).waitFor();
    return page;
  },
  building: async ({ world, visit, theme }) => {
    await world.progress({ 'connection.building': 'hold' });
    await visit.open();
    await visit.start((membrane, given) => membrane.ui.connect(given), { intent: 'Acme Rocketry', theme });
    const page = await visit.iframe();
    await visit.shown();
    await page.locator('main[data-screen]').waitFor();
    return page;
  },
  'problem-unknown': ({ theme, ...rest }) => connect({ integrationKey: 'no-such-app', theme }, 'problem')(rest),
  'problem-expired': async ({ world, visit, theme }) => {
    await visit.open('sdk.html', { token: world.expiredToken() });
    await visit.start((membrane, given) => membrane.ui.connect(given), { integrationKey: 'gmail', theme });
    const page = await visit.iframe();
    await at(page, 'problem');
    await visit.shown();
    return page;
  },
  'problem-configuration': async ({ theme, ...rest }) => {
    await rest.world.spoilOAuthClient('gmail');
    return connect({ integrationKey: 'gmail', theme }, 'problem')(rest);
  },
  connection: ({ theme, ...rest }) =>
    framed((membrane, given) => membrane.ui.connection(given), async (world) => ({ connectionId: await github(world), theme }), 'connection')(rest),
  'connection-lost': ({ theme, ...rest }) =>
    framed((membrane, given) => membrane.ui.connection(given), async (world) => ({ connectionId: await lost(world), theme }), 'connection')(rest),
  popup: async ({ visit }) => {
    await visit.open();
    const popup = await visit.windowFrom(() => visit.start((membrane) => membrane.connect({ integrationKey: 'gmail' })));
    await reachVendor(popup);
    return popup;
  },
  'address-oauth': alone((world) => uiUrl(world, { integrationKey: 'gmail' }), 'connect'),
  'address-keys': alone((world) => uiUrl(world, { integrationKey: 'stripe' }), 'form'),
  'address-done': async (rest) => {
    const page = await alone((world) => uiUrl(world, { integrationKey: 'stripe' }), 'form')(rest);
    await page.getByLabel('Secret key').fill('sk_test_1');
    await button(page, 'Connect').click();
    await at(page, 'done', 'message');
    return page;
  },
  'address-cancelled': async (rest) => {
    const page = await alone((world) => uiUrl(world, { integrationKey: 'gmail' }), 'connect')(rest);
    await button(page, 'Cancel').click();
    await at(page, 'done', 'message', 'problem');
    return page;
  },
  'address-unknown': alone(() => `${mockOrigin()}/connect/bm8tc3VjaC10aWNrZXQ`, 'problem', 'message'),
  'callback-unknown': alone(() => `${mockOrigin()}/oauth-callback?code=1&state=no-such-state`, 'problem', 'message'),
  main: framed((membrane) => membrane.open(), undefined, 'integrations'),
  'main-empty': async (rest) => {
    const { items } = await rest.world.api('GET', '/integrations?limit=100');
    const drop = ({ id }) => rest.world.api('DELETE', `/integrations/${id}`, undefined, rest.world.managerToken);
    for (const integration of items) await drop(integration);
    return framed((membrane) => membrane.open(), undefined, 'integrations')(rest);
  },
  'main-connect': async (rest) => {
    const page = await framed((membrane) => membrane.open(), undefined, 'integrations')(rest);
    await button(page, /^Connect Gmail/).click();
    await at(page, 'connect');
    return page;
  },
  integration: framed((membrane) => membrane.integration('github').open(), undefined, 'integrations'),
  configuration: framed((membrane) => membrane.flowInstance('x').openConfiguration(), undefined, 'configuration'),
  'embed-main': alone(embed('main'), 'integrations'),
  'embed-integration': alone(embed('integrations/github'), 'integrations'),
  'embed-other': alone(embed('flow-instances/000000000000000000000001/configuration'), 'configuration'),
  'isolated-embed': alone((world) => embed('flow-runs/x/editor')(world).replace('/embed/', '/isolated-embed/'), 'configuration'),
  'agent-session': ({ theme, ...rest }) => agentSession(async (world) => ({ sessionId: await session(world), theme }), 'agent-session')(rest),
  'agent-session-failed': async ({ theme, ...rest }) => {
    await rest.world.progress({ agentSession: { fail: { state: 'ERROR', error: 'The app has no public documentation' } } });
    return agentSession(async (world) => ({ sessionId: await session(world), theme }), 'agent-session')(rest);
  },
  'agent-session-unknown': agentSession({ sessionId: 'no-such-session' }, 'problem'),
};

export async function goTo(stop, where) {
  where.visit.expectErrors(EXPECTED);
  return TOUR[stop](where);
}
