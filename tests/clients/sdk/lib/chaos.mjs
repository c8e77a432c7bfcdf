// A day of random calls under random faults. One number decides everything: which rules there are, what the client does,
// how fast things progress, and, handed to the workspace, when the rules fire. Time stands still but for what the walk
// says, so on a server that was given an `--rng-seed` the same number gives the same answers, byte by byte.

import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { createServer } from 'node:http';
import * as sdk from '@membranehq/sdk';
import { World } from './world.mjs';
import { goThrough } from './hosted-page.mjs';

const STEPS = 30;
const OAUTH_APPS = ['slack', 'gmail', 'linear', 'notion', 'salesforce'];
const SITES = ['slack.com', 'https://api.notion.com/v1', 'zyqqlotron.example'];

/** Numbers that repeat (mulberry32). */
export class Chance {
  constructor(seed) {
    this.state = (seed * 2654435761) >>> 0;
  }

  next() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = this.state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** From `least` to `most`. */
  number(least, most) {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  one(list) {
    return list[this.number(0, list.length - 1)];
  }
}

// The rules

const CALLS = [
  {},
  { method: 'GET' },
  { method: 'POST' },
  { tenant: 'demo-tenant' },
  { operation: 'act' },
  { operation: 'connect' },
  { operation: 'proxy' },
  { operation: 'refresh' },
  { operation: 'act', connection: 'github-dev' },
  { operation: 'act', action: 'list-contacts' },
  { integration: 'github' },
  { path: '/connections*' },
  { path: '*logs*' },
];
/** What the walk comes by. */
const ROUTES = [
  'GET /action-run-logs',
  'GET /action-run-logs/{id}/details',
  'GET /agent/sessions',
  'GET /background-jobs/{job}',
  'GET /connect/{ticket}',
  'GET /connection-requests/{id}',
  'GET /connections',
  'GET /connections/{connection}',
  'GET /customers',
  'GET /downloads/{ticket}',
  'GET /export',
  'GET /external-api-logs',
  'GET /flow-runs',
  'GET /flow-runs/{id}',
  'GET /integrations',
  'GET /integrations/{integration}',
  'GET /oauth-callback',
  'POST /screens/connect',
  'PATCH /agent/sessions/{id}/stop',
  'PATCH /connections/{connection}',
  'PUT /connections/{connection}',
  'DELETE /connections/{connection}',
  'POST /act',
  'POST /actions',
  'POST /agent/sessions',
  'POST /agent/sessions/{id}/message',
  'POST /connect',
  'POST /connect/{ticket}',
  'POST /connection-requests',
  'POST /connections',
  'POST /connections/ensure',
  'POST /connections/{connection}/disconnect',
  'POST /connections/{connection}/flows/{selector}/run',
  'POST /connections/{connection}/refresh-credentials',
  'POST /connections/{connection}/restore',
  'POST /connections/{connection}/test',
  'POST /flow-runs',
  'POST /flow-runs/{id}/stop',
  'POST /flows',
  'POST /import',
];
const UPSTREAM_CALLS = [
  { side: 'upstream' },
  { connector: 'github' },
  { connector: 'hubspot' },
  { connector: 'github', method: 'GET' },
  { side: 'upstream', path: '/oauth/token' },
  { side: 'upstream', path: '/oauth/authorize' },
  { side: 'upstream', connection: 'hubspot-prod' },
  { side: 'upstream', operation: 'webhook' },
];
const ERRORS = [
  { type: 'internal' },
  { type: 'bad_request', key: 'not_found' },
  { type: 'concurrency', key: 'lock_timeout' },
  { type: 'connection', key: 'access_token_expired' },
  { type: 'configuration' },
];
const EFFECTS = [
  (chance) => ({ error: chance.one(ERRORS) }),
  (chance) => ({ respond: { status: chance.one([400, 401, 403, 404, 409, 422, 429]), body: { message: 'chaos' } } }),
  (chance) => ({ respond: { status: chance.one([500, 502, 503, 504]), body: chance.one(['chaos', { chaos: true }]) } }),
  (chance) => ({ latency: { ms: 1, to: chance.number(1, 5) } }),
  // It fills so slowly that no run gets to see it.
  (chance) => ({ rateLimit: { limit: chance.number(1, 10), perMs: 10 ** 9, by: chance.one(['workspace', 'tenant']) } }),
  () => 'reset',
  () => 'close',
  () => 'truncate',
  () => 'malformedJson',
  () => ({ dribble: { bytes: 200, everyMs: 1 } }),
  () => 'disconnect',
  () => 'expireCredentials',
  () => 'failRefresh',
  () => 'markDefunct',
];
const HOW_OFTEN = [
  (chance) => ({ times: chance.number(1, 3) }),
  (chance) => ({ nth: chance.number(1, 6) }),
  (chance) => ({ after: chance.number(1, 6), times: chance.number(1, 2) }),
  (chance) => ({ probability: chance.number(1, 6) / 10 }),
];

function rulesOf(chance) {
  return Array.from({ length: chance.number(2, 6) }, (_, index) => ({
    name: `rule ${index + 1}`,
    on: whichOf(chance),
    ...chance.one(HOW_OFTEN)(chance),
    fault: chance.one(EFFECTS)(chance),
  }));
}

function whichOf(chance) {
  if (chance.next() < 0.4) return chance.one(UPSTREAM_CALLS);
  return chance.next() < 0.5 ? { route: chance.one(ROUTES) } : chance.one(CALLS);
}

/** How the workspace is set: what becomes by itself does so at once or within a step of the walk, or comes to nothing. */
function settingsOf(chance) {
  const fails = () => ({ fail: { state: chance.one(['CONFIGURATION_ERROR', 'SETUP_FAILED', 'ERROR']), error: 'chaos' } });
  const paces = [() => 'immediate', () => 'immediate', () => ({ after: chance.number(1, 900) }), fails];
  const kinds = ['connection.building', 'action.building', 'agentSession', 'flowRun', 'export', 'import'];
  return {
    progress: Object.fromEntries(kinds.map((kind) => [kind, chance.one(paces)()])),
    disconnectedStatus: chance.one([400, 401]),
  };
}

// The walk: what a user of the platform does, in no order. A step gets the walk and its chance. Whatever it gives a name
// has the workspace's key in it.

const githubOnly = `module.exports = async ({ externalApiClient }) => {
  const user = await externalApiClient.get('/user')
  return { login: user.login }
}`;
const githubAndHubspot = `module.exports = async ({ membrane, externalApiClient }) => {
  const user = await externalApiClient.get('/user')
  const run = await membrane.connection('hubspot-prod').action('list-contacts').run({})
  return { login: user.login, contacts: run.output.results.length }
}`;
/** Asks the app who it is, once for each of a list. */
const SYNC = {
  start: { type: 'api-trigger', links: [{ key: 'each' }] },
  each: {
    type: 'for-each-v2',
    config: { items: { $var: '$.input.logins' }, rootNodeKey: 'who' },
    links: [{ key: 'say' }],
  },
  who: { type: 'api-request-to-external-app', config: { request: { method: 'GET', path: '/user' } } },
  say: { type: 'run-javascript', config: { code: 'module.exports = ({ input }) => input.each.who?.length' } },
};
/** The step that moves time by itself. */
const WAITS = 'waits an hour';
const form = (fields) => ({ method: 'POST', body: new URLSearchParams(fields) });
/** As the client's own frame opens a page. */
const frame = ({ tenantToken }, integrationKey, connectionKey) =>
  form({ token: tenantToken, integrationKey, connectionKey });
const anyConnection = (walk, chance) => chance.one(['github-dev', 'hubspot-prod', ...walk.made]);

const DAY = {
  'lists integrations': ({ client }) => client.integrations.find({ search: 'git' }),
  'reads an integration': ({ client }) => client.integration('hubspot').get(),
  'lists connections': ({ client }) => client.connections.find(),
  'reads a connection': ({ client, ...walk }, chance) => client.connection(anyConnection(walk, chance)).get(),
  'creates a connection with credentials': async (walk) => {
    const key = walk.name(`stripe-${walk.made.length}`);
    const credentials = { apiKey: walk.name('sk-test') };
    await walk.client.connections.create({ key, name: key, integrationKey: 'stripe', credentials });
    walk.made.push(key);
  },
  'connects at the hosted pages': async ({ client, name, browse, made }, chance) => {
    const app = chance.one(OAUTH_APPS);
    const asked = await client.post('/connect', { integrationKey: app, connectionKey: name(app) });
    if (!made.includes(name(app))) made.push(name(app));
    await goThrough(asked.clientAction.uiUrl, {}, browse);
  },
  'begins to connect and leaves': async ({ client, name }, chance) => {
    const app = chance.one(OAUTH_APPS);
    await client.post('/connect', { integrationKey: app, connectionKey: name(app) });
  },
  'connects in the frame': ({ world, name, browse }, chance) =>
    goThrough(`${world.apiUri}/screens/connect`, {}, browse, frame(world, chance.one(OAUTH_APPS), name('framed'))),
  'closes the frame': async ({ world, name, browse }, chance) => {
    const page = await browse(`${world.apiUri}/screens/connect`, frame(world, chance.one(OAUTH_APPS), name('framed')));
    const [, action] = /action="([^"]+)"/.exec(await page.text());
    await browse(new URL(action, page.url).href, form({ action: 'cancel' }));
  },
  'connects by intent': ({ client, name }) =>
    client.post('/connect', { intent: `Zyqqlotron of ${name('intent')}`, connectionKey: name('intent') }),
  'connects what it asked for by intent': async ({ client, name, browse }) => {
    const asked = await client.connection(name('intent')).get();
    await goThrough(asked.clientAction.uiUrl, { apiKey: name('sk-intent') }, browse);
  },
  'ensures a connection': ({ client, name }, chance) =>
    client.post('/connections/ensure', { appUrl: chance.one(SITES), name: name('ensured') }),
  'requests a connection': async (walk, chance) => {
    const integrationKey = chance.one(OAUTH_APPS);
    const connectionKey = walk.name(integrationKey);
    const { requestId } = await walk.client.post('/connection-requests', { integrationKey, connectionKey });
    walk.requests.push(requestId);
  },
  'reads a request': ({ client, requests }, chance) =>
    requests.length && client.get(`/connection-requests/${chance.one(requests)}`),
  'acts by key': ({ client }) => client.post('/act', { key: 'list-contacts', connectionKey: 'hubspot-prod' }),
  'acts by request': ({ client }) =>
    client.post('/act', { api: { method: 'GET', path: '/user/repos' }, connectionKey: 'github-dev' }),
  'acts by code': ({ client, hooks }) =>
    // Both apps may lose their credentials at one moment, and what is due together is sent in any order.
    client.post('/act', { code: hooks ? githubOnly : githubAndHubspot, connectionKey: 'github-dev' }),
  'acts in vain': ({ client }) => client.post('/act', { key: 'no-such-action', connectionKey: 'github-dev' }),
  'runs an action of a connection': ({ client }) => client.connection('github-dev').action('list-repositories').run({}),
  'makes an action and runs it': async (walk) => {
    const key = walk.name(`action-${walk.steps.length}`);
    await walk.world.action({ key, integrationKey: 'github' }, { method: 'GET', path: '/user' });
    await walk.client.post('/act', { key, connectionKey: 'github-dev' });
  },
  'asks for an action': ({ world, name, steps }) =>
    world.manager.post('/actions', {
      key: name(`asked-${steps.length}`),
      integrationKey: 'github',
      intent: `Stars of ${name('intent')}`,
    }),
  'calls through the proxy': ({ client }) => client.connection('github-dev').proxy.get('/user'),
  'reads run logs': async ({ client }) => {
    const { items } = await client.get('/action-run-logs', { limit: 5 });
    for (const { id } of items.slice(0, 2)) await client.get(`/action-run-logs/${id}/details`);
  },
  'reads external API logs': ({ client }) => client.get('/external-api-logs', { limit: 5 }),
  'refreshes credentials': ({ client, ...walk }, chance) =>
    client.connection(anyConnection(walk, chance)).refreshCredentials(),
  'tests a connection': ({ client, ...walk }, chance) => client.post(`/connections/${anyConnection(walk, chance)}/test`),
  reconnects: async ({ client, browse, ...walk }, chance) => {
    const { id } = await client.connection(anyConnection(walk, chance)).get();
    const asked = await client.post('/connect', { connectionId: id });
    await goThrough(asked.clientAction.uiUrl, { apiKey: walk.name('sk-again') }, browse);
  },
  'says no at the page': async ({ client, browse, ...walk }, chance) => {
    const { id } = await client.connection(anyConnection(walk, chance)).get();
    const asked = await client.post('/connect', { connectionId: id });
    await browse(asked.clientAction.uiUrl, form({ action: 'cancel' }));
  },
  'gives up reconnecting': async ({ client, world }) => {
    const { id } = await client.post('/connect', { integrationKey: 'github', connectionKey: 'github-dev' });
    await world.control('POST', `/connections/${id}/cancel`).catch(() => {});
  },
  'brings credentials along': async ({ client, made, name, steps }) => {
    const key = made.find((key) => key.includes('stripe'));
    if (key) await client.connection(key).patch({ credentials: { apiKey: name(`sk-${steps.length}`) } });
  },
  disconnects: ({ client, ...walk }, chance) => client.post(`/connections/${anyConnection(walk, chance)}/disconnect`),
  archives: ({ client, made }, chance) => made.length && client.connection(chance.one(made)).archive(),
  restores: async ({ client }, chance) => {
    const { items } = await client.connections.find({ includeArchived: true });
    const archived = items.filter(({ archivedAt }) => archivedAt);
    if (archived.length) await client.post(`/connections/${chance.one(archived).id}/restore`);
  },
  renames: ({ client, ...walk }, chance) =>
    client.connection(anyConnection(walk, chance)).patch({ name: walk.name('renamed') }),
  replaces: ({ client, ...walk }, chance) =>
    client.connection(anyConnection(walk, chance)).put({ name: walk.name('replaced') }),
  'looks around as a manager': async ({ world }) => {
    await world.manager.customers.find();
    await world.manager.connections.find({ limit: 3 });
  },
  'lets another tenant connect': ({ world, name }) =>
    world.clientOf(name('tenant')).post('/connect', { integrationKey: 'github', connectionKey: name('of-tenant') }),
  'asks an agent': async (walk) => {
    const { id } = await walk.client.post('/agent/sessions', { prompt: `Build me ${walk.name('something')}` });
    walk.sessions.push(id);
  },
  'goes on with an agent': ({ client, sessions, name }, chance) =>
    sessions.length && client.post(`/agent/sessions/${chance.one(sessions)}/message`, { input: name('more') }),
  'stops an agent': ({ client, sessions }, chance) =>
    sessions.length && client.patch(`/agent/sessions/${chance.one(sessions)}/stop`),
  'lists agents': ({ client }) => client.get('/agent/sessions'),
  'makes a flow and runs it': async ({ world, client, name, flows, runs }) => {
    const key = name(`flow-${flows.length}`);
    await world.manager.flows.create({ key, nodes: SYNC });
    flows.push(key);
    const { id } = await client.connection('github-dev').flow(key).run({ input: { logins: ['ada', 'bob'] } });
    runs.push(id);
  },
  'runs a flow again': async ({ client, flows, runs, ...walk }, chance) => {
    if (!flows.length) return;
    const instance = client.connection(anyConnection(walk, chance)).flow(chance.one(flows));
    const { id: flowInstanceId } = await instance.get({ autoCreate: true });
    const { id } = await client.flowRuns.create({ flowInstanceId, input: { logins: [] } });
    runs.push(id);
  },
  'reads a flow run': async ({ client, runs }, chance) => {
    if (!runs.length) return client.flowRuns.find();
    const run = client.flowRun(chance.one(runs));
    await run.get();
    await run.getOutput();
    await run.getNodeRuns('who');
  },
  'stops a flow run': ({ client, runs }, chance) => runs.length && client.flowRun(chance.one(runs)).stop(),
  'exports and imports': async ({ world, browse }, chance) => {
    const over = async ({ jobId, accessKey }) => {
      await world.settle();
      return world.manager.get(`/background-jobs/${jobId}:${accessKey}`);
    };
    const { result } = await over(await world.manager.get('/export'));
    if (!result) return;
    const { ok, bytes } = await browse(result.downloadUrl);
    if (!ok) return;
    const body = new FormData();
    body.append('file', new Blob([await bytes()]), 'workspace.zip');
    const headers = { authorization: `Bearer ${world.managerToken}` };
    const query = new URLSearchParams({ dryRun: chance.next() < 0.3, partial: chance.next() < 0.5 });
    const begun = await browse(`${world.apiUri}/import?${query}`, { method: 'POST', headers, body });
    if (begun.ok) await over(JSON.parse(await begun.text()));
  },
  [WAITS]: ({ world }) => world.advance(3_600_000),
};

