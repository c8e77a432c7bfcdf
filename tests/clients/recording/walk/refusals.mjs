// Every route without a token and with the rights of each, as far as nothing comes of it; what is not faked says so.

export async function walkRefusals(recorder) {
  recorder.begin('refusals')
  const world = await recorder.world('refusals')
  const { tenant, manager, nobody, control } = world
  const routes = [...recorder.routes.routes].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
  // The one that hears whoever has no token hears no wrong one.
  const filled = (path) =>
    path.replace(/\{\*?\w+\}/g, 'nope') + (path.startsWith('/sse/connection-events/') ? '?token=wrong' : '')
  const methodOf = ({ method }) => (method === 'ANY' ? 'GET' : method)

  recorder.about('without a token')
  const api = routes.filter(({ path }) => !path.startsWith('/__mock'))
  for (const route of api.filter(isFaked)) await recorder.inShort([nobody], methodOf(route), filled(route.path))

  recorder.about('what is not faked')
  for (const route of api.filter((route) => !isFaked(route))) {
    await recorder.inShort([nobody, tenant, manager], methodOf(route), filled(route.path))
  }

  recorder.about('the control API of a workspace that is not there')
  const ofWorkspace = routes.filter(({ path }) => path.startsWith('/__mock/workspaces/{key}'))
  for (const route of ofWorkspace) {
    await recorder.inShort([nobody], route.method, filled(route.path))
    if (takesBody(route))
      await recorder.inShort([nobody], route.method, filled(route.path), { raw: '{"', type: 'application/json' })
  }

  recorder.about('methods, paths and bodies that nothing answers')
  await tenant.delete('/act')
  await tenant.get('/nowhere/at/all')
  await tenant.get('/connection')
  await tenant.call('TRACE', '/self')
  await tenant.patch('/integrations/github/documentation', {})
  await manager.patch('/integrations/github/documentation', {})
  await nobody.get('/__mock/nowhere')
  await nobody.delete('/__mock/health')
  await nobody.get('/__mock/health', { headers: { origin: 'https://evil.example.com' } })
  await nobody.get('/__mock/health', { headers: { host: 'evil.example.com' } })
  await control.post('/faults', undefined, { raw: 'name=x', type: 'application/x-www-form-urlencoded' })
  await nobody.call('OPTIONS', '/__mock/health', {
    headers: { origin: 'https://evil.example.com', 'access-control-request-method': 'GET' },
  })
  await tenant.post('/act', undefined, { raw: Buffer.alloc(10 * 1024 * 1024 + 1, ' '), type: 'application/json' })
}

const nameOf = ({ method, path }) => `${path} ${method}`
const isFaked = ({ level }) => level !== 'not-faked'
const takesBody = ({ method }) => ['POST', 'PUT', 'PATCH'].includes(method)
