// Connections: making them with credentials, every way to name and change one, the proxy and its older forms.

export async function walkConnections(recorder) {
  recorder.begin('connections')
  const world = await recorder.world('connections')
  await walkReading(world)
  await walkMaking(world)
  await walkChanging(world)
  await walkMaintaining(world)
  await walkProxy(world)
  await walkDisconnecting(world)
  await walkLogs(world)
  await world.evidence()
}

async function walkReading({ recorder, tenant, stranger, manager, nobody }) {
  recorder.about('lists')
  const queries = [
    '',
    '?limit=1',
    '?limit=1&cursor=1',
    '?integrationKey=github',
    '?integrationKey=nope',
    '?connected=true',
    '?disconnected=true',
    '?isTest=true',
    '?search=hub',
    '?connectorVersion=1',
    '?tenantId=demo-tenant',
    '?userId=somebody-else',
    '?includeSecrets=true',
  ]
  for (const query of queries) await tenant.get(`/connections${query}`)
  await manager.get('/connections?tenantId=demo-tenant')
  await manager.get('/connections')
  await stranger.get('/connections')
  await tenant.get('/connections?limit=1001')
  await nobody.get('/connections')

  recorder.about('one, by its selectors')
  const { id, integrationId } = (await tenant.get('/connections/github-dev')).json
  for (const selector of [id, 'github-dev?includeSecrets=true', 'github-dev?wait=true&timeout=1']) {
    await tenant.get(`/connections/${selector}`)
  }
  await tenant.get(`/connections?integrationId=${integrationId}`)
  await tenant.get('/connections/github-dev?wait=true&timeout=0')
  await tenant.get('/connections/github-def')
  await stranger.get(`/connections/${id}`)
  await stranger.get('/connections/github-dev')
  await manager.get('/connections/github-dev')
  await tenant.call('HEAD', '/connections/github-dev')

  recorder.about('exported, and what it depends on')
  for (const below of ['export', 'export?includeSecrets=true', 'dependencies']) {
    await tenant.get(`/connections/github-dev/${below}`)
    await tenant.get(`/connections/nope/${below}`)
    await stranger.get(`/connections/github-dev/${below}`)
    await manager.get(`/connections/${id}/${below}`)
  }
}

async function walkMaking({ recorder, tenant, manager, nobody }) {
  recorder.about('made with credentials')
  await tenant.post('/connections', { key: 'stripe-1', integrationKey: 'stripe', credentials: { apiKey: 'sk_test_1' } })
  await tenant.post('/connections', { name: 'By connector', connectorKey: 'sendgrid', credentials: { apiKey: 'SG.1' } })
  await tenant.post('/connections', { key: 'slack-1', integrationKey: 'slack' })
  await tenant.post('/connections', { key: 'stripe-1', integrationKey: 'stripe', credentials: { apiKey: 'sk_test_2' } })
  await tenant.post('/connections', { key: 'form-1', connectorKey: 'stripe', input: { apiKey: 'sk_test_3' } })
  await tenant.post('/connections', { integrationKey: 'nope' })
  await tenant.post('/connections', { key: ' spaced ', integrationKey: 'stripe' })
  await tenant.post('/connections', {})
  await tenant.post('/connections', undefined, { raw: '{"key": ', type: 'application/json' })
  await manager.post('/connections', { integrationKey: 'stripe', credentials: { apiKey: 'k' } })
  await nobody.post('/connections', { integrationKey: 'stripe' })

  recorder.about('ensured for an address')
  for (const appUrl of ['https://slack.com', 'https://api.notion.com/v1', 'zyqqlotron.example', 'https://github.com']) {
    await tenant.post('/connections/ensure', { appUrl, name: `Ensured ${appUrl}` })
  }
  await tenant.post('/connections/ensure', {})
  await tenant.post('/connections/ensure', { appUrl: 'not an address' })
}

async function walkDisconnecting({ recorder, tenant, nobody }) {
  recorder.about('all of an integration')
  await tenant.post('/integrations/hubspot/disconnect')
  await tenant.post('/integrations/hubspot/disconnect')
  await tenant.post('/integrations/nope/disconnect')
  await nobody.post('/integrations/github/disconnect')
  await tenant.get('/connections')
}

async function walkChanging({ recorder, tenant, stranger, manager }) {
  recorder.about('changed')
  const at = '/connections/stripe-1'
  await tenant.patch(at, { name: 'Patched', meta: { team: 'a' } })
  await tenant.patch(at, { meta: null, credentials: { apiKey: 'sk_test_4' } })
  await tenant.patch(at, { name: 7 })
  await tenant.patch(at, { key: 'github-dev' })
  await tenant.patch('/connections/nope', { name: 'x' })
  await stranger.patch(at, { name: 'Not mine' })
  await manager.patch(at, { name: 'By a manager' })
  await tenant.put(at, { name: 'Put', key: 'stripe-2' })
  await tenant.put('/connections/nope', { name: 'Put' })
  await tenant.get('/connections/stripe-2?includeSecrets=true')
  await tenant.patch('/connections/stripe-2', { key: 'stripe-1' })

  recorder.about('archived and restored')
  await tenant.delete(at)
  await tenant.delete('/connections/nope')
  await tenant.get(at)
  await tenant.patch(at, { name: 'x' })
  await tenant.get('/connections?includeArchived=true&search=stripe')
  await tenant.post('/act', { connectionKey: 'stripe-1', api: { method: 'GET', path: '/v1/customers' } })
  await tenant.post(`${at}/restore`)
  await tenant.post('/connections/nope/restore')
  await tenant.delete(at)
  await tenant.post('/connections', { key: 'stripe-1', integrationKey: 'stripe', credentials: { apiKey: 'sk_test_5' } })
  const archived = await tenant.get('/connections?includeArchived=true')
  const old = archived.json.items.find(({ key, archivedAt }) => key === 'stripe-1' && archivedAt)
  await tenant.post(`/connections/${old?.id}/restore`)
}

