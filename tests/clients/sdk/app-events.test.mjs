// Types of events of the user's own app, tenants' subscriptions to them, and what an event that comes in does.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import * as sdk from '@membranehq/sdk';
import { World, byId, scenario } from './lib/world.mjs';
import { refused } from './lib/failure.mjs';
import { accept, page } from './lib/shape.mjs';

const { shape } = sdk.AppDataSchemaInstanceApiResponse;
const Type = sdk.AppEventTypeApiResponse.extend({ isCustomized: shape.isCustomized });
// A subscription is a version of its type, so it also has what a type has.
const { example, tenantIdFormula, userIdFormula, subscribeRequest } = Type.shape;
const versioned = {
  isCustomized: shape.isCustomized,
  appEventTypeRevision: shape.appDataSchemaRevision,
  ...{ example, tenantIdFormula, userIdFormula, subscribeRequest },
};
const Subscription = sdk.AppEventSubscriptionApiResponse.extend({ ...versioned, appEventType: Type.optional() });
const Event = sdk.AppEventLogRecordApiResponse.extend({
  tenantId: sdk.AppEventLogRecordApiResponse.shape.userId,
  appEventType: Type.optional(),
  appEventSubscription: sdk.BaseAppEventSubscription.extend(versioned).optional(),
});
const Run = sdk.FlowRunApiResponse;
const bad = { as: sdk.BadRequestError, status: 400 };
const denied = { as: sdk.BadRequestError, status: 403, key: 'access_denied' };
const absent = { as: sdk.BadRequestError, status: 404, key: 'not_found' };

const field = (name) => ({ $var: name });
const schema = { type: 'object', properties: { customerId: { type: 'string' }, record: { type: 'object' } } };
const created = { key: 'created', name: 'Contact created', schema, tenantIdFormula: field('customerId') };
const make = ({ manager }, more) => manager.appEventTypes.create({ ...created, ...more });
const subscription = ({ client }, more) => client.appEventSubscription({ appEventTypeKey: 'created', ...more });

/** As the user's app sends an event: without a token, to an address that it was told. */
async function send(uri, event) {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(uri, { method: 'POST', headers, body: JSON.stringify(event) });
  return { status: response.status, ...(await response.json()) };
}

/** A flow of the demo's connection that waits for a type and gives the name of what was created. */
async function waiting({ manager, client }, key = 'waits', config = { appEventType: { key: 'created' } }) {
  const nodes = {
    start: { type: 'app-event-trigger', config, links: [{ key: 'say' }] },
    say: { type: 'transform-data', config: { output: { said: field('input.start.record.name') } } },
  };
  await manager.flows.create({ key, name: key, integrationKey: 'github', nodes });
  return client.connection('github-dev').flow(key).create();
}

/** Asks for a run until it has ended, as an app does; meanwhile the workspace goes on. */
async function ended(world, id) {
  for (;;) {
    const run = accept(Run, await world.client.get(`/flow-runs/${id}`));
    if (['completed', 'failed'].includes(run.state)) return run;
    await world.settle();
  }
}

const outputOf = ({ client }, id) => client.flowRun(id).getOutput();

// Types

scenario('POST /app-event-types makes one that lists show and filter', async (world) => {
  const { manager, client } = world;
  const example = { customerId: 'acme', record: { name: 'Ada' } };
  const made = accept(Type, await make(world, { example, description: 'Somebody new', meta: { a: 1 } }));
  assert.deepEqual([made.key, made.schema, made.example], ['created', schema, example]);
  assert.deepEqual([made.tenantIdFormula, made.meta], [created.tenantIdFormula, { a: 1 }]);
  assert.equal(made.globalWebhookUri, `${world.apiUri.replace(/\/$/, '')}/webhooks/app-events/${made.webhookKey}`);
  const other = accept(Type, await manager.appEventTypes.create({ name: 'Company gone' }));
  assert.equal(other.key, 'company-gone');
  assert.notEqual(other.webhookKey, made.webhookKey);

  const find = async (query) => byId(accept(page(Type), await client.appEventTypes.find(query)).items);
  assert.deepEqual(await find(), [made.id, other.id]);
  assert.deepEqual(await find({ search: 'SOMEBODY' }), [made.id]);
  assert.deepEqual(await find({ limit: 1, cursor: (await client.appEventTypes.find({ limit: 1 })).cursor }), [other.id]);
  assert.deepEqual(byId(await client.appEventTypes.findAll()), [made.id, other.id]);

  await refused(client, () => client.appEventTypes.create({ key: 'mine', name: 'Mine' }), denied);
  await refused(manager, () => make(world), { ...bad, key: 'already_exists' });
  await refused(manager, () => manager.appEventTypes.create({}), bad);
  for (const [name, value] of [['schema', { type: 7 }], ['subscribeRequest', { method: 'POST' }]]) {
    const call = () => manager.appEventTypes.create({ key: 'x', [name]: value });
    await refused(manager, call, { ...bad, message: new RegExp(name) });
  }
});

