// External events: subscriptions to what happens in an app, how they learn of it, what it launches, and the logs of it.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import * as sdk from '@membranehq/sdk';
import { byId, scenario, World } from './lib/world.mjs';
import { refused } from './lib/failure.mjs';
import { payloadOf } from './lib/jwt.mjs';
import { accept, page } from './lib/shape.mjs';

// The newer contract has the address that the app tells of events.
const incoming = { incomingWebhookUri: sdk.ExternalEventSubscriptionApiResponse.shape.webhookUri, externalAppId: sdk.BaseConnection.shape.id.optional() };
const Base = sdk.BaseExternalEventSubscription.extend(incoming);
const Subscription = sdk.ExternalEventSubscriptionApiResponse.extend(incoming);
const created = { createdAt: sdk.BaseExternalEventSubscription.shape.createdAt };
const Event = sdk.ExternalEventLogRecordApiResponse.extend({ ...created, externalEventSubscription: Base.optional() });
const Pull = sdk.ExternalEventPullApiResponse.extend({ externalEventSubscription: Base.optional() });
const Webhook = sdk.IncomingWebhookApiResponse.extend({ subscription: Base.optional() });
const bad = { as: sdk.BadRequestError, status: 400 };
const absent = { as: sdk.BadRequestError, status: 404, key: 'not_found' };

const still = { clock: '2026-01-01T00:00:00Z' };
const MINUTE = 60_000;
const website = { owner: 'acme', repo: 'website' };
const subscribe = ({ client }, type, more) =>
  client.post('/external-event-subscriptions', {
    connectionKey: 'github-dev',
    config: { type, dataSource: { collectionKey: 'issues', collectionParameters: website } },
    ...more,
  });
const issues = ({ client }, parameters = website) => client.connection('github-dev').dataCollection('issues', parameters);
const events = async ({ client }, query = '') =>
  accept(page(Event), await client.get(`/external-event-log-records?${new URLSearchParams(query)}`)).items;
const titles = (items) => items.map(({ payload }) => payload.record.fields.title);

/** A connector whose collections tell of changes in each of the ways, and a tenant's connection to it. */
async function shop(world) {
  const fieldsSchema = { type: 'object', properties: { id: { type: 'string' }, name: { type: 'string' } } };
  const collection = (key, events) => ({ key, name: key, fieldsSchema, events, records: [{ id: '1', name: 'First' }] });
  await world.manager.post('/connectors', {
    key: 'shop',
    name: 'Shop',
    type: 'proxy',
    dataCollections: [
      collection('told', { all: { type: 'push' } }),
      collection('scanned', { all: { type: 'pull', isFullScan: true } }),
      collection('silent', { created: { type: 'pull' } }),
    ],
    events: [{ key: 'sold', name: 'Sold', schema: { type: 'object' } }],
  });
  await world.manager.integrations.create({ key: 'shop', name: 'Shop', connectorKey: 'shop' });
  await world.client.connections.create({ integrationKey: 'shop', key: 'mine' });
  return {
    data: (key) => world.client.connection('mine').dataCollection(key),
    subscribe: (config, more) => world.client.post('/external-event-subscriptions', { connectionKey: 'mine', config, ...more }),
  };
}