async function walkMaintaining(world) {
  const { recorder, tenant, stranger } = world
  recorder.about('tested, refreshed')
  for (const method of ['GET', 'POST']) {
    for (const connection of ['github-dev', 'stripe-1', 'slack-1', 'nope'])
      await tenant.call(method, `/connections/${connection}/test`)
  }
  for (const verb of ['refresh', 'refresh-credentials']) {
    for (const connection of ['hubspot-prod', 'stripe-1', 'slack-1', 'nope'])
      await tenant.post(`/connections/${connection}/${verb}`)
  }

  recorder.about('disconnected and connected again')
  await tenant.post('/connections/github-dev/disconnect')
  await tenant.get('/connections/github-dev')
  await tenant.post('/connections/github-dev/disconnect')
  await tenant.post('/connections/nope/disconnect')
  await stranger.post('/connections/github-dev/disconnect')
  await tenant.post('/connections/github-dev/refresh')
  await tenant.post('/connections/github-dev/test')
  await world.control.patch('', { mock: { disconnectedStatus: 401 } })
  await tenant.post('/act', { connectionKey: 'github-dev', api: { method: 'GET', path: '/user' } })
  await world.control.patch('', { mock: { connectionStates: 'engine' } })
  await tenant.get('/connections/github-dev')
  await world.control.patch('', { mock: { connectionStates: 'seed', disconnectedStatus: 400 } })
  await tenant.post('/connections/github-dev/reconnect')
  await tenant.post('/connections/nope/reconnect')
  await tenant.post('/connections/github-dev/reconnect', { connectorParameters: 7 })
  await world.control.post('/connections/github-dev/complete', { account: 'again@example.com' })
  await tenant.get('/connections/github-dev')
}

async function walkProxy(world) {
  const { recorder, tenant, stranger } = world
  recorder.about('the proxy and its older forms')
  const at = '/connections/github-dev'
  const root = { request: { method: 'GET', path: '/' }, respond: { json: { root: true } } }
  await world.control.post('/upstreams/github/stubs', root)
  for (const [method, path, body] of [
    ['GET', '/proxy/user'],
    ['GET', '/proxy'],
    ['GET', '/proxy/'],
    ['GET', '/proxy/users?per_page=1&since=2'],
    ['GET', '/proxy/https://api.github.com/user'],
    ['GET', '/proxy/https:/api.github.com/user/repos'],
    ['GET', '/proxy/nowhere'],
    ['POST', '/proxy/repos/acme/app/issues', { title: 'By the proxy' }],
    ['PATCH', '/proxy/user', { name: 'x' }],
    ['DELETE', '/proxy/repos/acme/app'],
    ['POST', '/api/repos/acme/app/issues', { title: 'By the older form' }],
    ['POST', '/api/nowhere', {}],
    ['GET', '/api/user'],
    ['POST', '/execute-request', { key: 'create-issue', payload: { owner: 'acme', repo: 'app', title: 'By key' } }],
    ['POST', '/execute-request', { key: 'list-repositories' }],
    ['POST', '/execute-request', { key: 'creat-issue' }],
    ['POST', '/execute-request', {}],
  ]) {
    await tenant.call(method, at + path, body && { body })
  }
  await tenant.call('HEAD', `${at}/proxy/user`)
  await tenant.call('GET', `${at}/proxy/user`, {
    headers: { accept: 'text/plain', 'x-own': '1', cookie: 'not=passed' },
  })
  await stranger.get(`${at}/proxy/user`)
  await stranger.post(`${at}/api/user`, {})
  await tenant.get('/connections/nope/proxy')
  await world.poke('github-dev', 'loseCredentials')
  await tenant.get(`${at}/proxy/user`)
  await tenant.post(`${at}/execute-request`, { key: 'list-repositories' })
}

async function walkLogs(world) {
  const { recorder, tenant, stranger, manager, nobody } = world
  recorder.about('how their states changed')
  const { id } = (await tenant.get('/connections/github-dev')).json
  await world.advance(1000)
  await tenant.post('/connections/github-dev/reconnect')
  await tenant.get(`/connections/${id}/logs`)
  const { cursor } = (await tenant.get('/connections/github-dev/logs?limit=2')).json
  await tenant.get(`/connections/github-dev/logs?limit=2&cursor=${cursor}`)
  await tenant.get('/connections/stripe-1/logs')
  await tenant.get('/connections/github-dev/logs?limit=0')
  await tenant.get('/connections/nope/logs')
  await stranger.get(`/connections/${id}/logs`)
  await manager.get(`/connections/${id}/logs`)
  await nobody.get(`/connections/${id}/logs`)
}
