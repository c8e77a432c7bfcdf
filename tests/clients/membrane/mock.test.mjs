// The fake's own verbs as commands, each checked by its effect.
// Start: membrane-mock exec -- node --test tests/clients/membrane/mock.test.mjs

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { binary, fork, keys } from './lib.mjs'

/** The commands of a workspace of the test's own: each answers the end of a run, with its output parsed where it is JSON. */
async function mock(t) {
  const world = await fork(t)
  const control = process.env.MEMBRANE_MOCK_CONTROL_TOKEN
  const env = { ...world.env, ...(control && { MEMBRANE_MOCK_CONTROL_TOKEN: control }) }
  const run = (...parameters) =>
    new Promise((resolve) => {
      execFile(binary, parameters, { env }, (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, stderr }))
    })
  const json = async (...parameters) => {
    const { code, stdout, stderr } = await run(...parameters, '--json')
    assert.equal(code, 0, `${parameters.join(' ')}: ${stderr}`)
    return JSON.parse(stdout)
  }
  const act = () => world.call('POST', '/act', { connectionKey: 'github-dev', api: { method: 'GET', path: '/user' } }, world.tenantToken)
  return { world, run, json, act }
}

test('workspaces are made, listed, read and deleted', async (t) => {
  const { world, run, json } = await mock(t)
  const made = await json('workspace', 'create', '--from', world.key, '--clock', '2026-01-01T00:00:00Z')
  const { now } = await json('clock', 'get', '--workspaceKey', made.key, '--workspaceSecret', made.secret)
  assert.equal(now, '2026-01-01T00:00:00.000Z')
  assert.ok(keys(await json('workspace', 'list')).includes(made.key))
  assert.equal((await json('workspace', 'get', made.key)).secret, made.secret)
  assert.equal((await json('workspace', 'get')).key, world.key)
  assert.match((await run('workspace', 'list')).stdout, /^KEY +NAME +TENANT KEY\n/)
  await json('workspace', 'delete', made.key)
  const gone = await run('workspace', 'get', made.key)
  assert.deepEqual([gone.code, gone.stderr.includes(made.key)], [1, true], gone.stderr)
})

test('a connection is broken, the journal tells of it, and a snapshot takes it back', async (t) => {
  const { run, json, act } = await mock(t)
  const { id } = await json('snapshot', 'take')
  assert.deepEqual((await json('snapshot', 'list')).items.map((it) => it.id), [id])
  assert.equal((await json('poke', 'github-dev', 'loseCredentials')).state, 'DISCONNECTED')
  assert.equal((await act()).status, 400)
  const { items } = await json('journal', '--operation', 'act', '--connection', 'github-dev')
  assert.deepEqual(items.map(({ path, status }) => [path, status]), [['/act', 400]])
  assert.match((await run('journal', '--operation', 'act')).stdout, /POST +\/act +400/)
  assert.equal((await json('journal', '--status', '404')).items.length, 0)

  await json('snapshot', 'restore', id)
  assert.equal((await act()).status, 200)
  await json('snapshot', 'remove', id)
  assert.deepEqual((await json('snapshot', 'list')).items, [])

  const refused = await run('poke', 'github-dev', 'authorize')
  assert.deepEqual([refused.code, /cannot take the event `authorize`; it takes `loseCredentials`/.test(refused.stderr)], [1, true])
})

test('the server is asked whether it is there, and what went wrong', async (t) => {
  const { run, json, act } = await mock(t)
  assert.equal((await json('health')).status, 'ok')
  const nobody = await run('health', '--apiUri', 'http://127.0.0.1:9')
  assert.deepEqual([nobody.code, /127\.0\.0\.1:9/.test(nobody.stderr)], [1, true])
  assert.deepEqual((await json('report')).items, [])

  assert.equal((await json('break', 'github-dev', 'expireCredentials')).state, 'READY')
  assert.equal((await act()).status, 200)
  assert.equal((await json('break', 'github-dev', 'disconnect')).state, 'DISCONNECTED')
  await json('fault', 'add', '--on', '{"operation": "act"}', '--fault', '{"respond": {"status": 503}}')
  await act()
  const { items } = await json('report')
  assert.deepEqual(items.map(({ kind, status }) => [kind, status]).slice(0, 1), [['refused', 503]])
  assert.match((await run('report')).stdout, /refused +POST \/act answered 503/)
})

test('faults are added, listed and removed', async (t) => {
  const { json, act } = await mock(t)
  const fault = ['--on', '{"operation": "act"}', '--fault', '{"error": {"type": "internal", "message": "So it is"}}']
  const { id } = await json('fault', 'add', '--name', 'once', '--times', '1', ...fault)
  assert.equal((await act()).body.message, 'So it is')
  assert.equal((await act()).status, 200)
  assert.deepEqual((await json('fault', 'list')).items.map((it) => [it.id, it.name, it.fired]), [[id, 'once', 1]])
  await json('fault', 'add', ...fault)
  await json('fault', 'remove', id)
  assert.equal((await json('fault', 'list')).items.length, 1)
  await json('fault', 'remove')
  assert.deepEqual((await json('fault', 'list')).items, [])
})

test('time stands still, moves and is settled', async (t) => {
  const { run, json } = await mock(t)
  const moment = '2026-01-01T00:00:00.000Z'
  assert.equal((await json('clock', 'set', moment)).now, moment)
  assert.equal((await json('clock', 'advance', '90m')).now, '2026-01-01T01:30:00.000Z')
  assert.equal((await json('clock', 'advance', '--to', '2026-01-02T00:00:00Z')).now, '2026-01-02T00:00:00.000Z')
  assert.equal((await json('clock', 'settle')).moved, 0)
  assert.equal((await json('clock', 'get')).now, '2026-01-02T00:00:00.000Z')
  assert.equal((await run('clock', 'advance', 'soon')).code, 2)
  assert.equal((await run('clock', 'advance', '1h', '--to', moment)).code, 2)
})

test('scenarios are added, started and stopped', async (t) => {
  const { json, act } = await mock(t)
  const steps = [{ at: { clock: '+0s' }, do: [{ fault: { name: 'told', on: { operation: 'act' }, fault: { error: { type: 'internal', message: 'As told' } } } }] }]
  await json('scenario', 'add', JSON.stringify({ name: 'own', steps }))
  assert.equal((await act()).status, 200, 'nothing happens before it is started')
  await json('scenario', 'start', 'own')
  await json('clock', 'settle')
  assert.equal((await act()).body.message, 'As told')
  await json('scenario', 'stop', 'own')
  const names = (await json('scenario', 'list')).items.map(({ name }) => name)
  assert.ok(names.includes('own') && names.includes('vendor-outage'), names.join())
  await json('scenario', 'start', 'vendor-outage', '--parameters', '{}')
})
