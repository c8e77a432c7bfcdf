// Calls of the fake to the user's own app, judged by the check that the vendor's receivers do: the token's signature
// and time, and a user of the app's own behind its `sub`. What they would refuse is 401 here.
// Start: npm ci && membrane-mock exec -- npm test

import assert from 'node:assert/strict'
import { FORMER, NEWER } from './lib/receiver.mjs'
import { ada, grace, manager, scenario, stranger } from './lib/world.mjs'

const YOUR_APP = 'api-request-to-your-app'
const request = { method: 'GET', path: '/documents' }
const HOUR = 3600
const NEW_SECRET = 'another-secret-that-is-not-real-'.repeat(3)

/** Both headers, under whose names receivers of two generations look for it, hold the one token. */
function carriesBoth({ headers }) {
  assert.ok(headers[NEWER], `there is no ${NEWER}`)
  assert.equal(headers[FORMER], headers[NEWER])
}

function carriesNone({ headers }) {
  assert.equal(headers[NEWER], undefined)
  assert.equal(headers[FORMER], undefined)
}

/** That the receiver took a request, as one of this user; its claims. */
function isOf(user, { status, answered, claims, ...seen }) {
  assert.equal(status, 200, `${seen.method} ${seen.path}: ${answered.message}`)
  carriesBoth(seen)
  assert.equal(claims.sub, user.id)
  assert.equal(claims.id, user.id)
  assert.equal(claims.name, user.name)
  assert.deepEqual(claims.fields, user.fields ?? {})
  // The library has held it against real time already; here it is for how long.
  assert.ok(claims.exp <= Date.now() / 1000 + HOUR, `it is good until ${new Date(claims.exp * 1000).toISOString()}`)
  return claims
}

/** That a run ended in the receiver's refusal, which the caller is shown. */
function isRefused({ status, body }, why) {
  assert.equal(status, 400, JSON.stringify(body))
  assert.equal(body.type, 'action_run')
  assert.equal(body.data.response.status, 401)
  assert.match(body.data.response.data.message, why)
  assert.ok(body.actionRunId)
}

function isDone({ status, body }) {
  assert.equal(status, 200, JSON.stringify(body))
  return body
}

// Actions

for (const header of [NEWER, FORMER]) {
  scenario(`an action reaches a receiver that reads ${header}`, { header }, async (world, receiver) => {
    await world.action(YOUR_APP, request)

    const { output } = isDone(await world.run(ada))

    isOf(ada, await receiver.next())
    assert.equal(output.name, 'Ada')
    assert.deepEqual(output.documents, ['Notes on the engine'])
    assert.deepEqual(output.fields, ada.fields)
  })
}

scenario('a whole address and a body change nothing about the token', {}, async (world, receiver) => {
  const body = { said: { $var: '$.user.internalId' } }
  await world.action(YOUR_APP, { method: 'POST', uri: `${receiver.url}/documents?of=mine`, body })

  isDone(await world.run(ada))

  const seen = await receiver.next()
  isOf(ada, seen)
  assert.deepEqual([seen.method, seen.path, seen.body], ['POST', '/documents?of=mine', { said: 'user-1' }])
})

scenario('each tenant is told apart, and one without fields has none', {}, async (world, receiver) => {
  await world.action(YOUR_APP, request)

  const documents = []
  for (const user of [ada, grace]) {
    documents.push(isDone(await world.run(user)).output.documents.length)
    isOf(user, await receiver.next())
  }

  assert.deepEqual(documents, [1, 2])
})

scenario('what the receiver finds is enough to ask Membrane as the same user', {}, async (world) => {
  await world.action(YOUR_APP, request)

  const { membraneToken } = isDone(await world.run(ada)).output
  const self = await fetch(`${world.apiUri}/self`, { headers: { authorization: `Bearer ${membraneToken}` } })

  assert.equal((await self.json()).id, (await world.ok(ada, 'GET', '/self')).id)
})

scenario('a manager who acts through a connection does so for its tenant', {}, async (world, receiver) => {
  await world.action(YOUR_APP, request)
  const { id } = await world.keyed(ada, 'shop')

  isDone(await world.call(manager, 'POST', '/act', { key: 'documents', connectionId: id, input: {} }))

  isOf(ada, await receiver.next())
})

