// Packages at three layers and by their former name, and what they name.

import { walkByFormerName, walkElementPages, walkLayered } from './layered.mjs'

const KIND = {
  singular: 'package',
  plural: 'packages',
  one: { elements: [{ type: 'action', id: 'ping' }] },
  other: { elements: [{ type: 'flow', id: 'gone' }], description: 'What is gone', scenarioTemplateId: 'template-1' },
  wrong: { elements: [{ type: 'nonsense', id: '1' }] },
}

export async function walkPackages(recorder) {
  recorder.begin('packages')
  const world = await recorder.world('packages')
  const action = (await world.manager.post('/actions', { key: 'ping', name: 'Ping', ...PING })).json
  await walkLayered(world, KIND)
  await walkNames(world, action)
  await walkByFormerName(world, { ...KIND, singular: 'scenario', plural: 'scenarios' })
  const { id } = (await world.tenant.get('/package-instance?parentKey=greet&connectionKey=github-dev')).json
  await walkElementPages(world, KIND, 'greet', id)
  await world.evidence()
}

const PING = { type: 'run-javascript', config: { code: 'module.exports = () => "pong"' } }

async function walkNames({ recorder, tenant, manager }, action) {
  recorder.about('elements are named by id, UUID or key, and one that is gone stays named')
  await manager.post('/flows', { key: 'sync', name: 'Sync', nodes: {} })
  const elements = [
    { type: 'action', id: action.id },
    { type: 'action', id: action.uuid },
    { type: 'action', id: 'ping' },
    { type: 'flow', id: 'sync' },
    { type: 'flow', id: 'gone' },
  ]
  await manager.post('/packages', { key: 'named', name: 'Named', elements })
  await tenant.get('/packages/named/export')
  await tenant.get('/packages/named/dependencies')
  await manager.delete('/flows/sync')
  await tenant.get('/packages/named')
  for (const wrong of ['all', [7], [{ type: 'action' }], [{ id: action.id }]]) {
    await manager.patch('/packages/named', { elements: wrong })
  }
  await manager.patch('/packages/named', { elements: [] })
  await manager.patch('/packages/named', { elements: null })
}
