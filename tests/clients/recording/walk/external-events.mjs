// External events: subscriptions to what happens in an app, how they learn of it, what it launches, and the logs of it.
//
// Apps are asked by the clock alone, which the test's own calls move: they are not in the journal, so that it is no
// question of speed whether an event or the call that brought it about is the first there.

import { pathOf } from './connecting.mjs'

const MINUTE = 60_000
const WEBSITE = { owner: 'acme', repo: 'website' }
const LIST = '/external-event-subscriptions'

const recordsOf = (type, collectionKey = 'issues', collectionParameters = WEBSITE) => ({
  type: `data-record-${type}`,
  dataSource: { collectionKey, ...(collectionParameters && { collectionParameters }) },
})

const collection = (key, events) => ({
  key,
  name: key,
  fieldsSchema: { type: 'object', properties: { id: { type: 'string' }, name: { type: 'string' } } },
  events,
  records: [{ id: '1', name: 'First' }],
})

/** An app whose collections tell of changes in each of the ways, and which has an event of its own. */
const SHOP = {
  key: 'shop',
  name: 'Shop',
  type: 'proxy',
  dataCollections: [
    collection('told', { all: { type: 'push' } }),
    collection('scanned', { all: { type: 'pull', isFullScan: true } }),
    collection('silent', { created: { type: 'pull' } }),
  ],
  events: [{ key: 'sold', name: 'Sold', description: 'Something was sold', schema: { type: 'object' } }],
}

export async function walkExternalEvents(recorder) {
  recorder.begin('external-events')
  const world = await recorder.world('external-events')
  const id = await walkSubscriptions(world)
  await walkWrong(world, id)
  await walkPulls(world)
  await walkVerbs(world, id)
  await walkShop(world)
  await walkWays(world)
  const own = await walkWebhooks(world)
  await walkRecordsTold(world)
  await walkFlows(world)
  await walkBroken(world)
  await walkLogs(world, own)
  await world.evidence({ details: false })
}

const subscribe = (caller, config, more = {}) =>
  caller.post(LIST, { connectionKey: 'github-dev', config, ...more })

/** Calls that make and change records of a collection. */
const recordsIn = (tenant, key, connection = 'github-dev', parameters = undefined) => {
  const call = (verb, body) =>
    tenant.post(`/connections/${connection}/data/${key}/${verb}`, { ...(parameters && { parameters }), ...body })
  return {
    create: async (fields) => (await call('create', { fields })).json,
    update: (id, fields) => call('update', { id, fields }),
    delete: (id) => call('delete', { id }),
  }
}
const issuesOf = (tenant, parameters = WEBSITE) => recordsIn(tenant, 'issues', 'github-dev', parameters)

async function walkSubscriptions({ recorder, tenant, stranger, manager, nobody }) {
  recorder.about('subscriptions are made, listed, read and changed')
  const made = (await subscribe(tenant, recordsOf('created'), { name: 'New issues' })).json
  await tenant.post(LIST, { connectionId: made.connectionId, config: recordsOf('deleted') })
  for (const query of [
    '',
    '?limit=1',
    '?limit=1&cursor=1',
    `?connectionId=${made.connectionId}&status=subscribed`,
    `?integrationId=${made.integrationId}`,
    '?connectionId=nope',
    '?status=error',
    '?status=fine',
    '?externalEventTypeId=nope',
    '?limit=0',
  ]) {
    await tenant.get(`${LIST}${query}`)
  }
  await manager.get(`${LIST}?tenantId=demo-tenant`)
  await stranger.get(LIST)
  await nobody.get(LIST)
  const at = `${LIST}/${made.id}`
  await tenant.get(at)
  await stranger.get(at)
  await tenant.patch(at, { pullUpdatesIntervalSeconds: 60 })
  await tenant.patch(at, { config: recordsOf('updated') })
  await tenant.patch(at, { config: recordsOf('created'), name: null, pullUpdatesIntervalSeconds: null })
  await tenant.get(`${at}/dependencies`)
  await tenant.post(`${at}/refresh`)
  await tenant.delete(at)
  await tenant.get(LIST)
  await tenant.get(`${LIST}?includeArchived=true`)
  await tenant.patch(at, { name: 'Archived' })
  await tenant.post(`${at}/restore`)
  return made.id
}

