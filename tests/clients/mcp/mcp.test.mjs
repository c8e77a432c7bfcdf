// The tools of agents, by the protocol's own client, over standard input and output and over HTTP, and by its inspector.
// Start: membrane-mock exec -- node --test tests/clients/mcp/mcp.test.mjs

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'

const env = process.env
const run = promisify(execFile)
const binary = env.MEMBRANE_MOCK_BINARY
const inspector = fileURLToPath(new URL('node_modules/.bin/mcp-inspector', import.meta.url))

// The tools that the platform's documents name, each with the fields of its input that they name.
const SEED = {
  'get-credentials': [],
  'get-membrane-token': ['tenantKey'],
  'list-connections': ['integrationKey', 'integrationId', 'search', 'limit', 'cursor'],
  'delete-connection': ['connectionId'],
  'list-integrations': ['search', 'connectors', 'externalApps', 'limit', 'cursor', 'includeArchived'],
  connect: ['integrationKey', 'integrationId', 'connectorKey', 'connectorId', 'connectionId', 'connectionKey', 'intent', 'name'],
  'list-actions': ['connectionId', 'connectionKey', 'externalAppId', 'intent', 'limit', 'cursor', 'id'],
  act: ['id', 'key', 'api', 'code', 'integrationId', 'integrationKey', 'connectionId', 'connectionKey', 'input', 'meta'],
  'create-action': ['intent', 'key', 'name', 'type', 'config', 'inputSchema', 'integrationId', 'integrationKey', 'connectionId', 'connectionKey', 'externalAppId'],
  'get-action': ['id'],
  'update-action': ['id', 'data'],
  'delete-action': ['id'],
  'get-action-run-log': ['actionRunId', 'includeDetails'],
  'search-docs': ['query'],
}
const OWN = ['mock-create-workspace', 'mock-poke-connection', 'mock-advance-clock', 'mock-add-fault', 'mock-explain-failure']

/** Calls of test control. */
async function control(method, path, body) {
  const headers = { 'content-type': 'application/json' }
  if (env.MEMBRANE_MOCK_CONTROL_TOKEN) headers.authorization = `Bearer ${env.MEMBRANE_MOCK_CONTROL_TOKEN}`
  const response = await fetch(`${env.MEMBRANE_API_URI}/__mock${path}`, { method, headers, body: body && JSON.stringify(body) })
  const answer = await response.json().catch(() => undefined)
  assert.ok(response.ok, JSON.stringify(answer))
  return answer
}

/** A workspace of the test's own. */
async function fork(t) {
  const workspace = await control('POST', '/workspaces', { from: env.MEMBRANE_WORKSPACE_KEY })
  t.after(() => control('DELETE', `/workspaces/${workspace.key}`))
  return workspace
}

/** The ways to the tools, each for a workspace. */
const ways = {
  stdio: (workspace) =>
    new StdioClientTransport({
      command: binary,
      args: ['mcp'],
      env: {
        PATH: env.PATH,
        MEMBRANE_API_URI: env.MEMBRANE_API_URI,
        MEMBRANE_WORKSPACE_KEY: workspace.key,
        MEMBRANE_WORKSPACE_SECRET: workspace.secret,
        MEMBRANE_TENANT_KEY: workspace.tenantKey,
        MEMBRANE_MOCK_CONTROL_TOKEN: env.MEMBRANE_MOCK_CONTROL_TOKEN ?? '',
      },
    }),
  http: (workspace) => {
    const address = new URL(`${env.MEMBRANE_API_URI}/__mock/mcp?workspace=${workspace.key}`)
    const headers = env.MEMBRANE_MOCK_CONTROL_TOKEN && { authorization: `Bearer ${env.MEMBRANE_MOCK_CONTROL_TOKEN}` }
    return new StreamableHTTPClientTransport(address, { requestInit: { headers } })
  },
}

/** A client of the tools, and a function that calls one and answers what it gives. */
async function tools(t, transport) {
  const client = new Client({ name: 'suite', version: '1.0.0' })
  await client.connect(transport)
  t.after(() => client.close())
  const call = async (name, input = {}) => {
    const result = await client.callTool({ name, arguments: input })
    const [{ text }] = result.content
    if (result.isError) throw Object.assign(new Error(text), { result })
    if (result.structuredContent) assert.deepEqual(result.structuredContent, JSON.parse(text))
    return JSON.parse(text)
  }
  return { client, call }
}

