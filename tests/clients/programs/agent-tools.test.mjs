// The tools of an agent that works with its user's apps, on plain `fetch`: it finds an app, has its user connect it, finds
// an action, runs it or writes code, and reads in the log what happened.
// Start: npm ci --prefix tests/clients/sdk-legacy
//        membrane-mock exec -- node --test tests/clients/programs/agent-tools.test.mjs

import assert from 'node:assert/strict'
import { goThrough } from '../sdk/lib/hosted-page.mjs'
import { scenario } from '../sdk-legacy/lib/world.mjs'
import { asked, managerOf, userOf } from './lib/caller.mjs'

// --- the program -------------------------------------------------------------------------------------------------

const queryOf = (fields) => new URLSearchParams(Object.entries(fields).filter(([, value]) => value !== undefined))

/** What the agent is told of an action. */
const briefly = ({ id, key, name, inputSchema }) => ({ id, key, name, takes: Object.keys(inputSchema?.properties ?? {}) })

/** The tools of the agent of one user. What fails is no exception to an agent, but an answer with `error`. */
function toolsOf(user) {
  const call = async (method, path, body) => {
    const { status, body: answer } = await user.ask(method, path, body)
    return status === 200 ? answer : { error: answer, status }
  }
  const items = async (path) => {
    const answer = await call('GET', path)
    return answer.error ? answer : answer.items
  }
  return {
    search: (fields) => call('GET', `/search?${queryOf(fields)}`),
    connections: () => items('/connections'),

    askUser: (target) => call('POST', '/connection-requests', target),
    result: ({ requestId }) => call('GET', `/connection-requests/${requestId}`),
    connect: (target) => call('POST', '/connect', target),
    wait: (connection) => call('GET', `/connections/${connection}?wait=true&timeout=5`),
    change: (connection, fields) => call('PATCH', `/connections/${connection}`, fields),

    actions: async (connectionKey, intent) =>
      (await items(`/actions?${queryOf({ connectionKey, intent, limit: 5 })}`)).map(briefly),
    run: ({ id }, connectionId, input) => call('POST', `/actions/${id}/run?${queryOf({ connectionId })}`, { input }),
    code: (connectionKey, code, input) => call('POST', '/act', { connectionKey, code, input }),
    api: (connectionKey, api) => call('POST', '/act', { connectionKey, api }),
    log: ({ actionRunId }) => call('GET', `/action-run-logs/${actionRunId}?details=true`),

    delegate: (prompt) => call('POST', '/agent/sessions', { prompt }),
    session: ({ id }) => call('GET', `/agent/sessions/${id}?wait=true&timeout=5`),
    tell: ({ id }, input) => call('POST', `/agent/sessions/${id}/message`, { input }),
  }
}

// --- what is to come of it ---------------------------------------------------------------------------------------

/** A test with the tools of an agent whose user has connected nothing, or of the user of the demo. */
const newcomer = (name, body) => scenario(name, (world) => body(toolsOf(userOf(world, 'newcomer')), world))
const demo = (name, body) => scenario(name, (world) => body(toolsOf(userOf(world)), world))

newcomer('finds an app, has its user connect it, finds the action and runs it', async (tools, world) => {
  assert.deepEqual(await tools.connections(), [])
  const [found] = (await tools.search({ q: 'slack', elementType: 'connector' })).items
  assert.equal(found.elementType, 'connector')
  assert.equal(found.element.key, 'slack')

  const request = await tools.askUser({ connectorId: found.element.id, name: 'The team' })
  assert.equal(request.status, 'pending')
  assert.equal((await tools.result(request)).status, 'pending')
  await goThrough(request.url)

  const { status, resultConnectionId } = await tools.result(request)
  assert.equal(status, 'success')
  const [connection] = await tools.connections()
  assert.deepEqual([connection.id, connection.name, connection.disconnected], [resultConnectionId, 'The team', false])
  const [action] = await tools.actions(connection.key, 'send a message to a channel')
  assert.equal(action.name, 'Send message')
  const input = { channel: '#general', text: 'The build is green' }
  assert.deepEqual(Object.keys(input).filter((field) => !action.takes.includes(field)), [])

  const done = await tools.run(action, connection.id, input)

  assert.equal(done.error, undefined)
  const [sent] = (await asked(world, 'slack')).filter(({ method }) => method === 'POST')
  assert.equal(sent.body.text, input.text)
  const log = await tools.log(done)
  assert.deepEqual([log.status, log.input], ['success', input])
  assert.equal(log.details.response.status, 200)
})