async function walkWrong({ recorder, tenant, stranger, manager }, id) {
  recorder.about('what a subscription takes and refuses')
  for (const body of [
    {},
    { config: recordsOf('created') },
    { connectionKey: 'github-dev' },
    { connectionKey: 'nope', config: recordsOf('created') },
    { connectionKey: 'github-dev', config: { type: 'nonsense' } },
    { connectionKey: 'github-dev', config: { type: 'data-record-created' } },
    { connectionKey: 'github-dev', config: recordsOf('created', 'isues') },
    { connectionKey: 'github-dev', config: { type: 'data-record-created', dataSource: { key: 'nope' } } },
    { connectionKey: 'github-dev', config: { type: 'connector-event' } },
    { connectionKey: 'github-dev', config: { type: 'connector-event', eventKey: 'pushed' } },
  ]) {
    await tenant.post(LIST, body)
  }
  await stranger.post(LIST, { connectionKey: 'github-dev', config: recordsOf('created') })
  for (const body of [
    { pullUpdatesIntervalSeconds: 59 },
    { fullSyncIntervalSeconds: 'often' },
    { webhookUri: 'ftp://x' },
    { config: recordsOf('created', 'isues') },
  ]) {
    await tenant.patch(`${LIST}/${id}`, body)
  }
  await tenant.get(`${LIST}/nope`)
  await tenant.patch(`${LIST}/nope`, {})
  await tenant.delete(`${LIST}/nope`)
  await tenant.get(`${LIST}/nope/dependencies`)
  await stranger.delete(`${LIST}/${id}`)
  await manager.get(`${LIST}/${id}`)
}

async function walkPulls(world) {
  const { recorder, tenant } = world
  recorder.about('what changed in between is pulled on the clock')
  const updated = (await subscribe(tenant, recordsOf('updated'))).json
  const issues = issuesOf(tenant)
  const { id } = await issues.create({ title: 'Draft' })
  await issues.update(id, { title: 'Final' })
  await issuesOf(tenant, { owner: 'acme', repo: 'app' }).create({ title: 'Elsewhere' })
  await world.advance(5 * MINUTE - 1)
  await tenant.get('/external-event-log-records')
  await world.advance(1)
  const [event] = (await tenant.get('/external-event-log-records')).json.items
  await tenant.get(`/external-event-log-records/${event.id}`)
  await tenant.get(`/external-event-log-records/${event.id}/details`)
  const [pull] = (await tenant.get('/external-event-pulls')).json.items
  await tenant.get(`/external-event-pulls/${pull.id}`)
  await tenant.get(`/external-event-pulls/${pull.id}/logs`)
  await tenant.get(`/external-event-pulls?externalEventSubscriptionId=${pull.externalEventSubscriptionId}`)

  recorder.about('the app of the user is told where it wants')
  await issues.update(id, { title: 'Told' })
  const webhookUri = `${recorder.receiver.url}/events`
  const both = [event.externalEventSubscriptionId, updated.id]
  for (const of of both) await tenant.patch(`${LIST}/${of}`, { webhookUri })
  await world.advance(5 * MINUTE)
  await issues.create({ title: 'News' })
  await world.advance(5 * MINUTE)
  recorder.received('what it was told')
  for (const of of both) await tenant.patch(`${LIST}/${of}`, { webhookUri: null })
}

/** The verbs of a subscription, one after the other. */
const VERBS = [
  'pull-events',
  'unsubscribe',
  'pull-events',
  'subscribe',
  'subscribe',
  'setup',
  'resubscribe',
  'refresh-webhook',
  'refresh',
  'restore',
]

async function walkVerbs(world, id) {
  const { recorder, tenant, stranger } = world
  recorder.about('verbs of a subscription')
  const issues = issuesOf(tenant)
  for (const [index, verb] of VERBS.entries()) {
    await issues.create({ title: `Before ${index}, ${verb}` })
    await tenant.post(`${LIST}/${id}/${verb}`)
  }
  await tenant.get(`/external-event-log-records?externalEventSubscriptionId=${id}`)
  for (const verb of new Set(VERBS)) {
    await tenant.post(`${LIST}/nope/${verb}`)
    await stranger.post(`${LIST}/${id}/${verb}`)
  }
  recorder.about('verbs of one that is archived')
  await tenant.delete(`${LIST}/${id}`)
  for (const verb of new Set(VERBS)) await tenant.post(`${LIST}/${id}/${verb}`)
  // What the verbs left to be collected is out of the way of what follows.
  await world.advance(5 * MINUTE)
}

