// A client without any library: plain `fetch`, and `node:crypto` for the token.
// Start: membrane-mock exec -- node --test tests/clients/fetch/fetch.test.mjs

import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, before, beforeEach, describe, test } from 'node:test'

const env = process.env
const ERROR_TYPES = new Set([
  'bad_request',
  'connection',
  'configuration',
  'dependency_error',
  'flow_run',
  'flow_instance_setup',
  'concurrency',
  'internal',
  'action_run',
  'action_instance_setup',
  'unit_run',
  'custom_code',
  'insufficient_credit',
  'openrouter_not_configured',
])

// --- a small client ----------------------------------------------------------------------------------------------

const encoded = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')

function mint(claims, secret, algorithm = 'HS256') {
  const unsigned = `${encoded({ alg: algorithm, typ: 'JWT' })}.${encoded(claims)}`
  return `${unsigned}.${createHmac(algorithm.replace('HS', 'sha'), secret).update(unsigned).digest('base64url')}`
}

const inAnHour = () => Math.floor(Date.now() / 1000) + 3600

async function send(method, url, { token, body, raw, headers = {} } = {}) {
  const response = await fetch(url, {
    method,
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    body: raw ?? (body === undefined ? undefined : JSON.stringify(body)),
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: text && JSON.parse(text) }
}

async function control(method, path, body) {
  const answer = await send(method, env.MEMBRANE_MOCK_CONTROL_URL + path, {
    token: env.MEMBRANE_MOCK_CONTROL_TOKEN,
    body,
  })
  assert.ok(answer.status < 300, `${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`)
  return answer.body
}

/** A fresh copy of the demo workspace for each test of the suite that calls this. */
function forkedWorkspace() {
  const workspace = {}
  const made = []
  beforeEach(async () => {
    Object.assign(workspace, await control('POST', '/workspaces', {}))
    made.push(workspace.key)
    workspace.token = mint(
      { workspaceKey: workspace.key, tenantKey: workspace.tenantKey, exp: inAnHour() },
      workspace.secret,
    )
  })
  after(async () => {
    for (const key of made) await control('DELETE', `/workspaces/${key}`)
  })
  workspace.call = (method, path, options) =>
    send(method, workspace.apiUri + path, { token: workspace.token, ...options })
  workspace.ok = async (method, path, options) => {
    const answer = await workspace.call(method, path, options)
    assert.equal(answer.status, 200, `${method} ${path}: ${JSON.stringify(answer.body)}`)
    return answer.body
  }
  return workspace
}

function assertEnvelope({ status, body }, expected) {
  assert.equal(status, expected.status, JSON.stringify(body))
  assert.ok(ERROR_TYPES.has(body.type), `\`type\` is ${body.type}`)
  assert.equal(typeof body.message, 'string')
  assert.notEqual(body.message, '')
  if (expected.key) assert.equal(body.key, expected.key)
}

const keys = ({ items }) => items.map(({ key }) => key)
const listRepos = { connectionKey: 'github-dev', api: { method: 'GET', path: '/user/repos' } }

// --- the walk ----------------------------------------------------------------------------------------------------

describe('the environment that was given', () => {
  test('its secret signs a token that names its tenant', async () => {
    const token = mint(
      { workspaceKey: env.MEMBRANE_WORKSPACE_KEY, tenantKey: env.MEMBRANE_TENANT_KEY, exp: inAnHour() },
      env.MEMBRANE_WORKSPACE_SECRET,
    )

    const { status, body } = await send('GET', `${env.MEMBRANE_API_URI}/self`, { token })

    assert.equal(status, 200, JSON.stringify(body))
    assert.equal(body.internalId, env.MEMBRANE_TENANT_KEY)
    assert.equal(body.workspaceKey, env.MEMBRANE_WORKSPACE_KEY)
  })

  test('another secret signs nothing that is accepted', async () => {
    const token = mint(
      { workspaceKey: env.MEMBRANE_WORKSPACE_KEY, tenantKey: env.MEMBRANE_TENANT_KEY, exp: inAnHour() },
      `not-${env.MEMBRANE_WORKSPACE_SECRET}`,
    )

    const answer = await send('GET', `${env.MEMBRANE_API_URI}/connections`, { token })

    assertEnvelope(answer, { status: 401, key: 'not_authenticated' })
  })

  test('its ready token lists the connections of the demo', async () => {
    const { status, body } = await send('GET', `${env.MEMBRANE_API_URL}/connections`, { token: env.MEMBRANE_TOKEN })

    assert.equal(status, 200, JSON.stringify(body))
    assert.ok(keys(body).includes('github-dev') && keys(body).includes('hubspot-prod'), keys(body).join())
  })
})

describe('a backend that uses fetch', () => {
  const workspace = forkedWorkspace()

  test('lists the integrations with the connection of the tenant in them', async () => {
    const page = await workspace.ok('GET', '/integrations')

    for (const key of ['github', 'hubspot', 'gmail', 'slack', 'google-sheets']) assert.ok(keys(page).includes(key), key)
    assert.equal(page.items.find(({ key }) => key === 'github').connection.key, 'github-dev')
    assert.equal('cursor' in page, false)
  })

  test('connects to an app and is told where the user has to go', async () => {
    const connection = await workspace.ok('POST', '/connect', {
      body: { connectorKey: 'notion', connectionKey: 'notion-team' },
    })

    assert.equal(connection.key, 'notion-team')
    assert.equal(connection.state, 'CLIENT_ACTION_REQUIRED')
    assert.equal(connection.clientAction.type, 'connect')
    assert.equal(new URL(connection.clientAction.uiUrl).origin, new URL(workspace.apiUri).origin)
    assert.equal((await workspace.ok('GET', '/connections/notion-team')).id, connection.id)
  })

  test('acts through a connection and reads the exchange in the run log', async () => {
    const { output, actionRunId } = await workspace.ok('POST', '/act', { body: listRepos })
    assert.ok(Array.isArray(output) && output.length > 0)

    const log = await workspace.ok('GET', `/action-run-logs/${actionRunId}/details`)

    assert.equal(log.id, actionRunId)
    assert.equal(log.status, 'success')
    assert.equal(log.details.request.method, 'GET')
    assert.equal(log.details.response.status, 200)
  })

  test('learns from the error that a connection was lost, and from the log too', async () => {
    await control('POST', `/workspaces/${workspace.key}/connections/github-dev/poke`, { event: 'loseCredentials' })

    const answer = await workspace.call('POST', '/act', { body: listRepos })

    assertEnvelope(answer, { status: 400 })
    assert.equal(answer.body.type, 'connection')
    assert.equal(answer.body.code, 'CONNECTION_DISCONNECTED')
    assert.equal((await workspace.ok('GET', `/action-run-logs/${answer.body.actionRunId}`)).status, 'error')
  })

  test('archives a connection, which leaves the list, and restores it', async () => {
    await workspace.ok('DELETE', '/connections/github-dev')
    assert.deepEqual(keys(await workspace.ok('GET', '/connections')), ['hubspot-prod'])
    const [{ id }] = (await workspace.ok('GET', '/connections?includeArchived=1&integrationKey=github')).items

    await workspace.ok('POST', `/connections/${id}/restore`)

    assert.deepEqual(keys(await workspace.ok('GET', '/connections')).sort(), ['github-dev', 'hubspot-prod'])
  })
})

// --- spellings that older clients use ----------------------------------------------------------------------------

describe('tokens with older or looser claims', () => {
  const workspace = forkedWorkspace()
  const self = (claims, algorithm) =>
    workspace.call('GET', '/self', { token: mint(claims, workspace.secret, algorithm) })
  const rename = (claims) =>
    workspace.call('PATCH', `/workspaces/${workspace.key}`, {
      token: mint(claims, workspace.secret),
      body: { logoUri: 'https://example.com/logo.png' },
    })

  for (const algorithm of ['HS256', 'HS384', 'HS512']) {
    test(`\`iss\` and \`id\` name workspace and tenant, signed with ${algorithm}`, async () => {
      const { status, body } = await self({ iss: workspace.key, id: 'acme', exp: inAnHour() }, algorithm)

      assert.equal(status, 200, JSON.stringify(body))
      assert.equal(body.internalId, 'acme')
    })
  }

  test('older and newer claim names may be mixed', async () => {
    assert.equal((await self({ iss: workspace.key, tenantKey: 'acme' })).body.internalId, 'acme')
    assert.equal((await self({ workspaceKey: workspace.key, id: 'acme' })).body.internalId, 'acme')
  })

  test('both spellings name the same tenant', async () => {
    const older = await self({ iss: workspace.key, id: 'acme' })
    const newer = await self({ workspaceKey: workspace.key, tenantKey: 'acme' })

    assert.equal(older.status, 200, JSON.stringify(older.body))
    assert.equal(older.body.id, newer.body.id)
  })

  for (const isAdmin of [true, 'true', 1, '1']) {
    test(`\`isAdmin: ${JSON.stringify(isAdmin)}\` makes a manager`, async () => {
      const { status, body } = await rename({ iss: workspace.key, isAdmin })

      assert.equal(status, 200, JSON.stringify(body))
      assert.equal(body.logoUri, 'https://example.com/logo.png')
    })
  }

  for (const isAdmin of [false, 'false', 0]) {
    test(`\`isAdmin: ${JSON.stringify(isAdmin)}\` makes no manager`, async () => {
      assertEnvelope(await rename({ iss: workspace.key, id: 'acme', isAdmin }), { status: 403, key: 'access_denied' })
    })
  }
})

describe('runs as older clients send them', () => {
  const workspace = forkedWorkspace()
  const input = { title: 'Hello' }

  async function assertRan({ output, actionRunId }) {
    assert.notEqual(output, undefined)
    const log = await workspace.ok('GET', `/action-run-logs/${actionRunId}`)
    assert.equal(log.status, 'success')
    assert.deepEqual(log.input, input)
    assert.equal(log.connection.key, 'github-dev')
  }

  test('below a connection the body is the input itself', async () => {
    await assertRan(await workspace.ok('POST', '/connections/github-dev/actions/create-issue/run', { body: input }))
  })

  test('the connection may be named by its id or by the key of its integration', async () => {
    const { id } = await workspace.ok('GET', '/connections/github-dev')

    for (const selector of [id, 'github']) {
      await assertRan(await workspace.ok('POST', `/connections/${selector}/actions/create-issue/run`, { body: input }))
    }
  })

  test('below actions the body has the input in a field and the query names the connection', async () => {
    const { id } = await workspace.ok('GET', '/connections/github-dev')

    for (const query of [`connectionId=${id}`, 'connectionKey=github-dev', 'integrationKey=github']) {
      await assertRan(await workspace.ok('POST', `/actions/create-issue/run?${query}`, { body: { input } }))
    }
  })

  test('the action may be named with its integration before a dot', async () => {
    await assertRan(await workspace.ok('POST', '/actions/github.create-issue/run', { body: { input } }))
  })

  test('a run without input may have no body and the content type of a form', async () => {
    const { actionRunId } = await workspace.ok('POST', '/connections/hubspot-prod/actions/list-contacts/run', {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })

    assert.equal((await workspace.ok('GET', `/action-run-logs/${actionRunId}`)).status, 'success')
  })

  test('a restore may have no body and the content type of a form', async () => {
    const { id } = await workspace.ok('GET', '/connections/github-dev')
    await workspace.ok('DELETE', `/connections/${id}`)

    const restored = await workspace.ok('POST', `/connections/${id}/restore`, {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })

    assert.equal(restored.id, id)
    assert.equal(restored.state, 'READY')
  })
})

describe('queries as different clients write them', () => {
  const workspace = forkedWorkspace()

  for (const search of ['google+sheets', 'google%20sheets', 'GOOGLE+SHEETS']) {
    test(`\`search=${search}\` finds Google Sheets`, async () => {
      const found = keys(await workspace.ok('GET', `/integrations?search=${search}`))

      assert.ok(found.includes('google-sheets'), found.join())
      assert.equal(found.includes('github'), false)
    })
  }

  test('unknown keys change nothing', async () => {
    const plain = await workspace.ok('GET', '/integrations?limit=3')
    const odd = await workspace.ok('GET', '/integrations?hash=-1264902993&limit=3&nonsense=1&o%5Bx%5D=1')

    assert.equal(plain.items.length, 3)
    assert.deepEqual(keys(odd), keys(plain))
  })

  test('blank values count as absent', async () => {
    const blank = await workspace.ok('GET', '/connections?integrationKey=&search=&hash=0')

    assert.deepEqual(keys(blank).sort(), ['github-dev', 'hubspot-prod'])
  })

  test('`cursor=0` is the start and the last page has no cursor', async () => {
    const page = await workspace.ok('GET', '/integrations?limit=1000&cursor=0')

    assert.deepEqual(keys(page), keys(await workspace.ok('GET', '/integrations')))
    assert.equal('cursor' in page, false)
  })
})

// --- what a browser needs ----------------------------------------------------------------------------------------

describe('a page of another origin', () => {
  const workspace = forkedWorkspace()
  const origin = 'http://app.example.com'
  const list = (value) =>
    (value ?? '')
      .toLowerCase()
      .split(',')
      .map((item) => item.trim())
  const assertAllowed = (headers) => assert.ok(['*', origin].includes(headers.get('access-control-allow-origin')))

  for (const [path, method] of [
    ['/act', 'POST'],
    ['/connections', 'GET'],
    ['/connections/github-dev', 'DELETE'],
    ['/actions/create-issue', 'PATCH'],
    ['/actions/create-issue', 'PUT'],
  ]) {
    test(`may send ${method} ${path} with its three headers`, async () => {
      const { status, headers } = await send('OPTIONS', workspace.apiUri + path, {
        headers: {
          origin,
          'access-control-request-method': method,
          'access-control-request-headers': 'authorization,content-type,membrane-api-version',
        },
      })

      assert.ok(status >= 200 && status < 300, `status ${status}`)
      assertAllowed(headers)
      for (const name of ['authorization', 'content-type', 'membrane-api-version']) {
        assert.ok(list(headers.get('access-control-allow-headers')).includes(name), `${name} is not allowed`)
      }
      assert.ok(
        list(headers.get('access-control-allow-methods')).includes(method.toLowerCase()),
        `${method} is not allowed`,
      )
    })
  }

  test('may read a good answer, and sends its API version along', async () => {
    const { status, headers } = await workspace.call('GET', '/connections', {
      headers: { origin, 'membrane-api-version': '2025-10-21' },
    })

    assert.equal(status, 200)
    assertAllowed(headers)
  })

  for (const [what, path, status, options] of [
    ['a refused token', '/connections', 401, { token: 'not-a-token' }],
    ['an unknown element', '/integrations/no-such-integration', 404, {}],
    ['an unknown address', '/no-such-address', 404, {}],
  ]) {
    test(`may read the error about ${what}`, async () => {
      const answer = await workspace.call('GET', path, { headers: { origin }, ...options })

      assertEnvelope(answer, { status })
      assertAllowed(answer.headers)
    })
  }

  test('gets no access to the control API', async () => {
    const { headers } = await send('OPTIONS', `${env.MEMBRANE_MOCK_CONTROL_URL}/workspaces`, {
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' },
    }).catch(() => ({ headers: new Headers() }))

    assert.equal(headers.get('access-control-allow-origin'), null)
  })
})

// --- errors ------------------------------------------------------------------------------------------------------

describe('errors come in the envelope', () => {
  const workspace = forkedWorkspace()
  let padding
  before(() => {
    padding = 'x'.repeat(1024 * 1024)
  })

  test('an unknown address is 404 and the message names the nearest one', async () => {
    const answer = await workspace.call('GET', '/conections')

    assertEnvelope(answer, { status: 404, key: 'not_found' })
    assert.match(answer.body.message, /\/connections/)
  })

  test('an unknown integration is 404 and says what was not found', async () => {
    const answer = await workspace.call('GET', '/integrations/no-such-integration')

    assertEnvelope(answer, { status: 404, key: 'not_found' })
    assert.match(answer.body.message, /^integration not found/i)
  })

  test('a method that an address does not have is 405 and names those it has', async () => {
    const answer = await workspace.call('DELETE', '/act')

    assertEnvelope(answer, { status: 405 })
    assert.match(answer.headers.get('allow') ?? '', /\bPOST\b/)
  })

  test('malformed JSON is 400 and the message has the position', async () => {
    const answer = await workspace.call('POST', '/act', {
      raw: '{"key": "create-issue",\n  oops}',
      headers: { 'content-type': 'application/json' },
    })

    assertEnvelope(answer, { status: 400 })
    assert.equal(answer.body.type, 'bad_request')
    assert.match(answer.body.message, /line 2\b.*column \d+/)
    assert.equal('actionRunId' in answer.body, false)
  })

  test('a body that stops in the middle is 400 as well', async () => {
    const answer = await workspace.call('POST', '/connect', {
      raw: '{"connectorKey":',
      headers: { 'content-type': 'application/json' },
    })

    assertEnvelope(answer, { status: 400 })
    assert.match(answer.body.message, /line 1\b/)
  })

  test('a field that /act does not know is 400, names the field, and has a run log', async () => {
    const answer = await workspace.call('POST', '/act', { body: { ...listRepos, conectionKey: 'github-dev' } })

    assertEnvelope(answer, { status: 400 })
    assert.match(answer.body.message, /conectionKey/)
    assert.ok(answer.body.actionRunId)
  })

  test('no way of dispatch at all is 400 and has a run log', async () => {
    const answer = await workspace.call('POST', '/act', { body: { connectionKey: 'github-dev' } })

    assertEnvelope(answer, { status: 400 })
    assert.ok(answer.body.actionRunId)
  })

  test('a body of more than 10 MB is 413', async () => {
    const body = { ...listRepos, input: { padding: padding.repeat(11) } }

    const answer = await workspace.call('POST', '/act', { body })

    assertEnvelope(answer, { status: 413 })
    assert.equal('actionRunId' in answer.body, false)
  })

  test('a body of 9 MB is not too large', async () => {
    const body = { connectionKey: 'github-dev', input: { padding: padding.repeat(9) } }

    assertEnvelope(await workspace.call('POST', '/act', { body }), { status: 400 })
  })

  test('a manager asking for what belongs to a tenant is told to name the tenant', async () => {
    const answer = await workspace.call('POST', '/connect', {
      token: workspace.managerToken,
      body: { connectorKey: 'slack' },
    })

    assertEnvelope(answer, { status: 400 })
    assert.match(answer.body.message, /tenantKey/)
  })
})