for (const [way, transport] of Object.entries(ways)) {
  test(`${way}: every tool is listed with its input`, async (t) => {
    const { client } = await tools(t, transport(await fork(t)))
    assert.equal(client.getServerVersion().name, 'membrane-mock')
    assert.match(client.getInstructions(), /fake/)
    const listed = (await client.listTools()).tools
    assert.deepEqual(listed.map(({ name }) => name), [...Object.keys(SEED), ...OWN])
    for (const { name, description, inputSchema, annotations } of listed) {
      assert.ok(description.length > 20, name)
      assert.equal(inputSchema.type, 'object')
      const fields = inputSchema.properties ?? {}
      for (const field of SEED[name] ?? []) assert.ok(fields[field], `${name} has ${field}`)
      for (const [field, { description: about }] of Object.entries(fields)) assert.ok(about, `${name}: ${field} says what it is`)
      assert.equal(annotations.readOnlyHint, /^(get|list|search)-|explain/.test(name), name)
    }
    const required = Object.fromEntries(listed.map(({ name, inputSchema }) => [name, inputSchema.required ?? []]))
    assert.deepEqual(required['update-action'], ['id', 'data'])
    assert.deepEqual([required.act, required.connect], [[], []])
  })

  test(`${way}: each of the platform's tools does what it is for`, async (t) => {
    const workspace = await fork(t)
    const { call } = await tools(t, transport(workspace))
    const asTenant = async (path, token) => {
      const response = await fetch(`${env.MEMBRANE_API_URI}${path}`, { headers: { authorization: `Bearer ${token}` } })
      return response.json()
    }

    const credentials = await call('get-credentials')
    assert.deepEqual(
      [credentials.workspaceKey, credentials.workspaceSecret, credentials.tenantKey, credentials.apiUrl],
      [workspace.key, workspace.secret, workspace.tenantKey, env.MEMBRANE_API_URI],
    )
    const { token } = await call('get-membrane-token', { tenantKey: 'ada' })
    assert.equal((await asTenant('/self', token)).internalId, 'ada')
    const { token: manager } = await call('get-membrane-token', { manager: true, expiresInSeconds: 60 })
    assert.equal((await asTenant('/workspaces', manager)).items[0].key, workspace.key)

    const integrations = await call('list-integrations', { search: 'git', connectors: false, limit: 1 })
    assert.deepEqual(integrations.items.map(({ key }) => key), ['github'])
    const connected = await call('connect', { connectorKey: 'stripe', connectionKey: 'money', name: 'Money' })
    assert.deepEqual([connected.state, connected.key, connected.name], ['CLIENT_ACTION_REQUIRED', 'money', 'Money'])
    assert.ok(connected.clientAction.uiUrl.startsWith(env.MEMBRANE_API_URI))
    const listed = async () => (await call('list-connections', { search: 'money' })).items.map(({ id }) => id)
    assert.deepEqual(await listed(), [connected.id])
    assert.ok((await call('delete-connection', { connectionId: connected.id })).archivedAt)
    assert.deepEqual(await listed(), [])

    const made = await call('create-action', {
      key: 'double', name: 'Double', type: 'run-javascript', connectionKey: 'github-dev',
      config: { code: 'module.exports = ({ input }) => input.n * 2' }, inputSchema: { type: 'object', required: ['n'] },
    })
    assert.ok((await call('list-actions', { connectionKey: 'github-dev' })).items.some(({ id }) => id === made.id))
    const ran = await call('act', { id: made.id, connectionKey: 'github-dev', input: { n: 21 }, meta: { by: 'suite' } })
    assert.equal(ran.output, 42)
    const log = await call('get-action-run-log', { actionRunId: ran.actionRunId, includeDetails: true })
    assert.deepEqual([log.status, log.output, typeof log.details], ['success', 42, 'object'])
    assert.equal((await call('get-action-run-log', { actionRunId: ran.actionRunId })).details, undefined)
    const renamed = await call('update-action', { id: made.id, data: { name: 'Twice', description: null } })
    assert.deepEqual([renamed.name, renamed.key], ['Twice', 'double'])
    assert.equal((await call('get-action', { id: made.id, wait: true, timeout: 5 })).name, 'Twice')
    assert.ok((await call('delete-action', { id: made.id })).archivedAt)
    const built = await call('create-action', { intent: 'open an issue', integrationKey: 'github' })
    assert.equal((await call('get-action', { id: built.id, wait: true })).state, 'READY')

    const found = await call('search-docs', { query: 'faults' })
    assert.ok(found.items.length > 0 && found.items.every(({ document, text }) => /^docs\/|^ledger$/.test(document) && text.length > 0))
    assert.ok(found.items.some(({ document }) => document === 'docs/faults-and-scenarios.md'))
    const known = await call('search-docs', { query: 'GET /connections' })
    assert.ok(known.items.some(({ document, text }) => document === 'ledger' && text.startsWith('GET /connections: documented')))
  })

  test(`${way}: what goes wrong is told to the agent`, async (t) => {
    const { client, call } = await tools(t, transport(await fork(t)))
    await assert.rejects(call('act', { key: 'nope', connectionKey: 'github-dev' }), (error) => {
      const { key, actionRunId } = JSON.parse(error.message)
      return key === 'not_found' && typeof actionRunId === 'string'
    })
    await assert.rejects(call('act', { connection: 'github-dev' }), /unknown field `connection`, expected one of/)
    await assert.rejects(call('update-action', { id: 'x' }), /missing field `data`/)
    await assert.rejects(call('delete-connection', { connectionId: 'a/../b?c' }), /connection not found: `a\/..\/b\?c`/)
    await assert.rejects(client.callTool({ name: 'nope' }), /there is no tool `nope`/)
  })

  test(`${way}: an agent connects, acts, breaks the connection, learns why, and mends it`, async (t) => {
    const { call } = await tools(t, transport(await fork(t)))
    const begun = await call('connect', { integrationKey: 'github', connectionKey: 'mine' })
    assert.equal(begun.state, 'CLIENT_ACTION_REQUIRED')
    assert.equal((await call('mock-poke-connection', { connection: 'mine', event: 'authorize' })).state, 'READY')
    const act = () => call('act', { connectionKey: 'mine', api: { method: 'GET', path: '/user' } })
    assert.equal(typeof (await act()).output.login, 'string')
    assert.match((await call('mock-explain-failure')).explanation, /no call .* has failed/)

    const broken = await call('mock-poke-connection', { connection: 'mine', event: 'loseCredentials' })
    assert.equal(broken.state, 'DISCONNECTED')
    await assert.rejects(act(), /CONNECTION_DISCONNECTED/)
    const why = await call('mock-explain-failure')
    assert.match(why.explanation, /POST \/act was answered 400: connection `mine` is disconnected/)
    assert.equal(why.run.status, 'error')

    const again = await call('connect', { connectionId: broken.id })
    assert.deepEqual([again.id, again.state], [broken.id, 'CLIENT_ACTION_REQUIRED'])
    await call('mock-poke-connection', { connection: 'mine', event: 'authorize' })
    assert.equal(typeof (await act()).output.login, 'string')

    await call('mock-add-fault', { name: 'once', on: { operation: 'act' }, fault: { error: { type: 'internal', message: 'So it is' } }, times: 1 })
    await assert.rejects(act(), /So it is/)
    assert.match((await call('mock-explain-failure')).explanation, /broken on cue, by "once"/)
    assert.equal(typeof (await act()).output.login, 'string')

    const before = Date.parse((await call('mock-advance-clock', { ms: 1 })).now)
    const after = Date.parse((await call('mock-advance-clock', { ms: 3_600_000 })).now)
    assert.ok(after - before >= 3_600_000)

    const own = await call('mock-create-workspace', { seed: 'none' })
    t.after(() => control('DELETE', `/workspaces/${own.key}`))
    assert.ok((await control('GET', '/workspaces')).items.some(({ key }) => key === own.key))
  })
}

