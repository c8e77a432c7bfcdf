// Types of events of the user's own app, tenants' subscriptions to them, and events that come in.

import { walkElementPages } from './layered.mjs'
import { walkOfTenants } from './of-tenants.mjs'

const field = (name) => ({ $var: name })
const CUSTOMER = field('customerId')
const RECORD = { type: 'object', title: 'Contact', properties: { customerId: { type: 'string' } } }

const KIND = {
  singular: 'app-event-type',
  plural: 'app-event-types',
  instance: 'app-event-subscription',
  instances: 'app-event-subscriptions',
  parent: 'appEventType',
  one: { key: 'made', name: 'Made', schema: RECORD, example: { customerId: 'a' }, tenantIdFormula: CUSTOMER },
  verbs: ['setup', 'restore'],
}

export async function walkAppEvents(recorder) {
  recorder.begin('app-events')
  const world = await recorder.world('app-events')
  await walkOfTenants(world, KIND)
  const own = await walkSubscribing(world)
  await walkSchemas(world, own)
  await walkComing(world, own)
  await walkLog(world)
  await walkElementPages(world, KIND, 'made', own.id)
  await world.evidence()
}

async function walkSubscribing({ recorder, tenant, stranger, manager }) {
  recorder.about('subscriptions tell the app where events go')
  const type = (key, more) => manager.post('/app-event-types', { key, name: key, schema: RECORD, ...more })
  const body = { to: field('webhookUri'), of: field('user.internalId') }
  const subscribeRequest = { uri: `${recorder.receiver.url}/hooks`, method: 'POST', headers: { 'x-app': 'walk' }, body }
  await type('told', { tenantIdFormula: CUSTOMER, subscribeRequest })
  await type('quiet', { userIdFormula: CUSTOMER })
  await type('nameless')
  await type('odd', { subscribeRequest: { method: 'POST' } })
  const at = '/app-event-subscription/subscribe'
  const own = (await tenant.get('/app-event-subscription?appEventTypeKey=told&autoCreate=true')).json
  recorder.receiver.answers.push({ status: 201, body: { subscription: 'of-the-app' } })
  await tenant.post(`${at}?appEventTypeKey=told`)
  recorder.received('where events go')
  recorder.receiver.answers.push({ status: 409, body: { message: 'there is one' } })
  await tenant.post(`/app-event-subscriptions/${own.id}/subscribe`)
  await tenant.post(`/app-event-subscriptions/${own.id}/subscribe`)
  recorder.received('the same, in vain and not')
  await tenant.post(`${at}?appEventTypeKey=quiet`)
  await tenant.post(`${at}?appEventTypeKey=nope`)
  await tenant.post('/app-event-subscriptions/nope/subscribe')
  await stranger.post(`/app-event-subscriptions/${own.id}/subscribe`)
  await tenant.get('/app-event-subscriptions?isSubscribed=true')
  return own
}

async function walkSchemas({ recorder, tenant, manager }, { id }) {
  recorder.about('schemas of events')
  await manager.patch('/app-event-types/made', { tenantIdFormula: CUSTOMER })
  for (const at of [
    '/app-event-types/told/schema',
    '/app-event-types/nope/schema',
    '/app-event-type/schema?key=told',
    '/app-event-type/schema?key=nope',
    '/app-event-subscription/schema?appEventTypeKey=told',
    '/app-event-subscription/schema?appEventTypeKey=nope',
    `/app-event-subscriptions/${id}/schema`,
    '/app-event-subscriptions/nope/schema',
  ]) {
    await tenant.get(at)
  }
}

const flowOf = (config) => ({
  start: { type: 'app-event-trigger', config, links: [{ key: 'say' }] },
  say: { type: 'transform-data', config: { output: field('$.input.record') } },
})

async function walkComing({ recorder, tenant, manager, nobody }, { webhookUri }) {
  recorder.about('events come in, and launch the flows that wait for them')
  const made = (await manager.get('/app-event-types/made')).json
  const byKey = async (key) => (await manager.get(`/app-event-types/${key}`)).json.globalWebhookUri
  for (const [key, config] of [
    ['by-key', { appEventType: { key: 'made' } }],
    ['by-id', { appEventTypeId: made.id }],
    ['of-others', { appEventTypeKey: 'told' }],
    ['off', { appEventType: { key: 'made' } }],
  ]) {
    await manager.post('/integrations/github/flows', { key, nodes: flowOf(config) })
    await tenant.put(`/connections/github-dev/flows/${key}`)
  }
  await tenant.patch('/connections/github-dev/flows/off', { enabled: false })
  const event = (customerId) => ({ customerId, record: { name: 'Ada' } })
  const to = (uri) => new URL(uri).pathname
  const { launchedFlowRunIds } = (await nobody.post(to(made.globalWebhookUri), event('demo-tenant'))).json
  for (const id of launchedFlowRunIds) await tenant.get(`/flow-runs/${id}`)
  await nobody.post(to(webhookUri), { record: { name: 'Ben' } })
  const quiet = to(await byKey('quiet'))
  await nobody.post(quiet, event('demo-tenant'))

  recorder.about('events that are not taken')
  await nobody.post(to(made.globalWebhookUri), event('nobody'))
  await nobody.post(to(made.globalWebhookUri), {})
  await nobody.post(to(made.globalWebhookUri))
  await nobody.post(to(made.globalWebhookUri), undefined, { raw: '{"', type: 'application/json' })
  await nobody.post(to(await byKey('nameless')), event('demo-tenant'))
  await nobody.post('/webhooks/app-events/nope', event('demo-tenant'))
  await nobody.get(to(made.globalWebhookUri))
  await manager.delete('/app-event-types/quiet')
  await nobody.post(quiet, event('demo-tenant'))
}

async function walkLog({ recorder, tenant, stranger, manager }) {
  recorder.about('the log of events')
  const [one] = (await tenant.get('/app-events')).json.items
  for (const query of [
    `id=${one.id}`,
    `appEventTypeId=${one.appEventTypeId}`,
    `appEventSubscriptionId=${one.appEventSubscriptionId}`,
    'appEventTypeId=nope',
    'limit=1',
    'limit=1&cursor=1',
    'limit=0',
    'cursor=x',
    `startDatetime=${one.datetime}`,
    `endDatetime=${one.datetime}`,
    'startDatetime=today',
  ]) {
    await tenant.get(`/app-events?${query}`)
  }
  await manager.get('/app-events?tenantId=demo-tenant&limit=1')
  await manager.get('/app-events?tenantId=nope')
  await stranger.get('/app-events')
  await tenant.get(`/app-events/${one.id}`)
  await tenant.get('/app-events/nope')
  await stranger.get(`/app-events/${one.id}`)
}
