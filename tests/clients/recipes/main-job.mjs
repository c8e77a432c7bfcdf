// The main job, end to end, with the unmodified official client: list, connect, act, read the run log, meet a broken
// connection, reconnect. The client is told only the address, the workspace key and secret, and who the user is.
// Start: membrane-mock exec -- node tests/clients/recipes/main-job.mjs

import assert from 'node:assert/strict'
import { ConnectionError, MembraneClient } from '@membranehq/sdk'

const { env } = process
const membrane = new MembraneClient({
  apiUri: env.MEMBRANE_API_URI,
  workspaceKey: env.MEMBRANE_WORKSPACE_KEY,
  workspaceSecret: env.MEMBRANE_WORKSPACE_SECRET,
  tenantKey: env.MEMBRANE_TENANT_KEY,
})

const told = []
const tell = (what, detail) => told.push(`${what.padEnd(14)} ${detail}`) && console.log(told.at(-1))

const integrations = await membrane.integrations.find()
tell('integrations', integrations.items.map(({ key }) => key).join(', '))
assert.ok(integrations.items.some(({ key }) => key === 'github'))

let connection = await membrane.post('/connect', { integrationKey: 'github', connectionKey: 'ada-github' })
tell('connect', `${connection.state}: the user has to open ${connection.clientAction.uiUrl.slice(0, 40)}…`)
assert.equal(connection.state, 'CLIENT_ACTION_REQUIRED')

connection = await consentAndWait(connection)
tell('connection', `${connection.key} is ${connection.state}`)
assert.equal(connection.state, 'READY')

const listRepositories = { connectionKey: 'ada-github', api: { method: 'GET', path: '/user/repos' } }
const run = await membrane.post('/act', listRepositories)
tell('act', `GET /user/repos: ${run.output.map(({ name }) => name).join(', ')}`)
assert.ok(run.output.length > 0)

const log = await membrane.get(`/action-run-logs/${run.actionRunId}/details`)
tell('run log', `${log.status}, ${log.details.request.method} ${log.details.request.url}`)
assert.equal(log.details.request.url, 'https://api.github.com/user/repos')

await userWithdrawsConsent('github', 'ada@example.com')
const broken = await membrane.post('/act', listRepositories).catch((error) => error)
tell('act', `${broken.data.code}: ${broken.message}`)
assert.ok(broken instanceof ConnectionError)
assert.equal(broken.data.code, 'CONNECTION_DISCONNECTED')
assert.equal(broken.data.data.connectionId, connection.id)

connection = await consentAndWait(await membrane.post('/connect', { connectionId: connection.id }))
tell('reconnect', `${connection.key} is ${connection.state}, under the same id`)
assert.equal(connection.id, broken.data.data.connectionId)

const again = await membrane.post('/act', listRepositories)
tell('act', `works again, run ${again.actionRunId}`)
assert.deepEqual(again.output, run.output)

/** The user in front of the connect page: presses Connect, signs in at the app and allows it. */
async function consentAndWait({ id, clientAction }) {
  const press = (page, fields) => fetch(page, { method: 'POST', body: new URLSearchParams(fields) })
  const consentPage = await press(clientAction.uiUrl, { action: 'connect' })
  const end = await press(consentPage.url, { action: 'allow', account: 'ada@example.com' })
  assert.equal(end.status, 200)
  return membrane.get(`/connections/${id}`, { wait: true, timeout: 10 })
}

/** The user removes the app at the vendor: its tokens die there, and the engine finds out with the next call. */
async function userWithdrawsConsent(connector, account) {
  const tokens = `${env.MEMBRANE_MOCK_CONTROL_URL}/workspaces/${env.MEMBRANE_WORKSPACE_KEY}/upstreams/${connector}/tokens`
  const { items } = await (await fetch(tokens)).json()
  for (const { id } of items.filter((token) => token.account === account)) {
    await fetch(`${tokens}/${id}/revoke`, { method: 'POST' })
  }
}