async function walkShop({ recorder, tenant, manager, nobody }) {
  recorder.about('a connector that tells of changes, and has an event of its own')
  const [told] = SHOP.dataCollections
  for (const wrong of [
    { events: [SHOP.events[0], SHOP.events[0]] },
    { events: [{ name: 'Nameless' }] },
    { events: [{ key: 'odd', name: 'Odd', schema: { type: 7 } }] },
    { dataCollections: [{ ...told, events: { created: { type: 'shout' } } }] },
    { dataCollections: [{ ...told, events: { burnt: { type: 'push' } } }] },
  ]) {
    await manager.post('/connectors', { ...SHOP, ...wrong })
  }
  await manager.post('/connectors', SHOP)
  await manager.post('/integrations', { key: 'shop', name: 'Shop', connectorKey: 'shop' })
  await tenant.post('/connections', { integrationKey: 'shop', key: 'my-shop' })
  await tenant.get('/integrations/shop')
  for (const integration of ['shop', 'github', 'nope']) {
    await tenant.get(`/integrations/${integration}/events`)
    await tenant.get(`/integrations/${integration}/events/sold`)
  }
  await tenant.get('/integrations/shop/events/slod')
  await nobody.get('/integrations/shop/events')
  await tenant.get('/connections/my-shop/data/told')
}

async function walkWays(world) {
  const { recorder, tenant } = world
  const to = (type, key) => subscribe(tenant, recordsOf(type, key, null), { connectionKey: 'my-shop' })
  recorder.about('an app that tells is heard at once')
  await to('created', 'told')
  const told = recordsIn(tenant, 'told', 'my-shop')
  const { id } = await told.create({ name: 'Chair' })
  await told.update(id, { name: 'Armchair' })
  await tenant.get('/external-event-log-records?limit=1')
  await tenant.get('/external-event-pulls?limit=1')

  recorder.about('one that does not has everything looked through, every three hours')
  const gone = (await to('deleted', 'scanned')).json
  await to('created', 'scanned')
  await to('deleted', 'silent')
  const scanned = recordsIn(tenant, 'scanned', 'my-shop')
  await scanned.delete('1')
  const passing = await scanned.create({ name: 'Seen by nobody' })
  await scanned.delete(passing.id)
  await world.advance(180 * MINUTE)
  await tenant.get(`/external-event-log-records?externalEventSubscriptionId=${gone.id}`)
  await tenant.get('/external-event-pulls?limit=2')
}

async function walkWebhooks({ recorder, tenant, nobody }) {
  recorder.about('events of a connector come in')
  const config = { type: 'connector-event', eventKey: 'sold' }
  const own = (await subscribe(tenant, config, { connectionKey: 'my-shop', name: 'Sales' })).json
  const old = pathOf(own.incomingWebhookUri)
  await nobody.post(old, { item: 'Chair' })
  await nobody.post(old, [{ item: 'Table' }, { item: 'Lamp' }])
  await nobody.post(old)
  await tenant.get('/external-event-log-records?limit=3')

  recorder.about('events that are not taken')
  await nobody.post(old, undefined, { raw: '{"', type: 'application/json' })
  await nobody.post('/webhooks/external-events/nope', {})
  await nobody.get(old)
  await tenant.post(`${LIST}/${own.id}/refresh-webhook`)
  const renewed = pathOf((await tenant.get(`${LIST}/${own.id}`)).json.incomingWebhookUri)
  await nobody.post(old, { item: 'Late' })
  await nobody.post(renewed, { item: 'In time' })
  await tenant.post(`${LIST}/${own.id}/unsubscribe`)
  await nobody.post(renewed, { item: 'Unheard' })
  await tenant.post(`${LIST}/${own.id}/subscribe`)
  return own
}

async function walkRecordsTold({ recorder, tenant, nobody }) {
  recorder.about('a webhook of an app whose records are pulled says that there are some')
  const of = (await subscribe(tenant, recordsOf('created'), { name: 'Told of' })).json
  await issuesOf(tenant).create({ title: 'Told of' })
  await nobody.post(pathOf(of.incomingWebhookUri), { anything: 7 })
  await tenant.get(`/external-event-log-records?externalEventSubscriptionId=${of.id}`)
  await tenant.delete(`${LIST}/${of.id}`)
}

const TRIGGERS = {
  'by-source': ['data-record-created-trigger', { dataSource: { key: 'issues' } }],
  'by-collection': ['data-record-updated-trigger', recordsOf('updated')],
  elsewhere: ['data-record-created-trigger', recordsOf('created', 'issues', { owner: 'other' })],
  'by-event': ['connector-event-trigger', { eventKey: 'sold' }],
  nameless: ['data-record-created-trigger', {}],
}

const nodesOf = ([type, config]) => ({
  begin: { type, config, links: [{ key: 'say' }] },
  say: { type: 'transform-data', config: { output: { seen: { $var: '$.input.begin' } } } },
})