test('stdio: a workspace that a tool makes is the one that later tools use', async (t) => {
  const { call } = await tools(t, ways.stdio(await fork(t)))
  const made = await call('mock-create-workspace', { clock: '2026-01-01T00:00:00Z' })
  t.after(() => control('DELETE', `/workspaces/${made.key}`))
  assert.equal((await call('get-credentials')).workspaceKey, made.key)
  assert.equal((await call('mock-advance-clock', { ms: 1000 })).now, '2026-01-01T00:00:01.000Z')
})

test('stdio: without a server the tools have one of their own', async (t) => {
  const transport = new StdioClientTransport({ command: binary, args: ['mcp'], env: { PATH: env.PATH } })
  const { call } = await tools(t, transport)
  const { apiUrl } = await call('get-credentials')
  assert.notEqual(apiUrl, env.MEMBRANE_API_URI)
  assert.deepEqual((await call('list-connections')).items.map(({ key }) => key), ['github-dev', 'hubspot-prod'])
})

test('HTTP: who calls from another page, or of no workspace, is refused', async () => {
  const send = (query, headers) =>
    fetch(`${env.MEMBRANE_API_URI}/__mock/mcp${query}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
    })
  const authorization = env.MEMBRANE_MOCK_CONTROL_TOKEN && { authorization: `Bearer ${env.MEMBRANE_MOCK_CONTROL_TOKEN}` }
  assert.equal((await send('', { ...authorization, origin: 'https://evil.example' })).status, 403)
  assert.equal((await send('?workspace=nope', authorization)).status, 404)
  assert.equal((await send('?workspce=x', authorization)).status, 400)
  const get = await fetch(`${env.MEMBRANE_API_URI}/__mock/mcp`, { headers: { ...authorization } })
  assert.equal(get.status, 405, 'there are no sessions to listen to')
})

test('the inspector lists the tools and calls one, in both ways', async (t) => {
  const workspace = await fork(t)
  const variables = { ...env, MEMBRANE_WORKSPACE_KEY: workspace.key, MEMBRANE_WORKSPACE_SECRET: workspace.secret }
  const address = `${env.MEMBRANE_API_URI}/__mock/mcp?workspace=${workspace.key}`
  for (const target of [[binary, 'mcp'], [address, '--transport', 'http']]) {
    const inspect = async (...asked) => JSON.parse((await run(inspector, ['--cli', ...target, ...asked], { env: variables })).stdout)
    const { tools: listed } = await inspect('--method', 'tools/list')
    assert.deepEqual(listed.map(({ name }) => name), [...Object.keys(SEED), ...OWN])
    const { content } = await inspect('--method', 'tools/call', '--tool-name', 'list-integrations', '--tool-arg', 'search=github')
    assert.equal(JSON.parse(content[0].text).items[0].key, 'github')
  }
})
