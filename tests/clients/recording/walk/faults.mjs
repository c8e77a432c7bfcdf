// Faults: rules, how often they fire, and every effect on both sides.

const USER = { connectionKey: 'github-dev', api: { method: 'GET', path: '/user' } }

export async function walkFaults(recorder) {
  recorder.begin('faults')
  const world = await recorder.world('faults')
  await walkRules(world)
  await walkMatching(world)
  await walkAnswers(world)
  await walkWire(world)
  await walkTime(world)
  await walkConnections(world)
  await walkUpstream(world)
  await walkStory(world)
  await world.evidence({ records: false, details: false })
}

/** A rule for a while. */
async function under({ control }, rule, calls) {
  const { id } = (await control.post('/faults', rule)).json
  await calls()
  await control.delete(`/faults/${id}`)
}

async function walkRules({ recorder, control }) {
  recorder.about('rules')
  const rule = { name: 'one', on: { operation: 'act' }, fault: { respond: { status: 418 } } }
  const { id } = (await control.post('/faults', rule)).json
  await control.post('/faults', [
    { fault: 'reset', on: { path: '/never' } },
    { on: { path: '/never' }, times: 2, fault: 'close' },
  ])
  await control.get('/faults')
  await control.get(`/faults/${id}`)
  await control.get('/faults/one')
  await control.get('/faults/nope')
  await control.put(`/faults/${id}`, { ...rule, nth: 2 })
  await control.put('/faults/nope', rule)
  await control.put(`/faults/${id}`, { fault: 'explode' })
  for (const wrong of [
    { fault: 'explode' },
    { ...rule, probability: 2 },
    { ...rule, nth: 0 },
    { ...rule, on: { operation: 'dance' } },
    { ...rule, on: { connector: 'github', operation: 'act' } },
    { ...rule, on: { side: 'api', connector: 'github' } },
    { ...rule, on: { route: 'GET /nowhere' } },
    { ...rule, on: { colour: 'red' } },
    { ...rule, fault: { respond: { status: 99 } } },
    { ...rule, fault: { latency: { ms: 5, to: 1 } } },
    { ...rule, fault: { rateLimit: { limit: 0 } } },
    [{ ...rule, nth: 0 }, rule],
  ]) {
    await control.post('/faults', wrong)
  }
  await control.delete(`/faults/${id}`)
  await control.delete(`/faults/${id}`)
  await control.delete('/faults')
  await control.get('/faults')
}

async function walkMatching(world) {
  const { recorder, tenant } = world
  recorder.about('which calls, and how often')
  const fault = { respond: { status: 418 } }
  const calls = async () => {
    await tenant.get('/connections?limit=1')
    await tenant.post('/act', USER)
    await tenant.post('/actions/hubspot.list-contacts/run', {})
    await tenant.get('/connections/github-dev/proxy/user')
    await tenant.post('/connections/github-dev/refresh')
  }
  for (const on of [
    { operation: 'act' },
    { operation: 'proxy' },
    { operation: 'refresh' },
    { route: 'GET /connections' },
    { method: 'POST', path: '/act*' },
    { tenant: 'somebody-else' },
    { integration: 'github' },
    { connection: 'hubspot-prod' },
    { action: 'list-contacts' },
  ]) {
    await under(world, { on, fault }, calls)
  }
  const often = async () => {
    for (let n = 0; n < 4; n += 1) await tenant.get('/self')
  }
  const until = '2025-01-01T00:00:00Z'
  for (const how of [{ times: 2 }, { nth: 3 }, { after: 2 }, { after: 1, times: 1 }, { probability: 0.5 }, { until }]) {
    await under(world, { on: { path: '/self' }, ...how, fault }, often)
  }
}

async function walkAnswers(world) {
  const { recorder, tenant, nobody } = world
  recorder.about("answers of the engine's, and others")
  const page = `/screens/connect`
  for (const fault of [
    { error: { type: 'internal' } },
    { error: { type: 'bad_request', key: 'not_found', message: 'gone' } },
    { error: { type: 'connection', key: 'access_token_expired', code: 'CONNECTION_DISCONNECTED' } },
    { error: { type: 'concurrency', key: 'lock_timeout', status: 409 } },
    { respond: { status: 503, body: { busy: true }, headers: { 'retry-after': '7', 'x-own': 'yes' } } },
    { respond: { status: 502, body: 'plain text' } },
    { respond: { status: 204 } },
    'malformedJson',
  ]) {
    await under(world, { name: 'answers', fault }, () => tenant.get('/self'))
  }
  const token = world.token({ tenantKey: 'demo-tenant' })
  const broken = { name: 'page', fault: { error: { type: 'internal' } } }
  const html = { headers: { accept: 'text/html' } }
  await under(world, broken, () => nobody.press(page, { token, integrationKey: 'slack' }, html))
  const code = 'module.exports = async ({ membrane }) => (await membrane.connections.find()).items.length'
  await under(world, { ...broken, on: { route: 'GET /connections' } }, () =>
    tenant.post('/act', { connectionKey: 'github-dev', code }),
  )
}