async function walkFlows(world) {
  const { recorder, tenant, manager, nobody } = world
  recorder.about('flow instances with triggers have subscriptions')
  const source = { collectionKey: 'issues', collectionParameters: WEBSITE }
  await manager.post('/data-sources', { key: 'issues', name: 'Issues', ...source })
  for (const [key, trigger] of Object.entries(TRIGGERS)) {
    const [integrationKey, connection] = key === 'by-event' ? ['shop', 'my-shop'] : ['github', 'github-dev']
    await manager.post('/flows', { key, name: key, integrationKey, nodes: nodesOf(trigger) })
    await tenant.put(`/connections/${connection}/flows/${key}`)
  }
  const all = (await tenant.get(`${LIST}?limit=100`)).json.items
  const sales = all.find(({ name }) => name === 'by-event: begin')

  recorder.about('events launch them')
  const issues = issuesOf(tenant)
  const { id } = await issues.create({ title: 'Hello' })
  await world.advance(5 * MINUTE)
  await issues.update(id, { title: 'Hello again' })
  await world.advance(5 * MINUTE)
  await nobody.post(pathOf(sales.incomingWebhookUri), { item: 'Chair' })
  const runs = (await tenant.get('/flow-runs')).json.items
  for (const run of runs) await tenant.get(`/flow-runs/${run.id}/output/say`)
  await tenant.get(`/external-event-log-records?externalEventSubscriptionId=${sales.id}`)

  recorder.about('one that is disabled hears nothing, and one that cannot run leaves an error')
  const at = '/connections/github-dev/flows/by-source'
  await tenant.patch(at, { enabled: false })
  await tenant.get(`${LIST}?connectionId=${all[0].connectionId}`)
  await issues.create({ title: 'Unheard' })
  await tenant.patch(at, { enabled: true })
  await manager.delete('/flows/by-source')
  await issues.create({ title: 'Too late' })
  await world.advance(5 * MINUTE)
  await tenant.get('/external-event-log-records?status=error')
  await manager.post('/flows/by-source/restore')
  await tenant.delete('/connections/github-dev/flows/by-collection')
  await tenant.get(`${LIST}?includeArchived=true&connectionId=${all[0].connectionId}`)
}

async function walkBroken(world) {
  const { recorder, tenant } = world
  recorder.about('a pull waits until the connection works again, and nothing is lost')
  const of = (await subscribe(tenant, recordsOf('created'), { name: 'Patient' })).json
  await issuesOf(tenant).create({ title: 'Early' })
  await world.poke('github-dev', 'loseCredentials')
  await world.advance(5 * MINUTE)
  await tenant.get(`${LIST}/${of.id}`)
  await tenant.get(`${LIST}?status=error`)
  await tenant.post(`${LIST}/${of.id}/pull-events`)
  const [pull] = (await tenant.get('/external-event-pulls?status=error')).json.items
  await tenant.get(`/external-event-pulls/${pull.id}/logs`)
  await tenant.get(`/external-event-pulls/${pull.id}/telemetry`)
  await tenant.get('/external-event-pulls/nope/telemetry')
  await world.poke('github-dev', 'reconnect')
  await world.poke('github-dev', 'authorize')
  await world.advance(5 * MINUTE)
  await tenant.get(`/external-event-log-records?externalEventSubscriptionId=${of.id}`)
  await tenant.get(`${LIST}/${of.id}`)
}

async function walkLogs({ recorder, tenant, stranger, manager, nobody }, own) {
  const logs = ['/external-event-log-records', '/external-event-pulls', '/incoming-webhooks']
  for (const log of logs) {
    recorder.about(`the log at ${log}`)
    const [one] = (await tenant.get(log)).json.items
    const { cursor } = (await tenant.get(`${log}?limit=2`)).json
    await tenant.get(`${log}?limit=1&cursor=${cursor}`)
    for (const query of [
      'limit=1',
      'limit=1&cursor=1',
      'status=success',
      'status=error',
      'status=fine',
      `connectionId=${own.connectionId}`,
      `integrationId=${own.integrationId}&limit=1`,
      'externalAppId=nope',
      `externalEventSubscriptionId=${own.id}`,
      `subscriptionId=${own.id}&limit=1`,
      'from=2025-01-01T03:30:00Z',
      'to=2025-01-01T00:10:00Z',
      'from=yesterday',
      'limit=0',
    ]) {
      await tenant.get(`${log}?${query}`)
    }
    await manager.get(`${log}?tenantId=demo-tenant&limit=1`)
    await manager.get(`${log}?tenantId=nope`)
    await stranger.get(log)
    await nobody.get(log)
    const detail = log === '/external-event-pulls' ? 'logs' : 'details'
    for (const below of ['', `/${detail}`]) {
      await tenant.get(`${log}/${one.id}${below}`)
      await tenant.get(`${log}/nope${below}`)
      await stranger.get(`${log}/${one.id}${below}`)
    }
  }
}
