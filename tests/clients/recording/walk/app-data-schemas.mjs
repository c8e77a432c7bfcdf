// App data schemas, and the versions that tenants have of them.

import { walkInstanceById } from './layered.mjs'

const TEXT = { type: 'string' }
const CONTACT = { key: 'contact', name: 'Contact', schema: { type: 'object', properties: { email: TEXT } }, code: '// a' }

export async function walkAppDataSchemas(recorder) {
  recorder.begin('app-data-schemas')
  const world = await recorder.world('app-data-schemas')
  const { id } = await walkSchemas(world)
  const own = await walkInstances(world, id)
  await walkInstanceById(world, '/app-data-schema-instances', own.id, ['setup', 'restore'])
  await walkHolders(world)
  await world.evidence()
}

async function walkSchemas({ recorder, manager, tenant, nobody }) {
  recorder.about('made and listed')
  const made = (await manager.post('/app-data-schemas', CONTACT)).json
  await manager.post('/app-data-schemas', { name: 'Big Company', description: 'Who pays', meta: { a: 1 } })
  await manager.post('/app-data-schemas', { key: 'copy', appDataSchemaId: made.id })
  for (const body of [CONTACT, {}, { key: 'x', schema: { type: 7 } }, { key: 7 }]) {
    await manager.post('/app-data-schemas', body)
  }
  await tenant.post('/app-data-schemas', { key: 'mine' })
  for (const query of ['', '?search=BIG', '?limit=1', `?id=${made.id}`, '?isUniversal=false', '?includeArchived=true']) {
    await tenant.get(`/app-data-schemas${query}`)
  }
  await nobody.get('/app-data-schemas')

  for (const [at, restore] of [
    [`/app-data-schemas/${made.id}`, `/app-data-schemas/${made.id}/restore`],
    ['/app-data-schemas/contact', '/app-data-schemas/contact/restore'],
    ['/app-data-schema?key=contact', '/app-data-schema/restore?key=contact'],
  ]) {
    recorder.about(`at ${at.replace(made.id, '{id}')}`)
    await tenant.get(at)
    await manager.patch(at, { description: 'People' })
    await manager.put(at, { name: 'Contact', schema: CONTACT.schema })
    await tenant.patch(at, { name: 'Mine' })
    await manager.delete(at)
    await manager.patch(at, { name: 'Gone' })
    await manager.post(restore)
  }
  await tenant.get('/app-data-schemas/nope')
  await tenant.get('/app-data-schema')
  return made
}

async function walkInstances({ recorder, manager, tenant, stranger, nobody }, id) {
  recorder.about('instances')
  const at = '/app-data-schema-instance?appDataSchemaKey=contact'
  await tenant.get(at)
  const made = (await tenant.get(`${at}&autoCreate=true`)).json
  await tenant.patch(at, { schema: { type: 'object', properties: { phone: TEXT } } })
  await tenant.put(`${at}&instanceKey=two`, { name: 'Second' })
  await tenant.post(`/app-data-schema-instance?appDataSchemaId=${id}&instanceKey=three`, {})
  await tenant.post(`/app-data-schema-instance/setup?appDataSchemaId=${id}`)
  await tenant.get(`/app-data-schema-instance?id=${made.id}`)
  await stranger.get(`/app-data-schema-instance?id=${made.id}`)
  await stranger.get('/app-data-schema-instances')
  for (const query of ['', `?appDataSchemaId=${id}`, '?instanceKey=two', '?limit=1']) {
    await tenant.get(`/app-data-schema-instances${query}`)
  }
  await tenant.delete(at)
  await tenant.get(at)
  await tenant.post('/app-data-schema-instance/restore?appDataSchemaKey=contact')
  await tenant.post('/app-data-schema-instance/restore?appDataSchemaKey=big-company')
  await tenant.patch('/app-data-schema-instance?appDataSchemaKey=nope', {})
  await nobody.get(at)
  return made
}

async function walkHolders({ recorder, manager, tenant }) {
  recorder.about('whose instance it is')
  const at = '/app-data-schema-instance?appDataSchemaKey=contact'
  await manager.get(at)
  await manager.get(`${at}&tenantId=demo-tenant`)
  await manager.get(`${at}&userId=nope`)
  await tenant.get(`${at}&tenantId=demo-tenant`)
  await tenant.get(`${at}&tenantId=nope`)
  await manager.get('/app-data-schema-instances?tenantId=demo-tenant')
  await tenant.get('/integrations/github/app-data-schemas')
  await tenant.get('/connections/github-dev/app-data-schemas')
}