/**
 * Takes the walk of a seed in a workspace of its own, which is the caller's to check and to drop. With `fired`, rules fire
 * as that tells.
 */
export async function takeWalk(seed, fired) {
  const chance = new Chance(seed);
  const rules = rulesOf(chance);
  const mock = settingsOf(chance);
  // Webhooks go out beside the walk: a rule about all calls of apps would count them in any order.
  const hooks = !rules.some(({ on }) => on.side && Object.keys(on).length === 1);
  // Planted anew and not forked: the ids of a fork go on where those of the first workspace stand by then.
  const world = await World.fork({
    key: `chaos-${seed}`,
    secret: `chaos-${seed}-secret-`.repeat(4),
    seed: 'demo',
    mock,
  });
  const name = (what) => `${world.key}-${what}`;
  const walk = { seed, rules, hooks, world, name, client: world.client, answers: [], steps: [] };
  Object.assign(walk, { made: [], requests: [], sessions: [], flows: [], runs: [], browse: (...to) => browse(walk.answers, ...to) });
  if (hooks) await world.manager.patch(`/workspaces/${world.key}`, { webhookUri: await receiver() });
  await world.control('POST', '/faults', rules);
  await world.control('PUT', '/faults/story', { seed, fired });
  for (let step = 0; step < STEPS; step += 1) {
    // A millisecond more than a second: what begins in different steps never falls due at the same moment, however many
    // seconds or hours later. What is due together is done in any order.
    const { now: at } = await calm(world, await world.advance(1_001));
    const what = chance.one(Object.keys(DAY));
    walk.answers.push({ step: what, at });
    const itsChance = new Chance(seed * 1_000 + step);
    const error = await walking.run(walk.answers, () => attempt(what, walk, itsChance));
    await calm(world, await world.settle());
    walk.steps.push(`${what}: ${error ? `${error.name} ${error.message}`.split('\n')[0].slice(0, 200) : 'ok'}`);
  }
  await calm(world, await world.advance(1_001));
  return walk;
}