scenario('a subscription is made, listed, read, changed, archived and restored', still, async (world) => {
  const { client } = world;
  const made = accept(Subscription, await subscribe(world, 'data-record-created', { name: 'New issues' }));
  assert.deepEqual([made.name, made.status, made.isRealTime, made.requiresPull], ['New issues', 'subscribed', false, true]);
  assert.equal(made.nextPullEventsTimestamp, Date.parse('2026-01-01T00:05:00Z'));
  const other = await subscribe(world, 'data-record-deleted');
  const { id } = await client.connection('github-dev').get();

  const find = async (query) => byId(accept(page(Subscription), await client.externalEventSubscriptions().find(query)).items);
  assert.deepEqual(await find(), [made.id, other.id]);
  assert.deepEqual(await find({ connectionId: id, status: 'subscribed', integrationId: made.integrationId }), [made.id, other.id]);
  assert.deepEqual(await find({ status: 'error' }), []);
  assert.deepEqual(await find({ connectionId: 'another' }), []);
  await refused(client, () => client.externalEventSubscriptions().find({ status: 'fine' }), bad);

  const at = `/external-event-subscriptions/${made.id}`;
  assert.deepEqual(accept(Subscription, await client.externalEventSubscription(made.id).get()), made);
  const often = accept(Subscription, await client.patch(at, { pullUpdatesIntervalSeconds: 60 }));
  assert.equal(often.nextPullEventsTimestamp, Date.parse('2026-01-01T00:01:00Z'));
  await refused(client, () => client.patch(at, { pullUpdatesIntervalSeconds: 59 }), { ...bad, message: /from 60/ });
  await refused(client, () => client.patch(at, { webhookUri: 'ftp://x' }), bad);
  assert.equal((await client.post(`${at}/refresh`)).id, made.id);
  assert.deepEqual(await client.get(`${at}/dependencies`), [{ type: 'Connection', key: id }]);

  await client.delete(at);
  assert.deepEqual(await find(), [other.id]);
  assert.deepEqual(await find({ includeArchived: true }), [made.id, other.id]);
  await refused(client, () => client.patch(at, { name: 'x' }), { ...bad, message: /restore it/ });
  await issues(world).create({ fields: { title: 'Unseen' } });
  assert.equal((await client.post(`${at}/restore`)).archivedAt, undefined);
  await world.advance(5 * MINUTE);
  assert.deepEqual(await events(world), [], 'an archived one notices nothing');
});

scenario('a subscription says what is wrong with it', async (world) => {
  const { client } = world;
  const post = (body) => () => client.post('/external-event-subscriptions', body);
  const config = { type: 'data-record-created', dataSource: { collectionKey: 'issues' } };
  const connectionKey = 'github-dev';
  await refused(client, post({ config }), { ...bad, message: /connectionId/ });
  await refused(client, post({ connectionKey }), { ...bad, message: /`config` is missing/ });
  await refused(client, post({ connectionKey, config: { type: 'data-record-created' } }), { ...bad, message: /dataSource/ });
  await refused(client, post({ connectionKey, config: { type: 'nonsense' } }), bad);
  const lost = { type: 'data-record-created', dataSource: { collectionKey: 'isues' } };
  await refused(client, post({ connectionKey, config: lost }), { ...absent, message: /did you mean `issues`/ });
  const unknown = { type: 'connector-event', eventKey: 'pushed' };
  await refused(client, post({ connectionKey, config: unknown }), { ...absent, message: /has no `pushed`/ });
  await refused(client, post({ connectionKey: 'nobody', config }), absent);
  await refused(client, () => client.externalEventSubscription('0').get(), absent);

  const { subscribe } = await shop(world);
  const silent = { type: 'data-record-deleted', dataSource: { collectionKey: 'silent' } };
  await refused(client, () => subscribe(silent), { ...bad, message: /does not tell of records that were deleted/ });
});

scenario('another tenant sees neither subscriptions nor their events', still, async (world) => {
  const { id } = await subscribe(world, 'data-record-created');
  await issues(world).create({ fields: { title: 'Mine' } });
  await world.advance(5 * MINUTE);
  const [event] = await events(world);
  const other = world.clientOf('somebody-else');
  assert.deepEqual((await other.externalEventSubscriptions().find()).items, []);
  await refused(other, () => other.externalEventSubscription(id).get(), absent);
  await refused(other, () => other.externalEventSubscription(id).pullEvents(), absent);
  await refused(other, () => other.get(`/external-event-log-records/${event.id}`), absent);
  assert.deepEqual((await other.get('/external-event-pulls')).items, []);
});

