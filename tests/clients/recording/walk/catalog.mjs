// External apps, connectors and their drawn logos.

export async function walkCatalog(recorder) {
  recorder.begin('catalog')
  const world = await recorder.world('catalog')
  await walkApps(world)
  await walkConnectors(world)

  recorder.about('logos')
  for (const name of ['github.svg', 'hubspot', '%20']) await world.nobody.get(`/logos/${name}`)
  await world.nobody.post('/logos/github.svg')
  await walkUniverse(world)
  await walkClones(world)
  await world.evidence({ details: false })
}

async function walkApps({ recorder, tenant, manager, nobody }) {
  recorder.about('external apps')
  for (const query of [
    '?limit=1000',
    '?limit=2',
    '?limit=2&cursor=2',
    '?search=hub',
    '?category=crm',
    '?isConnected=true&limit=5',
  ]) {
    await tenant.get(`/external-apps${query}`)
  }
  await tenant.get('/external-apps?limit=0')
  await nobody.get('/external-apps')
  for (const query of ['q=hub&limit=3', 'q=list%20contacts&elementType=action', 'q=hub&elementType=nope', '']) {
    await tenant.get(`/search?${query}`)
    await tenant.get(`/semantic-search?${query}`)
  }
  const github = (await tenant.get('/external-apps/github')).json
  await tenant.get(`/external-apps/${github.id}`)
  await tenant.get(`/external-apps/${github.uuid}`)
  await tenant.get('/external-apps/githup')
  const made = (
    await manager.post('/external-apps', { key: 'own-app', name: 'Own App', appUri: 'https://own.example.com' })
  ).json
  await manager.post('/external-apps', {})
  await manager.post('/external-apps', { key: 'own-app', name: 'Again' })
  await tenant.post('/external-apps', { key: 'not-mine' })
  await manager.patch(`/external-apps/${made.id}`, { name: 'Patched App', categories: ['crm'], description: 'An app' })
  await manager.patch('/external-apps/github', { name: 'Not mine' })
  await tenant.patch(`/external-apps/${made.id}`, { name: 'Not mine' })
  await manager.delete('/external-apps/github')
  await manager.delete(`/external-apps/${made.id}`)
  await manager.get(`/external-apps/${made.id}`)
  await manager.get('/external-apps?includeArchived=true&search=own')
}

async function walkConnectors({ recorder, tenant, manager, nobody }) {
  recorder.about('connectors')
  for (const query of ['', '?limit=2', '?limit=1&cursor=2', '?search=git', '?category=crm'])
    await tenant.get(`/connectors${query}`)
  await tenant.get('/connectors?cursor=x')
  await nobody.get('/connectors')
  const github = (await tenant.get('/connectors/github')).json
  await tenant.get(`/connectors/${github.id}`)
  await tenant.get(`/connectors/${github.uuid}`)
  await tenant.get('/connectors/githup')
  const form = { type: 'object', required: ['token'], properties: { token: { type: 'string', title: 'Token' } } }
  const own = {
    key: 'own',
    name: 'Own',
    type: 'client-credentials',
    baseUri: 'https://api.own.example.com',
    inputSchema: form,
  }
  const made = (await manager.post('/connectors', own)).json
  await manager.post('/connectors', own)
  await manager.post('/connectors', { key: 'odd', name: 'Odd', type: 'by-hand' })
  await tenant.post('/connectors', own)
  await manager.patch(`/connectors/${made.id}`, { name: 'Patched', categories: ['crm'] })
  await manager.patch('/connectors/github', { name: 'Not mine' })
  await tenant.patch(`/connectors/${made.id}`, { name: 'Not mine' })
  await manager.put('/connectors/own', { ...own, name: 'Put' })
  await manager.put('/connectors/nope', own)
  await manager.delete('/connectors/github')

  recorder.about('ways to authenticate')
  for (const connector of ['github', 'stripe', 'own', 'nope'])
    await tenant.post(`/connectors/${connector}/generate-options`)
  await nobody.post('/connectors/github/generate-options')
  const bodies = [
    { connectorKey: 'github' },
    { connectorId: github.id },
    { connectorKey: 'stripe', connectorParameters: { apiKey: 'preset' } },
    { integrationKey: 'hubspot' },
    { integrationId: 'stripe' },
    { connectionId: 'github-dev' },
    { connectionId: 'nope' },
    { integrationKey: 'nope' },
    {},
  ]
  for (const body of bodies) await tenant.post('/connection-options', body)
  await nobody.post('/connection-options', bodies[0])
  await manager.delete('/connectors/own')
  await tenant.get('/connectors/own')
}

async function walkUniverse({ recorder, tenant, manager, nobody }) {
  recorder.about('the universe is the catalog, without what is the workspace’s own')
  await manager.post('/external-apps', { key: 'own-hub', name: 'Own Hub' })
  await manager.post('/connectors', { key: 'own-hub', name: 'Own Hub', type: 'proxy' })
  for (const list of ['/universe/apps', '/v2/universe/apps', '/universe/connectors']) {
    for (const query of ['', '?limit=2', '?limit=2&cursor=2', '?search=hub', '?category=crm&limit=3']) {
      await tenant.get(`${list}${query}`)
    }
    await tenant.get(`${list}?limit=0`)
    await nobody.get(list)
  }
  for (const list of ['/external-apps', '/connectors']) await tenant.get(`${list}?search=hub`)
  await tenant.get('/universe/apps?isConnected=true&limit=5')
  await manager.post('/packages', { key: 'own-hub', name: 'Own Hub' })
  for (const query of ['', '?limit=2', '?limit=0', '?cursor=x']) await tenant.get(`/universe/packages${query}`)
  await nobody.get('/universe/packages')
}

async function walkClones({ recorder, tenant, manager, nobody }) {
  recorder.about('connectors are cloned')
  const github = (await tenant.get('/connectors/github')).json
  await manager.post('/connectors/github/clone')
  await manager.post(`/connectors/${github.uuid}/clone`)
  await manager.post('/connectors/github/clone', { key: 'fork', name: 'Fork', description: 'By the walk' })
  await manager.post('/connectors/fork/clone', { baseUri: 'https://api.fork.example.com', categories: ['crm'] })
  for (const body of [
    { key: 'fork' },
    { key: 'github' },
    { key: ' spaced' },
    { key: 7 },
    { name: '' },
    { baseUri: 'nowhere' },
    { inputSchema: { type: 7 } },
  ]) {
    await manager.post('/connectors/github/clone', body)
  }
  await manager.post('/connectors/nope/clone')
  await tenant.post('/connectors/github/clone')
  await nobody.post('/connectors/github/clone')
  await tenant.get('/connectors?search=fork')
  await tenant.get('/universe/connectors?search=fork')
  await manager.post('/integrations', { key: 'fork', name: 'Fork', connectorKey: 'fork' })
  await tenant.get('/integrations/fork/operations')
  await manager.delete('/connectors/github-copy')
}