async function attempt(what, walk, chance) {
  try {
    const done = Promise.resolve(DAY[what](walk, chance));
    if (what !== WAITS && walk.rules.some(({ fault }) => fault.latency)) await timeFor(walk.world, done);
    await done;
  } catch (error) {
    return error;
  }
}

/** Until nobody waits any more: latency takes time of the workspace's clock, which stands still. */
async function calm(world, clock) {
  while (clock.pending.length > 0) clock = await world.advanceTo(clock.pending[0].until);
  return clock;
}

/** The same for the calls of a step, while it is under way. */
async function timeFor(world, step) {
  let over = false;
  const end = () => (over = true);
  step.then(end, end);
  while (!over) {
    const { pending } = await world.control('GET', '/clock');
    const waits = pending.find(({ call }) => call);
    if (waits) await world.advanceTo(waits.until);
  }
}

// Answers, as they came over the wire

const walking = new AsyncLocalStorage();
const { defaults, interceptors } = sdk.MembraneAxiosInstance;

defaults.transformResponse = [
  function note(body, headers, status) {
    const own = shown(Object.entries(headers.toJSON()));
    walking.getStore()?.push({ call: callOf(this), status, headers: own, body });
    return body;
  },
].concat(defaults.transformResponse);
interceptors.response.use(undefined, (error) => {
  if (!error.response) walking.getStore()?.push({ call: callOf(error.config), broke: error.code });
  throw error;
});

