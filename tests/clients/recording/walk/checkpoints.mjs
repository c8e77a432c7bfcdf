// Checkpoints of what a workspace defines, what has become of it since, and the way back.

export async function walkCheckpoints(recorder) {
  recorder.begin('checkpoints')
  const world = await recorder.world('checkpoints')
  const elements = await walkChanges(world)
  const { action } = elements
  const all = (await world.manager.get(of('action', action))).json
  await walkLists(world, elements)
  await walkOne(world, action, all[0])
  await walkReverts(world, elements, all)
  await world.evidence()
}

const of = (type, { id }) => `/checkpoints?elementType=${type}&elementId=${id}`

const saying = (text) => ({ type: 'run-javascript', config: { code: `module.exports = () => '${text}'` } })

async function walkChanges({ recorder, tenant, manager }) {
  recorder.about('changes of definitions, and of what is none')
  const meta = { 'a/b': 1, 'c~d': [1, 2], same: true, list: [{ id: 1 }, 2] }
  const action = (await manager.post('/actions', { key: 'say', name: 'Say', description: 'It says', meta, ...saying('one') })).json
  await manager.patch('/actions/say', { name: 'Say two', ...saying('two') })
  await manager.patch('/actions/say', { name: 'Say two' })
  const changed = { 'a/b': 2, 'c~d': [1], '': null, list: [{ id: 3 }, 2, 4] }
  await manager.patch('/actions/say', { description: null, meta: changed })
  const version = (await manager.post('/actions', { key: 'say', name: 'On GitHub', integrationKey: 'github' })).json
  const flow = (await manager.post('/flows', { key: 'sync', name: 'Sync', nodes: { start: { type: 'api-trigger' } } })).json
  const mine = (await tenant.put('/connections/github-dev/actions/say', { name: 'Mine', ...saying('mine') })).json
  await manager.delete('/flows/sync')
  return { action, version, flow, mine }
}

async function walkLists({ recorder, manager }, { action, version, flow, mine }) {
  recorder.about('lists, each of one element')
  for (const [type, element] of [['action', version], ['flow', flow]]) await manager.get(of(type, element))

  recorder.about('lists of what has none')
  for (const [type, element] of [['action', mine], ['flow', action], ['action', flow]]) await manager.get(of(type, element))
  for (const id of ['nope', 'say']) await manager.get(of('action', { id }))

  recorder.about('lists of nobody')
  const without = ['', 'limit=2', 'elementType=action', 'elementType=nope', `elementId=${action.id}`, 'elementId=nope']
  const empty = ['elementType=action&elementId=', `elementType=&elementId=${action.id}`]
  for (const query of [...without, ...empty]) await manager.get(`/checkpoints?${query}`)
  for (const type of ['nope', 'actio', 'integration']) await manager.get(of(type, action))

  recorder.about('lists have no pages')
  for (const more of ['limit=1', 'limit=0', 'cursor=x']) await manager.get(`${of('action', action)}&${more}`)
}

async function walkOne({ recorder, tenant, manager, nobody }, action, { id }) {
  recorder.about('one, and what has become of the element since')
  const calls = [
    ['GET', ''],
    ['GET', '/diff'],
    ['POST', '/revert'],
  ]
  for (const [method, below] of calls.slice(0, 2)) await manager.call(method, `/checkpoints/${id}${below}`)
  for (const [method, below] of calls) {
    for (const caller of [tenant, nobody]) await caller.call(method, `/checkpoints/${id}${below}`)
    for (const wrong of ['nope', action.id]) await manager.call(method, `/checkpoints/${wrong}${below}`)
  }
  for (const caller of [tenant, nobody]) {
    await caller.get('/checkpoints')
    await caller.get(of('action', action))
  }
}

async function walkReverts({ recorder, tenant, manager }, { action, flow }, [first, second, third]) {
  recorder.about('gone back to')
  const run = () => tenant.post('/connections/hubspot-prod/actions/say/run', {})
  await manager.get(`/checkpoints/${second.id}/diff`)
  await manager.get(`/checkpoints/${third.id}/diff`)
  await run()
  await manager.post(`/checkpoints/${first.id}/revert`)
  await manager.post(`/checkpoints/${first.id}/revert`)
  for (const { id } of [first, second, third]) await manager.get(`/checkpoints/${id}/diff`)
  await run()
  await manager.delete(`/actions/${action.id}`)
  await manager.get(`/checkpoints/${second.id}/diff`)
  await manager.post(`/checkpoints/${second.id}/revert`)
  await run()
  const [ofFlow] = (await manager.get(of('flow', flow))).json
  await manager.get(`/checkpoints/${ofFlow.id}/diff`)
  await manager.post(`/checkpoints/${ofFlow.id}/revert`)
  await manager.get(of('action', action))
}