scenario('no log shows the token', {}, async (world, receiver) => {
  await world.action(YOUR_APP, request)

  const { actionRunId } = isDone(await world.run(ada))

  const seen = await receiver.next()
  isOf(ada, seen)
  const details = await world.ok(manager, 'GET', `/action-run-logs/${actionRunId}/details`)
  const journal = await world.control('GET', '/journal')
  for (const log of [details, journal]) assert.ok(!JSON.stringify(log).includes(seen.headers[NEWER]))
})

// What the receiver refuses

scenario('a receiver with another secret refuses, and that is the error of the run', {}, async (world, receiver) => {
  await world.action(YOUR_APP, request)
  receiver.secret = `not-${world.secret}`

  isRefused(await world.run(ada), /signature verification failed/)

  carriesBoth(await receiver.next())
})

scenario('a receiver that does not know the user refuses', {}, async (world) => {
  await world.action(YOUR_APP, request)

  isRefused(await world.run(stranger), /no user user-3/)
})

scenario('a new secret signs from then on, and the old one no more', {}, async (world, receiver) => {
  await world.action(YOUR_APP, request)
  await world.rotate(NEW_SECRET)

  isRefused(await world.run(ada), /signature verification failed/)
  receiver.secret = NEW_SECRET
  isDone(await world.run(ada))
})

// Flow nodes

scenario('a node of a flow reaches the receiver for the tenant of its run', {}, async (world, receiver) => {
  const run = await world.runOfNode(ada, { type: YOUR_APP, config: { request } })

  isOf(ada, await receiver.next())
  assert.equal(run.state, 'completed', JSON.stringify(run.errors))
  const { ask } = await world.ok(ada, 'GET', `/flow-runs/${run.id}/output`)
  assert.deepEqual(ask.map(({ name }) => name), ['Ada'])
})

scenario('a receiver that refuses a node fails the run', {}, async (world, receiver) => {
  receiver.secret = `not-${world.secret}`

  const run = await world.runOfNode(ada, { type: YOUR_APP, config: { request } })

  assert.equal(run.state, 'failed')
  assert.match(run.errors[0].message, /answered 401: signature verification failed/)
})

// Requests to anywhere

scenario('an http-request carries no token, also to the same address', {}, async (world, receiver) => {
  await world.action('http-request', { method: 'GET', uri: `${receiver.url}/documents` })

  isRefused(await world.run(ada), /no x-membrane-token/)

  carriesNone(await receiver.next())
})

scenario('an http-request of a flow carries none either', {}, async (world, receiver) => {
  const uri = `${receiver.url}/documents`

  const run = await world.runOfNode(ada, { type: 'http-request', config: { request: { method: 'GET', uri } } })

  carriesNone(await receiver.next())
  assert.equal(run.state, 'failed')
})

// Webhooks

/** The path of webhooks is told from that of requests. */
const toldAt = (receiver) => ({ webhookUri: `${receiver.url}/webhooks` })

scenario('a webhook is verified, and names its user and integration', {}, async (world, receiver) => {
  await world.change(toldAt(receiver))

  const connection = await world.connected(ada, 'slack', 'team')

  const seen = await receiver.next()
  isOf(ada, seen)
  const { eventType, data } = seen.body
  assert.deepEqual([seen.method, seen.path, eventType], ['POST', '/webhooks', 'connection.created'])
  const { user, integration } = data.connection
  const { id } = await world.ok(ada, 'GET', '/self')
  assert.deepEqual([user.id, user.internalId, user.name], [id, 'user-1', 'Ada'])
  const slack = await world.ok(ada, 'GET', '/integrations/slack')
  assert.deepEqual([integration.id, integration.key, integration.name], [slack.id, 'slack', slack.name])
  // The flat fields of the older page stay beside them.
  for (const flat of [data, data.connection]) {
    assert.deepEqual([flat.id, flat.key, flat.tenantId], [connection.id, 'team', id])
    assert.deepEqual([flat.integrationId, flat.integrationKey], [slack.id, 'slack'])
  }
  await world.settle()
  const [delivery] = (await world.control('GET', '/webhooks')).items
  assert.equal(delivery.state, 'delivered')
})

