// The journal: what a test can ask of it, what it finds, and verifying.

const USER = { connectionKey: 'github-dev', api: { method: 'GET', path: '/user' } }

export async function walkJournal(recorder) {
  recorder.begin('journal')
  const world = await recorder.world('journal')
  const { tenant, manager, nobody, control } = world

  recorder.about('calls to be found')
  await tenant.post('/act', {
    key: 'create-contact',
    connectionKey: 'hubspot-prod',
    input: { email: 'ada@example.com', firstName: 'Ada' },
  })
  await tenant.post('/act', { key: 'list-contacts', connectionKey: 'hubspot-prod' })
  await tenant.post('/act', USER)
  await tenant.get('/connections/github-dev/proxy/user')
  await tenant.post('/connections/github-dev/refresh')
  await tenant.post('/connect', { integrationKey: 'slack', connectionKey: 'slack-1' })
  await tenant.get('/integrations?limit=2')
  await tenant.get('/integrations?limt=2')
  await tenant.patch('/connections/github-dev', { nam: 'x' })
  await nobody.get(`/self?token=${world.token({ tenantKey: 'demo-tenant' })}&access_token=secret`)
  await tenant.get('/nowhere')
  for (let n = 0; n < 12; n += 1) await tenant.get('/connections/slack-1')
  await world.poke('hubspot-prod', 'loseCredentials')
  await tenant.post('/act', { key: 'list-contacts', connectionKey: 'hubspot-prod' })
  await tenant.post('/act', { key: 'list-contacts', connectionKey: 'hubspot-prod' })
  await manager.get('/customers')

  recorder.about('filters')
  for (const query of [
    '',
    '?operation=act',
    '?operation=connect',
    '?operation=proxy',
    '?operation=refresh',
    '?side=upstream',
    '?side=sky',
    '?failed=true',
    '?failed=1',
    '?side=api&before=9&limit=2',
    '?method=get&connector=github',
    '?path=/connect*',
    '?route=GET%20/connections/{connection}',
    '?route=/act',
    '?tenant=demo-tenant&status=400',
    '?status=x',
    '?integration=hubspot',
    '?connection=github-dev',
    '?action=list-contacts',
    '?fault=none',
  ]) {
    await control.get(`/journal${query}`)
  }
  await control.get('/journal/1')
  await control.get('/journal/none')

  recorder.about('verifying')
  const created = { operation: 'act', action: 'create-contact' }
  for (const expectation of [
    { calls: created },
    { calls: { ...created, input: { email: 'ada@example.com' } }, times: 1 },
    { calls: { ...created, input: { email: 'ben@example.com' } } },
    { calls: { operation: 'act' }, atLeast: 2, atMost: 3 },
    { calls: { operation: 'act' }, atMost: 9 },
    { inOrder: [created, { operation: 'act', action: 'list-contacts' }] },
    { inOrder: [{ operation: 'act', action: 'list-contacts' }, created] },
    { calls: { side: 'upstream', route: 'hubspot', method: 'POST', path: '/crm/*' } },
    {
      calls: {
        route: 'POST /act',
        tenant: 'demo-tenant',
        integration: 'hubspot',
        connection: 'hubspot-prod',
        status: 200,
      },
      times: 2,
    },
    { calls: { fault: 'none' }, times: 0 },
    {},
    { calls: { colour: 'red' } },
  ]) {
    await control.post('/journal/verify', expectation)
  }

  recorder.about('as it goes on')
  await control.stream('/journal/stream', { events: 3, happens: () => tenant.post('/act', USER) })
  await control.delete('/journal')
  await control.get('/journal')
  await tenant.get('/self')
  await control.get('/journal')
  await world.evidence({ records: false, details: false })
}