const addresses = { '/app-event-types/:id': ({ id }) => id, '/app-event-type?{sel}': ({ key }) => ({ key }) };
for (const [address, selector] of Object.entries(addresses)) {
  scenario(`${address} is read, patched, replaced, archived and restored`, async (world) => {
    const made = await make(world);
    const [at, read] = [world.manager.appEventType(selector(made)), world.client.appEventType(selector(made))];
    assert.equal(accept(Type, await read.get()).id, made.id);
    const patched = accept(Type, await at.patch({ description: 'Somebody new' }));
    assert.deepEqual([patched.schema, patched.tenantIdFormula], [schema, created.tenantIdFormula]);
    assert.notEqual(patched.revision, made.revision);
    const put = accept(Type, await at.put({ name: 'Put', userIdFormula: field('userId') }));
    assert.deepEqual([put.name, put.schema, put.tenantIdFormula], ['Put', undefined, undefined]);
    assert.deepEqual([put.userIdFormula, put.webhookKey], [field('userId'), made.webhookKey]);

    for (const call of [() => read.patch({ name: 'Mine' }), () => read.put({ name: 'Mine' }), () => read.archive()]) {
      await refused(world.client, call, denied);
    }
    await at.archive();
    assert.deepEqual((await world.client.appEventTypes.find()).items, []);
    await at.restore();
    assert.equal((await read.get()).archivedAt, undefined);
  });
}

scenario('the schema of events is read by itself, of a type and of a subscription', async (world) => {
  const { id } = await make(world);
  const own = await subscription(world).create({});
  for (const path of [
    `/app-event-types/${id}/schema`,
    '/app-event-type/schema?key=created',
    `/app-event-subscriptions/${own.id}/schema`,
    '/app-event-subscription/schema?appEventTypeKey=created',
  ]) {
    assert.deepEqual(await world.client.get(path), schema, path);
  }
  await refused(world.client, () => world.client.get('/app-event-types/none/schema'), absent);
});

// Subscriptions

scenario('a subscription is made, customised, listed, archived and restored by its tenant', async (world) => {
  const { client, manager } = world;
  const type = await make(world);
  const own = subscription(world);
  await refused(client, () => own.get(), absent);
  const made = await subscription(world).create({});
  assert.deepEqual([made.appEventTypeId, made.schema, made.user.internalId], [type.id, schema, world.tenantKey]);
  assert.notEqual(made.webhookUri, type.globalWebhookUri);
  assert.equal(await own.getId(), made.id);
  assert.equal((await client.appEventSubscription(made.id).get()).id, made.id);
  assert.equal((await subscription(world, { autoCreate: true }).get()).id, made.id);

  const patched = await own.patch({ schema: { type: 'object' } });
  assert.deepEqual([patched.id, patched.schema, patched.webhookUri], [made.id, { type: 'object' }, made.webhookUri]);
  const put = await own.put({ name: 'Mine' });
  assert.deepEqual([put.id, put.name, put.schema], [made.id, 'Mine', undefined]);
  const second = await subscription(world, { instanceKey: 'two' }).create({});
  assert.equal(second.instanceKey, 'two');

  const find = async (query) => byId((await client.appEventSubscriptions.find(query)).items);
  assert.deepEqual(await find(), [made.id, second.id]);
  assert.deepEqual(await find({ appEventTypeId: type.id }), [made.id, second.id]);
  assert.deepEqual(await find({ appEventTypeId: 'none' }), []);
  assert.deepEqual(await find({ instanceKey: 'two' }), [second.id]);
  const theirs = world.clientOf('somebody-else');
  assert.deepEqual((await theirs.appEventSubscriptions.find()).items, []);
  await refused(theirs, () => theirs.appEventSubscription(made.id).get(), absent);
  await refused(theirs, () => theirs.appEventSubscription(made.id).subscribe(), absent);
  assert.equal((await manager.appEventSubscriptions.find({ userId: made.userId })).items.length, 2);

  for (const end of ['archive', 'delete']) {
    await own[end]();
    await refused(client, () => own.get(), absent);
    assert.equal((await send(made.webhookUri, {})).status, 404);
    await own.restore();
    assert.equal((await own.get()).id, made.id);
  }
  assert.equal((await send(made.webhookUri, {})).status, 200);
});

