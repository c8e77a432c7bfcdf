// Bounds of what a workspace holds: each is reached, and then one more is refused, or the oldest goes.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import * as sdk from '@membranehq/sdk';
import { withBook } from './lib/book.mjs';
import { refusal, refused } from './lib/failure.mjs';
import { byId, scenario, World } from './lib/world.mjs';

const booked = withBook(scenario);
const still = { clock: '2030-01-01T00:00:00Z' };
const absent = { as: sdk.BadRequestError, status: 404, key: 'not_found' };
const tooMany = { as: sdk.BadRequestError, status: 429, key: 'rate_limit_exceeded' };

/** Another workspace, which what happens in the first is nothing to. */
async function another(t, of) {
  const world = await World.fork(of);
  t.after(() => world.drop());
  return world;
}

/** What so many calls came to, in order; some are on their way at once. */
async function many(count, call, atOnce = 50) {
  const answers = [];
  while (answers.length < count) {
    const next = Array.from({ length: Math.min(atOnce, count - answers.length) }, (_, n) => answers.length + n);
    answers.push(...(await Promise.all(next.map(call))));
  }
  return answers;
}

const numbered = (count, of) => Array.from({ length: count }, (_, n) => of(n));

/** A whole list, which has no second page. */
async function all({ client }, path, query) {
  const { items, cursor } = await client.get(path, { limit: 1000, ...query });
  assert.equal(cursor, undefined, `${path} has more than a thousand`);
  return items;
}

/** As an app sends something: without a token, to an address that it was told. */
async function send(uri, body) {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(uri, { method: 'POST', headers, body: JSON.stringify(body) });
  assert.equal(response.status, 200);
  return response.json();
}

/** A server of the test's own. */
async function served(t, answer) {
  const app = createServer(answer).listen(0, '127.0.0.1');
  t.after(() => app.close());
  await once(app, 'listening');
  return `http://127.0.0.1:${app.address().port}`;
}

/** A workspace made of what another one has, when its records have been changed. */
async function madeOf(world, t, change) {
  const from = JSON.parse(await world.export());
  change(from.records);
  return another(t, { from });
}

/** Adds copies of a record, each under an id of its own, and answers the ids. */
function addCopies(records, of, count, change = () => ({})) {
  const { seq } = records.reduce((one, next) => (one.seq > next.seq ? one : next));
  const ids = numbered(count, (n) => String(n).padStart(24, '0'));
  for (const [n, id] of ids.entries()) records.push({ ...of, id, seq: seq + n + 1, record: { ...of.record, id, ...change(n) } });
  return ids;
}

// Faults

const fault = (world, rule) => world.control('POST', '/faults', rule);
const rules = async (world) => (await world.control('GET', '/faults')).items.map(({ name }) => name);
const late = { on: { route: 'GET /self' }, fault: { latency: { ms: 0 } } };

scenario('a workspace has at most a thousand faults', async (world, t) => {
  const other = await another(t);
  const rule = (n) => ({ name: `rule ${n}`, on: { operation: 'act' }, nth: 1_000_000, fault: 'reset' });
  await fault(world, numbered(999, rule));
  await fault(world, rule(999));
  const full = /answered 400.*at most 1000 faults; delete some/;
  await assert.rejects(fault(world, rule(1000)), full);
  await assert.rejects(fault(world, [rule(1000)]), full);
  assert.deepEqual(await rules(world), numbered(1000, (n) => `rule ${n}`), 'none has gone, and none has come');

  await fault(world, rule(0));
  assert.deepEqual((await rules(world)).slice(-2), ['rule 999', 'rule 0'], 'one of the same name takes the place of the old');
  await world.control('DELETE', '/faults/rule%201');
  await fault(world, rule(1000));
  await assert.rejects(fault(world, rule(1)), full);
  await fault(other, rule(1));
  assert.deepEqual(await rules(other), ['rule 1']);
});

