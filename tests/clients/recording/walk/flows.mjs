// Flows at three layers, their nodes, and what flow instances have beside what all elements have.

import { walkLayered } from './layered.mjs'

const start = (...keys) => ({ type: 'api-trigger', links: keys.map((key) => ({ key })) })
const says = (text) => ({ type: 'transform-data', config: { output: { text, name: { $var: '$.input.name' } } } })

const KIND = {
  singular: 'flow',
  plural: 'flows',
  one: { nodes: { start: start('greet'), greet: says('hello') } },
  other: { nodes: { start: start('greet'), greet: says('bonjour') }, description: 'In French' },
  wrong: { nodes: { start: { type: 'no-such-type' } } },
  input: { name: 'Ada' },
}

export async function walkFlows(recorder) {
  recorder.begin('flows')
  const world = await recorder.world('flows')
  await walkLayered(world, KIND)
  await walkNodes(world)
  await walkInstances(world)
  await walkParts(world)
  await walkDependencies(world)
  await world.evidence()
}

async function walkNodes({ recorder, manager }) {
  recorder.about('nodes')
  const circle = { a: { type: 'filter', links: [{ key: 'b' }] }, b: { type: 'filter', links: [{ key: 'a' }] } }
  await manager.post('/flows', { key: 'circle', nodes: circle })
  await manager.post('/flows', { key: 'empty' })
  await manager.patch('/flows/empty', { nodes: { one: start(), two: says('two') } })
  await manager.patch('/flows/empty', { nodes: { one: null, two: { onError: 'continue' } } })
  await manager.patch('/flows/empty', { nodes: { two: { onError: 'panic' } } })
  await manager.patch('/flows/empty', { parametersSchema: { type: 7 } })
  await manager.patch('/flows/empty', { enabled: false, parameters: { a: 1 } })
}

async function walkInstances({ recorder, tenant, stranger, manager, control }) {
  recorder.about('flow instances')
  const flow = (await manager.post('/flows', { key: 'plain', integrationKey: 'github', ...KIND.one })).json
  const { id } = (await tenant.get('/connections/github-dev')).json
  const made = (await tenant.post('/flow-instances', { flowId: flow.id, connectionId: id, name: 'Mine' })).json
  await tenant.post('/flow-instances', {
    flowId: flow.id,
    connectionId: id,
    instanceKey: 'b',
    nodes: { greet: says('moin') },
  })
  await tenant.post('/flow-instances', { flowId: flow.id, integrationId: 'github' })
  await tenant.post('/flow-instances', { connectionId: id })
  await tenant.post('/flow-instances', { connectionId: id, name: 'Own', nodes: { start: start() } })
  await tenant.post('/flow-instances', { name: 'Own', nodes: { start: start() } })
  await tenant.post('/flow-instances', { flowId: 'nope', connectionId: id })
  await stranger.post('/flow-instances', { flowId: flow.id, connectionId: id })
  await tenant.post(`/flow-instances/${made.id}`, { name: 'By POST' })
  await tenant.post('/flow-instances/nope', { name: 'By POST' })
  for (const query of [
    'flowId=plain',
    `flowId=${flow.id}&connectionId=${id}`,
    'flowKey=plain&integrationKey=github',
    'flowKey=nope',
  ]) {
    await tenant.get(`/flow-instance?${query}`)
  }
  await tenant.get('/flow-instances?flowKey=plain')
  await tenant.get('/flow-instances?enabled=false')

  recorder.about('set up, brought up to date, reset in part')
  const at = `/flow-instances/${made.id}`
  await tenant.post(`${at}/setup`)
  await tenant.post('/flow-instances/nope/setup')
  await tenant.post(`/flow-instances/${flow.id}/setup`)
  await tenant.patch(`/flow-instance?id=${made.id}`, {
    name: 'Renamed',
    nodes: { greet: says('ahoy'), more: says('more') },
  })
  await manager.patch(`/flows/${flow.id}`, { nodes: { greet: says('hi'), added: says('added') } })
  await tenant.post(`${at}/update-to-latest-flow`)
  await tenant.post('/flow-instances/nope/update-to-latest-flow')
  await tenant.post(`${at}/reset`, { name: true })
  await tenant.post(`${at}/reset`, { nodes: { greet: true, more: true } })
  await tenant.post(`${at}/reset`, { allNodes: true })
  await tenant.post(`${at}/reset`, {})
  await tenant.post('/flow-instances/nope/reset', {})
  await tenant.post(`${at}/reset`, { nodes: 7 })
  await tenant.delete(at)
  await tenant.delete('/flow-instances/nope')
  await stranger.delete(at)

  recorder.about('instances that come by themselves')
  await manager.post('/flows', { key: 'automatic', integrationKey: 'stripe', autoCreateInstances: true, ...KIND.one })
  await tenant.post('/connections', { key: 'stripe-1', integrationKey: 'stripe', credentials: { apiKey: 'sk' } })
  await tenant.get('/flow-instances?connectionKey=stripe-1')
  await control.get('/journal?path=/flow-instances*&status=200')
}

async function walkParts({ recorder, tenant, stranger }) {
  recorder.about('run below a connection')
  const at = '/connections/github-dev/flows'
  await tenant.post(`${at}/plain/run`, { input: { name: 'Ben' }, meta: { by: 'walk' } })
  await tenant.post(`${at}/plain/run`, { nodeKey: 'greet', input: {} })
  await tenant.post(`${at}/plain/run`, { nodeKey: 'nope' })
  await tenant.post(`${at}/nope/run`, {})
  await tenant.post(`${at}/empty/run`, {})
  await stranger.post(`${at}/plain/run`, {})
}

async function walkDependencies({ recorder, tenant, manager }) {
  recorder.about('what a flow depends on')
  await manager.post('/data-sources', { key: 'contacts', name: 'Contacts', collectionKey: 'contacts' })
  const action = (await manager.get('/actions/list-repositories')).json
  const nodes = {
    ...KIND.one.nodes,
    act: { type: 'run-action', config: { actionId: action.id } },
    again: { type: 'run-action', config: { actionKey: 'list-repositories' } },
    list: {
      type: 'list-data-records',
      config: { dataSource: { key: 'contacts' }, fieldMapping: { key: 'gone' } },
    },
    ask: { type: 'integration-specific-operation', config: { operationKey: 'list-issues' } },
  }
  await manager.post('/flows', { key: 'depending', name: 'Depending', meta: { team: 'a' }, nodes })
  await tenant.get('/flows/depending/dependencies')
  await tenant.get('/flows/depending/export')
  await manager.delete('/data-sources/contacts')
  await tenant.get('/flows/depending/dependencies')
  await manager.post('/flows/depending/clone', { name: 'Depending again', enabled: false })
}
