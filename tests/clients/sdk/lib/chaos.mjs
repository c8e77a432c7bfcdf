// A day of random calls under random faults. One number decides everything: which rules there are, what the client does,
// and, handed to the workspace, when the rules fire.

import { World } from './world.mjs';
import { goThrough } from './hosted-page.mjs';

const STEPS = 30;
const OAUTH_APPS = ['slack', 'gmail', 'linear', 'notion', 'salesforce'];

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
  { route: 'GET /connections/{connection}' },
  { route: 'POST /connections' },
];
const UPSTREAM_CALLS = [
  { side: 'upstream' },
  { connector: 'github' },
  { connector: 'hubspot' },
  { connector: 'github', method: 'GET' },
  { side: 'upstream', path: '/oauth/token' },
  { side: 'upstream', connection: 'hubspot-prod' },
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
  return Array.from({ length: chance.number(1, 5) }, (_, index) => ({
    name: `rule ${index + 1}`,
    on: chance.one(chance.next() < 0.6 ? CALLS : UPSTREAM_CALLS),
    ...chance.one(HOW_OFTEN)(chance),
    fault: chance.one(EFFECTS)(chance),
  }));
}

// The walk: what a user of the platform does, in no order. A step gets the walk and its chance.

const code = `module.exports = async ({ membrane, externalApiClient }) => {
  const user = await externalApiClient.get('/user')
  const run = await membrane.connection('hubspot-prod').action('list-contacts').run({})
  return { login: user.login, contacts: run.output.results.length }
}`;
const anyConnection = (walk, chance) => chance.one(['github-dev', 'hubspot-prod', ...walk.made]);

const DAY = {
  'lists integrations': ({ client }) => client.integrations.find({ search: 'git' }),
  'reads an integration': ({ client }) => client.integration('hubspot').get(),
  'lists connections': ({ client }) => client.connections.find(),
  'reads a connection': ({ client, ...walk }, chance) => client.connection(anyConnection(walk, chance)).get(),
  'creates a connection with credentials': async (walk) => {
    const key = walk.name(`stripe-${walk.made.length}`);
    const credentials = { apiKey: 'sk_test_chaos' };
    const { id } = await walk.client.connections.create({ key, name: key, integrationKey: 'stripe', credentials });
    walk.made.push(key);
    walk.ids.push(id);
  },
  'connects at the hosted pages': async (walk, chance) => {
    const app = chance.one(OAUTH_APPS);
    const asked = await walk.client.post('/connect', { integrationKey: app, connectionKey: walk.name(app) });
    walk.ids.push(asked.id);
    await goThrough(asked.clientAction.uiUrl);
  },
  'begins to connect and leaves': async ({ client, name }, chance) => {
    const app = chance.one(OAUTH_APPS);
    await client.post('/connect', { integrationKey: app, connectionKey: name(app) });
  },
  'connects by intent': ({ client, name }) =>
    client.post('/connect', { intent: 'Zyqqlotron', connectionKey: name('intent') }),
  'acts by key': ({ client }) => client.post('/act', { key: 'list-contacts', connectionKey: 'hubspot-prod' }),
  'acts by request': ({ client }) =>
    client.post('/act', { api: { method: 'GET', path: '/user/repos' }, connectionKey: 'github-dev' }),
  'acts by code': ({ client }) => client.post('/act', { code, connectionKey: 'github-dev' }),
  'acts in vain': ({ client }) => client.post('/act', { key: 'no-such-action', connectionKey: 'github-dev' }),
  'runs an action of a connection': ({ client }) => client.connection('github-dev').action('list-repositories').run({}),
  'makes an action and runs it': async (walk) => {
    const key = walk.name(`action-${walk.steps.length}`);
    await walk.world.action({ key, integrationKey: 'github' }, { method: 'GET', path: '/user' });
    await walk.client.post('/act', { key, connectionKey: 'github-dev' });
  },
  'calls through the proxy': ({ client }) => client.connection('github-dev').proxy.get('/user'),
  'reads run logs': async ({ client }) => {
    const { items } = await client.get('/action-run-logs', { limit: 5 });
    for (const { id } of items.slice(0, 2)) await client.get(`/action-run-logs/${id}/details`);
  },
  'reads external API logs': ({ client }) => client.get('/external-api-logs', { limit: 5 }),
  'refreshes credentials': ({ client, ...walk }, chance) =>
    client.connection(anyConnection(walk, chance)).refreshCredentials(),
  'tests a connection': ({ client, ...walk }, chance) => client.post(`/connections/${anyConnection(walk, chance)}/test`),
  reconnects: async ({ client, ...walk }, chance) => {
    const { id } = await client.connection(anyConnection(walk, chance)).get();
    const asked = await client.post('/connect', { connectionId: id });
    await goThrough(asked.clientAction.uiUrl, { apiKey: 'sk_test_again' });
  },
  'gives up reconnecting': async ({ client, world }) => {
    const { id } = await client.post('/connect', { integrationKey: 'github', connectionKey: 'github-dev' });
    await world.control('POST', `/connections/${id}/cancel`).catch(() => {});
  },
  disconnects: ({ client, ...walk }, chance) => client.post(`/connections/${anyConnection(walk, chance)}/disconnect`),
  archives: ({ client, made }, chance) => made.length && client.connection(chance.one(made)).archive(),
  restores: async ({ client }, chance) => {
    const { items } = await client.connections.find({ includeArchived: true });
    const archived = items.filter(({ archivedAt }) => archivedAt);
    if (archived.length) await client.post(`/connections/${chance.one(archived).id}/restore`);
  },
  renames: ({ client, ...walk }, chance) => client.connection(anyConnection(walk, chance)).patch({ name: 'Renamed' }),
  'looks around as a manager': async ({ world }) => {
    await world.manager.customers.find();
    await world.manager.connections.find({ limit: 3 });
  },
  'lets another tenant connect': ({ world, name }) =>
    world.clientOf(name('tenant')).post('/connect', { integrationKey: 'github', connectionKey: name('of-tenant') }),
  'asks an agent': ({ client }) => client.post('/agent/sessions', { prompt: 'Build me something' }),
  'waits an hour': ({ world, isFrozen }) => isFrozen && world.advance(3_600_000),
};