scenario('pulled events are what changed in between, on the clock', still, async (world) => {
  const { client } = world;
  const made = await subscribe(world, 'data-record-created');
  await subscribe(world, 'data-record-updated');
  await subscribe(world, 'data-record-deleted');
  const first = await issues(world).create({ fields: { title: 'Draft' } });
  await issues(world).update({ id: first.id, fields: { title: 'Final' } });
  await issues(world, { owner: 'acme', repo: 'app' }).create({ fields: { title: 'Elsewhere' } });
  await world.advance(5 * MINUTE - 1);
  assert.deepEqual(await events(world), []);
  await world.advance(1);
  const of = (type) => async () => (await events(world)).filter((it) => it.externalEventSubscription.config.type === type);
  const [creations, updates] = [of('data-record-created'), of('data-record-updated')];
  assert.deepEqual(titles(await creations()), ['Final'], 'as the record is then, and of this repository alone');
  assert.deepEqual(await updates(), [], 'nobody has seen the draft');

  const [event] = await creations();
  assert.deepEqual(accept(Event, await client.get(`/external-event-log-records/${event.id}/details`)), event);
  const pulls = accept(page(Pull), await client.get('/external-event-pulls')).items;
  const [pull] = pulls.filter(({ externalEventSubscriptionId }) => externalEventSubscriptionId === made.id);
  assert.deepEqual([pull.status, pull.isFullScan, pull.collectedEventIds], ['success', false, [event.id]]);
  const span = [pull.startDatetime, pull.endDatetime].map((at) => new Date(at).toISOString());
  assert.deepEqual(span, ['2026-01-01T00:00:00.000Z', '2026-01-01T00:05:00.000Z']);
  assert.equal((await client.get(`/external-event-pulls/${pull.id}`)).id, pull.id);
  assert.match((await client.get(`/external-event-pulls/${pull.id}/logs`))[0].message, /1 events/);
  const { nextPullEventsTimestamp } = await client.externalEventSubscription(made.id).get();
  assert.equal(nextPullEventsTimestamp, Date.parse('2026-01-01T00:10:00Z'));
  assert.deepEqual((await client.get('/external-event-pulls?from=2026-01-01T00:06:00Z')).items, []);
  await refused(client, () => client.get('/external-event-pulls?to=yesterday'), bad);

  // What comes and goes in between was never there; what the app had from the beginning is changed, not made.
  const second = await issues(world).create({ fields: { title: 'Mistake' } });
  await world.client.connection('github-dev').dataCollection('issues', { owner: 'acme', repo: 'website' }).update({
    id: '7190004',
    fields: { title: 'Right year' },
  });
  assert.ok(second.id);
  await world.advance(5 * MINUTE);
  assert.deepEqual(titles(await creations()), ['Mistake', 'Final']);
  assert.deepEqual(titles(await updates()), ['Right year']);
  const since = { from: '2026-01-01T00:06:00Z', to: '2026-01-01T00:11:00Z' };
  assert.deepEqual(titles(await events(world, since)).sort(), ['Mistake', 'Right year']);
  assert.deepEqual(await events(world, { from: '2026-01-01T00:11:00Z' }), []);
  assert.equal((await events(world, { externalEventSubscriptionId: made.id, status: 'success' })).length, 2);
});

scenario('what a pull has seen can be changed at the same moment', still, async (world) => {
  const { client } = world;
  const updated = await subscribe(world, 'data-record-updated');
  const deleted = await subscribe(world, 'data-record-deleted');
  const { id } = await issues(world).create({ fields: { title: 'New' } });
  for (const of of [updated, deleted]) await client.externalEventSubscription(of.id).pullEvents();
  await issues(world).update({ id, fields: { title: 'Newer' } });
  await world.advance(5 * MINUTE);
  assert.deepEqual(titles(await events(world)), ['Newer']);
});

scenario('pull-events asks at once, unsubscribe stops, resubscribe begins anew', still, async (world) => {
  const { client } = world;
  const { id } = await subscribe(world, 'data-record-created');
  const at = client.externalEventSubscription(id);
  await issues(world).create({ fields: { title: 'One' } });
  await at.pullEvents();
  assert.deepEqual(titles(await events(world)), ['One']);
  await at.unsubscribe();
  assert.equal((await at.get()).status, 'unsubscribed');
  await issues(world).create({ fields: { title: 'Two' } });
  await refused(client, () => at.pullEvents(), { ...bad, message: /subscribe first/ });
  await world.advance(MINUTE);
  await at.subscribe();
  assert.equal((await at.get()).nextPullEventsTimestamp, Date.parse('2026-01-01T00:06:00Z'), 'intervals count from then');
  await issues(world).create({ fields: { title: 'Three' } });
  await at.setup();
  await at.pullEvents();
  assert.deepEqual(titles(await events(world)), ['Three', 'One']);
  await issues(world).create({ fields: { title: 'Four' } });
  await at.resubscribe();
  await at.pullEvents();
  assert.deepEqual(titles(await events(world)), ['Three', 'One'], 'what was not collected is dropped');
});

