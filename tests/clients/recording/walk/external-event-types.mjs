// External event types at three layers: kinds of events of apps that the workspace describes itself.

import { walkElementPages, walkLayered } from './layered.mjs'

const ORDER = { type: 'object', properties: { orderId: { type: 'string' } } }

const KIND = {
  singular: 'external-event-type',
  plural: 'external-event-types',
  one: { type: 'webhook', schema: ORDER, example: { orderId: '7' } },
  other: { parametersSchema: { type: 'object' }, handle: 'export default ({ body }) => [body]' },
  wrong: { type: 'pull' },
}

export async function walkExternalEventTypes(recorder) {
  recorder.begin('external-event-types')
  const world = await recorder.world('external-event-types')
  await walkLayered(world, KIND)
  await walkDefinitions(world)
  const { id } = (await world.tenant.get('/connections/github-dev/external-event-types/greet')).json
  await walkElementPages(world, KIND, 'greet', id)
  await world.evidence()
}

async function walkDefinitions({ recorder, tenant, manager }) {
  recorder.about('what an external event type says, and what it may not')
  const code = Object.fromEntries(['subscribe', 'handle', 'unsubscribe', 'refresh'].map((of) => [of, `// ${of}`]))
  const made = (await manager.post('/external-event-types', { key: 'ordered', name: 'Ordered', ...KIND.one, ...code }))
    .json
  for (const wrong of [{ schema: { type: 7 } }, { parametersSchema: { type: 7 } }, { handle: 7 }, { type: null }]) {
    await manager.patch('/external-event-types/ordered', wrong)
  }
  const version = { key: 'ordered', integrationKey: 'github', externalEventTypeId: made.id }
  await manager.post('/external-event-types', version)
  await tenant.get(`/external-event-types?universalExternalEventTypeId=${made.id}&integrationKey=github`)
  await tenant.get(`/external-event-type-instances?universalExternalEventTypeId=${made.id}`)
  const own = 'externalEventTypeKey=ordered&connectionKey=github-dev'
  await tenant.get(`/external-event-type-instance?${own}&autoCreate=true`)
  await tenant.get(`/external-event-type-instances?universalExternalEventTypeId=${made.id}`)
  await tenant.get(`/external-event-subscriptions?externalEventTypeId=${made.id}`)
}