/** The user's app, which is told where events go and answers what `answers` holds. */
async function startApp(t) {
  const [told, answers] = [[], []];
  const app = createServer(async (request, response) => {
    told.push({ method: request.method, path: request.url, body: JSON.parse((await request.toArray()).join('')) });
    const { status = 200, body = {} } = answers.shift() ?? {};
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }).listen(0, '127.0.0.1');
  t.after(() => app.close());
  await once(app, 'listening');
  return { told, answers, uri: `http://127.0.0.1:${app.address().port}/hooks` };
}

scenario('subscribe tells the app where the events of a tenant go', async (world, t) => {
  const app = await startApp(t);
  const body = { to: field('webhookUri'), of: field('user.internalId') };
  await make(world, { subscribeRequest: { uri: app.uri, method: 'PUT', body } });
  const own = subscription(world);
  const made = await subscription(world).create({});
  assert.deepEqual(app.told, [], 'not before it is asked to');

  app.answers.push({ status: 409, body: { message: 'not now' } });
  await refused(world.client, () => own.subscribe(), { as: sdk.ActionRunError, status: 400, message: /409.*not now/ });
  assert.notEqual((await own.get()).isSubscribed, true);

  app.told.length = 0;
  app.answers.push({ status: 201, body: { hook: 7 } });
  const told = await own.subscribe();
  assert.deepEqual(app.told, [{ method: 'PUT', path: '/hooks', body: { to: made.webhookUri, of: world.tenantKey } }]);
  assert.deepEqual([told.isSubscribed, told.subscriptionRequest.uri], [true, app.uri]);
  assert.equal((await own.get()).isSubscribed, true);
  assert.match(JSON.stringify(told.subscriptionResponse), /"hook":7/);
});

scenario('subscribe of a type whose app need not be told is noted alone', async (world) => {
  await make(world);
  assert.equal((await subscription(world, { autoCreate: true }).subscribe()).isSubscribed, true);
  assert.equal((await subscription(world).get()).isSubscribed, true);
  await refused(world.client, () => world.client.appEventSubscription({ appEventTypeKey: 'none' }).subscribe(), absent);
});

// Events

scenario("an app's event launches the tenant's flows, whose runs it follows", async (world) => {
  const { globalWebhookUri } = await make(world);
  const flow = await waiting(world);
  const taken = await send(globalWebhookUri, { customerId: world.tenantKey, record: { name: 'Ada' } });
  assert.deepEqual([taken.status, taken.launchedFlowRunIds.length], [200, 1]);
  const [id] = taken.launchedFlowRunIds;
  const run = await ended(world, id);
  assert.deepEqual([run.state, run.flowInstanceId, run.launchedBy.type], ['completed', flow.id, 'app-event-trigger']);
  assert.deepEqual((await outputOf(world, id)).say, [{ said: 'Ada' }]);

  const { webhookUri } = await subscription(world).get();
  const again = await send(webhookUri, { record: { name: 'Ben' } });
  await ended(world, again.launchedFlowRunIds[0]);
  assert.deepEqual((await outputOf(world, again.launchedFlowRunIds[0])).say, [{ said: 'Ben' }]);
});

