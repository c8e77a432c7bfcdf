// What every kind of element has so that one can be taken out of its workspace: an export, a list of what it depends
// on, and copies.

/** `base` is an address with room for a verb, and a wrong one beside it. Only kinds at layers have `clone`. */
export async function walkPortable({ recorder, tenant, manager }, base, { hasClones = true } = {}) {
  recorder.about(`${base.of()}, exported, put back, looked through and refreshed`)
  const portable = (await tenant.get(base.of('/export'))).json
  await tenant.get(base.wrong('/export'))
  await manager.put(base.of(), portable)
  await tenant.get(base.of('/dependencies'))
  await tenant.get(base.wrong('/dependencies'))
  await manager.post(base.of('/refresh'))
  await manager.post(base.wrong('/refresh'))
  await tenant.post(base.of('/refresh'))
  if (hasClones) await walkClones({ recorder, tenant, manager }, base)
}

async function walkClones({ recorder, tenant, manager }, base) {
  recorder.about(`${base.of()}, cloned`)
  await manager.post(base.of('/clone'))
  await manager.post(base.of('/clone'), { key: 'cloned', name: 'Cloned', description: 'By the walk' })
  await manager.post(base.of('/clone'), { key: 7 })
  await manager.post(base.wrong('/clone'))
  await tenant.post(base.of('/clone'))
}