scenario('an app that tells is heard at once; a full scan comes after three hours', still, async (world) => {
  const { data, subscribe } = await shop(world);
  const of = (collectionKey, type) => subscribe({ type, dataSource: { collectionKey } });
  const told = accept(Subscription, await of('told', 'data-record-created'));
  assert.deepEqual([told.isRealTime, told.nextPullEventsTimestamp], [true, undefined]);
  const gone = accept(Subscription, await of('scanned', 'data-record-deleted'));
  assert.deepEqual([gone.requiresFullSync, gone.requiresPull], [true, false]);
  const made = await of('scanned', 'data-record-created');

  await data('told').create({ fields: { name: 'Chair' } });
  const [event] = await events(world);
  assert.deepEqual([event.externalEventSubscriptionId, event.payload.record.name], [told.id, 'Chair']);
  assert.deepEqual((await world.client.get('/external-event-pulls')).items, []);

  await data('scanned').delete({ id: '1' });
  const { id } = await data('scanned').create({ fields: { name: 'Seen by nobody' } });
  await data('scanned').delete({ id });
  await world.advance(180 * MINUTE);
  const found = (await events(world)).filter(({ externalEventSubscriptionId }) => externalEventSubscriptionId !== told.id);
  assert.deepEqual(
    found.map((it) => [it.externalEventSubscriptionId, it.payload.record.id]),
    [[gone.id, '1']],
    'what came and went was neither made nor deleted',
  );
  assert.ok(id);
  const pulls = (await world.client.get('/external-event-pulls')).items;
  assert.deepEqual(pulls.map((it) => [it.externalEventSubscriptionId, it.isFullScan]), [[gone.id, true]]);
  assert.equal((await world.client.externalEventSubscription(made.id).get()).status, 'subscribed');
});

scenario('events of a connector come in by webhook, and are logged', still, async (world) => {
  const { client, manager } = world;
  const { subscribe } = await shop(world);
  assert.deepEqual(await client.get('/integrations/shop/events'), [{ key: 'sold', name: 'Sold', description: null }]);
  assert.equal((await client.get('/integrations/shop/events/sold')).name, 'Sold');
  assert.equal((await client.integration('shop').get()).hasEvents, true);
  const of = await subscribe({ type: 'connector-event', eventKey: 'sold' });
  const send = (uri, body) => fetch(uri, { method: 'POST', body: JSON.stringify(body) });
  const answer = await send(of.incomingWebhookUri, { item: 'Chair' });
  const { collectedEventIds } = await answer.json();
  const [event] = await events(world);
  assert.deepEqual([event.id, event.payload], [collectedEventIds[0], { item: 'Chair' }]);
  await send(of.incomingWebhookUri, [{ item: 'Table' }, { item: 'Lamp' }]);
  assert.deepEqual((await events(world)).map(({ payload }) => payload.item).sort(), ['Chair', 'Lamp', 'Table']);

  const log = accept(page(Webhook), await client.get('/incoming-webhooks')).items;
  assert.deepEqual(log.map((it) => it.collectedEventIds.length), [2, 1]);
  const details = await client.get(`/incoming-webhooks/${log[1].id}/details`);
  assert.deepEqual([details.status, details.request.body], ['success', { item: 'Chair' }]);
  accept(Webhook, await client.get(`/incoming-webhooks/${log[1].id}`));

  await client.externalEventSubscription(of.id).refreshWebhook();
  const renewed = await client.externalEventSubscription(of.id).get();
  assert.equal((await send(of.incomingWebhookUri, {})).status, 404, 'the old address is gone');
  await client.externalEventSubscription(of.id).unsubscribe();
  assert.equal((await send(renewed.incomingWebhookUri, {})).status, 404);
  const failed = (await manager.get('/incoming-webhooks?status=error')).items;
  assert.deepEqual(failed.map(({ subscriptionId }) => subscriptionId), [of.id]);
});