scenario('an event launches what waits for its type, and nothing else', async (world) => {
  const type = await make(world);
  await make(world, { key: 'gone', name: 'Contact gone' });
  const flows = [
    await waiting(world, 'by-key', { appEventTypeKey: 'created' }),
    await waiting(world, 'by-id', { appEventType: { id: type.id } }),
  ];
  await waiting(world, 'of-others', { appEventType: { key: 'gone' } });
  const off = await waiting(world, 'off');
  await world.client.flowInstance(off.id).disable();
  const event = { customerId: world.tenantKey, record: { name: 'Ada' } };
  const launched = async () => {
    const { launchedFlowRunIds } = await send(type.globalWebhookUri, event);
    const runs = await Promise.all(launchedFlowRunIds.map((id) => world.client.flowRun(id).get()));
    return runs.map(({ flowInstanceId }) => flowInstanceId).sort();
  };
  assert.deepEqual(await launched(), byId(flows).sort());
  await world.client.flowInstance(off.id).enable();
  assert.deepEqual(await launched(), byId([...flows, off]).sort());
});

scenario('by `appEventKey` a trigger gives the payload, which its filter sees', async (world) => {
  const { globalWebhookUri } = await make(world);
  const filter = { $eval: { $var: '$.payload.record.name' }, is: 'Ada' };
  await waiting(world, 'documented', { appEventKey: 'created', filter });
  const sent = (name) => send(globalWebhookUri, { customerId: world.tenantKey, record: { name } });
  assert.deepEqual((await sent('Ben')).launchedFlowRunIds, []);
  const [id] = (await sent('Ada')).launchedFlowRunIds;
  const { input } = await ended(world, id);
  assert.deepEqual(input, { payload: { customerId: world.tenantKey, record: { name: 'Ada' } } });
});

scenario("events of a tenant launch no other tenant's flows", async (world) => {
  const { globalWebhookUri } = await make(world, { tenantIdFormula: undefined, userIdFormula: field('account.key') });
  await waiting(world);
  await world.manager.customers.create({ name: 'Acme', internalId: 'acme' });
  const taken = await send(globalWebhookUri, { account: { key: 'acme' }, record: { name: 'Ada' } });
  assert.deepEqual([taken.status, taken.launchedFlowRunIds], [200, []]);
  assert.deepEqual((await world.client.get('/app-events')).items, []);
  assert.deepEqual(byId((await world.clientOf('acme').get('/app-events')).items), [taken.id]);
});

scenario('GET /app-events lists what came, with the runs that it launched', async (world) => {
  const type = await make(world);
  await make(world, { key: 'gone', name: 'Contact gone' });
  await waiting(world);
  const own = await subscription(world, { autoCreate: true }).subscribe();
  const event = { customerId: world.tenantKey, record: { name: 'Ada' } };
  const first = await send(type.globalWebhookUri, event);
  const second = await send(own.webhookUri, { record: { name: 'Ben' } });

  const list = async (query) => byId((await world.client.get('/app-events', query)).items);
  assert.deepEqual(await list(), [first.id, second.id]);
  assert.deepEqual(await list({ appEventTypeId: type.id }), [first.id, second.id]);
  assert.deepEqual(await list({ appEventTypeId: 'none' }), []);
  assert.deepEqual(await list({ id: second.id }), [second.id]);
  const { cursor } = await world.client.get('/app-events', { limit: 1 });
  assert.deepEqual(await list({ limit: 1, cursor }), [second.id]);

  const one = await world.client.get(`/app-events/${first.id}`);
  assert.deepEqual([one.event, one.launchedFlowRunIds], [event, first.launchedFlowRunIds]);
  assert.deepEqual([one.appEventTypeId, one.appEventSubscriptionId], [type.id, own.id]);
  assert.deepEqual([one.appEventType.key, one.user.internalId], ['created', world.tenantKey]);
  const [listed] = (await world.client.get('/app-events')).items;
  assert.deepEqual(listed, one);

  const theirs = world.clientOf('somebody-else');
  assert.deepEqual((await theirs.get('/app-events')).items, []);
  await refused(theirs, () => theirs.get(`/app-events/${first.id}`), absent);
  assert.deepEqual(byId((await world.manager.get('/app-events', { userId: own.userId })).items), [first.id, second.id]);
});

