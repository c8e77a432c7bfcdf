// What app data schemas and app event types have in common: elements of the workspace, and the versions that tenants
// have of them.

import { address, walkInstanceById } from './layered.mjs'
import { walkPortable } from './portable.mjs'

/**
 * `kind` says how the elements and their instances are called, and what an instance calls what it is one of. `one` is a
 * definition with a `schema`, `verbs` are what can be done with an instance that has an id.
 */
export async function walkOfTenants(world, kind) {
  const { id } = await walkElements(world, kind)
  const own = await walkInstances(world, kind, id)
  await walkInstanceById(world, `/${kind.instances}`, own.id, kind.verbs)
  await walkHolders(world, kind)
  for (const base of basesOf(kind, id)) await walkPortable(world, base, { hasClones: false })
}

const basesOf = ({ singular, plural, one }, id) => [
  address(`/${plural}/${id}`, '', `/${plural}/nope`),
  address(`/${singular}`, `key=${one.key}`, `/${singular}?key=nope`),
]

async function walkElements({ recorder, manager, tenant, nobody }, { singular, plural, parent, one }) {
  recorder.about('made and listed')
  const made = (await manager.post(`/${plural}`, one)).json
  await manager.post(`/${plural}`, { name: 'Big Company', description: 'Who pays', meta: { a: 1 } })
  await manager.post(`/${plural}`, { key: 'copy', [`${parent}Id`]: made.id })
  for (const body of [one, {}, { key: 'x', schema: { type: 7 } }, { key: 7 }]) {
    await manager.post(`/${plural}`, body)
  }
  await tenant.post(`/${plural}`, { key: 'mine' })
  const filters = ['', '?search=BIG', '?limit=1', `?id=${made.id}`, '?isUniversal=false', '?includeArchived=true']
  for (const query of filters) {
    await tenant.get(`/${plural}${query}`)
  }
  await nobody.get(`/${plural}`)

  for (const [at, restore] of [
    [`/${plural}/${made.id}`, `/${plural}/${made.id}/restore`],
    [`/${plural}/${one.key}`, `/${plural}/${one.key}/restore`],
    [`/${singular}?key=${one.key}`, `/${singular}/restore?key=${one.key}`],
  ]) {
    recorder.about(`at ${at.replace(made.id, '{id}')}`)
    await tenant.get(at)
    await manager.patch(at, { description: 'People' })
    await manager.put(at, { name: one.name, schema: one.schema })
    await tenant.patch(at, { name: 'Mine' })
    await manager.delete(at)
    await manager.patch(at, { name: 'Gone' })
    await manager.post(restore)
  }
  await tenant.get(`/${plural}/nope`)
  await tenant.get(`/${singular}`)
  return made
}

async function walkInstances(world, { instance, instances, parent, one }, id) {
  const { recorder, tenant, stranger, nobody } = world
  recorder.about('instances')
  const at = `/${instance}?${parent}Key=${one.key}`
  await tenant.get(at)
  const made = (await tenant.get(`${at}&autoCreate=true`)).json
  await tenant.patch(at, { schema: { type: 'object', properties: { phone: { type: 'string' } } } })
  await tenant.put(`${at}&instanceKey=two`, { name: 'Second' })
  await tenant.post(`/${instance}?${parent}Id=${id}&instanceKey=three`, {})
  await tenant.post(`/${instance}/setup?${parent}Id=${id}`)
  await tenant.get(`/${instance}?id=${made.id}`)
  await stranger.get(`/${instance}?id=${made.id}`)
  await tenant.get(`/${instance}/export?${parent}Id=${id}`)
  await tenant.get(`/${instance}/export?${parent}Key=nope`)
  await stranger.get(`/${instances}`)
  for (const query of ['', `?${parent}Id=${id}`, '?instanceKey=two', '?limit=1']) {
    await tenant.get(`/${instances}${query}`)
  }
  await tenant.delete(at)
  await tenant.get(at)
  await tenant.post(`/${instance}/restore?${parent}Key=${one.key}`)
  await tenant.post(`/${instance}/restore?${parent}Key=big-company`)
  await tenant.patch(`/${instance}?${parent}Key=nope`, {})
  await nobody.get(at)
  return made
}

async function walkHolders({ recorder, manager, tenant }, { plural, instance, instances, parent, one }) {
  recorder.about('whose instance it is')
  const at = `/${instance}?${parent}Key=${one.key}`
  await manager.get(at)
  await manager.get(`${at}&tenantId=demo-tenant`)
  await manager.get(`${at}&userId=nope`)
  await tenant.get(`${at}&tenantId=demo-tenant`)
  await tenant.get(`${at}&tenantId=nope`)
  await manager.get(`/${instances}?tenantId=demo-tenant`)
  await tenant.get(`/integrations/github/${plural}`)
  await tenant.get(`/connections/github-dev/${plural}`)
}