newcomer('is told that its user refused, and asks again', async (tools, world) => {
  const begin = async () => {
    const request = await tools.askUser({ connectorKey: 'github', connectionKey: 'code' })
    const { id } = await tools.wait('code')
    return { request, id }
  }
  const first = await begin()
  await world.control('POST', `/connections/${first.id}/fail`, { error: 'access_denied' })
  const refused = await tools.result(first.request)
  assert.equal(refused.status, 'error')
  assert.match(refused.resultError.message, /denied/i)

  const second = await begin()
  await goThrough(second.request.url)

  assert.equal(second.id, first.id)
  assert.equal((await tools.result(second.request)).resultConnectionId, first.id)
  assert.ok((await tools.api('code', { method: 'GET', path: '/user' })).output.login)
})

newcomer('hands over the key that an app asks for, and renames the connection', async (tools, world) => {
  const apiKey = 'sk_test_of_the_agent'
  const headers = { authorization: `Basic ${btoa(`${apiKey}:`)}` }
  const request = { method: 'GET', path: '/v1/balance', headers }
  await world.control('POST', '/upstreams/stripe/stubs', { request, priority: 1, respond: { json: { mine: true } } })
  const begun = await tools.connect({ connectorKey: 'stripe', connectionKey: 'shop' })
  assert.equal(begun.state, 'CLIENT_ACTION_REQUIRED')
  assert.ok(begun.clientAction.description)

  const incomplete = await tools.change(begun.id, { input: {} })
  assert.equal(incomplete.state, 'CLIENT_ACTION_REQUIRED')
  const complete = await tools.change(begun.id, { input: { apiKey } })
  assert.deepEqual([complete.id, complete.state, complete.clientAction], [begun.id, 'READY', undefined])

  const renamed = await tools.change('shop', { connectionKey: 'shop-in-town' })
  assert.deepEqual([renamed.id, renamed.key], [begun.id, 'shop-in-town'])
  const balance = { method: 'GET', path: '/v1/balance' }
  assert.deepEqual((await tools.api('shop-in-town', balance)).output, { mine: true })
  assert.equal((await tools.api('shop', balance)).error.key, 'not_found')
  // What was handed over is shown to nobody who does not ask for it.
  assert.doesNotMatch(JSON.stringify([complete, renamed, await tools.connections()]), new RegExp(apiKey))
})

newcomer('mends what a connection is configured with', async (tools, world) => {
  const half = { clientSecret: 'half of a client' }
  await managerOf(world).ok('PATCH', '/integrations/slack/parameters', half)
  const begun = await tools.connect({ connectorKey: 'slack', connectionKey: 'team' })
  assert.equal((await tools.wait('team')).state, 'CONFIGURATION_ERROR')

  await tools.change(begun.id, { connectorParameters: { clientId: 'a-client', clientSecret: 'and-its-secret' } })

  const mended = await tools.wait('team')
  assert.deepEqual([mended.id, mended.state], [begun.id, 'CLIENT_ACTION_REQUIRED'])
})

