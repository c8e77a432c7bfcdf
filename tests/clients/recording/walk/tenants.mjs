// Tenants under their three names: customers, tenants and users.

const NAMES = [
  ['customers', 'customer'],
  ['tenants', 'tenant'],
  ['users', 'user'],
]

export async function walkTenants(recorder) {
  recorder.begin('tenants')
  const world = await recorder.world('tenants')
  const { tenant, manager, nobody } = world

  recorder.about("one's own record")
  await tenant.get('/self')
  await tenant.get('/org-workspace-id')
  await nobody.get('/org-workspace-id')
  await tenant.patch('/self', { name: 'Renamed', fields: { plan: 'pro' }, internalId: 'not-mine-to-change' })
  await tenant.patch('/self', { fields: { plan: null, seats: 2 }, credentials: { apiKey: 'k' } })
  await tenant.patch('/self', { name: 7 })
  await manager.patch('/self', { name: 'Nobody' })
  await nobody.patch('/self', { name: 'Nobody' })

  for (const [plural, singular] of NAMES) await walkName(world, plural, singular)

  recorder.about('pages and filters')
  for (const query of [
    'limit=2',
    'limit=2&cursor=2',
    'search=customers',
    'includeArchived=true',
    'isTest=true',
    'isActive=true',
  ]) {
    await manager.get(`/customers?${query}`)
  }
  for (const query of ['limit=0', 'limit=many', 'cursor=x']) await manager.get(`/customers?${query}`)
  await world.evidence()
}

async function walkName({ recorder, tenant, manager, nobody }, plural, singular) {
  recorder.about(`${plural}, each by its path and by its query`)
  const body = (key) => ({
    internalId: `${plural}-${key}`,
    name: `${key} of ${plural}`,
    fields: { n: 1 },
    meta: { a: 1 },
  })
  const one = (await manager.post(`/${plural}`, body('one'))).json
  const two = (await manager.post(`/${plural}`, body('two'))).json
  await manager.post(`/${plural}`, body('one'))
  await manager.post(`/${plural}`, { name: 'No key' })
  await tenant.post(`/${plural}`, body('three'))
  await manager.get(`/${plural}`)
  await tenant.get(`/${plural}`)
  await nobody.get(`/${plural}`)
  const bases = [
    [`/${plural}/${one.id}`, `/${plural}/${one.id}/restore`, `/${plural}/nope`, `/${plural}/nope/restore`],
    [`/${singular}?id=${two.id}`, `/${singular}/restore?id=${two.id}`, `/${singular}`, `/${singular}/restore?id=nope`],
  ]
  for (const [base, restore, wrong, wrongRestore] of bases) {
    await manager.get(base)
    await manager.get(wrong)
    await tenant.get(base)
    await manager.patch(base, { name: 'Patched', fields: { more: true } })
    await manager.patch(wrong, { name: 'Patched' })
    await manager.put(base, { name: 'Put', fields: { only: true }, aiCreditsRolling30DayLimit: 5 })
    await manager.put(wrong, { name: 'Put' })
    await manager.put(base, { fields: 7 })
    await manager.delete(base)
    await manager.delete(wrong)
    await manager.get(base)
    await manager.post(restore)
    await manager.post(wrongRestore)
  }
  await manager.get(`/${plural}/${plural}-one`)
  await manager.get(`/${singular}?key=${plural}-one`)
  await manager.get(`/${singular}?internalId=${plural}-one`)
}
