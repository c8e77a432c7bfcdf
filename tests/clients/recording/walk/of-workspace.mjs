// What screens and connected products have in common: elements of the whole workspace, of which nobody has a version.

/**
 * `key` is that of the element at `base`, `one` a definition of it. Each of `wrong` is refused when it is merged into
 * the element, `wrongWhole` when it replaces it.
 */
export async function walkOfWorkspace({ recorder, tenant, manager, nobody }, kind, base) {
  const { plural, key, one, wrong, wrongWhole } = kind
  recorder.about(`${base.of()}, read, changed, archived and restored`)
  await tenant.get(base.of())
  await tenant.get(base.wrong())
  await nobody.get(base.of())
  await manager.patch(base.of(), { name: 'Of GitHub', meta: { a: 1 } })
  for (const body of wrong) await manager.patch(base.of(), body)
  await manager.patch(base.wrong(), { name: 'Of nobody' })
  await tenant.patch(base.of(), { name: 'Mine' })
  await manager.put(base.of(), one)
  await manager.put(base.of(), wrongWhole)
  await manager.put(base.wrong(), one)
  await manager.delete(base.of())
  await manager.delete(base.wrong())
  await tenant.delete(base.of())
  await tenant.get(base.of())
  await tenant.get(`/${plural}?includeArchived=true&key=${key}`)
  await manager.patch(base.of(), { name: 'Archived' })
  await manager.post(base.of('/restore'))
  await manager.post(base.wrong('/restore'))
  await tenant.post(base.of('/restore'))
}