scenario('every event of a connection carries the token of its tenant', {}, async (world, receiver) => {
  await world.keyed(grace, 'shop')
  await world.change(toldAt(receiver))
  const told = []
  const tells = async () => {
    const seen = await receiver.next()
    isOf(grace, seen)
    assert.equal(seen.body.data.connection.user.internalId, 'user-2')
    assert.equal(seen.body.data.connection.integration.key, 'stripe')
    told.push(seen.body.eventType)
  }
  const { id } = await world.ok(grace, 'GET', '/connections/shop')

  await world.poke(id, 'loseCredentials')
  await tells()
  await world.ok(grace, 'PATCH', `/connections/${id}`, { credentials: { apiKey: 'sk_test_another' } })
  await tells()
  await world.ok(grace, 'DELETE', `/connections/${id}`)
  await tells()

  assert.deepEqual(told, ['connection.disconnected', 'connection.reconnected', 'connection.deleted'])
})

scenario('webhooks of a flow run carry the token of its tenant', {}, async (world, receiver) => {
  await world.change({ ...toldAt(receiver), enabledWebhookEvents: ['flowRun.completed'] })

  await world.runOfNode(ada, { type: 'transform-data', config: { output: { done: true } } })

  const seen = await receiver.next()
  isOf(ada, seen)
  assert.equal(seen.body.eventType, 'flowRun.completed')
})

const STANDS_STILL = '2025-01-01T00:00:00Z'

scenario('a webhook that is tried again is signed anew', { clock: STANDS_STILL }, async (world, receiver) => {
  await world.keyed(ada, 'shop')
  await world.change(toldAt(receiver))
  const { id } = await world.ok(ada, 'GET', '/connections/shop')
  // The receiver has its new secret a moment before the workspace has.
  receiver.secret = NEW_SECRET

  await world.poke(id, 'loseCredentials')
  const refused = await receiver.next()
  await world.settle()
  await world.rotate(NEW_SECRET)
  await world.advance(1000)
  const taken = await receiver.next()

  assert.deepEqual([refused.status, refused.answered.message], [401, 'signature verification failed'])
  isOf(ada, taken)
  assert.deepEqual(taken.body, refused.body)
  const [{ state, attempts }] = (await world.control('GET', '/webhooks')).items
  assert.deepEqual([state, attempts.map(({ status }) => status)], ['delivered', [401, 200]])
})

// Connectors

for (const type of ['membrane-token', 'integration-app-token']) {
  scenario(`a connector of type ${type} carries the token`, {}, async (world, receiver) => {
    const own = { key: 'own', name: 'Own', type, baseUri: 'https://own.example/v1' }
    await world.ok(manager, 'POST', '/connectors', own)
    await world.control('PUT', '/upstreams/own', { url: receiver.url })
    const connection = await world.ok(ada, 'POST', '/connect', { connectorKey: 'own', connectionKey: 'own' })
    assert.equal(connection.state, 'READY', 'its user has nothing to do')

    const { output } = await world.ok(ada, 'POST', '/act', { connectionKey: 'own', api: request })
    const proxied = await world.ok(ada, 'GET', '/connections/own/proxy/documents')

    for (const answered of [output, proxied]) assert.deepEqual(answered.documents, ['Notes on the engine'])
    isOf(ada, await receiver.next())
    isOf(ada, await receiver.next())
    receiver.secret = `not-${world.secret}`
    const refused = await world.call(ada, 'POST', '/act', { connectionKey: 'own', api: request })
    assert.equal(refused.status, 400, JSON.stringify(refused.body))
    assert.equal((await receiver.next()).answered.message, 'signature verification failed')
  })
}

// Time

for (const clock of [STANDS_STILL, '2100-01-01T00:00:00Z']) {
  scenario(`the receiver has real time, the workspace ${clock}`, { clock }, async (world, receiver) => {
    await world.action(YOUR_APP, request)
    await world.change(toldAt(receiver))

    isDone(await world.run(ada))
    isOf(ada, await receiver.next())
    await world.connected(ada, 'slack', 'team')
    isOf(ada, await receiver.next())
    await world.advance(2 * HOUR * 1000)
    isDone(await world.run(ada))
    isOf(ada, await receiver.next())
  })
}