newcomer('has a connector built for an app that nobody knows', async (tools, world) => {
  assert.deepEqual((await tools.search({ q: 'Brickworks', elementType: 'connector' })).items, [])
  const session = await tools.delegate('Build a connector for Brickworks (https://brickworks.example)')
  const built = await tools.session(session)
  assert.deepEqual([built.id, built.state], [session.id, 'idle'])
  assert.equal((await tools.tell(session, 'It has an API key')).id, session.id)

  const begun = await tools.connect({ intent: 'Brickworks', connectionKey: 'bricks' })
  assert.equal(begun.state, 'BUILDING')
  const waits = await tools.wait('bricks')
  assert.deepEqual([waits.id, waits.state], [begun.id, 'CLIENT_ACTION_REQUIRED'])
  assert.equal((await tools.change('bricks', { input: { apiKey: 'key-of-bricks' } })).state, 'READY')

  const [{ element }] = (await tools.search({ q: 'brickworks', elementType: 'connector' })).items
  assert.equal(element.id, waits.connectorId)
  const respond = { json: [{ size: 4 }] }
  await world.control('POST', `/upstreams/${element.key}/stubs`, { request: { method: 'GET', path: '/bricks' }, respond })
  assert.deepEqual((await tools.api('bricks', { method: 'GET', path: '/bricks' })).output, [{ size: 4 }])
})

demo('writes code: membrane.api answers the body of what the app said', async (tools, world) => {
  const code = `module.exports = async ({ input, membrane }) => {
    const repositories = await membrane.api({ method: 'GET', path: '/user/repos', query: { per_page: input.most } })
    const [owner, repo] = repositories[0].full_name.split('/')
    const issue = await membrane.api({
      method: 'POST',
      path: '/repos/' + owner + '/' + repo + '/issues',
      headers: { 'x-said-by': 'agent' },
      body: { title: input.title },
    })
    console.log('made', issue.title)
    return { repository: repositories[0].full_name, title: issue.title, isBody: !('status' in issue && 'data' in issue) }
  }`
  const title = 'Written by an agent'

  const { output, actionRunId } = await tools.code('github-dev', code, { most: 1, title })

  assert.equal(output.title, title)
  assert.equal(output.isBody, true)
  const [listed, made] = await asked(world, 'github')
  assert.deepEqual([listed.method, listed.path], ['GET', '/user/repos?per_page=1'])
  assert.deepEqual([made.method, made.path, made.body], ['POST', `/repos/${output.repository}/issues`, { title }])
  const { status, details } = await tools.log({ actionRunId })
  assert.equal(status, 'success')
  assert.deepEqual(details.exchanges.map(({ request }) => request.method), ['GET', 'POST'])
  assert.equal(details.exchanges[1].request.headers['x-said-by'], 'agent')
  assert.deepEqual(details.logs, [{ level: 'log', message: `made ${title}` }])
  const plain = await userOf(world).ok('GET', `/action-run-logs/${actionRunId}?details=false`)
  assert.equal('details' in plain, false)
})

demo('learns from an error where its code went wrong, and mends it', async (tools, world) => {
  const code = (path) => `module.exports = async ({ membrane }) => {
    const user = await membrane.api({ method: 'GET', path: '${path}' })
    return user.login
  }`

  const failed = await tools.code('github-dev', code('/me'))

  assert.equal(failed.error.type, 'custom_code')
  assert.equal(failed.error.data.lineNumber, 2)
  assert.equal(failed.error.causedByError.data.response.status, 404)
  const log = await tools.log(failed.error)
  assert.equal(log.status, 'error')
  assert.equal(log.details.exchanges[0].response.status, 404)
  const mended = await tools.code('github-dev', code('/user'))
  assert.equal(mended.output, (await tools.api('github-dev', { method: 'GET', path: '/user' })).output.login)
  assert.deepEqual((await asked(world, 'github')).map(({ path }) => path), ['/me', '/user', '/user'])
})

