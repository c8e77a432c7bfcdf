// A server of tools for language models: one tool per action of each app that its user has connected, by the legacy client.
// Start: npm ci --prefix tests/clients/sdk-legacy
//        membrane-mock exec -- node --test tests/clients/programs/mcp-server.test.mjs

import assert from 'node:assert/strict'
import * as sdk from '../sdk-legacy/lib/client.mjs'
import { scenario } from '../sdk-legacy/lib/world.mjs'
import { asked, managerOf, tokenOf } from './lib/caller.mjs'

// --- the program -------------------------------------------------------------------------------------------------

/** All items of a list, page after page, as long as an answer has a cursor. */
async function all(find) {
  const items = []
  let cursor
  do {
    const page = await find(cursor)
    items.push(...page.items)
    cursor = page.cursor
  } while (cursor)
  return items
}

/** The tools of one session. Libraries for such servers refuse a name that is taken. */
class Tools {
  #tools = new Map()

  add(name, tool) {
    if (this.#tools.has(name)) throw new Error(`there is a tool ${name} already`)
    this.#tools.set(name, tool)
  }

  get names() {
    return [...this.#tools.keys()]
  }

  describe(name) {
    const { title, parameters } = this.#tools.get(name)
    return { title, parameters }
  }

  /** What the model is given to read. */
  async call(name, input) {
    const { output } = await this.#tools.get(name).run(input)
    return output === undefined ? 'No output' : JSON.stringify(output)
  }
}

/** What the actions of a connection can be listed by. */
const LISTED_BY = { integrationId: ({ integration }) => integration.id, connectionId: ({ id }) => id }

const actionsOf = (client, connection, by) =>
  all((cursor) => client.actions.find({ [by]: LISTED_BY[by](connection), cursor }))

/** A session of the user whom the token names. */
async function openSession(world, token, { apps, by = 'integrationId' } = {}) {
  const client = world.clientWith(token)
  const tools = new Tools()
  const addTool = ({ key, name, inputSchema, integration }) => {
    const title = `${integration.name}: ${name}`
    const selector = { autoCreate: true, integrationKey: integration.key, parentKey: key }
    const run = (input) => client.actionInstance(selector).run(input)
    tools.add(`${integration.key}_${key}`, { title, parameters: Object.keys(inputSchema?.properties ?? {}), run })
  }

  // `undefined` is a field that the client does not send.
  for (const integrationKey of apps ?? [undefined]) {
    for (const connection of await all((cursor) => client.connections.find({ integrationKey, cursor }))) {
      for (const action of await actionsOf(client, connection, by)) addTool(action)
    }
  }

  /** Tools that the list did not have when the session was opened. */
  tools.enable = async (names) => {
    const keys = names.map((name) => name.split('_'))
    const gets = keys.map(([integrationKey, key]) => client.action({ integrationKey, key }).get())
    for (const { status, value } of await Promise.allSettled(gets)) if (status === 'fulfilled') addTool(value)
  }
  return tools
}

// --- what is to come of it ---------------------------------------------------------------------------------------

// Universal actions of the demo have no type: they are tools of the apps that have a version of them.
const NAMES = [
  'github_create-issue',
  'github_list-repositories',
  'hubspot_create-contact',
  'hubspot_list-contacts',
]
const ofGithub = NAMES.filter((name) => name.startsWith('github_'))
const issue = { title: 'The door is stuck', body: 'It opens if one pulls.' }

const open = (world, options) => openSession(world, tokenOf(world, world.tenantKey), options)
const namesOf = async (...given) => (await open(...given)).names.sort()

/** The versions of an action that a connection has of its own. */
async function versions(world, connection, key) {
  const { items } = await world.manager.actions.find({ connectionId: connection.id, layer: 'connection' })
  return items.filter((each) => each.key === key)
}

/** The layer of the version that is listed once the connection has one of its own. */
const serving = { integrationId: 'integration', connectionId: 'connection' }

for (const [by, layer] of Object.entries(serving)) {
  scenario(`a tool per action, by ${by}, before and after it ran`, async (world) => {
    const tools = await open(world, { by })
    assert.deepEqual(tools.names.sort(), NAMES)
    const described = tools.describe('github_create-issue')
    assert.equal(described.title, 'GitHub: Create issue')
    assert.ok(described.parameters.includes('title'))

    const made = JSON.parse(await tools.call('github_create-issue', issue))

    assert.equal(made.title, issue.title)
    const [request] = await asked(world, 'github')
    assert.equal(request.method, 'POST')
    assert.equal(request.body.title, issue.title)
    // The run has made a version of the connection's own, and it is no tool beside the one it was made of.
    const connection = await world.client.connection('github-dev').get()
    assert.equal((await versions(world, connection, 'create-issue')).length, 1)
    assert.deepEqual(await namesOf(world, { by }), NAMES)
    const listed = await actionsOf(world.client, connection, by)
    assert.equal(listed.find(({ key }) => key === 'create-issue').layer, layer)

    const again = await open(world, { by })
    await again.call('github_create-issue', { ...issue, title: 'It is still stuck' })
    assert.equal((await versions(world, connection, 'create-issue')).length, 1)
    assert.deepEqual((await asked(world, 'github')).map(({ body }) => body.title), [issue.title, 'It is still stuck'])
  })
}

scenario('a universal action that has an own version for an integration is one tool of each app', async (world) => {
  const own = await world.client.action({ integrationKey: 'hubspot', key: 'create-contact' }).get()
  const tools = await open(world)
  const email = 'ada@example.com'

  await tools.call('hubspot_create-contact', { email })

  const [request] = await asked(world, 'hubspot')
  assert.equal(request.body.properties.email, email)
  const connection = await world.client.connection('hubspot-prod').get()
  const [version] = await versions(world, connection, 'create-contact')
  assert.equal(version.parentId, own.id)
})

scenario('more tools than one page holds', async (world) => {
  const manager = managerOf(world)
  const request = { method: 'GET', path: '/suite/thing' }
  const action = { type: 'api-request-to-external-app', integrationKey: 'github', config: { request } }
  const keys = Array.from({ length: 120 }, (_, at) => `step-${at}`)
  await Promise.all(keys.map((key) => manager.ok('POST', '/actions', { ...action, key, name: key })))

  const names = await namesOf(world, { apps: ['github'] })

  assert.deepEqual(names, [...ofGithub, ...keys.map((key) => `github_${key}`)].sort())
  const pages = await world.control('GET', '/journal?path=/actions&method=GET')
  assert.equal(pages.items.length, 2)
})

scenario('only the apps that are asked for', async (world) => {
  assert.deepEqual(await namesOf(world, { apps: ['github'] }), ofGithub)
  assert.deepEqual(await namesOf(world, { apps: ['slack'] }), [])
})

scenario('a user who has connected nothing has no tools, and none of another user', async (world) => {
  assert.deepEqual((await openSession(world, tokenOf(world, 'newcomer'))).names, [])
})

scenario('a token that another secret signed opens no session', async (world) => {
  const forged = tokenOf({ ...world, secret: `not-${world.secret}` }, world.tenantKey)
  await assert.rejects(openSession(world, forged), (error) => {
    assert.ok(error instanceof sdk.BadRequestError, String(error))
    assert.equal(error.data.key, sdk.BadRequestErrorKey.NOT_AUTHENTICATED)
    return true
  })
})

scenario('an action that is made while a session is open becomes a tool of it by its name', async (world) => {
  const tools = await open(world, { apps: ['github'] })
  await world.stub('github', '/suite/thing')
  const config = { request: { method: 'PUT', path: '/suite/thing' } }
  const star = { key: 'star', name: 'Star', type: 'api-request-to-external-app', integrationKey: 'github', config }
  await managerOf(world).ok('POST', '/actions', star)

  await tools.enable(['github_star', 'github_nothing'])

  assert.deepEqual(tools.names.sort(), [...ofGithub, 'github_star'])
  assert.equal(await tools.call('github_star', {}), '{"method":"PUT"}')
})

// A tool that fails throws the class that the client has for it, which says what the model may do about it.

const failures = {
  'input that does not fit': {
    as: sdk.BadRequestError,
    input: { title: 7 },
    check: ({ data }) => assert.equal(data.data.errors[0].path, '$.title'),
    asked: 0,
  },
  'the app refuses': {
    as: sdk.ActionRunError,
    prepare: (world) => {
      const respond = { status: 422, json: { message: 'Issues are disabled' } }
      const request = { method: 'POST', path: '/repos/{owner}/{repo}/issues' }
      return world.control('POST', '/upstreams/github/stubs', { request, priority: 1, respond })
    },
    check: ({ data }) => assert.deepEqual(data.data.response.data, { message: 'Issues are disabled' }),
    asked: 1,
  },
  'the connection was lost': {
    as: sdk.ConnectionError,
    prepare: (world) => world.control('POST', '/connections/github-dev/poke', { event: 'loseCredentials' }),
    check: ({ data }) => assert.equal(data.code, 'CONNECTION_DISCONNECTED'),
    asked: 0,
  },
  'the app is connected no more': {
    as: sdk.BadRequestError,
    prepare: (world) => world.client.connection('github-dev').archive(),
    asked: 0,
  },
}
for (const [what, { as, prepare, input = issue, check, asked: times }] of Object.entries(failures)) {
  scenario(`a tool fails when ${what}`, async (world) => {
    const tools = await open(world, { apps: ['github'] })
    await prepare?.(world)

    const error = await tools.call('github_create-issue', input).then(assert.fail, (thrown) => thrown)

    assert.equal(error.constructor, as, `${error.constructor.name}: ${error.message}`)
    assert.ok(error.message)
    check?.(error)
    assert.equal((await asked(world, 'github')).length, times)
    const { items } = await world.client.get('action-run-logs', {})
    assert.deepEqual(items.map(({ id, status }) => [id, status]), [[error.data.actionRunId, 'error']])
  })
}

scenario('a tool whose action is archived fails, though it ran before, and is gone from the next session', async (world) => {
  const tools = await open(world, { apps: ['github'] })
  await tools.call('github_create-issue', issue)
  await world.manager.action({ integrationKey: 'github', key: 'create-issue' }).archive()

  const error = await tools.call('github_create-issue', issue).then(assert.fail, (thrown) => thrown)

  assert.equal(error.constructor, sdk.BadRequestError, error.message)
  assert.equal(error.data.key, sdk.BadRequestErrorKey.NOT_FOUND)
  assert.equal((await asked(world, 'github')).length, 1)
  assert.deepEqual(await namesOf(world, { apps: ['github'] }), ofGithub.filter((name) => !/create-issue/.test(name)))
})
