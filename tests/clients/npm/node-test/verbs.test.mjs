// Each verb of the package, through the helper for `node:test`.

import assert from 'node:assert/strict'
import { MembraneClient } from '@membranehq/sdk'
import { MembraneMockError, attachMock, startMock } from 'membrane-mock'
import { test } from 'membrane-mock/node-test'

const user = { method: 'GET', path: '/user' }
const refused = { name: 'MembraneMockError', status: 400 }

test('a tenant connects, acts and is told what went wrong', async ({ workspace }) => {
  const ada = workspace.tenant('ada', { name: 'Ada' })
  const github = await ada.connect('github', { key: 'code', account: 'ada@example.com' })
  assert.equal(await github.state(), 'READY')
  assert.equal((await ada.get('/connections/code')).id, github.id)
  assert.equal((await ada.connection('code').get()).id, github.id)
  assert.equal((await ada.get('/self')).name, 'Ada')
  const { output, actionRunId } = await ada.act({ connectionKey: 'code', api: user })
  assert.ok(output.login)
  assert.equal((await ada.get(`/action-run-logs/${actionRunId}`)).status, 'success')
  assert.equal((await ada.patch('/connections/code', { name: 'Mine' })).name, 'Mine')
  await assert.rejects(ada.act({ connectionKey: 'cod', api: user }), (error) => {
    assert.ok(error instanceof MembraneMockError)
    assert.match(error.message, /POST \/act answered 404: .*cod/)
    return error.body.type === 'not_found' || error.body.key === 'not_found'
  })
  await ada.delete('/connections/code')
  assert.deepEqual((await ada.get('/connections', { limit: 5 })).items, [])
})

test('the official client is told where it is', async ({ workspace }) => {
  const membrane = new MembraneClient(workspace.tenant('demo-tenant').clientOptions)
  const { items } = await membrane.connections.find()
  assert.deepEqual(items.map(({ key }) => key).sort(), ['github-dev', 'hubspot-prod'])
  assert.equal(workspace.env.MEMBRANE_WORKSPACE_KEY, workspace.key)
  assert.deepEqual([workspace.env.MEMBRANE_API_URL, workspace.env.MEMBRANE_UI_URI], [workspace.apiUri, workspace.apiUri])
})

test('a connection is begun, failed, cancelled, completed, broken and poked', async ({ workspace }) => {
  const bob = workspace.tenant('bob')
  const pending = await bob.connect('stripe', { pending: true })
  assert.equal(await pending.state(), 'CLIENT_ACTION_REQUIRED')
  await pending.cancel()
  const keys = await bob.connect('stripe', { key: 'pay', pending: true })
  await keys.complete({ input: { apiKey: 'sk_test_1' } }).catch(() => keys.complete())
  assert.equal(await keys.state(), 'READY')
  const github = await bob.connect('github', { key: 'code', pending: true })
  await github.fail('access_denied')
  const again = await bob.connect('github', { key: 'code2' })
  for (const by of ['failRefresh', 'expireCredentials']) await again.break(by)
  await assert.rejects(bob.act({ connectionKey: 'code2', api: user }), refused)
  assert.equal(await bob.connection('code2').state(), 'DISCONNECTED')
  await assert.rejects(again.poke('explode'), /expected one of/)
  assert.deepEqual((await workspace.connections({ tenant: 'bob', state: 'READY' })).map(({ key }) => key), ['pay'])
  assert.ok((await workspace.tenants()).some(({ key, connections }) => key === 'bob' && connections > 1))
  await assert.rejects(workspace.connection('nowhere').state(), /there is no connection `nowhere`; there are: /)
})

