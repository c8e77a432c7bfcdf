// The chaos walk: the client's day under random faults on all routes and on the apps' side. Whatever breaks, the server
// stays up, answers in its envelope, keeps every record legal, and keeps workspaces apart. And the same seed gives the
// same answers and leaves the same workspace behind, byte by byte, as does its story when it is played.
//
// CHAOS_RUNS=200 walks more seeds than 25, and each one in both ways again; CHAOS_SEED=17 walks that one alone.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as sdk from '@membranehq/sdk';
import { takeWalk } from './lib/chaos.mjs';
import { everyCheckpoint } from './lib/checkpoints.mjs';
import { differences, faultsOf } from './lib/invariants.mjs';
import { startServer } from './lib/server.mjs';
import { World } from './lib/world.mjs';

const { CHAOS_RUNS = '25', CHAOS_SEED } = process.env;
const seeds = CHAOS_SEED ? [Number(CHAOS_SEED)] : Array.from({ length: Number(CHAOS_RUNS) }, (_, index) => index + 1);
const isThorough = CHAOS_SEED !== undefined || seeds.length > 25;
let server, catalog, neighbour;

before(async () => {
  // One that repeats; the suite's own does not. Everything here goes to this one.
  server = await startServer('--rng-seed', '1', '--clock', '2026-01-01T00:00:00Z');
  process.env.MEMBRANE_MOCK_CONTROL_URL = `${server.url}/__mock`;
  delete process.env.MEMBRANE_MOCK_CONTROL_TOKEN;
  catalog = await readCatalog();
  neighbour = await settleIn();
});

after(async () => {
  assert.equal(await neighbour.world.export(), neighbour.export, 'a workspace beside them all is as it was');
  const { code, complaints } = await server.stop();
  assert.equal(code, 0, complaints);
  const own = complaints.split('\n').filter((line) => /panic|ERROR/.test(line));
  assert.deepEqual(own, [], 'nothing fails inside the server');
});

describe('chaos', { concurrency: 4 }, () => {
  for (const seed of seeds) {
    test(`seed ${seed}`, async () => {
      const first = await walked(seed, undefined, inspect);
      await checkRemade(first);
      const ways = { 'walked again': undefined, 'its story played': first.story.fired };
      for (const [how, fired] of Object.entries(ways).filter((way, n) => isThorough || n === seed % 2)) {
        const other = await walked(seed, fired);
        judged(first, () => checkSame(first, other, how));
      }
    });
  }
});

/** What is wrong with an export after one change of it, which is told how to find a record. */
const WRONG = {
  'a tenant that is not there': (of) => (of('connection', 'github-dev').tenant = 'nobody'),
  'a connector that is not there': (of) => (of('connection', 'github-dev').connector = 'none'),
  'a state that is none': (of) => (of('connection', 'github-dev').state = 'FINE'),
  'READY with an error': (of) => (of('connection', 'github-dev').error = { type: 'internal', message: 'broken' }),
  'READY with a ticket': (of) => (of('connection', 'github-dev').ticket = '0123456789abcdef01234567'),
  'READY without credentials': (of) => (of('connection', 'github-dev').credentials = null),
  'READY and connected again': (of) => (of('connection', 'github-dev').former = 'ERROR'),
  'a token that nobody gave': (of) => (of('connection', 'github-dev').credentials.access_token = 'found'),
  'a user who is not asked': (of) => (of('connection', 'slack').ticket = null),
  'a step that the machine does not know': (of) => (of('connection', 'slack').history[0].cause = 'cancel'),
  'a history that ends elsewhere': (of) => (of('connection', 'slack').history[0].to = 'READY'),
  'a history without its beginning': (of) => of('connection', 'stripe').history.shift(),
  'erased credentials': (of) => {
    const stripe = of('connection', 'stripe');
    const { at } = stripe.history.at(-1);
    stripe.history.push({ at, from: 'READY', to: 'DISCONNECTING', cause: 'disconnect' });
    stripe.history.push({ at, from: 'DISCONNECTING', to: 'DISCONNECTED', cause: 'disconnected' });
    Object.assign(stripe, { state: 'DISCONNECTED', error: { type: 'connection', message: 'gone' } });
  },
  'two connections of one key': (of) => (of('connection', 'slack').key = 'stripe'),
  'a request that is answered and waits': (of) => (of('connection', 'slack').request = null),
  'a request that failed for no reason': (of) => (of('connection-request').status = 'error'),
  'a session at work without a worker': (of) => Object.assign(of('agent-session'), { status: 'running', history: [] }),
  'an action that is never made': (of) => (of('action', 'neighbours').state = 'BUILDING'),
  'a checkpoint of nothing': (of) => (of('checkpoint').elementId = 'nobody'),
  'a checkpoint that is not counted': (of) => (of('checkpoint').checkpointNumber = 7),
  'a checkpoint of what never was': (of) => (of('checkpoint').snapshot.name = 'Another'),
  'a token that was given twice': (of) => of('grant').deadTokens.push(of('grant').accessToken),
  'an unknown kind': (of, records) => (records.at(-1).kind = 'ghost'),
  'another record of one id': (of, records) => records.push({ ...records.at(-1), seq: 10 ** 6 }),
};

