// Operations: what connectors can do by themselves, listed, run, and as actions and nodes of flows.

const WEBSITE = { owner: 'acme', repo: 'website' }
const code = (text) => ({ type: 'run-javascript', config: { code: `module.exports = ${text}` } })

const ADD = {
  key: 'add',
  name: 'Add',
  description: 'Adds two numbers',
  inputSchema: { type: 'object', required: ['a', 'b'], properties: { a: { type: 'number' }, b: { type: 'number' } } },
  outputSchema: { type: 'number' },
  outputMapping: { $var: '$.output.sum' },
  ...code('({ input }) => { console.log("adding"); return { sum: input.a + input.b } }'),
}
const FAIL = { key: 'fail', name: 'Fail', ...code('() => { throw new Error("no") }') }

export async function walkOperations(recorder) {
  recorder.begin('operations')
  const world = await recorder.world('operations')
  await walkDescriptions(world)
  await walkConnector(world)
  await walkRuns(world)
  await walkActions(world)
  await walkNodes(world)
  await world.evidence()
}

async function walkDescriptions({ recorder, tenant, stranger, nobody }) {
  recorder.about('what there is')
  for (const of of ['/integrations/github', '/connections/github-dev']) {
    await tenant.get(`${of}/operations`)
    await tenant.get(`${of}/operations/list-issues`)
    await tenant.get(`${of}/operations/list-isues`)
    await nobody.get(`${of}/operations`)
  }
  for (const of of ['/integrations/nope', '/connections/nope']) {
    await tenant.get(`${of}/operations`)
    await tenant.get(`${of}/operations/list-issues`)
  }
  await stranger.get('/connections/github-dev/operations')
  await stranger.get('/connections/github-dev/operations/list-issues')
}

async function walkConnector({ recorder, tenant, manager }) {
  recorder.about('a connector that has operations of its own')
  const connector = (operations) => ({ key: 'calc', name: 'Calc', type: 'proxy', operations })
  for (const operations of [
    [ADD, ADD],
    [{ ...ADD, key: '' }],
    [{ ...ADD, inputSchema: { type: 7 } }],
    [{ ...ADD, type: 'http-request' }],
    [{ ...ADD, config: {} }],
    [{ key: 'a', name: 'A' }],
    [{ ...ADD, lacks: 7 }],
    'add',
  ]) {
    await manager.post('/connectors', connector(operations))
  }
  await manager.post('/connectors', connector([ADD]))
  await manager.patch('/connectors/calc', { operations: [ADD, FAIL] })
  await manager.post('/integrations', { key: 'calc', name: 'Calc', connectorKey: 'calc' })
  await tenant.post('/connections', { integrationKey: 'calc', key: 'my-calc' })
  await tenant.get('/integrations/calc')
  await tenant.get('/integrations/calc/operations')
  await tenant.get('/connections/my-calc/operations/add')
}

async function walkRuns(world) {
  const { recorder, tenant, stranger, nobody, control } = world
  recorder.about('run, and refused')
  const at = '/connections/my-calc/operations'
  await tenant.post(`${at}/add/run`, { input: { a: 2, b: 3 } })
  await tenant.post(`${at}/add/run`, { input: { a: 2 } })
  await tenant.post(`${at}/add/run`, { input: { a: 2, b: 'three' } })
  await tenant.post(`${at}/add/run`)
  await tenant.post(`${at}/ad/run`, { input: { a: 2, b: 3 } })
  await tenant.post(`${at}/fail/run`, {})
  await stranger.post(`${at}/add/run`, { input: { a: 2, b: 3 } })
  await nobody.post(`${at}/add/run`, { input: { a: 2, b: 3 } })

  recorder.about('what its app answers')
  const issues = '/connections/github-dev/operations/list-issues/run'
  await tenant.post(issues, { input: WEBSITE })
  await tenant.post(issues, { input: {} })
  await control.post('/upstreams/github/stubs', {
    request: { method: 'GET', path: '/repos/acme/website/issues' },
    respond: { status: 422, json: { message: 'not now' } },
    times: 1,
  })
  await tenant.post(issues, { input: WEBSITE })
  await control.get('/upstreams/github/requests')
  await world.poke('github-dev', 'loseCredentials')
  await tenant.post(issues, { input: WEBSITE })
  await world.poke('github-dev', 'reconnect')
  await world.poke('github-dev', 'authorize')
  await tenant.get('/action-run-logs')
}

const OF_INPUT = { owner: { $var: '$.input.who' }, repo: 'website' }
const CONFIGS = {
  mapped: { operationKey: 'list-issues', inputMapping: OF_INPUT },
  plain: { operationKey: 'list-issues' },
  unknown: { operationKey: 'list-isues' },
  nameless: {},
}
const INPUTS = { mapped: { who: 'acme' }, plain: WEBSITE, unknown: {}, nameless: {} }

async function walkActions({ recorder, tenant, manager }) {
  recorder.about('actions that run an operation')
  for (const [key, config] of Object.entries(CONFIGS)) {
    await manager.post('/actions', { key, integrationKey: 'github', type: 'connector-operation', config })
    await tenant.post(`/connections/github-dev/actions/${key}/run`, INPUTS[key])
  }
  await tenant.post('/connections/github-dev/actions/plain/run', {})
  await manager.post('/actions', { key: 'anywhere', type: 'connector-operation', config: { operationKey: 'add' } })
  await tenant.post('/connections/my-calc/actions/anywhere/run', { a: 1, b: 1 })
  await tenant.post('/connections/github-dev/actions/anywhere/run', { a: 1, b: 1 })
  await tenant.post('/actions/anywhere/run', { input: { a: 1, b: 1 } })
}

async function walkNodes({ recorder, tenant, manager }) {
  recorder.about('nodes of flows that run an operation')
  for (const [key, config] of Object.entries(CONFIGS)) {
    const ask = { type: 'integration-specific-operation', config }
    const nodes = { start: { type: 'api-trigger', links: [{ key: 'ask' }] }, ask }
    await manager.post('/flows', { key, integrationKey: 'github', nodes })
    const { id } = (await tenant.post(`/connections/github-dev/flows/${key}/run`, { input: INPUTS[key] })).json
    await tenant.get(`/flow-runs/${id}`)
    await tenant.get(`/flow-runs/${id}/output/ask`)
  }
}
