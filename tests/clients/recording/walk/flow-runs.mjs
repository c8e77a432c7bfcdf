// Runs of flows: every kind of node, what each node gave, runs that wait, are poked and stopped.
//
// Runs here take a millisecond of the workspace's clock, or wait to be poked: what they do is then done within a call
// of the test's, and whether it is in the journal before or after the call that began it is no question of speed.

const request = (method, path, more) => ({
  type: 'api-request-to-external-app',
  config: { request: { method, path, ...more } },
})
const is = (path, value) => ({ $eval: { $var: path }, is: value })
const link = (key, filter) => ({ key, ...(filter && { filter }) })

const NODES = {
  start: { type: 'api-trigger', links: [link('who'), link('each'), link('never', is('$.input.size', 3))] },
  who: { ...request('GET', '/user'), name: 'Who am I', links: [link('shape'), link('gone')] },
  shape: {
    type: 'transform-data',
    config: { output: { login: { $var: '$.input.who.login' }, flow: { $var: '$.flow.key' } } },
    links: [link('check')],
  },
  check: { type: 'filter', config: { filter: is('$.input.shape.login', 'mia-acme') }, links: [link('code')] },
  code: {
    type: 'run-javascript',
    config: { code: 'module.exports = ({ input }) => { console.log("seen"); return input.shape.login.length }' },
    links: [link('act')],
  },
  act: { type: 'run-action', config: { actionKey: 'list-repositories', input: { perPage: { $var: '$.input.size' } } } },
  each: {
    type: 'for-each-v2',
    config: { items: { $var: '$.input.names' }, rootNodeKey: 'inside' },
    links: [link('after')],
  },
  inside: { type: 'transform-data', config: { output: { $concat: ['hello ', { $var: '$.input.each.item' }] } } },
  after: { type: 'http-request', onError: 'continue', config: { request: { uri: 'http://127.0.0.1:1/' } } },
  never: { type: 'transform-data', config: { output: 1 } },
}

export async function walkFlowRuns(recorder) {
  recorder.begin('flow-runs')
  const world = await recorder.world('flow-runs')
  await world.progress({ flowRun: { after: 1 } })
  await walkWhole(world)
  await walkFailures(world)
  await walkWaiting(world)
  await world.evidence()
}

async function walkWhole(world) {
  const { recorder, tenant, stranger, manager, nobody } = world
  recorder.about('a run through all kinds of nodes')
  await manager.post('/flows', { key: 'whole', integrationKey: 'github', nodes: NODES })
  const instance = (await tenant.put('/connections/github-dev/flows/whole', {})).json
  const input = { names: ['Ada', 'Ben'], size: 2 }
  const run = (await tenant.post('/flow-runs', { flowInstanceId: instance.id, input, meta: { by: 'walk' } })).json
  const at = `/flow-runs/${run.id}`
  await tenant.get(at)
  await world.advance(1)
  await tenant.get(at)
  await stranger.get(at)
  await nobody.get(at)
  await tenant.get('/flow-runs/nope')

  recorder.about('what its nodes gave')
  await tenant.get(`${at}/output`)
  await tenant.get('/flow-runs/nope/output')
  for (const node of [...Object.keys(NODES), 'nope']) {
    await tenant.get(`${at}/output/${node}`)
    const runs = (await tenant.get(`${at}/nodes/${node}/runs`)).json.items ?? []
    await tenant.get(`${at}/nodes/${node}/outputs`)
    if (node !== 'inside') continue
    await tenant.get(`${at}/nodes/${node}/runs?limit=1`)
    await tenant.get(`${at}/nodes/${node}/runs/limit=1&cursor=1`)
    await tenant.get(`${at}/nodes/${node}/runs?limit=0`)
    await tenant.get(`${at}/nodes/${node}/runs/${runs[0].id}`)
    await tenant.get(`${at}/nodes/${node}/runs/nope`)
    for (const name of ['output', 'outputs']) {
      await tenant.get(`${at}/nodes/${node}/${name}/${runs[0].outputs[0].id}`)
      await tenant.get(`${at}/nodes/${node}/${name}/nope`)
    }
  }

  recorder.about('lists of runs')
  const queries = [
    '',
    '?limit=1',
    `?flowInstanceId=${instance.id}`,
    '?state=completed',
    '?state=failed',
    '?state=flying',
    '?tenantId=demo-tenant',
    '?userId=somebody-else',
    '?connectionId=nope',
    '?from=2025-01-01T00:00:01Z',
    '?to=2025-01-01',
    '?from=yesterday',
    `?integrationId=${instance.integrationId}`,
    '?externalAppId=nope',
    '?flowId=nope',
    '?integrationFlowId=nope',
    '?limit=0',
  ]
  for (const query of queries) await tenant.get(`/flow-runs${query}`)
  await stranger.get('/flow-runs')
  await manager.get('/flow-runs?tenantId=demo-tenant')
  await nobody.get('/flow-runs')
}

