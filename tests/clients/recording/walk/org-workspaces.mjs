// The workspace as the console sees it.

export async function walkOrgWorkspaces(recorder) {
  recorder.begin('org-workspaces')
  const world = await recorder.world('org-workspaces')
  await walkReading(world)
  await walkChanges(world)
  await walkTokens(world)
  await walkRights(world)
  await walkSecret(world)
  await world.evidence()
}

async function walkReading({ recorder, key, manager }) {
  recorder.about('lists, one, and the account')
  for (const query of ['', '?search=DEMO', '?search=another', '?orgId=another', '?limit=0', '?cursor=x']) {
    await manager.get(`/org-workspaces${query}`)
  }
  const { id } = (await manager.get(`/org-workspaces/${key}`)).json
  await manager.get(`/org-workspaces/${id}`)
  await manager.get('/org-workspaces/nope')
  await manager.get('/account')
}

async function walkChanges({ recorder, key, manager }) {
  recorder.about('name, picture and limits')
  const at = `/org-workspaces/${key}`
  const limits = { parallelFlowRuns: { value: 3, unit: 'number' } }
  await manager.patch(at, { name: 'Renamed', logoUri: 'https://app.example.com/logo.svg', limits })
  await manager.patch(at, { logoUri: null, key: 'other' })
  for (const body of [{ name: 7 }, { limits: 7 }, { limits: { parallelFlowRuns: 7 } }, []]) await manager.patch(at, body)
  await manager.patch('/org-workspaces/nope', { name: 'Another' })

  recorder.about('limits')
  const more = { fileUploadsMbPerHour: { value: 9, defaultValue: 5, unit: 'Mb' } }
  for (const body of [more, { parallelFlowRuns: null }, {}, [], { fileUploadsMbPerHour: 7 }]) {
    await manager.patch(`/workspaces/${key}/limits`, body)
  }
  await manager.patch('/workspaces/nope/limits', more)

  recorder.about('archived and restored')
  await manager.delete(at)
  await manager.get(at)
  for (let n = 0; n < 2; n += 1) await manager.post(`${at}/restore`)
  await manager.delete('/org-workspaces/nope')
  await manager.post('/org-workspaces/nope/restore')
}

async function walkTokens({ recorder, key, manager, nobody }) {
  recorder.about('tokens')
  const at = `/org-workspaces/${key}/access-token`
  const bodies = [
    undefined,
    { isAdmin: true },
    { tenantKey: 'anna', name: 'Anna', fields: { plan: 'pro' } },
    { tenantId: (await manager.get('/customers/demo-tenant')).json.id },
  ]
  for (const body of bodies) {
    const { token } = (await manager.post(at, body)).json
    await nobody.get('/self', { token })
    await nobody.get('/account', { token })
  }
  for (const body of [{ isAdmin: 'true' }, { tenantKey: 7 }, { fields: [] }, { tenantId: 'nope' }, { tenantID: 'x' }]) {
    await manager.post(at, body)
  }
  await manager.post('/org-workspaces/nope/access-token', {})
}

async function walkRights({ recorder, key, tenant, nobody }) {
  recorder.about('for managers alone')
  const calls = [
    ['GET', '/account'],
    ['GET', '/org-workspaces'],
    ['GET', `/org-workspaces/${key}`],
    ['PATCH', `/org-workspaces/${key}`],
    ['DELETE', `/org-workspaces/${key}`],
    ['POST', `/org-workspaces/${key}/restore`],
    ['POST', `/org-workspaces/${key}/rotate-secret`],
    ['POST', `/org-workspaces/${key}/access-token`],
    ['PATCH', `/workspaces/${key}/limits`],
  ]
  for (const [method, path] of calls) {
    for (const caller of [tenant, nobody]) await caller.call(method, path)
  }
}

async function walkSecret(world) {
  const { recorder, key, manager } = world
  recorder.about('another secret, and the former one again')
  await manager.post('/org-workspaces/nope/rotate-secret')
  const { secret } = (await manager.post(`/org-workspaces/${key}/rotate-secret`)).json
  await manager.get(`/org-workspaces/${key}`)
  const renewed = world.caller('manager by the new secret', { isAdmin: true }, secret)
  await renewed.get(`/org-workspaces/${key}`)
  await renewed.patch(`/workspaces/${key}`, { secret: world.secret })
  await manager.get(`/org-workspaces/${key}`)
}