scenario('an event is taken by whatever method it comes', async (world) => {
  const { globalWebhookUri } = await make(world);
  await waiting(world);
  const headers = { 'content-type': 'application/json' };
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
    const body = JSON.stringify({ customerId: world.tenantKey, record: { name: method } });
    const response = await fetch(globalWebhookUri, { method, headers, body });
    const answer = await response.json();
    assert.deepEqual([response.status, answer.launchedFlowRunIds?.length], [200, 1], JSON.stringify(answer));
    const { id } = await ended(world, answer.launchedFlowRunIds[0]);
    assert.deepEqual((await outputOf(world, id)).say, [{ said: method }]);
  }
  // Without a body it is an event that says nothing, and a tenant's token says whose it is.
  const token = { authorization: `Bearer ${world.tenantToken}` };
  assert.equal((await fetch(globalWebhookUri, { headers: token })).status, 200);
  assert.equal((await fetch(globalWebhookUri)).status, 400);
  assert.equal((await world.manager.get('/app-events')).items.length, 5);
  for (const method of ['GET', 'PUT']) assert.equal((await fetch(`${globalWebhookUri}x`, { method })).status, 404);
});

scenario('an event that cannot be taken is refused, and not in the log', async (world) => {
  const { globalWebhookUri } = await make(world);
  const nameless = await world.manager.appEventTypes.create({ key: 'nameless', name: 'Nameless' });
  const of = { customerId: world.tenantKey };
  for (const [uri, event, status, message] of [
    [globalWebhookUri, {}, 400, /names no tenant/],
    [globalWebhookUri, { customerId: 'nobody' }, 404, /`nobody`/],
    [nameless.globalWebhookUri, of, 400, /tenantIdFormula/],
    [`${globalWebhookUri}x`, of, 404, /no app event type/],
  ]) {
    const { status: is, ...error } = await send(uri, event);
    assert.equal(is, status, error.message);
    assert.match(accept(sdk.ErrorDataSchema, error).message, message);
  }
  await world.manager.appEventType('created').archive();
  assert.equal((await send(globalWebhookUri, of)).status, 404);
  await world.manager.appEventType('created').restore();
  assert.deepEqual((await world.manager.get('/app-events')).items, []);
  assert.equal((await send(globalWebhookUri, of)).status, 200);
});

scenario('what is answered of types, subscriptions and events fits the client', async (world) => {
  const subscribeRequest = { uri: 'http://127.0.0.1:9/hooks', method: 'POST', body: { to: field('webhookUri') } };
  accept(Type, await make(world, { subscribeRequest }));
  const made = accept(Subscription, await subscription(world, { autoCreate: true }).get());
  assert.equal(made.isSubscribed, false);
  accept(page(Subscription), await world.client.appEventSubscriptions.find());
  await send(made.webhookUri, { record: { name: 'Ada' } });
  const { items } = accept(page(Event), await world.client.get('/app-events'));
  accept(Event, await world.client.get(`/app-events/${items[0].id}`));
});

scenario('a subscription of a type without a subscribeRequest fits the client', async (world) => {
  await make(world);
  accept(Subscription, await subscription(world, { autoCreate: true }).get());
});

scenario('GET /app-event-subscriptions filters by isSubscribed', async (world) => {
  await make(world);
  const told = await subscription(world, { autoCreate: true }).subscribe();
  const untold = await subscription(world, { instanceKey: 'two', autoCreate: true }).get();
  const find = async (query) => byId((await world.client.appEventSubscriptions.find(query)).items);
  assert.deepEqual(await find({ isSubscribed: true }), [told.id]);
  assert.deepEqual(await find({ isSubscribed: false }), [untold.id]);
});

