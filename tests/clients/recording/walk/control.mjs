// The server as a whole: health, documents, the ledger, workspaces and their forks, reset. Last, since it resets.

export async function walkControl(recorder) {
  const { items } = (await recorder.quietly('GET', '/__mock/workspaces')).json
  const demo = items.find(({ key }) => key === 'membrane-mock-demo')
  for (const { key } of items) if (key !== demo.key) await recorder.quietly('DELETE', `/__mock/workspaces/${key}`)
  recorder.begin('control')
  const world = await recorder.worldOf(demo)
  await walkDocuments(world)
  await walkWorkspaces(world)
  await walkTenants(world)
  await walkForks(world)
  await walkReset(world)
}

async function walkDocuments({ recorder, nobody, key }) {
  recorder.about('what belongs to no workspace')
  const test = (path, options) => nobody.get(`/__mock${path}`, options)
  await test('/health')
  await test('/openapi.json')
  await test('/openapi.json?tag=clock')
  await test('/openapi.json?tag=clok')
  await nobody.get('/llms.txt', { bodyless: true })
  await nobody.get('/docs-json')
  await test('/fidelity')
  await test(`/fidelity?workspace=${key}`)
  await test('/fidelity?workspace=nope')
  // It counts in real time: only that it is there is recorded.
  await test('/metrics', { bodyless: true })
  await test('/journal', { bodyless: true })
}

async function walkWorkspaces(world) {
  const { recorder, nobody } = world
  recorder.about('workspaces')
  await nobody.get('/__mock/workspaces')
  const make = (body) => nobody.post('/__mock/workspaces', body)
  const secret = 's'.repeat(64)
  await make({
    key: 'made',
    secret,
    mock: { autoConnect: true },
    settings: { useMembraneUniverse: true },
    clock: '2030-01-01',
  })
  for (const body of [
    { key: 'made', secret },
    { key: 'short', secret: 'short' },
    { key: 'x', seed: 'demo', from: 'made' },
    { key: 'x', seed: 'nothing' },
    { key: 'x', seed: { workspace: { key: 7 } } },
    { key: 'x', from: 'nowhere' },
    { key: 'x', from: {} },
    { key: 'x', clock: 'never' },
    { key: 'x', colour: 'red' },
    { key: 'x', mock: { disconnectedStatus: 500 } },
    { key: 'a/b', secret },
  ]) {
    await make(body)
  }
  await make({})
  await make({ key: 'empty', secret, seed: 'none' })
  const action = { key: 'own', type: 'run-javascript', config: { code: 'module.exports = () => 1' } }
  await make({
    key: 'seeded',
    secret,
    seed: {
      workspace: { name: 'Seeded', tenants: [{ key: 't', name: 'T' }] },
      integrations: [{ key: 'github', name: 'GitHub', connectorKey: 'github', actions: [action] }],
    },
  })
  const at = '/__mock/workspaces/made'
  await nobody.get(at)
  await nobody.patch(at, { settings: { enableApiLogs: false }, mock: { account: 'made@example.com' } })
  await nobody.patch(at, { mock: { colour: 'red' } })
  await nobody.patch(at, { name: '' })
  await nobody.get(`${at}/progress`)
  await nobody.put(`${at}/progress`, { 'connection.building': { after: 5 }, flowRun: 'hold' })
  await nobody.put(`${at}/progress`, { 'connection.building': 'soon' })
  await nobody.put(`${at}/progress`, { dancing: 'hold' })
  await nobody.get('/__mock/workspaces/nope')
}

async function walkTenants({ recorder, nobody, control }) {
  recorder.about('tenants and their connections')
  await control.get('/tenants')
  for (const query of ['', '?tenant=demo-tenant&connector=github', '?state=READY&integration=hubspot']) await control.get(`/connections${query}`)
  for (const query of ['?tenant=nobody', '?integration=nope', '?state=lost', '?tenat=x']) await control.get(`/connections${query}`)
  await control.post('/connections/github-dev/poke?tenant=nobody', { event: 'disconnect' })
  await control.post('/connections/github-dev/break', { by: 'expireCredentials' })
  await control.post('/connections/github-dev/break', { by: 'accident' })
  await control.get('/report')
  await nobody.get('/__mock/workspaces/nowhere/report')
}

async function walkForks(world) {
  const { recorder, nobody, tenant } = world
  recorder.about('forks, and a world that goes to another server')
  await tenant.post('/connect', { connectorKey: 'slack', connectionKey: 'slack-1' })
  const exported = (await nobody.get(`/__mock/workspaces/${world.key}/export`)).json
  const secret = 'f'.repeat(64)
  const fork = await nobody.post('/__mock/workspaces', { key: 'forked', secret, from: world.key })
  const forked = await recorder.worldOf(fork.json)
  await forked.tenant.get('/connections?limit=1000')
  await recorder.quietly('POST', '/__mock/workspaces', { key: 'brought', secret, from: exported })
  const brought = await recorder.worldOf({ key: 'brought', secret })
  await brought.tenant.get('/connections?limit=1000')
  const { id } = (await brought.control.post('/snapshots', { name: 'here' })).json
  await nobody.post('/__mock/workspaces', { key: 'from-snapshot', secret, from: id })
  await brought.control.get('/export')
}

async function walkReset(world) {
  const { recorder, nobody } = world
  recorder.about('deleted and reset')
  recorder.worlds = []
  await nobody.delete('/__mock/workspaces/made')
  await nobody.delete('/__mock/workspaces/made')
  await nobody.delete('/__mock/workspaces/nope')
  await nobody.post('/__mock/reset?workspace=forked')
  await nobody.post('/__mock/reset?workspace=brought&to=empty')
  await nobody.get('/__mock/workspaces/brought/export')
  await nobody.post('/__mock/reset?to=nowhere')
  await nobody.post('/__mock/reset?workspace=nope')
  await nobody.post('/__mock/reset')
  await world.tenant.get('/connections')
  await world.control.get('/journal')
}