scenario('the last ten thousand firings of faults are remembered', still, async (world, t) => {
  const other = await another(t, still);
  await fault(world, numbered(100, (n) => ({ ...late, name: `rule ${n}` })));
  await fault(other, { ...late, name: 'rule 0' });
  await other.client.self.get();
  await many(100, () => world.client.self.get());
  const story = async (of) => (await of.control('GET', '/faults/story')).fired.map(({ rule, n }) => [rule, n]);
  const whole = await story(world);
  assert.deepEqual([whole.length, whole[0], whole.at(-1)], [10_000, ['rule 0', 1], ['rule 99', 100]]);

  await world.client.self.get();
  const now = await story(world);
  assert.deepEqual([now.length, now[0], now.at(-1)], [10_000, ['rule 0', 2], ['rule 99', 101]]);
  const { items, fired } = await world.control('GET', '/faults');
  assert.deepEqual([fired, items[0].fired], [10_000, 101], 'a rule counts on');
  assert.deepEqual(await story(other), [['rule 0', 1]]);
  // What fired is printed when the suite fails, and that would be all that is seen.
  await world.control('DELETE', '/faults');
  assert.deepEqual(await story(world), []);
});

booked('a rate limit knows whom it has let in, however many they are', still, async (world, t) => {
  let ids;
  const full = await madeOf(world, t, (records) => {
    const book = records.find(({ id }) => id === world.book.id);
    ids = addCopies(records, book, 10_001, (n) => ({ key: `book-${n}` }));
  });
  const on = { route: 'GET /connections/{connection}' };
  const rateLimit = { limit: 1, perMs: 1000, by: 'connection' };
  await fault(full, [{ on, fault: { rateLimit } }, { on, fault: { respond: { status: 204 } } }]);
  const asked = async (n) => (await full.curl('GET', `/connections/${ids[n]}`)).status;
  assert.deepEqual(new Set(await many(10_000, asked)), new Set([204]));
  await full.advance(999);
  assert.deepEqual([await asked(0), await asked(10_000), await asked(10_000), await asked(9_999)], [429, 204, 429, 429]);
  await full.advance(1);
  assert.deepEqual([await asked(0), await asked(0), await asked(10_000), await asked(9_999)], [204, 429, 429, 204]);
  await full.control('DELETE', '/faults');
});

// Snapshots and scenarios

scenario('a workspace has at most a thousand snapshots', async (world, t) => {
  const other = await another(t);
  const take = (of, name) => of.control('POST', '/snapshots', { name });
  await many(1000, (n) => take(world, `nth ${n}`));
  const full = /answered 400.*at most 1000 snapshots; delete some/;
  await assert.rejects(take(world, 'one more'), full);
  const names = async (of) => (await of.control('GET', '/snapshots')).items.map(({ name }) => name);
  assert.deepEqual((await names(world)).sort(), numbered(1000, (n) => `nth ${n}`).sort(), 'none has gone');

  await take(other, 'one more');
  assert.deepEqual(await names(other), ['one more']);
  await world.control('DELETE', '/snapshots/nth%200');
  await take(world, 'one more');
  assert.equal((await names(world)).at(-1), 'one more');
  await assert.rejects(take(world, 'nth 0'), full);
});

scenario('the last two hundred stories are remembered', async (world, t) => {
  const other = await another(t);
  const begin = async (of) => {
    await of.control('POST', '/scenarios', { name: 'later', steps: [{ at: { clock: '1h' }, do: [] }] });
    return () => of.play('later');
  };
  const ids = async (of) => byId((await of.control('GET', '/scenarios')).stories);
  const [story, others] = [await begin(world), await begin(other)];
  await others();
  await many(200, story, 1);
  const whole = await ids(world);
  assert.equal(whole.length, 200);
  await story();
  const now = await ids(world);
  assert.deepEqual([now.length, now.slice(0, -1)], [200, whole.slice(1)], 'the oldest has gone');
  await assert.rejects(world.control('POST', `/scenarios/${whole[0]}/stop`), /answered 404/);
  assert.equal((await world.control('POST', `/scenarios/${whole[1]}/stop`)).state, 'stopped');
  assert.equal((await ids(other)).length, 1);
});

// Connecting