test('calls are broken on cue, answered by stubs and counted', async ({ workspace }) => {
  const ada = workspace.tenant()
  const act = () => ada.act({ connectionKey: 'github-dev', api: user })
  const fault = await workspace.fault({ on: { operation: 'act' }, times: 2, fault: { respond: { status: 503 } } })
  await assert.rejects(act(), { status: 503 })
  assert.equal((await fault.standing()).fired, 1)
  await fault.remove()
  await fault.remove()
  const stub = await workspace.stub('github', { request: user, respond: { json: { login: 'eve' } } })
  assert.equal((await act()).output.login, 'eve')
  await stub.remove()
  assert.notEqual((await act()).output.login, 'eve')
  assert.deepEqual((await workspace.requests('github')).map(({ path }) => path), ['/user', '/user'])
  await workspace.journal.verify({ calls: { operation: 'act' }, times: 3 })
  await assert.rejects(workspace.journal.verify({ calls: { operation: 'connect' } }), /connect|no call/)
  assert.equal((await workspace.journal.entries({ operation: 'act', status: 503 })).length, 1)
  await workspace.journal.clear()
  assert.deepEqual(await workspace.journal.entries(), [])
})

test('one tenant of several is broken, answered and counted', async ({ workspace }) => {
  const [ada, bob] = ['ada', 'bob'].map((key) => workspace.tenant(key))
  for (const tenant of [ada, bob]) await tenant.connect('github', { key: 'code' })
  const act = async (tenant) => (await tenant.act({ connectionKey: 'code', api: user })).output.login
  await ada.stub('github', { request: user, respond: { json: { login: 'ada' } } })
  assert.deepEqual([await act(ada), (await act(bob)) === 'ada'], ['ada', false])
  const fault = await bob.fault({ on: { operation: 'act' }, fault: { respond: { status: 503 } } })
  assert.equal(await act(ada), 'ada')
  await assert.rejects(act(bob), { status: 503 })
  await fault.remove()
  await ada.verify({ operation: 'act' }, 2)
  await assert.rejects(bob.verify({ operation: 'act' }, 3), /2/)
  const lines = await workspace.report()
  assert.deepEqual(lines.filter(({ kind }) => kind === 'refused').map(({ tenant }) => tenant), ['bob'])
})

test('time, scenarios, snapshots, resets', async ({ workspace }) => {
  const github = workspace.connection('github-dev')
  await workspace.clock.set('2030-01-01T00:00:00Z')
  assert.equal((await workspace.clock.advance('1.5h')).toISOString(), '2030-01-01T01:30:00.000Z')
  assert.equal((await workspace.clock.advanceTo('2030-01-02T00:00:00Z')).getUTCDate(), 2)
  await assert.rejects(workspace.clock.advance('1 week'), /is no time/)
  const before = await workspace.snapshot('before')
  await workspace.scenario('expire-after-n-acts', { acts: 0, connection: 'github-dev' })
  await workspace.clock.settle()
  await github.break('disconnect')
  assert.equal(await github.state(), 'DISCONNECTED')
  await before.restore()
  assert.equal(await github.state(), 'READY')
  await before.delete()
  await workspace.update({ label: 'renamed' })
  await workspace.tenant('new').connect('slack')
  await workspace.reset()
  assert.deepEqual(await workspace.connections({ tenant: 'demo-tenant', connector: 'slack' }), [])
})

test('a workspace of its own, by what it is made of', { workspace: { seed: 'none', name: 'Empty' } }, async ({ mock, workspace }) => {
  assert.deepEqual(await workspace.connections(), [])
  const { items } = (await mock.control.GET('/__mock/workspaces')).data
  assert.ok(items.some(({ key, label, name }) => key === workspace.key && label.startsWith('a workspace of its own') && name === 'Empty'))
})

test('a server of one’s own starts, is attached to and stops', async () => {
  const mock = await startMock({ clock: '2025-01-01T00:00:00Z' })
  const there = attachMock(`${mock.url}/__mock`)
  const first = await there.existing()
  assert.equal((await first.clock.now()).toISOString(), '2025-01-01T00:00:00.000Z')
  await mock.stop()
  await mock.stop()
  await assert.rejects(there.workspace(), /fetch failed/)
  await assert.rejects(startMock({ seed: '/no/such/seed' }), /ended before it was ready/)
})