scenario('a subscription is to an event type of the workspace', still, async (world) => {
  const { manager, client } = world;
  const type = await manager.post('/external-event-types', { key: 'shipped', name: 'Shipped', integrationKey: 'hubspot' });
  const { id: connectionId } = await client.connection('hubspot-prod').get();
  const body = { connectionId, externalEventTypeId: type.id };
  const made = accept(Subscription, await client.post('/external-event-subscriptions', body));
  assert.deepEqual([made.config, made.status, made.isRealTime], [{ type: 'connector-event', eventKey: 'shipped' }, 'subscribed', true]);
  assert.ok((await fetch(made.incomingWebhookUri, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"parcel":7}' })).ok);
  const { items } = await client.get('/external-event-log-records');
  assert.deepEqual(items.map(({ payload, externalEventSubscriptionId }) => [payload, externalEventSubscriptionId]), [[{ parcel: 7 }, made.id]]);
  for (const [wrong, message] of [
    [{ ...body, externalEventTypeId: 'nope' }, /no matching external event type/],
    [{ ...body, config: made.config }, /two ways to say one thing/],
    [{ connectionId }, /`config` is missing/],
    // It is described for another integration.
    [{ ...body, connectionId: (await client.connection('github-dev').get()).id }, /no matching external event type/],
  ]) {
    await assert.rejects(client.post('/external-event-subscriptions', wrong), message);
  }
});

scenario('webhooks are logged only while the workspace wants it, and heard all the same', still, async (world) => {
  const { subscribe } = await shop(world);
  const of = await subscribe({ type: 'connector-event', eventKey: 'sold' });
  const send = (item) => fetch(of.incomingWebhookUri, { method: 'POST', body: JSON.stringify({ item }) });
  const logged = async () => accept(page(Webhook), await world.client.get('/incoming-webhooks')).items.length;
  const keep = (enableWebhookLogs) => world.manager.patch(`/workspaces/${world.key}`, { settings: { enableWebhookLogs } });
  await send('Chair');
  await keep(false);
  const answer = await send('Table');
  assert.equal((await answer.json()).collectedEventIds.length, 1);
  await world.client.externalEventSubscription(of.id).unsubscribe();
  assert.equal((await send('Lamp')).status, 404);
  assert.deepEqual((await events(world)).map(({ payload }) => payload.item).sort(), ['Chair', 'Table']);
  assert.equal(await logged(), 1, 'what is in the log stays there');
  await keep(true);
  await world.client.externalEventSubscription(of.id).resubscribe();
  await send('Shelf');
  assert.equal(await logged(), 2);
});

scenario('a webhook of an app whose records are pulled has them collected', still, async (world) => {
  const of = await subscribe(world, 'data-record-created');
  await issues(world).create({ fields: { title: 'Told of' } });
  await fetch(of.incomingWebhookUri, { method: 'POST' });
  assert.deepEqual(titles(await events(world)), ['Told of']);
});

scenario('a pull waits until the connection works again, and nothing is lost', still, async (world) => {
  const { client } = world;
  const { id } = await subscribe(world, 'data-record-created');
  await issues(world).create({ fields: { title: 'Early' } });
  await world.poke('github-dev', 'loseCredentials');
  await world.advance(5 * MINUTE);
  const broken = await client.externalEventSubscription(id).get();
  assert.deepEqual([broken.status, broken.error.type], ['error', 'connection']);
  const [pull] = (await client.get('/external-event-pulls?status=error')).items;
  assert.match(pull.error.message, /connection .github-dev. /);
  assert.deepEqual(await events(world), []);
  await world.poke('github-dev', 'reconnect');
  await world.poke('github-dev', 'authorize');
  await world.advance(5 * MINUTE);
  assert.deepEqual(titles(await events(world)), ['Early']);
  assert.equal((await client.externalEventSubscription(id).get()).status, 'subscribed');
});

scenario('a subscription tells that its connection does not work, and works again, though nothing is new', still, async (world) => {
  const { client } = world;
  const { id } = await subscribe(world, 'data-record-created');
  const told = async () => {
    const { status, error } = await client.externalEventSubscription(id).get();
    const pulls = (await client.get('/external-event-pulls')).items.map((pull) => [pull.status, pull.error?.code]);
    return [status, error?.code, pulls];
  };
  await world.advance(60 * MINUTE);
  assert.deepEqual(await told(), ['subscribed', undefined, []]);
  await world.poke('github-dev', 'loseCredentials');
  await world.advance(60 * MINUTE);
  const failed = ['error', 'CONNECTION_DISCONNECTED'];
  assert.deepEqual(await told(), [...failed, [failed]]);
  await world.poke('github-dev', 'reconnect');
  await world.poke('github-dev', 'authorize');
  await world.advance(60 * MINUTE);
  assert.deepEqual(await told(), ['subscribed', undefined, [['success', undefined], failed]]);
});

scenario('flow instances with a trigger for records are launched', still, async (world) => {
  const { manager, client } = world;
  const source = { key: 'issues', name: 'Issues', collectionKey: 'issues', collectionParameters: website, udm: 'tasks' };
  await manager.dataSources.create(source);
  const nodes = (type, config) => ({
    begin: { type, config, links: [{ key: 'say' }] },
    say: { type: 'transform-data', config: { output: { title: { $var: 'input.begin.record.fields.title' } } } },
  });
  const flow = { name: 'Sync', integrationKey: 'github' };
  await manager.flows.create({ ...flow, key: 'made', nodes: nodes('data-record-created-trigger', { dataSource: { key: 'issues' } }) });
  const byCollection = { dataSource: { collectionKey: 'issues', collectionParameters: { owner: 'other' } } };
  await manager.flows.create({ ...flow, key: 'other', nodes: nodes('data-record-created-trigger', byCollection) });
  const made = await client.connection('github-dev').flow('made').create();
  await client.connection('github-dev').flow('other').create();
  const own = (await client.externalEventSubscriptions().find()).items;
  assert.deepEqual(own.map(({ name }) => name), ['Sync: begin', 'Sync: begin']);

  await issues(world).create({ fields: { title: 'Hello' } });
  await world.advance(5 * MINUTE);
  const [event] = await events(world);
  const [run] = (await client.flowRuns.find()).items;
  assert.deepEqual([run.flowInstanceId, event.launchedFlowRunIds, run.state], [made.id, [run.id], 'completed']);
  assert.deepEqual(await client.get(`/flow-runs/${run.id}/output/say`), [{ title: 'Hello' }]);
  assert.deepEqual(run.launchedBy, { type: 'external-event', ids: [event.id] });
  assert.equal((await client.flowRuns.find()).items.length, 1, 'of the other repository nothing is launched');

  await client.flowInstance(made.id).disable();
  assert.equal((await client.externalEventSubscriptions().find()).items.length, 1);
  await issues(world).create({ fields: { title: 'Unheard' } });
  await client.flowInstance(made.id).enable();
  await issues(world).create({ fields: { title: 'Heard' } });
  await world.advance(5 * MINUTE);
  assert.deepEqual(titles(await events(world)), ['Heard', 'Hello']);
  await manager.flow('made').archive();
  await issues(world).create({ fields: { title: 'Too late' } });
  await world.advance(5 * MINUTE);
  assert.deepEqual(titles(await events(world)), ['Heard', 'Hello'], 'below something archived nothing is noticed');
  const deactivated = async () => (await client.externalEventSubscriptions().find()).items.map((it) => it.isDeactivated);
  assert.deepEqual(await deactivated(), [false, true]);
  const [, { id }] = (await client.externalEventSubscriptions().find()).items;
  await refused(client, () => client.externalEventSubscription(id).pullEvents(), { ...bad, message: /out of service/ });
  await manager.flow('made').restore();
  assert.deepEqual(await deactivated(), [false, false]);
  await issues(world).create({ fields: { title: 'In time' } });
  await world.advance(5 * MINUTE);
  assert.deepEqual(titles(await events(world)), ['In time', 'Heard', 'Hello']);
});

scenario('what one pull finds begins one run, once for each', still, async (world) => {
  const { client, manager } = world;
  const nodes = {
    begin: { type: 'data-record-created-trigger', config: { dataSource: { collectionKey: 'issues' } }, links: [{ key: 'say' }] },
    say: { type: 'transform-data', config: { output: { title: { $var: 'input.begin.record.fields.title' } } } },
  };
  await manager.flows.create({ key: 'batch', name: 'Batch', integrationKey: 'github', nodes });
  await client.connection('github-dev').flow('batch').create();
  for (const title of ['One', 'Two', 'Three']) await issues(world).create({ fields: { title } });
  await world.advance(5 * MINUTE);
  const found = await events(world);
  const { items: [run, ...others] } = await client.flowRuns.find();
  accept(sdk.FlowRunApiResponse, run);
  assert.deepEqual(others, []);
  assert.deepEqual([run.state, run.nodes.begin.runs, run.nodes.say.runs], ['completed', 3, 3]);
  assert.equal(run.input.record.fields.title, 'One');
  assert.deepEqual(await client.get(`/flow-runs/${run.id}/output/say`), [{ title: 'One' }, { title: 'Two' }, { title: 'Three' }]);
  assert.deepEqual(run.launchedBy.ids, found.map(({ id }) => id).reverse());
  assert.deepEqual(found.map(({ launchedFlowRunIds }) => launchedFlowRunIds), found.map(() => [run.id]));

  // Of very many, several runs are launched.
  for (let nth = 0; nth < 30; nth += 1) await issues(world).create({ fields: { title: `${nth}` } });
  await world.advance(5 * MINUTE);
  const runs = (await client.flowRuns.find()).items.slice(0, 2);
  assert.deepEqual(runs.map(({ nodes }) => nodes.begin.runs), [5, 25]);
});

scenario('a trigger that waits for nothing says why', still, async (world) => {
  const { client, manager } = world;
  const begin = (type, config) => ({ begin: { type, config } });
  const wrong = [
    ['data-record-created-trigger', {}, /`config.dataSource` of the trigger is missing/],
    ['data-record-created-trigger', { dataSource: { collectionKey: 'isues' } }, /isues/],
    ['connector-event-trigger', {}, /`config.eventKey` of the trigger is missing/],
    ['connector-event-trigger', { eventKey: 'nope' }, /nope/],
    ['app-event-trigger', {}, /`config.appEventKey` of the trigger is missing/],
    ['app-event-trigger', { appEventKey: 'nope' }, /app event type not found: `nope`/],
    ['schedule-trigger', {}, /give `intervalMinutes`/],
  ];
  for (const [index, [type, config, message]] of wrong.entries()) {
    const key = `wrong-${index}`;
    await manager.flows.create({ key, name: key, integrationKey: 'github', nodes: begin(type, config) });
    const made = accept(sdk.FlowInstanceApiResponse, await client.connection('github-dev').flow(key).create());
    assert.deepEqual([made.state, made.nodes.begin.state], ['SETUP_FAILED', 'SETUP_FAILED'], key);
    assert.deepEqual([made.errors.length, made.errors[0].type], [1, 'configuration'], key);
    assert.match(made.nodes.begin.errors[0].message, message);
    assert.equal((await manager.flow(key).get()).state, 'READY', 'a flow of no connection waits for nothing');
  }
  const mended = begin('data-record-created-trigger', { dataSource: { collectionKey: 'issues' } });
  const put = await client.connection('github-dev').flow('wrong-1').patch({ nodes: mended });
  assert.deepEqual([put.state, put.errors, put.nodes.begin.state], ['READY', undefined, 'READY']);
});

scenario('a pull tells what it did, and why it did nothing', still, async (world) => {
  const of = await subscribe(world, 'data-record-created');
  const path = `/external-event-subscriptions/${of.id}/pull-events`;
  await issues(world).create({ fields: { title: 'News' } });
  const pull = accept(Pull, await world.client.post(path));
  assert.deepEqual([pull.status, pull.collectedEventIds.length], ['success', 1]);
  const [{ payload }] = await events(world);
  const told = await world.client.get(`/external-event-pulls/${pull.id}/telemetry`);
  assert.deepEqual(told, {
    pullId: pull.id,
    subscriptionId: of.id,
    connectionId: of.connectionId,
    eventType: 'data-record-created',
    collectionKey: 'issues',
    strategy: told.strategy,
    startedAt: pull.endDatetime,
    finishedAt: pull.endDatetime,
    emittedEventCount: 1,
    emittedEvents: [{ type: 'data-record-created', recordId: payload.record.id }],
    notes: [],
  });
  assert.ok(['full-scan', 'pull-latest-records', 'unknown'].includes(told.strategy), told.strategy);
  await world.control('POST', '/connections/github-dev/poke', { event: 'loseCredentials' });
  const failed = await world.client.post(path);
  assert.deepEqual([failed.status, failed.error.type, failed.error.code], ['error', 'connection', 'CONNECTION_DISCONNECTED']);
  const skipped = await world.client.get(`/external-event-pulls/${failed.id}/telemetry`);
  assert.deepEqual([skipped.strategy, skipped.notes], ['skipped', [failed.error.message]]);
  await refused(world.client, () => world.client.get('/external-event-pulls/nope/telemetry'), { as: sdk.BadRequestError, status: 404, key: 'not_found' });
});

scenario('the user’s app is told of events at its own address', still, async (world, t) => {
  const bodies = [];
  const tokens = [];
  const app = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    bodies.push(JSON.parse(body));
    tokens.push(request.headers['x-membrane-token']);
    response.end();
  });
  app.listen(0, '127.0.0.1');
  await once(app, 'listening');
  t.after(() => app.close());
  const webhookUri = `http://127.0.0.1:${app.address().port}/events`;
  const { id } = await subscribe(world, 'data-record-created', { webhookUri });
  await issues(world).create({ fields: { title: 'News' } });
  await world.client.externalEventSubscription(id).pullEvents();
  await world.settle();
  const [event] = await events(world);
  const [told] = bodies;
  assert.deepEqual([told.id, told.type, told.externalEventSubscriptionId], [event.id, 'data-record-created', id]);
  assert.deepEqual(told.payload, event.payload);
  // The app checks whose event it is, as it does for every call to it.
  assert.equal(payloadOf(tokens[0]).sub, world.tenantKey);
});

