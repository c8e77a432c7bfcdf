// Connected products: the apps and agents of the user's own, elements of the whole workspace.

import { address } from './layered.mjs'
import { walkOfWorkspace } from './of-workspace.mjs'
import { walkPortable } from './portable.mjs'

const PORTAL = { key: 'portal', name: 'Portal', type: 'app', audience: 'customers' }

const KIND = {
  plural: 'connected-products',
  key: 'portal',
  one: PORTAL,
  wrong: [{ type: 'robot' }, { audience: 'everybody' }],
  wrongWhole: { ...PORTAL, parameters: 7 },
}

export async function walkConnectedProducts(recorder) {
  recorder.begin('connected-products')
  const world = await recorder.world('connected-products')
  const { id } = await walkMaking(world)
  for (const base of basesOf(id)) await walkOfWorkspace(world, KIND, base)
  for (const base of basesOf(id)) await walkPortable(world, base, { hasClones: false })
  await walkPages(world, id)
  await world.evidence()
}

async function walkMaking({ recorder, tenant, manager, nobody }) {
  recorder.about('made and listed')
  const made = (await manager.post('/connected-products', PORTAL)).json
  await manager.post('/connected-products', {
    name: 'Helper',
    description: 'It gets a key',
    type: 'ai-agent',
    audience: 'personal',
    parameters: { agentType: 'claude' },
    meta: { a: 1 },
  })
  await manager.post('/connected-products', { key: 'bare' })
  for (const body of [PORTAL, {}, { key: 'x', ...KIND.wrong[0] }, { key: 'x', ...KIND.wrong[1] }, { key: 7 }]) {
    await manager.post('/connected-products', body)
  }
  await tenant.post('/connected-products', { key: 'mine' })
  for (const query of ['', '?search=HELP', '?limit=1', '?limit=1&cursor=1', '?key=bare', '?limit=0']) {
    await tenant.get(`/connected-products${query}`)
  }
  await manager.get('/connected-products')
  await nobody.get('/connected-products')
  return made
}

const basesOf = (id) => [
  address(`/connected-products/${id}`, '', '/connected-products/nope'),
  address('/connected-product', 'key=portal', '/connected-product?key=nope'),
]

async function walkPages(world, id) {
  const { recorder, nobody, tenantKey } = world
  recorder.about('pages of connected products')
  const token = world.token({ tenantKey })
  for (const base of ['/embed', '/isolated-embed']) {
    for (const product of [id, 'portal', 'nope']) {
      await nobody.get(`${base}/connected-products/${product}/configuration?token=${token}`)
    }
  }
}