/**
 * Takes the walk of a seed in a workspace of its own, which is the caller's to check and to drop. With `fired`, rules fire as
 * that tells.
 */
export async function takeWalk(seed, label, fired) {
  const chance = new Chance(seed);
  const rules = rulesOf(chance);
  // Injected latency takes time of the workspace's clock, so it has to run there. Elsewhere only the walk moves it.
  const isFrozen = !rules.some(({ fault }) => fault.latency);
  const world = await World.fork(isFrozen ? { clock: new Date().toISOString() } : {});
  const name = (what) => `chaos-${seed}-${label}-${what}`;
  const walk = { seed, rules, world, client: world.client, isFrozen, name, made: [], ids: [], steps: [], strange: [] };
  await world.control('POST', '/faults', rules);
  await world.control('PUT', '/faults/story', { seed, fired });
  let seen = 0;
  for (let step = 0; step < STEPS; step += 1) {
    // No two things fall due at the same moment: what is due together is done in any order.
    if (isFrozen) await world.advance(1_000);
    const what = chance.one(Object.keys(DAY));
    const error = await attempt(DAY[what], walk, new Chance(seed * 1_000 + step));
    await world.settle();
    walk.steps.push(`${what}: ${error ? `${error.name} ${error.message}`.split('\n')[0].slice(0, 200) : 'ok'}`);
    // Below an error that is the HTTP library's own has to lie a fault; a proxy passes on what the app said.
    const since = (await world.journal()).filter(({ seq }) => seq > seen);
    seen = since.at(-1)?.seq ?? seen;
    if (error?.isAxiosError && !since.some(({ faults, operation }) => faults || operation === 'proxy')) {
      walk.strange.push(`${what} ended in an error outside the envelope, without a fault: ${error.message}`);
    }
  }
  walk.story = await world.control('GET', '/faults/story');
  return walk;
}

async function attempt(step, walk, chance) {
  try {
    await step(walk, chance);
  } catch (error) {
    return error;
  }
}

/** What fired, in words that are the same in every workspace. */
export const tellingOf = ({ story, name }) =>
  story.fired.map(({ rule, n, fault, call }) => {
    const place = call.replaceAll(name(''), '').replace(/[0-9a-f]{24}/g, 'ID');
    return `${rule} #${n}: ${fault} at ${place}`;
  });