scenario('a fork has the subscriptions with what they noticed, at addresses of its own', still, async (world, t) => {
  const of = await subscribe(world, 'data-record-created');
  await issues(world).create({ fields: { title: 'Before' } });
  const fork = await World.fork({ from: world.key });
  t.after(() => fork.drop());
  const same = await fork.client.externalEventSubscription(of.id).get();
  assert.notEqual(same.incomingWebhookUri, of.incomingWebhookUri);
  await fork.client.externalEventSubscription(of.id).pullEvents();
  assert.deepEqual(titles(await events(fork)), ['Before']);
  assert.deepEqual(await events(world), []);
});

scenario('below an archived connection or integration nothing is subscribed, asked or taken', still, async (world) => {
  const { client, manager } = world;
  const made = await subscribe(world, 'data-record-created', { config: { type: 'data-record-created', dataSource: { collectionKey: 'issues', collectionParameters: website } } });
  const integration = await manager.get('/integrations/github');
  const { id } = await client.connection('github-dev').get();
  const pull = () => client.post(`/external-event-subscriptions/${made.id}/pull-events`);
  const told = async () => (await fetch(made.incomingWebhookUri, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })).status;
  assert.equal(await told(), 200);
  for (const [gone, back] of [[`/integrations/${integration.id}`, `/integrations/${integration.id}/restore`], [`/connections/${id}`, `/connections/${id}/restore`]]) {
    await manager.delete(gone);
    assert.equal(await told(), 404);
    assert.deepEqual([(await pull()).status, (await client.get(`/external-event-subscriptions/${made.id}`)).error?.message.includes('archived')], ['error', true]);
    await refused(client, () => client.post('/external-event-subscriptions', { connectionId: id, config: made.config }), absent);
    await manager.post(back);
    assert.equal((await pull()).status, 'success');
    assert.equal((await client.get(`/external-event-subscriptions/${made.id}`)).status, 'subscribed');
    assert.equal(await told(), 200);
  }
});
