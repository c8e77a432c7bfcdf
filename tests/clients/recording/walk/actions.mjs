// Actions at three layers, their types, building by intent, and instances that run.

import { walkLayered } from './layered.mjs'

const request = (path, more = {}) => ({
  type: 'api-request-to-external-app',
  config: { request: { method: 'GET', path, ...more } },
})

const KIND = {
  singular: 'action',
  plural: 'actions',
  one: request('/user'),
  other: {
    ...request('/users', { query: { n: { $var: '$.input.n' } } }),
    inputSchema: { type: 'object', properties: { n: { type: 'integer' } } },
  },
  wrong: { type: 'no-such-type' },
  input: { n: 1 },
}

export async function walkActions(recorder) {
  recorder.begin('actions')
  const world = await recorder.world('actions')
  await walkLayered(world, KIND)
  await walkRuns(world)
  await walkTypes(world)
  await walkBuilding(world)
  await world.evidence()
}

async function walkRuns({ recorder, tenant, stranger }) {
  recorder.about('run where the body is the input itself')
  await tenant.post('/connections/github-dev/actions/list-repositories/run', { perPage: 2 })
  await tenant.post('/connections/github-dev/actions/list-repositories/run', { perPage: 'many' })
  await tenant.post('/connections/github-dev/actions/nope/run', {})
  await tenant.post('/connections/github-dev/actions/list-repositories/run')
  await stranger.post('/connections/github-dev/actions/list-repositories/run', {})
  await tenant.post('/action-instance/run?parentKey=greet&connectionKey=github-dev', { n: 2 })
  await tenant.post('/action-instance/run?parentKey=list-contacts&connectionKey=hubspot-prod&autoCreate=true', {})
  await tenant.post('/action-instance/run?parentKey=nope&connectionKey=github-dev', {})
  await tenant.post('/action-instance/run?parentKey=nope&connectionKey=github-dev&autoCreate=true', {})
  await tenant.post('/action-instance/run?layer=sky', {})
  await tenant.post('/actions/github.list-repositories/run', { perPage: 1 })
  await tenant.post('/actions/list-repositories/run?integrationKey=github', { input: { page: 2 } })
}

const TYPES = [
  [
    'shaped',
    {
      ...request('/user'),
      outputMapping: { login: { $var: '$.login' }, all: [{ $concat: ['<', { $var: '$.name' }, '>'] }] },
      customOutputSchema: { type: 'object', properties: { login: { type: 'string' } } },
    },
  ],
  ['code', { type: 'run-javascript', config: { code: 'module.exports = ({ input }) => ({ twice: input.n * 2 })' } }],
  ['broken-code', { type: 'run-javascript', config: { code: 'module.exports = () => { throw new Error("no") }' } }],
  ['no-code', { type: 'run-javascript' }],
  ['operation', { type: 'connector-operation', config: { operationKey: 'list-repositories' } }],
  ['no-operation', { type: 'connector-operation', config: { operationKey: 'x' } }],
  ['collection', { type: 'list-data-records', config: { dataSource: { collectionKey: 'contacts' } } }],
  ['older', { type: 'api-request', config: { request: { method: 'GET', path: '/user/repos' } } }],
]

async function walkTypes({ recorder, tenant, manager, control, key }) {
  recorder.about('types of actions')
  for (const [name, definition] of TYPES) {
    await manager.post('/actions', { key: name, integrationKey: 'github', ...definition })
    await tenant.post(`/actions/${name}/run`, { input: { n: 3 } })
  }
  const uri = `${recorder.receiver.url}/anything`
  await manager.post('/actions', {
    key: 'anywhere',
    type: 'http-request',
    config: { request: { method: 'POST', uri, body: { a: 1 } } },
  })
  await tenant.post('/actions/anywhere/run', { input: {} })
  const own = {
    key: 'own-app',
    type: 'api-request-to-your-app',
    config: { request: { method: 'GET', path: '/contacts' } },
  }
  await manager.post('/actions', own)
  await tenant.post('/actions/own-app/run', { input: {} })
  await manager.patch(`/workspaces/${key}`, {
    apiBaseUri: recorder.receiver.url,
    apiRequestHeaders: { 'x-tenant': { $var: '$.user.internalId' } },
  })
  await tenant.post('/actions/own-app/run', { input: {} })
  recorder.received("what the workspace's own app was asked")
  await control.get('/upstreams/github/requests')
}

async function walkBuilding(world) {
  const { recorder, tenant, manager, control } = world
  recorder.about('actions that are built')
  const asked = (key) => ({ key, integrationKey: 'github', intent: 'List the stars of a user' })
  await manager.post('/actions', asked('built'))
  await tenant.get('/actions/built?wait=true&timeout=5')
  await world.progress({ 'action.building': 'hold' })
  const { id } = (await manager.post('/actions', asked('held'))).json
  await tenant.get('/actions/held')
  await tenant.post('/actions/held/run', { input: {} })
  await control.post(`/actions/${id}/poke`, { event: 'finishBuilding' })
  await control.post(`/actions/${id}/poke`, { event: 'finishBuilding' })
  await tenant.get('/actions/held')
  await manager.post('/actions', asked('not-built'))
  await control.post('/actions/not-built/poke', { event: 'fail', error: 'it is too much' })
  await tenant.get('/actions/not-built')
  await control.post('/actions/nope/poke', { event: 'fail' })
  await control.post('/actions/not-built/poke', { event: 'start' })
  await world.progress({ 'action.building': { fail: { error: 'never' } } })
  await manager.post('/actions', asked('failed'))
  await tenant.get('/actions/failed')
}
