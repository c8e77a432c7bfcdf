// Every page that the mock draws, and how a user gets there: looked at by the accessibility test and by screenshots.

import { at, authorize, button, complaint, consent, fillKeys, reachVendor, vendorWindow } from './pages.mjs';
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

/** A connection by keys that were taken back. */
const lostKeys = async (world) => {
  const { id } = await world.api('POST', '/connect', { integrationKey: 'stripe', input: { apiKey: 'sk_test_1' } });
  await world.loseCredentials(id);
  return id;
};

const connectionPopup = (world) =>
  `${mockOrigin()}/connection-popup?${new URLSearchParams({ token: world.tenantToken, integrationKey: 'gmail' })}`;

/** A request that a backend made for its user. */
const request = (world) => world.api('POST', '/connection-requests', { integrationKey: 'linear' });
const requestPage = (id) => `${mockOrigin()}/screens/connections?connectionRequestId=${id}`;

/** One that its user has answered. */
const answered = async (world) => {
  const { requestId } = await request(world);
  const [{ id }] = await world.connections({ integrationKey: 'linear' });
  await world.poke(id, 'authorize');
  return requestId;
};

/** Every connector that has to be built cannot be. */
const failing = (error) => ({ 'connection.building': { fail: { state: 'SETUP_FAILED', error } } });

/** An agent session that has ended. */
const session = async (world) => {
  const { id } = await world.api('POST', '/agent/sessions', { prompt: 'Connect to Acme Rocketry and list its rockets' });
  await world.api('GET', `/agent/sessions/${id}?wait=true&timeout=10`);
  return id;
};

/** The window that `client.connect()` opens. */
async function popup(visit) {
  await visit.open();
  return visit.windowFrom(() => visit.start((membrane) => membrane.connect({ integrationKey: 'gmail' })));
}

/** What that window shows before it closes itself. */
const popupEnd = (answer, screen) => async ({ visit }) => {
  await visit.keepWindows();
  const page = await popup(visit);
  await reachVendor(page);
  await answer(page);
  await at(page, screen);
  return page;
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
  'vendor-rehearsals': async (rest) => {
    const vendor = await TOUR.vendor(rest);
    await vendor.getByText('Rehearse what goes wrong').click();
    await button(vendor, 'Fail').waitFor();
    return vendor;
  },
  denied: async ({ theme, ...rest }) => {
    const page = await connect({ integrationKey: 'gmail', theme }, 'connect')(rest);
    await authorize(rest.visit, page, { press: 'Deny' });
    await complaint(page);
    return page;
  },
  form: ({ theme, ...rest }) => connect({ integrationKey: 'stripe', theme }, 'form')(rest),
  'form-again': ({ theme, ...rest }) =>
    connect(async (world) => ({ connectionId: await lostKeys(world), theme }), 'form')(rest),
  'form-of-two': ({ theme, ...rest }) => connect({ connectorKey: 'twilio', theme }, 'form')(rest),
  'form-of-choices': ({ theme, ...rest }) => connect(async (world) => ({ ...(await world.ownApp()), theme }), 'form')(rest),
  'form-wrong': async ({ theme, ...rest }) => {
    const page = await connect(async (world) => ({ ...(await world.ownApp()), theme }), 'form')(rest);
    await fillKeys(page, { 'Access token': 'too short' });
    await complaint(page);
    await rest.visit.shown();
    return page;
  },
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
  'problem-setup': async ({ theme, ...rest }) => {
    await rest.world.progress(failing('The app has no public documentation, and nobody knows how its users sign in'));
    return connect({ intent: 'Acme Rocketry', theme }, 'problem')(rest);
  },
  'problem-unknown': ({ theme, ...rest }) => connect({ integrationKey: 'no-such-app', theme }, 'problem')(rest),
  'problem-long': ({ theme, ...rest }) => connect({ integrationKey: 'k'.repeat(200), theme }, 'problem')(rest),
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
    const page = await popup(visit);
    await reachVendor(page);
    return page;
  },
  'popup-done': popupEnd((page) => consent(page), 'done'),
  'popup-denied': popupEnd((page) => consent(page, { press: 'Deny' }), 'problem'),
  'popup-cancelled': async ({ visit }) => {
    await visit.keepWindows();
    const page = await popup(visit);
    await at(page, 'connect');
    await button(page, 'Cancel').click();
    await at(page, 'problem');
    return page;
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
  'address-setting-up': async (rest) => {
    const page = await alone((world) => uiUrl(world, { integrationKey: 'stripe' }), 'form')(rest);
    await rest.world.progress({ 'connection.building': 'hold' });
    await fillKeys(page, { 'Secret key': 'sk_test_1' });
    await at(page, 'done');
    return page;
  },
  'address-cancelled': async (rest) => {
    const page = await alone((world) => uiUrl(world, { integrationKey: 'gmail' }), 'connect')(rest);
    await button(page, 'Cancel').click();
    await at(page, 'done', 'message', 'problem');
    return page;
  },
  'address-unknown': alone(() => `${mockOrigin()}/connect/bm8tc3VjaC10aWNrZXQ`, 'problem', 'message'),
  'address-vendor': async (rest) => {
    const page = await alone((world) => uiUrl(world, { integrationKey: 'gmail' }), 'connect')(rest);
    await reachVendor(page);
    return page;
  },
  'vendor-refused': alone((world) => `${mockOrigin()}/vendor/${world.key}/gmail/oauth/authorize?client_id=guessed`, 'problem'),
  'connection-popup': alone(connectionPopup, 'connect'),
  'connection-popup-vendor': async (rest) => {
    const page = await alone(connectionPopup, 'connect')(rest);
    await reachVendor(page);
    return page;
  },
  request: alone(async (world) => requestPage((await request(world)).requestId), 'connect'),
  'request-answered': alone(async (world) => requestPage(await answered(world)), 'message'),
  'request-unknown': alone(() => requestPage('no-such-request'), 'problem'),
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
  integration: framed((membrane) => membrane.integration('github').open(), (world) => world.elements(), 'integrations'),
  configuration: framed((membrane, { flow }) => membrane.flowInstance(flow).openConfiguration(), (world) => world.elements(), 'configuration'),
  'embed-main': alone(embed('main'), 'integrations'),
  'embed-integration': alone(embed('integrations/github'), 'integrations'),
  'embed-connect': alone(embed('integrations/slack/connect'), 'connect'),
  'embed-refresh': alone(async (world) => embed(`connections/${await lost(world)}/refresh`)(world), 'connect'),
  'embed-expired': alone((world) => `${mockOrigin()}/embed/main?token=${world.expiredToken()}`, 'problem'),
  'embed-other': alone(async (world) => embed(`action-instances/${(await world.elements()).action}/configuration`)(world), 'configuration'),
  'embed-unknown': alone(embed('flow-instances/no-such-flow/configuration'), 'problem'),
  'isolated-embed': alone(async (world) => {
    const { run } = await world.elements();
    return embed(`flow-runs/${run}/editor`)(world).replace('/embed/', '/isolated-embed/');
  }, 'configuration'),
  'screen-unknown': alone(() => `${mockOrigin()}/screens/no-such-screen`, 'problem'),
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
