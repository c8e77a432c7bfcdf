// Screens of integrations: elements of the whole workspace, of which nobody has a version.

import { address } from './layered.mjs'
import { walkOfWorkspace } from './of-workspace.mjs'
import { walkPortable } from './portable.mjs'

const BLOCKS = [
  { type: 'flow', key: 'sync', title: 'Sync' },
  { type: 'field-mapping', key: 'contacts' },
]
const OF_GITHUB = { type: 'integration', key: 'github' }

const KIND = {
  plural: 'screens',
  key: 'github',
  one: { ...OF_GITHUB, blocks: BLOCKS.slice(1) },
  wrong: [{ blocks: [{ type: 'button' }] }, { type: null }],
  wrongWhole: { name: 'It has no type' },
}

export async function walkScreens(recorder) {
  recorder.begin('screens')
  const world = await recorder.world('screens')
  const { id } = await walkMaking(world)
  for (const base of basesOf(id)) await walkOfWorkspace(world, KIND, base)
  for (const base of basesOf(id)) await walkPortable(world, base, { hasClones: false })
  await walkAutoCreate(world)
  await walkPages(world, id)
  await world.evidence()
}

async function walkMaking({ recorder, tenant, manager, nobody }) {
  recorder.about('made and listed')
  const made = (await manager.post('/screens', { ...OF_GITHUB, blocks: BLOCKS })).json
  await manager.post('/screens', { type: 'integration', key: 'slack', name: 'Slack', description: 'It has no block' })
  for (const body of [
    OF_GITHUB,
    {},
    { key: 'x' },
    { type: 'tenant', key: 'x' },
    { type: 'integration', key: 'x', blocks: [{ type: 'button' }] },
    { type: 'integration', key: 'x', blocks: 'none' },
  ]) {
    await manager.post('/screens', body)
  }
  await tenant.post('/screens', { type: 'integration', key: 'mine' })
  for (const query of ['', '?key=slack', '?type=integration&limit=1', '?search=SLACK', '?type=tenant', '?limit=0']) {
    await tenant.get(`/screens${query}`)
  }
  await nobody.get('/screens')
  return made
}

const basesOf = (id) => [
  address(`/screens/${id}`, '', '/screens/nope'),
  address('/screen', 'type=integration&key=github', '/screen?type=integration&key=nope'),
]

async function walkAutoCreate({ recorder, tenant, stranger }) {
  recorder.about('made when they are read')
  const ofHubspot = '/screen?type=integration&key=hubspot'
  await tenant.get(ofHubspot)
  await tenant.get(`${ofHubspot}&autoCreate=true`)
  await tenant.get(ofHubspot)
  await tenant.get('/screen?type=integration&connectionId=hubspot-prod&autoCreate=true')
  await tenant.get('/screen?type=integration&connectionId=nope&autoCreate=true')
  await stranger.get('/screen?type=integration&connectionId=hubspot-prod&autoCreate=true')
  await tenant.get('/screen?type=tenant&key=hubspot&autoCreate=true')
  await tenant.get('/screen?type=integration&autoCreate=true')
}

async function walkPages(world, id) {
  const { recorder, nobody, tenantKey } = world
  recorder.about('pages of screens')
  const token = world.token({ tenantKey })
  for (const base of ['/embed', '/isolated-embed']) {
    for (const screen of [id, 'github', 'nope']) await nobody.get(`${base}/screens/${screen}/editor?token=${token}`)
  }
}
