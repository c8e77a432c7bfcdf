// Integrations by path and by query, their parameters, and what lists show of the catalog.

export async function walkIntegrations(recorder) {
  recorder.begin('integrations')
  const world = await recorder.world('integrations')
  const { tenant, manager, nobody } = world

  recorder.about('lists')
  for (const query of [
    '',
    '?limit=2',
    '?limit=2&cursor=2',
    '?search=hub',
    '?connectors=true&limit=3',
    '?externalApps=true&limit=3',
  ]) {
    await tenant.get(`/integrations${query}`)
  }
  await tenant.get('/integrations?limit=nine')
  await nobody.get('/integrations')

  recorder.about('by path')
  const own = {
    key: 'own-github',
    name: 'Own GitHub',
    connectorKey: 'github',
    parameters: { clientId: 'a', clientSecret: 'b' },
  }
  const made = (await manager.post('/integrations', own)).json
  await manager.post('/integrations', own)
  await manager.post('/integrations', { name: 'Without a connector', key: 'bare' })
  await manager.post('/integrations', { key: 'wrong', connectorKey: 'nope' })
  await tenant.post('/integrations', own)
  await walkBase(world, [`/integrations/${made.id}`, '/restore'], '/integrations/nope')
  for (const selector of ['own-github', made.uuid, 'github', 'twilio', 'intercom'])
    await tenant.get(`/integrations/${selector}`)
  await tenant.get('/integrations/own-github?includeSecrets=true')
  await manager.get('/integrations/own-github?includeSecrets=true')

  recorder.about('by query')
  await walkBase(world, [`/integration?id=${made.id}`, `/integration/restore?id=${made.id}`], '/integration?key=nope')
  for (const query of ['?key=own-github', '?integrationKey=github', '?id=hubspot', ''])
    await tenant.get(`/integration${query}`)

  recorder.about('parameters')
  const at = '/integrations/own-github'
  await tenant.get(`${at}/parameters`)
  await manager.get(`${at}/parameters?includeSecrets=true`)
  await tenant.get('/integrations/nope/parameters')
  await manager.patch(`${at}/parameters`, { clientId: 'c', scopes: ['repo'] })
  await manager.patch('/integrations/nope/parameters', { clientId: 'c' })
  await tenant.patch(`${at}/parameters`, { clientId: 'c' })
  await manager.put(`${at}/parameters`, { clientId: 'd', clientSecret: 'e' })
  await manager.put('/integrations/nope/parameters', {})
  await manager.get(`${at}/parameters?includeSecrets=true`)

  recorder.about('exported')
  for (const selector of ['own-github', 'bare', 'nope']) await manager.get(`/integrations/${selector}/export`)
  await tenant.get(`${at}/export`)

  recorder.about('what a form needs to know, setup, refresh')
  for (const selector of ['own-github', 'stripe', 'twilio', 'nope', 'bare'])
    await tenant.get(`/integrations/${selector}/connector-spec`)
  for (const verb of ['setup', 'refresh']) {
    await manager.post(`${at}/${verb}`)
    await manager.post(`/integrations/nope/${verb}`)
    await tenant.post(`${at}/${verb}`)
  }
  await manager.patch(at, { optionsConfig: { default: { isDisabled: true } } })
  await tenant.post('/connection-options', { integrationKey: 'own-github' })

  recorder.about('what the settings add to lists')
  await world.control.patch('', { settings: { autoGenerateIntegrationsFromConnectors: true } })
  await tenant.get('/integrations?limit=30')
  await world.control.patch('', { settings: { autoGenerateIntegrationsFromExternalApps: true } })
  await tenant.get('/integrations?limit=4&cursor=20')
  await world.evidence()
}

async function walkBase({ tenant, manager }, [base, restore], wrong) {
  const restored = restore.startsWith('/restore') ? base + restore : restore
  const wrongRestore = wrong.includes('?') ? wrong.replace('?', '/restore?') : `${wrong}/restore`
  await tenant.get(base)
  await tenant.get(wrong)
  await manager.patch(base, { name: 'Patched', meta: { a: 1 } })
  await manager.patch(wrong, { name: 'Patched' })
  await tenant.patch(base, { name: 'Not mine' })
  await manager.put(base, { name: 'Put', connectorKey: 'github', parameters: { clientId: 'a', clientSecret: 'b' } })
  await manager.put(wrong, { name: 'Put' })
  await manager.delete(base)
  await manager.delete(wrong)
  await tenant.delete(base)
  await tenant.get(base)
  await manager.post(restored)
  await manager.post(wrongRestore)
  await tenant.post(restored)
}