describe('the checker of records', () => {
  test('finds nothing wrong with a workspace', () => {
    assert.deepEqual(faultsOf(JSON.parse(neighbour.export), catalog), []);
  });

  for (const [what, change] of Object.entries(WRONG)) {
    test(`sees ${what}`, () => {
      const exported = JSON.parse(neighbour.export);
      const is = (kind, key) => (held) => held.kind === kind && (!key || held.record.key === key);
      change((kind, key) => exported.records.find(is(kind, key)).record, exported.records);
      assert.notDeepEqual(faultsOf(exported, catalog), []);
    });
  }
});

/** Takes a walk, and looks closer at what it left behind. The workspace is gone afterwards: the next one has its key. */
async function walked(seed, fired, look) {
  const walk = await takeWalk(seed, fired);
  try {
    walk.story = await walk.world.control('GET', '/faults/story');
    walk.export = await walk.world.export();
    await look?.(walk);
  } finally {
    await walk.world.drop();
  }
  return walk;
}

/** A workspace that is made of an export is the same, but for webhooks that wait: they are the other's to send. */
async function checkRemade(walk) {
  const { key, secret } = walk.world;
  const exported = JSON.parse(walk.export);
  exported.records = exported.records.filter(({ record }) => record.state !== 'pending');
  const world = await World.fork({ key, secret, from: JSON.parse(walk.export) });
  const remade = await world.export();
  await world.drop();
  judged(walk, () => checkText(remade, JSON.stringify(exported), 'made of its export, it is another workspace'));
}

/** A failure says how to have it again. */
function judged(walk, checks) {
  try {
    checks();
  } catch (error) {
    const said = { seed: walk.seed, rules: walk.rules, fired: walk.story.fired, steps: walk.steps };
    const how = `CHAOS_SEED=${walk.seed} membrane-mock exec -- node --test chaos.test.mjs`;
    error.message += `\n\nTo have it again: ${how}\n${JSON.stringify(said, null, 2)}`;
    throw error;
  }
}

// The same once more

function checkSame(first, other, how) {
  for (const [place, answer] of first.answers.entries()) {
    const { step } = first.answers.slice(0, place + 1).findLast(({ step }) => step);
    const [now, before] = [other.answers[place], answer].map((each) => JSON.stringify(each));
    checkText(now, before, `${how}, “${step}” was answered otherwise`);
  }
  assert.equal(other.answers.length, first.answers.length);
  assert.deepEqual(other.steps, first.steps);
  assert.deepEqual(other.story, first.story, `${how}, other calls were broken`);
  // A workspace whose story is played holds the plan, too.
  const exported = JSON.parse(other.export);
  delete exported.faults.plan;
  checkText(JSON.stringify(exported), first.export, `${how}, it left another workspace behind`);
}

/** Long texts are shown where they part. */
function checkText(actual, expected, what) {
  if (actual === expected) return;
  const at = [...expected].findIndex((letter, place) => letter !== actual?.[place]);
  const around = (text) => text?.slice(Math.max(0, at - 200), at + 200);
  assert.fail(`${what}:\n${around(actual)}\ninstead of\n${around(expected)}\nof\n${expected.slice(0, 200)}`);
}

// What is left behind