const callOf = ({ method, baseURL, url }) => `${method.toUpperCase()} ${baseURL}/${url.replace(/^\//, '')}`;

/** A browser that follows where it is sent. */
async function browse(answers, address, init) {
  const call = `${init?.method ?? 'GET'} ${address}`;
  let response, bytes;
  try {
    response = await fetch(address, { ...init, redirect: 'manual' });
    bytes = Buffer.from(await response.arrayBuffer());
  } catch (error) {
    answers.push({ call, status: response?.status, broke: error.cause?.code });
    throw error;
  }
  const { status, headers, ok } = response;
  const body = bytes.toString();
  answers.push({ call, status, headers: shown([...headers]), body });
  const to = status >= 300 && status < 400 && headers.get('location');
  return to ? browse(answers, new URL(to, address).href) : { ok, status, url: address, text: async () => body, bytes: async () => bytes };
}

/**
 * All but the date, which is of real time. The names of headers that a page may read are a set, which actix-cors writes
 * in any order.
 */
function shown(headers) {
  const inOrder = (name, value) => (name.endsWith('-expose-headers') ? value.split(', ').sort().join(', ') : value);
  return headers.filter(([name]) => name !== 'date').map(([name, value]) => [name, inOrder(name, value)]).sort();
}

// Where webhooks go: an app that fails for good at some connections

let listening;

async function receiver() {
  listening ??= (async () => {
    const server = createServer(async (request, response) => {
      let body = '';
      for await (const part of request) body += part;
      response.statusCode = /[0-4]$/.test(JSON.parse(body).data.id) ? 503 : 204;
      response.end();
    });
    server.listen(0, '127.0.0.1').unref();
    await once(server, 'listening');
    return `http://127.0.0.1:${server.address().port}/hooks`;
  })();
  return listening;
}