const FAILURES = {
  'no-such-request': { ask: request('GET', '/nowhere') },
  'bad-code': {
    ask: {
      type: 'run-javascript',
      name: 'Bad code',
      config: { code: 'module.exports = () => { throw new Error("no") }' },
    },
  },
  'bad-loop': { ask: { type: 'for-each', config: { items: 'none', rootNodeKey: 'ask2' } }, ask2: { type: 'filter' } },
  'not-faked': { ask: { type: 'create-data-link' } },
  'no-action': { ask: { type: 'run-action', config: {} } },
  'unknown-action': { ask: { type: 'run-action', config: { actionKey: 'nope' } } },
  'no-output': { ask: { type: 'transform-data' } },
  'own-app': { ask: { type: 'api-request-to-your-app', config: { request: { path: '/x' } } } },
  'goes-on': {
    ask: { ...request('GET', '/nowhere'), onError: 'continue', links: [link('then')] },
    then: { type: 'transform-data', config: { output: { $var: '$.input' } } },
  },
  skipped: {
    ask: { type: 'filter', config: { filter: is('$.input.name', 'nobody') }, links: [link('then')] },
    then: { type: 'filter' },
  },
  'bad-filter': { ask: { type: 'filter', config: { filter: { $eval: 1, resembles: 1 } } } },
  'older-filter': { ask: { type: 'filter', config: { filter: [{ field: 'name', operator: 'is', value: 'Ada' }] } } },
  'user-filter': { ask: { type: 'filter', userConfig: { filter: is('$.input.name', 'Ada') } } },
}

async function walkFailures(world) {
  const { recorder, tenant, manager } = world
  recorder.about('runs whose nodes fail, and nodes that nothing passes')
  for (const [key, nodes] of Object.entries(FAILURES)) {
    await manager.post('/flows', { key, nodes: { start: { type: 'api-trigger', links: [link('ask')] }, ...nodes } })
    const { id } = (await tenant.post(`/connections/github-dev/flows/${key}/run`, { input: { name: 'Ada' } })).json
    await world.advance(1)
    await tenant.get(`/flow-runs/${id}`)
    await tenant.get(`/flow-runs/${id}/nodes/ask/runs`)
  }

  recorder.about('runs that cannot begin')
  await manager.post('/flows', { key: 'no-trigger', nodes: { one: { type: 'filter' } } })
  const two = { one: { type: 'api-trigger' }, two: { type: 'api-trigger' } }
  const universal = (await manager.post('/flows', { key: 'two-triggers', nodes: two })).json
  for (const body of [{}, { flowInstanceId: 'nope' }, { flowInstanceId: universal.id }, { input: 7 }])
    await tenant.post('/flow-runs', body)
  for (const key of ['no-trigger', 'two-triggers']) await tenant.post(`/connections/github-dev/flows/${key}/run`, {})
}

async function walkWaiting(world) {
  const { recorder, tenant, stranger, control } = world
  recorder.about('runs that wait for their turn')
  await world.progress({ flowRun: 'hold' })
  const begin = async (connection) =>
    (await tenant.post(`/connections/${connection}/flows/skipped/run`, { input: { n: 1 } })).json.id
  const [first, second, third] = [await begin('github-dev'), await begin('github-dev'), await begin('github-dev')]
  const elsewhere = await begin('hubspot-prod')
  const read = async (...ids) => {
    for (const id of ids) await tenant.get(`/flow-runs/${id}`)
  }
  await read(first, second, elsewhere)
  const poke = (id, event, error) => control.post(`/flow-runs/${id}/poke`, { event, error })
  await poke(second, 'complete')
  await poke(first, 'complete')
  await read(first, second)
  await poke(second, 'fail', 'it was said so')
  await poke(second, 'fail')
  await poke(third, 'start')
  await read(third)
  await tenant.post(`/flow-runs/${third}/stop`)
  await tenant.post(`/flow-runs/${third}/stop`)
  await tenant.post('/flow-runs/nope/stop')
  await stranger.post(`/flow-runs/${elsewhere}/stop`)
  await poke(elsewhere, 'stop')
  await poke('nope', 'start')
  await poke(elsewhere, 'jump')

  recorder.about('runs that fail by themselves, or take their time')
  await world.progress({ flowRun: { fail: { error: 'out of order' } } })
  await read(await begin('github-dev'))
  await world.progress({ flowRun: { after: 5000 } })
  const late = await begin('github-dev')
  await world.advance(4999)
  await read(late)
  await world.advance(1)
  await read(late)
  await world.poke('hubspot-prod', 'loseCredentials')
  const lost = await begin('hubspot-prod')
  await world.advance(5000)
  if (lost) await read(lost)
}
