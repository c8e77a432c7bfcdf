// The server of a product's demo page, on plain `fetch`: it says which apps its user may connect, and tidies up behind a
// customer who leaves. The page itself is in tests/clients/browser/playground.test.mjs.
// Start: npm ci --prefix tests/clients/sdk-legacy
//        membrane-mock exec -- node --test tests/clients/programs/playground-server.test.mjs

import assert from 'node:assert/strict'
import { goThrough } from '../sdk/lib/hosted-page.mjs'
import { scenario } from '../sdk-legacy/lib/world.mjs'
import { managerOf, userOf } from './lib/caller.mjs'

// --- the program: what can be connected --------------------------------------------------------------------------

const elementsOf = async (user, path) => (await user.ok('GET', path)).items
const found = async (user, elementType, q) => {
  const items = await elementsOf(user, `/search?${new URLSearchParams({ elementType, q })}`)
  assert.deepEqual(items.filter((item) => item.elementType !== elementType), [])
  return items.map(({ element }) => element)
}

/** What the user may choose from: integrations first, then apps and connectors that have none. */
async function choices(user, q) {
  const [integrations, apps, connectors] = await Promise.all(
    q
      ? ['integration', 'app', 'connector'].map((elementType) => found(user, elementType, q))
      : [elementsOf(user, '/integrations?limit=50'), elementsOf(user, '/external-apps?limit=50'), []],
  )
  const taken = new Set(integrations.flatMap(({ externalAppId, connectorId }) => [externalAppId, connectorId]))
  const offered = integrations.map(({ id, name }) => ({ name, target: { integrationId: id } }))
  for (const { id, name, defaultConnectorId } of apps) {
    if (!defaultConnectorId || taken.has(id)) continue
    taken.add(defaultConnectorId)
    offered.push({ name, target: { connectorId: defaultConnectorId } })
  }
  for (const { id, name } of connectors) if (!taken.has(id)) offered.push({ name, target: { connectorId: id } })
  return offered
}

const namesOf = (offered) => offered.map(({ name }) => name)

/** The user goes to the page where the choice is connected. */
async function connect(user, { target }) {
  const { id, clientAction } = await user.ok('POST', '/connect', target)
  await goThrough(clientAction.uiUrl)
  return user.ok('GET', `/connections/${id}`)
}

// --- the program: a customer leaves ------------------------------------------------------------------------------

/** All that a customer has is archived or deleted, the customer last. What is refused is told and left. */
async function forget(manager, customerId) {
  const removed = []
  const left = []
  const customers = await elementsOf(manager, `/customers?search=${customerId}`)
  const customer = customers.find(({ internalId }) => internalId === customerId)
  const of = {
    'flow-instances': `userId=${customer.internalId}`,
    connections: `userId=${customer.internalId}`,
    connectors: 'limit=100',
    'external-apps': 'limit=100',
  }
  for (const [kind, query] of Object.entries(of)) {
    for (const { id, key, isPublic } of await elementsOf(manager, `/${kind}?${query}`)) {
      if (isPublic) continue
      const { status } = await manager.ask('DELETE', `/${kind}/${id}`)
      const into = status < 300 ? removed : left
      into.push(`${kind}/${key}`)
    }
  }
  await manager.ok('DELETE', `/customers/${customer.id}`)
  return { removed, left }
}

// --- what is to come of it ---------------------------------------------------------------------------------------

scenario('without a word, all apps are offered, those that are integrations first', async (world) => {
  const user = userOf(world, 'newcomer')
  const integrations = await elementsOf(user, '/integrations')
  const apps = (await elementsOf(user, '/external-apps?limit=50')).filter(({ defaultConnectorId }) => defaultConnectorId)

  const offered = namesOf(await choices(user))

  assert.deepEqual(offered.slice(0, integrations.length), namesOf(integrations))
  assert.equal(new Set(offered).size, offered.length)
  assert.deepEqual(namesOf(apps).filter((name) => !offered.includes(name)), [])
})

scenario('a word finds an integration, which is offered once and connected', async (world) => {
  const user = userOf(world, 'newcomer')
  const [choice, ...others] = (await choices(user, 'slack')).filter(({ name }) => name === 'Slack')
  assert.deepEqual([choice.target, others], [{ integrationId: (await user.ok('GET', '/integrations/slack')).id }, []])

  const connection = await connect(user, choice)

  assert.deepEqual([connection.state, connection.integration.key], ['READY', 'slack'])
})

scenario('a word finds an app that is no integration yet, and connecting makes it one', async (world) => {
  const user = userOf(world, 'newcomer')
  const [app] = await found(user, 'app', 'airtable')
  const [choice, ...others] = (await choices(user, 'airtable')).filter(({ name }) => name === 'Airtable')
  assert.deepEqual([choice.target, others], [{ connectorId: app.defaultConnectorId }, []])

  const connection = await connect(user, choice)

  assert.equal(connection.connected, true)
  const again = (await choices(user, 'airtable')).filter(({ name }) => name === 'Airtable')
  assert.deepEqual(again, [{ name: 'Airtable', target: { integrationId: connection.integrationId } }])
})

scenario('a word that nothing has finds nothing', async (world) => {
  assert.deepEqual(await choices(userOf(world), 'quetzalcoatl'), [])
})

scenario('a customer who leaves takes everything of theirs along, and nothing of others', async (world) => {
  const manager = managerOf(world)
  const [leaving, staying] = ['leaving', 'staying'].map((id) => userOf(world, id))
  const nodes = { start: { type: 'api-trigger' } }
  const flow = await manager.ok('POST', '/flows', { key: 'sync', name: 'Sync', nodes, integrationKey: 'stripe' })
  const credentials = { apiKey: 'sk_test_of_the_suite' }
  for (const user of [leaving, staying]) {
    const shop = { key: 'shop', name: 'Shop', integrationKey: 'stripe', credentials }
    const { id: connectionId } = await user.ok('POST', '/connections', shop)
    await user.ok('POST', '/flow-instances', { flowId: flow.id, connectionId })
  }
  await manager.ok('POST', '/external-apps', { key: 'own-app', name: 'Own app' })
  await manager.ok('POST', '/connectors', { key: 'own', name: 'Own', type: 'client-credentials' })
  await manager.ok('POST', '/connectors', { key: 'used', name: 'Used', type: 'client-credentials' })
  await manager.ok('POST', '/integrations', { key: 'using', name: 'Using', connectorKey: 'used' })

  const { removed, left } = await forget(manager, 'leaving')

  assert.deepEqual(removed, ['flow-instances/sync', 'connections/shop', 'connectors/own', 'external-apps/own-app'])
  assert.deepEqual(left, ['connectors/used'])
  const customers = await elementsOf(manager, '/customers')
  assert.deepEqual(customers.map(({ internalId }) => internalId).sort(), [world.tenantKey, 'staying'])
  assert.equal((await elementsOf(staying, '/connections')).length, 1)
  assert.equal((await elementsOf(staying, '/flow-instances')).length, 1)
  await manager.refused(404, 'GET', '/connectors/own')
  await manager.refused(404, 'GET', '/external-apps/own-app')
  // A token of someone who left makes a customer anew, whose connections stay archived.
  assert.deepEqual(await elementsOf(leaving, '/connections'), [])
  assert.deepEqual(await elementsOf(leaving, '/flow-instances'), [])
})
