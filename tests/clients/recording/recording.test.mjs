// Every faked route's answers, held against those of the last time: what a restructuring must not change.
//
// Start: MEMBRANE_MOCK_BINARY=target/debug/membrane-mock node --test tests/clients/recording/recording.test.mjs
// After an intended change: the same with UPDATE=1, and a look at the diff of recorded/.
// Or: node tests/clients/recording/recording.test.mjs BINARY [--update]

import assert from 'node:assert/strict'
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { withoutRepetition } from './lib/again.mjs'
import { differences } from './lib/compare.mjs'
import { startReceiver } from './lib/http.mjs'
import { pretty } from './lib/pretty.mjs'
import { Recorder } from './lib/recorder.mjs'
import { nameOf } from './lib/routes.mjs'
import { startServer } from './lib/server.mjs'
import { WALKS } from './walk/all.mjs'
import { NEVER_FAIL, NEVER_SUCCEED } from './walk/exceptions.mjs'

const RECORDED = fileURLToPath(new URL('recorded/', import.meta.url))
const given = process.argv.slice(2)
const isUpdate = process.env.UPDATE === '1' || given.includes('--update')
const binary = process.env.MEMBRANE_MOCK_BINARY ?? given.find((argument) => !argument.startsWith('-'))

let server
let receiver
let recorder

before(async () => {
  assert.ok(binary, 'say which binary: MEMBRANE_MOCK_BINARY is not set')
  server = await startServer(binary)
  receiver = await startReceiver()
  recorder = new Recorder(server, receiver)
  await recorder.learnRoutes()
  await recorder.learnStubServer()
  for (const walk of WALKS) await walk(recorder)
  const blocks = [...recorder.normal.blocks].map(([about, lines]) => ({ about, lines }))
  recorder.nouns.set('blocks-of-pages', blocks)
})

after(async () => {
  await receiver?.stop()
  await server?.stop()
})

test('every answer is as it was recorded', (t) => {
  const nouns = [...recorder.nouns]
  t.diagnostic(`${recorder.calls} calls`)
  const texts = new Map(
    nouns.map(([noun, entries]) => [`${noun}.json`, `${pretty(withoutRepetition(entries), '', 0)}\n`]),
  )
  const known = readdirSync(RECORDED).filter((name) => name.endsWith('.json'))
  if (isUpdate) {
    for (const name of known.filter((name) => !texts.has(name))) rmSync(RECORDED + name)
    for (const [name, text] of texts) writeFileSync(RECORDED + name, text)
    return
  }
  assert.deepEqual([...texts.keys()].sort(), known.sort(), 'other nouns were walked than are recorded; use UPDATE=1')
  const lines = []
  for (const [name, text] of texts) {
    const before = readFileSync(RECORDED + name, 'utf8')
    if (before === text) continue
    const told = differences(name, JSON.parse(before), JSON.parse(text))
    lines.push(...(told.length ? told : [`${name}: written otherwise, with the same content`]))
  }
  assert.ok(lines.length === 0, `\n${lines.join('\n')}\n\nIf this is meant: UPDATE=1, and review the diff.`)
})

test('every faked route was visited, once with success and once in vain', (t) => {
  const faked = recorder.routes.routes.filter(({ level }) => level !== 'not-faked')
  const missing = (field) =>
    faked
      .filter((route) => route[field] === 0)
      .map(nameOf)
      .sort()
  const visited = faked.length - missing('successes').length
  t.diagnostic(`${visited} of ${faked.length} faked routes were visited with success`)

  assert.deepEqual(missing('successes'), NEVER_SUCCEED, 'these were not visited with success')
  assert.deepEqual(missing('errors'), NEVER_FAIL, 'these were not visited in vain')
})

test('what is not faked says so', () => {
  const unseen = recorder.routes.routes.filter(({ level, errors }) => level === 'not-faked' && errors === 0)

  assert.deepEqual(unseen.map(nameOf).sort(), [], 'these were not visited')
})