async function walkWire(world) {
  const { recorder, tenant } = world
  recorder.about('on the wire')
  for (const fault of ['reset', 'close', 'truncate', { dribble: { bytes: 200, everyMs: 1 } }]) {
    await under(world, { name: 'wire', fault }, () => tenant.get('/connections/github-dev'))
  }
  await under(world, { name: 'wire', fault: 'stall' }, () => tenant.get('/self', { headersOnly: true }))
}

async function walkTime(world) {
  const { recorder, tenant, control } = world
  recorder.about('what takes time, and what is limited')
  const slow = { name: 'slow', on: { operation: 'act' }, fault: { latency: { ms: 500 } } }
  const meanwhile = async () => {
    const clock = `/__mock/workspaces/${world.key}/clock`
    // As soon as the call waits, time goes on.
    while ((await recorder.quietly('GET', clock)).json.pending.length === 0);
    await control.get('/clock')
    await recorder.quietly('POST', `${clock}/advance`, { ms: 500 })
  }
  await under(world, slow, () => tenant.post('/act', USER, { meanwhile }))
  for (const by of ['workspace', 'tenant', 'connection']) {
    const limit = {
      name: 'busy',
      on: { operation: 'act' },
      fault: { rateLimit: { limit: 2, perMs: 60_000, by, retryAfter: true } },
    }
    await under(world, limit, async () => {
      for (let n = 0; n < 3; n += 1) await tenant.post('/act', USER)
      await tenant.post('/act', { key: 'list-contacts', connectionKey: 'hubspot-prod' })
      await world.advance(30_000)
      await tenant.post('/act', USER)
    })
  }
}

async function walkConnections(world) {
  const { recorder, tenant } = world
  recorder.about('connections that break')
  for (const fault of ['disconnect', 'expireCredentials', 'failRefresh', 'markDefunct']) {
    const rule = { name: fault, on: { connection: 'github-dev' }, times: 1, fault }
    await under(world, rule, async () => {
      await tenant.post('/act', USER)
      await tenant.post('/act', USER)
      await tenant.get('/connections/github-dev')
    })
    await world.poke('github-dev', 'reconnect')
    await world.control.post('/connections/github-dev/complete', {})
  }
}

async function walkUpstream(world) {
  const { recorder, tenant } = world
  recorder.about("the app's side")
  for (const fault of [
    { respond: { status: 503, body: { message: 'busy' } } },
    { error: { type: 'internal' } },
    { rateLimit: { limit: 1, retryAfter: true } },
    'reset',
    'close',
    'truncate',
    'malformedJson',
    { dribble: { bytes: 500, everyMs: 1 } },
    'expireCredentials',
    'disconnect',
  ]) {
    await under(world, { name: 'app', on: { connector: 'github' }, fault }, async () => {
      await tenant.post('/act', USER)
      await tenant.get('/connections/github-dev/proxy/user')
    })
  }
  const token = { name: 'vendor', on: { side: 'upstream', path: '/oauth/token' }, fault: { respond: { status: 500 } } }
  await under(world, token, () => tenant.post('/connections/hubspot-prod/refresh'))
}

async function walkStory({ recorder, tenant, control }) {
  recorder.about('what fired, played again')
  await control.post('/faults', {
    name: 'chance',
    on: { path: '/self' },
    probability: 0.5,
    fault: { respond: { status: 418 } },
  })
  const calls = async () => {
    for (let n = 0; n < 4; n += 1) await tenant.get('/self')
  }
  await calls()
  const story = (await control.get('/faults/story')).json
  await control.put('/faults/story', story)
  await calls()
  await control.put('/faults/story', { seed: 99 })
  await calls()
  await control.put('/faults/story', { seed: 'x' })
  await control.get('/faults')
}