scenario('the last thousand attempts to connect are logged', async (world, t) => {
  const other = await another(t);
  const form = { integrationKey: 'slack', connectionKey: 'mine' };
  const page = (of) => of.curl('POST', '/screens/connect', { body: new URLSearchParams(form) });
  // In the frame the user may try again, so each refusal is an attempt of its own.
  const fail = (of, n) => of.control('POST', '/connections/mine/fail', { error: `no ${n}` });
  const reasons = async (of) => (await all(of, '/connection-attempt-logs')).map(({ error }) => /no \d+/.exec(error.message)[0]);
  for (const each of [world, other]) await page(each);
  await fail(other, 0);
  await many(1000, (n) => fail(world, n), 1);
  assert.deepEqual(await reasons(world), numbered(1000, (n) => `no ${999 - n}`));
  await fail(world, 1000);
  assert.deepEqual(await reasons(world), numbered(1000, (n) => `no ${1000 - n}`));
  assert.deepEqual(await reasons(other), ['no 0']);
});

scenario('the last thousand pages stay open', async (world, t) => {
  const other = await another(t);
  const open = async (of) => {
    const { body } = await of.curl('POST', '/screens/connection', { body: new URLSearchParams({ connectionId: 'github-dev' }) });
    return /\/screens\/visits\/[^"]+/.exec(body)[0];
  };
  const look = (at) => world.curl('GET', at, { token: null });
  const first = await open(world);
  const others = await open(other);
  const second = await open(world);
  await many(998, () => open(world));
  assert.deepEqual((await look(first)).body, { building: false });
  const last = await open(world);
  refusal(await look(first), { ...absent, message: /no longer open; begin to connect again/ });
  for (const at of [second, last, others]) assert.deepEqual((await look(at)).body, { building: false });
});

scenario('a vendor knows the last hundred tokens that it has replaced', async (world) => {
  const { client } = world;
  const tokens = [];
  for (let n = 0; n <= 101; n += 1) {
    if (n > 0) await client.post('/connections/github-dev/refresh-credentials');
    tokens.push((await client.connection('github-dev').get({ includeSecrets: true })).credentials.access_token);
  }
  const grants = JSON.parse(await world.export()).records.filter(({ kind }) => kind === 'grant');
  const { record } = grants.find(({ record }) => record.connectorKey === 'github');
  assert.deepEqual([record.deadTokens, record.accessToken], [tokens.slice(1, -1), tokens.at(-1)]);

  // A call with a token of this connection through another one, which has nothing to refresh it with.
  const asked = async (n) => {
    const key = `with-${n}`;
    await client.connections.create({ key, name: key, integrationKey: 'github', credentials: { access_token: tokens[n] } });
    return () => client.post('/act', { api: { method: 'GET', path: '/user' }, connectionKey: key });
  };
  const lost = { as: sdk.ConnectionError, status: 400, message: /disconnected/ };
  for (const dead of [1, 2, 100]) await refused(client, await asked(dead), lost);
  for (const fine of [0, 101]) {
    const act = await asked(fine);
    assert.equal((await act()).output.login, 'mia-acme', 'it refuses no token that it does not know');
  }
});

// Flows

const addFlow = async ({ manager, client }, trigger = { type: 'api-trigger' }) => {
  await manager.flows.create({ key: 'suite-flow', name: 'Suite flow', integrationKey: 'github', nodes: { start: trigger } });
  const flow = client.connection('github-dev').flow('suite-flow');
  await flow.create();
  return flow;
};

/** An address whose events each launch a flow: where it is told a list, there are as many runs. */
async function launcher(world) {
  const type = await world.manager.appEventTypes.create({ key: 'sold', name: 'Sold', tenantIdFormula: { $var: 'tenant' } });
  await addFlow(world, { type: 'app-event-trigger', config: { appEventType: { key: 'sold' } } });
  return async (count) => {
    const events = numbered(count, () => ({ tenant: world.tenantKey }));
    return (await send(type.globalWebhookUri, events)).launchedFlowRunIds;
  };
}

const hold = (world) => world.progress({ flowRun: 'hold' });
const start = (world, input) => world.curl('POST', '/connections/github-dev/flows/suite-flow/run', { data: { input } });
const stop = async (world, id) => assert.equal((await world.curl('POST', `/flow-runs/${id}/stop`)).status, 200);

/** A workspace made of another one, with copies of a flow run, which have no input but count as if they had. */
async function withRuns(world, t, id, count) {
  let ids;
  const full = await madeOf(world, t, (records) => {
    const run = records.find((record) => record.id === id);
    delete run.record.input;
    ids = addCopies(records, run, count);
  });
  return { full, ids };
}

scenario('ten thousand flow runs of a connection wait, and no more', async (world, t) => {
  await addFlow(world);
  await hold(world);
  await start(world);
  const { id } = (await start(world)).body;
  await world.settle();
  const { full, ids } = await withRuns(world, t, id, 9_998);
  assert.equal((await start(full)).status, 200);
  refusal(await start(full), { ...tooMany, message: /10000 flow runs of this connection wait already/ });
  assert.equal((await start(world)).status, 200, 'the other workspace has room');
  assert.equal((await full.client.flowRun(id).get()).state, 'queued', 'none has gone');

  await full.client.connections.create({ key: 'other', name: 'Other', integrationKey: 'github', credentials: { access_token: 'x' } });
  await full.client.connection('other').flow('suite-flow').run({});
  await stop(full, ids.at(-1));
  assert.equal((await start(full)).status, 200, 'one waits no longer');
  refusal(await start(full), tooMany);
});

scenario('the last thousand flow runs that are over are kept', async (world, t) => {
  await addFlow(world);
  const { id } = (await start(world)).body;
  await world.settle();
  const { full, ids } = await withRuns(world, t, id, 998);
  const over = async () => byId(await all(full, '/flow-runs', { state: 'completed' })).reverse();
  ids.push((await start(full)).body.id);
  await full.settle();
  assert.deepEqual(await over(), [id, ...ids]);
  ids.push((await start(full)).body.id);
  await full.settle();
  await hold(full);
  const { body: last } = await start(full);
  assert.deepEqual(await over(), ids, 'the oldest has gone');
  await refused(full.client, (client) => client.flowRun(id).get(), absent);
  assert.equal((await full.client.flowRun(last.id).get()).startNodeKey, 'start');
  assert.equal((await world.client.flowRun(id).get()).state, 'completed', 'the other workspace has it still');
});

const large = 'x'.repeat(10_480_000);

scenario('flow runs that are not over have at most a hundred mebibytes', async (world, t) => {
  await addFlow(world);
  await hold(world);
  await start(world);
  const { id } = (await start(world, large)).body;
  const { full, ids } = await withRuns(world, t, id, 9);
  const message = /that are not over have more than 104857600 bytes of input/;
  refusal(await start(full, large), { ...tooMany, message });
  assert.equal((await start(full, 'small')).status, 200, 'there is room for little');
  assert.equal((await start(world, large)).status, 200, 'the other workspace has room');
  await stop(full, ids[0]);
  assert.equal((await start(full, large)).status, 200, 'one is over');
  refusal(await start(full, large), { ...tooMany, message });
});

scenario('of flow runs that are over the last hundred mebibytes are kept', async (world, t) => {
  await addFlow(world);
  await hold(world);
  const { id } = (await start(world, large)).body;
  await stop(world, id);
  const { full, ids } = await withRuns(world, t, id, 10);
  const over = async () => byId(await all(full, '/flow-runs', { state: 'stopped' })).reverse();
  assert.deepEqual(await over(), [id, ...ids]);
  const { body: next } = await start(full, large);
  await stop(full, next.id);
  assert.deepEqual(await over(), [...ids.slice(1), next.id], 'the oldest have gone');
  await refused(full.client, (client) => client.flowRun(ids[0]).get(), absent);
  assert.equal((await full.client.flowRun(ids[1]).get()).state, 'stopped');
});

scenario('the last thousand webhooks that were sent are kept', async (world, t) => {
  let [status, told] = [200, 0];
  const webhookUri = await served(t, (request, response) => {
    told += 1;
    request.resume().on('end', () => response.writeHead(status).end());
  });
  const [launch, other] = [await launcher(world), await another(t)];
  await hold(world);
  await world.manager.patch(`/workspaces/${world.key}`, { webhookUri, enabledWebhookEvents: ['flowRun.queued'] });
  await other.manager.patch(`/workspaces/${other.key}`, { webhookUri });
  await other.poke('github-dev', 'loseCredentials');
  const ids = await launch(1001);
  for (const each of [world, other]) await each.settle();
  assert.equal(told, 1002);

  status = 503;
  const [last] = await launch(1);
  const about = async (of) => (await of.control('GET', '/webhooks')).items.map(({ state, payload }) => [state, payload.data.id]);
  const delivered = ids.slice(1).map((id) => ['delivered', id]);
  assert.deepEqual(await about(world), [...delivered, ['pending', last]], 'the oldest has gone');
  assert.equal((await about(other)).length, 1);
});

// Events and files

scenario('the last thousand app events are kept', async (world, t) => {
  const of = async ({ manager }) =>
    (await manager.appEventTypes.create({ key: 'sold', name: 'Sold', tenantIdFormula: { $var: 'tenant' } })).globalWebhookUri;
  const other = await another(t);
  const [uri, others] = [await of(world), await of(other)];
  const event = (n) => ({ tenant: world.tenantKey, n });
  const kept = async (world) => (await all(world, '/app-events')).map((it) => it.event.n);
  await send(others, event(0));
  await send(uri, numbered(1000, event));
  assert.deepEqual(await kept(world), numbered(1000, (n) => n));
  await send(uri, event(1000));
  assert.deepEqual(await kept(world), numbered(1000, (n) => n + 1), 'the oldest has gone');
  assert.deepEqual(await kept(other), [0]);
});

/** A subscription to an event of an app. */
async function subscribed({ manager, client }) {
  const type = await manager.post('/external-event-types', { key: 'sold', name: 'Sold', integrationKey: 'hubspot' });
  const { id } = await client.connection('hubspot-prod').get();
  return client.post('/external-event-subscriptions', { connectionId: id, externalEventTypeId: type.id });
}

const unlogged = { settings: { enableWebhookLogs: false } };

scenario('the last thousand external events are kept', unlogged, async (world, t) => {
  const other = await another(t, unlogged);
  const [{ incomingWebhookUri }, others] = [await subscribed(world), await subscribed(other)];
  const kept = async (of) => (await all(of, '/external-event-log-records')).map(({ payload }) => payload.n);
  await send(others.incomingWebhookUri, { n: 0 });
  await send(incomingWebhookUri, numbered(1000, (n) => ({ n })));
  assert.deepEqual(await kept(world), numbered(1000, (n) => 999 - n));
  await send(incomingWebhookUri, [{ n: 1000 }, { n: 1001 }]);
  assert.deepEqual(await kept(world), numbered(1000, (n) => 1001 - n), 'the oldest have gone');
  assert.deepEqual(await kept(other), [0]);
});

const logs = {
  '/incoming-webhooks': (world, { incomingWebhookUri }) => send(incomingWebhookUri, []),
  '/external-event-pulls': ({ client }, { id }) => client.externalEventSubscription(id).pullEvents(),
};
for (const [path, add] of Object.entries(logs)) {
  scenario(`the last thousand of GET ${path} are kept`, async (world, t) => {
    const other = await another(t);
    const [of, others] = [await subscribed(world), await subscribed(other)];
    await add(other, others);
    await add(world, of);
    await many(999, () => add(world, of), 20);
    const whole = byId(await all(world, path));
    assert.equal(whole.length, 1000);
    await add(world, of);
    const now = byId(await all(world, path));
    assert.deepEqual([now.length, now.slice(1)], [1000, whole.slice(0, -1)], 'the oldest has gone');
    assert.equal((await all(other, path)).length, 1);
  });
}

booked('a subscription notices the last thousand changes that nobody has asked for', still, async (world, t) => {
  const config = { type: 'data-record-created', dataSource: { collectionKey: 'notes' } };
  const { id } = await world.client.post('/external-event-subscriptions', { connectionKey: 'my-book', config });
  const make = (of, title) => of.client.connection('my-book').dataCollection('notes').create({ fields: { title } });
  await make(world, 'first');
  const full = await madeOf(world, t, (records) => {
    const { noticed } = records.find((record) => record.id === id).record;
    const data = (n) => ({ ...noticed[0].data, fields: { title: `nth ${n}` } });
    noticed.push(...numbered(998, (n) => ({ ...noticed[0], recordId: `nth_${n}`, data: data(n) })));
  });
  for (const title of ['last but one', 'last']) await make(full, title);
  const pull = (of) => of.client.post(`/external-event-subscriptions/${id}/pull-events`);
  assert.deepEqual([(await pull(full)).collectedEventIds.length, (await pull(world)).collectedEventIds.length], [1000, 1]);
  const titles = async (of) =>
    (await all(of, '/external-event-log-records')).map(({ payload }) => payload.record.fields.title);
  const told = await titles(full);
  assert.deepEqual([told[0], told[1], told[2]], ['last', 'last but one', 'nth 997']);
  assert.ok(told.includes('nth 1') && !told.includes('first'), 'the oldest has gone');
  assert.deepEqual(await titles(world), ['first']);
});

scenario('a session has its last two hundred messages', async (world) => {
  const { client } = world;
  await world.progress({ agentSession: 'hold' });
  const { id } = await client.post('/agent/sessions', { prompt: 'nth 0' });
  const other = await client.post('/agent/sessions', { prompt: 'another' });
  const say = (n) => client.post(`/agent/sessions/${id}/message`, { input: `nth ${n}` });
  const said = async (id) => (await client.get(`/agent/sessions/${id}/messages`)).map(({ parts: [{ text }] }) => text);
  await many(199, (n) => say(n + 1), 1);
  assert.deepEqual(await said(id), numbered(200, (n) => `nth ${n}`));
  await say(200);
  assert.deepEqual(await said(id), numbered(200, (n) => `nth ${n + 1}`));
  assert.deepEqual(await said(other.id), ['another']);
});

scenario('a workspace keeps files of fifty million bytes in base64', async (world, t) => {
  const other = await another(t);
  const put = async (of, size) => {
    const headers = { 'content-type': 'application/octet-stream' };
    return (await of.curl('POST', '/files', { body: Buffer.alloc(size), headers })).body.downloadUri;
  };
  const found = (uris) => Promise.all(uris.map(async (uri) => (await fetch(uri, { method: 'HEAD' })).status));
  const uris = [await put(other, 9_000_000)];
  // Four bytes of base64 stand for three.
  for (const size of [9_375_000, 9_375_000, 9_375_000, 9_375_000]) uris.push(await put(world, size));
  assert.deepEqual(await found(uris), [200, 200, 200, 200, 200]);
  uris.push(await put(world, 1));
  assert.deepEqual(await found(uris), [200, 404, 200, 200, 200, 200], 'the oldest has gone');
  uris.push(await put(world, 9_375_000));
  assert.deepEqual(await found(uris), [200, 404, 404, 200, 200, 200, 200]);
});

// Apps

scenario('an answer of an app has at most thirty mebibytes', async (world, t) => {
  const url = await served(t, ({ url }, response) => response.end(Buffer.alloc(Number(url.slice(1)), 'x')));
  await world.control('PUT', '/upstreams/github', { url });
  const most = 30 * 1024 * 1024;
  const passed = await world.curl('GET', `/connections/github-dev/proxy/${most}`);
  assert.deepEqual([passed.status, passed.body.length], [200, most]);
  const message = /the answer of `http:\S+` is larger than 30 MB/;
  refusal(await world.curl('GET', `/connections/github-dev/proxy/${most + 1}`), { status: 400, message });
  const act = (client) => client.post('/act', { api: { method: 'GET', path: `/${most + 1}` }, connectionKey: 'github-dev' });
  await refused(world.client, act, { as: sdk.ActionRunError, status: 400, message });
  assert.equal((await world.curl('GET', '/connections/github-dev/proxy/1')).body, 'x', 'the connection works as before');
});