demo('is told that a connection was lost, has its user connect it again, and goes on', async (tools, world) => {
  const list = { method: 'GET', path: '/user/repos' }
  await world.control('POST', '/connections/github-dev/poke', { event: 'loseCredentials' })
  const failed = await tools.api('github-dev', list)
  assert.equal(failed.error.code, 'CONNECTION_DISCONNECTED')
  const { connectionId } = failed.error.data
  const lost = (await tools.connections()).find(({ id }) => id === connectionId)
  assert.deepEqual([lost.key, lost.disconnected], ['github-dev', true])

  const request = await tools.askUser({ connectionId })
  await goThrough(request.url)

  assert.equal((await tools.result(request)).resultConnectionId, connectionId)
  assert.ok((await tools.api('github-dev', list)).output.length > 0)
  assert.equal((await tools.connections()).length, 2)
})

demo('may not make actions for others, nor see what is of others', async (tools, world) => {
  const user = userOf(world)
  const made = await user.refused(403, 'POST', '/actions', { intent: 'star a repository', connectionKey: 'github-dev' })
  assert.equal(made.key, 'access_denied')

  const done = await tools.api('github-dev', { method: 'GET', path: '/user' })
  const stranger = toolsOf(userOf(world, 'somebody-else'))
  assert.equal((await stranger.log(done)).status, 404)
  assert.equal((await stranger.api('github-dev', { method: 'GET', path: '/user' })).error.key, 'not_found')
  assert.equal((await stranger.change('github-dev', { name: 'Mine' })).status, 404)
})

// What it finds

demo('finds what its user has, as the lists show it, and nothing of others or of the past', async (tools, world) => {
  const mine = { q: 'github', elementType: 'connection' }
  const listed = (await tools.connections()).filter(({ key }) => key === 'github-dev')
  assert.deepEqual((await tools.search(mine)).items, listed.map((element) => ({ elementType: 'connection', element })))
  // A version of an action that the connection has of its own is its user's too.
  await userOf(world).ok('PUT', '/connections/github-dev/actions/list-repositories')
  const made = { q: 'list repositories', elementType: 'action-instance' }
  const [{ element }] = (await tools.search(made)).items
  assert.deepEqual([element.key, element.connectionId], ['list-repositories', listed[0].id])
  const stranger = toolsOf(userOf(world, 'somebody-else'))
  for (const fields of [mine, made]) assert.deepEqual((await stranger.search(fields)).items, [])

  await userOf(world).ok('DELETE', '/connections/github-dev')

  for (const fields of [mine, made]) assert.deepEqual((await tools.search(fields)).items, [])
})

demo('finds elements of all types at once, page after page', async (tools) => {
  const { items, cursor } = await tools.search({ q: 'github', limit: 100 })
  assert.equal(cursor, undefined)
  const types = new Set(items.map(({ elementType }) => elementType))
  for (const type of ['app', 'connection', 'connector', 'integration']) assert.ok(types.has(type), type)

  const paged = []
  let page = {}
  do {
    page = await tools.search({ q: 'github', limit: 2, cursor: page.cursor })
    assert.ok(page.items.length > 0 && page.items.length <= 2, `${page.items.length} items`)
    paged.push(...page.items)
  } while (page.cursor)

  assert.deepEqual(paged, items)
})

const mistakes = {
  'nothing to look for': [{}, /q/],
  'an empty word': [{ q: '' }, /q/],
  'a word that is too long': [{ q: 'a'.repeat(201) }, /200/],
  'a type that is misspelt': [{ q: 'slack', elementType: 'conection' }, /`connection`/],
  'a page of nothing': [{ q: 'slack', limit: 0 }, /limit/],
  'a page that is too long': [{ q: 'slack', limit: 101 }, /100/],
}
for (const [what, [fields, message]] of Object.entries(mistakes)) {
  demo(`is told what is wrong with a search: ${what}`, async (tools) => {
    const { status, error } = await tools.search(fields)
    assert.deepEqual([status, error?.type], [400, 'bad_request'])
    assert.match(error.message, message)
  })
}