/** Everything there is afterwards, judged. */
async function inspect(walk) {
  const { world } = walk;
  const exported = JSON.parse(walk.export);
  const journal = await world.journal();
  await world.control('DELETE', '/faults');
  const shown = await shownBy(world, exported);
  const ask = (path) => world.curl('GET', path, { token: world.managerToken });
  const acts = journal.filter(({ operation, actionRunId }) => operation === 'act' && actionRunId);
  const logged = await Promise.all(acts.map(({ actionRunId }) => ask(`/action-run-logs/${actionRunId}`)));
  const strange = await Promise.all(neighbour.paths.map(ask));
  const health = await (await fetch(`${process.env.MEMBRANE_MOCK_CONTROL_URL}/health`)).json();

  judged(walk, () => {
    assert.equal(health.status, 'ok');
    assert.deepEqual(faultsOf(exported, catalog), [], 'the workspace is not legal');
    assert.deepEqual(differences(exported, shown), [], 'the API shows other than the database holds');
    checkAnswers(walk, journal);
    checkApart(walk, JSON.stringify([walk.answers, walk.story, journal, shown, logged]));
    for (const { status } of strange) assert.equal(status, 404, 'what is of another workspace is not found');
    acts.forEach(({ actionRunId, status }, at) => {
      const run = logged[at].body;
      assert.equal(run.id, actionRunId, `run ${actionRunId} is in the log`);
      assert.equal(run.status, status === 200 ? 'success' : 'error');
    });
  });
}

/** Everything that the API shows of what an export holds, by kind. */
async function shownBy(world, { records }) {
  const { manager } = world;
  const every = async (path, more) => (await manager.get(path, { limit: 1000, includeArchived: true, ...more })).items;
  const layers = ['universal', 'integration', 'connection'].map((layer) => every('/actions', { layer }));
  const requests = records.filter(({ kind }) => kind === 'connection-request');
  return {
    connection: await every('/connections'),
    action: (await Promise.all(layers)).flat(),
    integration: await every('/integrations'),
    tenant: await every('/customers'),
    'agent-session': await every('/agent/sessions'),
    'connection-attempt-log': await every('/connection-attempt-logs'),
    'connection-request': await Promise.all(requests.map(({ id }) => manager.get(`/connection-requests/${id}`))),
    checkpoint: await everyCheckpoint(world),
    'webhook-delivery': (await world.control('GET', '/webhooks')).items,
  };
}

// Answers

/** Only a fault makes an answer leave the envelope, and only as it says. */
function checkAnswers({ answers, rules, story }, journal) {
  const effects = new Map(rules.map(({ name, fault }) => [name, fault]));
  const ofApp = '/oauth/authorize';
  const isAppWhole = !story.fired.some(({ call }) => call.endsWith(ofApp));
  let entries = [];
  answers.forEach((answer, at) => {
    if (answer.step) {
      // No two steps share a moment.
      const end = answers.slice(at + 1).find(({ step }) => step)?.at ?? '9999';
      entries = journal.filter((entry) => entry.side === 'api' && entry.at >= answer.at && entry.at < end);
      return;
    }
    const { method, path } = asLogged(answer.call);
    if (path.endsWith(ofApp)) {
      // An app's page is not the API's, and not in its journal.
      if (isAppWhole) assert.ok(answer.status < 400, JSON.stringify(answer));
      return;
    }
    const of = entries.findIndex((entry) => entry.method === method && entry.path.split('?')[0] === path);
    const [entry] = of < 0 ? [] : entries.splice(0, of + 1).slice(-1);
    const met = (entry?.faults ?? []).map((name) => effects.get(name));
    checkAnswer(answer, entry, met, journal);
  });
}

/** A call as the journal has it: what names a page is a secret. */
function asLogged(call) {
  const [method, address] = call.split(' ');
  return { method, path: new URL(address).pathname.replace(/^(\/connect|\/downloads|\/background-jobs)\/.*/, '$1/***') };
}

function parsed(text, said) {
  try {
    return JSON.parse(text);
  } catch {
    assert.fail(`no JSON: ${said}`);
  }
}

const textOf = (body) => (typeof body === 'string' ? body : JSON.stringify(body));

