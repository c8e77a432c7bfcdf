// Checkpoints of what a workspace defines, what each changed, and the way back.

export async function walkCheckpoints(recorder) {
  recorder.begin('checkpoints')
  const world = await recorder.world('checkpoints')
  const action = await walkChanges(world)
  const { items } = (await world.manager.get(`/checkpoints?elementId=${action.id}`)).json
  await walkLists(world)
  await walkOne(world, action, items[0])
  await walkReverts(world, action, items)
  await world.evidence()
}

const saying = (text) => ({ type: 'run-javascript', config: { code: `module.exports = () => '${text}'` } })

async function walkChanges({ recorder, tenant, manager }) {
  recorder.about('changes of definitions, and of what is none')
  const meta = { 'a/b': 1, 'c~d': [1, 2], same: true }
  const action = (await manager.post('/actions', { key: 'say', name: 'Say', description: 'It says', meta, ...saying('one') })).json
  await manager.patch('/actions/say', { name: 'Say two', ...saying('two') })
  await manager.patch('/actions/say', { name: 'Say two' })
  await manager.patch('/actions/say', { description: null, meta: { 'a/b': 2, 'c~d': [1], '': null } })
  await manager.post('/actions', { key: 'say', name: 'On GitHub', integrationKey: 'github' })
  await manager.post('/flows', { key: 'sync', name: 'Sync', nodes: { start: { type: 'api-trigger' } } })
  await tenant.put('/connections/github-dev/actions/say', { name: 'Mine', ...saying('mine') })
  await manager.delete('/flows/sync')
  return action
}

async function walkLists({ recorder, manager }) {
  recorder.about('lists')
  const queries = ['', 'limit=2', 'elementType=action', 'elementType=flow', 'elementType=nope', 'elementId=nope']
  for (const query of [...queries, 'limit=0', 'cursor=x']) await manager.get(`/checkpoints?${query}`)
  const { cursor } = (await manager.get('/checkpoints?limit=1')).json
  await manager.get(`/checkpoints?limit=1&cursor=${cursor}`)
}

async function walkOne({ recorder, tenant, manager, nobody }, action, { id }) {
  recorder.about('one, and what it changed')
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
  await tenant.get('/checkpoints')
  await nobody.get('/checkpoints')
}

async function walkReverts({ recorder, tenant, manager }, action, [first, second, third]) {
  recorder.about('gone back to')
  const run = () => tenant.post('/connections/hubspot-prod/actions/say/run', {})
  await manager.get(`/checkpoints/${second.id}/diff`)
  await manager.get(`/checkpoints/${third.id}/diff`)
  await run()
  await manager.post(`/checkpoints/${first.id}/revert`)
  await manager.post(`/checkpoints/${first.id}/revert`)
  await run()
  await manager.delete(`/actions/${action.id}`)
  await manager.post(`/checkpoints/${second.id}/revert`)
  await run()
  const { items } = (await manager.get('/checkpoints?elementType=flow')).json
  await manager.post(`/checkpoints/${items[0].id}/revert`)
  await manager.get(`/checkpoints?elementId=${action.id}`)
}