scenario('GET /app-events takes from and to', { clock: '2025-06-01T12:00:00Z' }, async (world) => {
  const { globalWebhookUri } = await make(world);
  const { id } = await send(globalWebhookUri, { customerId: world.tenantKey });
  const list = async (query) => byId((await world.client.get('/app-events', query)).items);
  assert.deepEqual(await list({ from: '2025-06-01T12:00:00Z', to: '2025-06-01T12:00:01Z' }), [id]);
  assert.deepEqual(await list({ from: '2025-06-01T12:00:01Z' }), []);
  assert.deepEqual(await list({ to: '2025-06-01T11:59:59Z' }), []);
});

scenario('a long list in one body is so many events and runs, in its order', async (world) => {
  const { globalWebhookUri } = await make(world);
  await waiting(world);
  const names = Array.from({ length: 250 }, (_, nth) => `Nth ${nth}`);
  const taken = await send(globalWebhookUri, names.map((name) => ({ customerId: world.tenantKey, record: { name } })));
  assert.equal(taken.launchedFlowRunIds.length, names.length);
  const { items } = await world.client.get('/app-events', { limit: 1000 });
  assert.deepEqual(items.map(({ event }) => event.record.name), names);
  assert.deepEqual(items.flatMap(({ launchedFlowRunIds }) => launchedFlowRunIds), taken.launchedFlowRunIds);
  await world.settle();
  const [last] = (await world.client.get('/flow-runs', { limit: 1 })).items;
  assert.deepEqual([last.id, last.state], [taken.launchedFlowRunIds.at(-1), 'completed']);
  assert.deepEqual((await outputOf(world, last.id)).say, [{ said: names.at(-1) }]);
});

scenario('events and flow instances that come at once make one subscription', async (world) => {
  const { globalWebhookUri } = await make(world);
  await waiting(world);
  await world.client.appEventSubscription({ appEventTypeKey: 'created' }).archive();
  const each = Array.from({ length: 20 }, (_, nth) => `nth-${nth}`);
  const flow = (instanceKey) => world.client.connection('github-dev').flow('waits', { instanceKey }).create();
  const event = () => send(globalWebhookUri, { customerId: world.tenantKey, record: {} });
  await Promise.all(each.flatMap((nth) => [flow(nth), event()]));
  await world.settle();
  assert.equal((await world.client.appEventSubscriptions.find()).items.length, 1);
  assert.equal((await world.client.get('/app-events')).items.length, each.length);
});

scenario('a fork takes events at an address of its own', async (world, t) => {
  const { globalWebhookUri } = await make(world);
  await waiting(world);
  const fork = await World.fork({ from: world.key });
  t.after(() => fork.drop());
  const there = await fork.client.appEventType('created').get();
  assert.notEqual(there.globalWebhookUri, globalWebhookUri);
  const { id, launchedFlowRunIds } = await send(there.globalWebhookUri, { customerId: world.tenantKey, record: {} });
  assert.equal(launchedFlowRunIds.length, 1);
  assert.deepEqual(byId((await fork.client.get('/app-events')).items), [id]);
  assert.deepEqual((await world.client.get('/app-events')).items, []);
});

scenario('a token says whose an event is in its own workspace alone', async (world, t) => {
  const { globalWebhookUri } = await make(world, { tenantIdFormula: undefined });
  const other = await World.fork();
  t.after(() => other.drop());
  const claims = { workspaceKey: world.key, tenantKey: world.tenantKey };
  const sent = async (token) => {
    const response = await fetch(globalWebhookUri, { method: 'POST', headers: { authorization: `Bearer ${token}` } });
    return response.status;
  };
  const past = world.mint({ ...claims, exp: 1_000_000_000 }, { expiresIn: null });
  const forged = world.mint(claims, { secret: other.secret });
  for (const token of [other.tenantToken, past, forged]) assert.equal(await sent(token), 400, token);
  assert.deepEqual((await world.manager.get('/app-events')).items, []);
  assert.equal(await sent(world.mint(claims)), 200);
});

scenario('who asks whether the address is there sends no event', async (world) => {
  await make(world);
  const { webhookUri } = await subscription(world, { autoCreate: true }).create({});
  const asked = await fetch(webhookUri, { method: 'HEAD' });
  assert.equal(asked.status, 204);
  assert.equal((await fetch(`${webhookUri}x`, { method: 'HEAD' })).status, 404);
  assert.deepEqual((await world.client.get('/app-events')).items, []);
});