function checkAnswer(answer, entry, met, journal) {
  const { call, status, headers, body, broke } = answer;
  const said = `${call} was answered ${status ?? broke}: ${body}`;
  const told = met.find((fault) => fault.respond)?.respond;
  if (told) return assert.deepEqual([status, body], [told.status, textOf(told.body)], said);
  if (met.some((fault) => ['reset', 'close'].includes(fault))) return assert.ok(broke, said);
  if (met.some((fault) => ['truncate', 'malformedJson'].includes(fault))) return;
  assert.ok(!broke, said);
  const type = headers.find(([name]) => name === 'content-type')?.[1] ?? '';
  if (type.startsWith('text/html') || (status >= 300 && status < 400)) {
    return assert.ok(status < 500 || met.some(({ error }) => error), said);
  }
  if (type === 'application/zip') return assert.deepEqual([status, body.slice(0, 2)], [200, 'PK'], call);
  // What the app said is passed on, whatever it is.
  if (entry?.operation === 'proxy') {
    const asked = journal.filter(({ seq }) => seq < entry.seq).findLast(({ side }) => side === 'upstream');
    if (status < 500 || asked?.faults) return;
  }
  const value = status === 204 ? undefined : parsed(body, said);
  if (status < 400) return;
  assert.ok(sdk.ErrorDataSchema.safeParse(value).success && value.type && value.message, said);
  const { error } = met.find(({ error }) => error) ?? {};
  if (error) assert.equal(value.type, error.type, said);
  else assert.ok(status < 500 || status === 501, said);
  assert.doesNotMatch(value.message, /panicked/, said);
}

// Workspaces apart

/** Ids and secrets that a workspace has made, and those that a workspace has shown, whosever they are. */
const makers = new Map();
const showers = new Map();
const tokensIn = (text) => new Set(text.match(/[0-9a-f]{24,}/g));
/** What a page's address says, which is for its user alone. */
const ticketsIn = (text) => [...text.matchAll(/\/connect\/([\w-]{20,})|state=([\w-]{20,})/g)].map(([, page, state]) =>
  Buffer.from(page ?? state, 'base64url').toString(),
);

/** Nothing here is another workspace's, and nothing of this one is anywhere else. */
function checkApart({ seed, export: exported }, shown) {
  const text = [exported, shown, ...ticketsIn(shown)].join('\n');
  const others = new Set([...text.matchAll(/chaos-(\d+)/g)].map(([, named]) => Number(named)));
  others.delete(seed);
  assert.deepEqual([...others], [], 'other workspaces are named');
  for (const token of tokensIn(exported)) {
    if (catalog.shared.has(token)) continue;
    assert.equal(makers.get(token) ?? seed, seed, `${token} is of two workspaces`);
    assert.equal(showers.get(token) ?? seed, seed, `${token} was shown elsewhere before`);
    makers.set(token, seed);
  }
  for (const token of tokensIn(text)) {
    assert.equal(makers.get(token) ?? seed, seed, `${token} is another workspace's`);
    showers.set(token, seed);
  }
}

/** A workspace with things of its own, which nobody else gets to see or to change. */
async function settleIn() {
  const world = await World.fork({ key: 'neighbour', seed: 'demo', secret: 'neighbour'.repeat(8) });
  const { client, manager } = world;
  const credentials = { apiKey: 'sk-neighbour' };
  const connection = await client.connections.create({ integrationKey: 'stripe', credentials });
  const action = await world.action({ key: 'neighbours', integrationKey: 'github' });
  const session = await client.post('/agent/sessions', { prompt: 'Build something' });
  const request = await client.post('/connection-requests', { integrationKey: 'slack' });
  await world.clientOf('neighbour').self.get();
  const tenants = await manager.customers.find({ search: 'neighbour' });
  await world.settle();
  const paths = [`/connections/${connection.id}`, `/actions/${action.id}`, `/agent/sessions/${session.id}`];
  paths.push(`/connection-requests/${request.requestId}`, `/customers/${tenants.items[0].id}`);
  return { world, paths, export: await world.export() };
}

/** What all workspaces have in common. */
async function readCatalog() {
  const worlds = [];
  for (const key of ['one', 'other']) worlds.push(await World.fork({ key, seed: 'demo', secret: key.repeat(32) }));
  const [one, other] = await Promise.all(worlds.map((world) => world.export()));
  const every = async (path) => (await worlds[0].manager.get(path, { limit: 1000 })).items;
  const lists = { connector: await every('/connectors'), 'external-app': await every('/external-apps') };
  for (const world of worlds) await world.drop();
  const known = tokensIn(other + JSON.stringify(lists));
  const byId = (items) => new Map(items.map((item) => [item.id, item]));
  return {
    connector: byId(lists.connector),
    'external-app': byId(lists['external-app']),
    action: new Map(),
    planted: new Set(JSON.parse(one).records.map(({ id }) => id)),
    shared: new Set([...tokensIn(one + JSON.stringify(lists))].filter((token) => known.has(token))),
  };
}
