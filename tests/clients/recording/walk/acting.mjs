// `/act` in all its forms: by key, id, request and code, through every way to name a connection.

const USER = { method: 'GET', path: '/user' }

export async function walkActing(recorder) {
  recorder.begin('acting')
  const world = await recorder.world('acting')
  await walkScopes(world)
  await walkApi(world)
  await walkCode(world)
  await walkRefused(world)
  await walkDead(world)
  await world.evidence()
}

async function walkScopes({ recorder, tenant, stranger, manager, nobody }) {
  recorder.about('by key and by id, through every way to name a connection')
  const github = (await tenant.get('/connections/github-dev')).json
  const { id } = (await tenant.get('/actions/github.create-issue')).json
  for (const body of [
    { key: 'list-repositories', connectionKey: 'github-dev' },
    { key: 'list-repositories', connectionId: github.id, input: { perPage: 1 }, meta: { trace: 't-1' } },
    { key: 'list-repositories', integrationKey: 'github' },
    { key: 'list-repositories', integrationId: github.integrationId },
    { key: 'github.list-repositories' },
    { key: 'list-contacts' },
    { id, connectionKey: 'github-dev', input: { title: 'By id' } },
    { id, key: 'ignored-in-a-snapshot', name: 'Snapshot', connectionKey: 'github-dev', input: { title: 'S' } },
    { key: 'create-contact', connectionKey: 'hubspot-prod', input: { email: 'ada@example.com', firstName: 'Ada' } },
    { key: 'create-contact', connectionKey: 'hubspot-prod', input: { firstName: 'Ada' } },
    { key: 'create-contact', connectionKey: 'hubspot-prod', input: { email: 7 } },
    { key: 'create-issue', connectionKey: 'github-dev', input: 'no object' },
    { key: 'send-email', connectionKey: 'github-dev', input: {} },
    { key: 'list-repositoris', connectionKey: 'github-dev' },
    { id: 'nope', connectionKey: 'github-dev' },
    { key: 'list-repositories', connectionKey: 'nope' },
    { key: 'list-repositories', integrationKey: 'nope' },
    { key: 'list-channels', integrationKey: 'slack' },
  ]) {
    await tenant.post('/act', body)
  }
  await stranger.post('/act', { key: 'list-repositories', connectionKey: 'github-dev' })
  await manager.post('/act', { key: 'list-repositories', connectionKey: 'github-dev' })
  await nobody.post('/act', { key: 'list-repositories', connectionKey: 'github-dev' })
}

async function walkApi({ recorder, tenant }) {
  recorder.about('by request')
  for (const api of [
    USER,
    { method: 'get', path: '/user' },
    { method: 'GET', path: '/users', query: { per_page: 2, yes: true } },
    { method: 'POST', url: '/repos/acme/app/issues', data: { title: 'By request' }, headers: { 'x-own': '1' } },
    { method: 'GET', path: 'https://api.github.com/user/repos' },
    { method: 'GET', path: 'https://elsewhere.example.com/user' },
    { method: 'POST', path: '/user', body: 'plain text' },
    { method: 'GET', path: '/user/repo' },
    { method: 'HEAD', path: '/user' },
    { method: 'GET' },
    { method: 'GET', path: '/user', timeout: 1 },
    { method: 'GET', path: '/user', headers: { 'x-own': 1 } },
    { method: 'GET', path: '/user', headers: { 'x own': '1' } },
    { method: 'GET', path: '/user', query: { n: [1] } },
    'GET /user',
  ]) {
    await tenant.post('/act', { connectionKey: 'github-dev', api })
  }
  await tenant.post('/act', { api: USER })
  await tenant.post('/act', { api: USER, integrationKey: 'github' })
}

const CODES = [
  `module.exports = ({ input, connection, integration, user }) =>
    ({ input, connection: connection.key, user: user.internalId, of: integration.key })`,
  'module.exports = async ({ externalApiClient }) => (await externalApiClient.get("/user")).login',
  `module.exports = async ({ membrane }) => {
    const run = await membrane.connection('hubspot-prod').action('list-contacts').run({})
    return run.output.results.length
  }`,
  `module.exports = async ({ membrane }) => {
    try {
      await membrane.action('nope').run({})
    } catch (error) {
      return { name: error.name, message: error.message, data: error.data }
    }
  }`,
  'module.exports = () => { console.log("one", { two: 2 }); console.error("three"); return null }',
  'module.exports = () => new Date().toISOString()',
  'module.exports = () => undefined',
  'module.exports = () => { throw new TypeError("on purpose") }',
  'module.exports = async ({ externalApiClient }) => externalApiClient.get("/nowhere")',
  'module.exports = () => {',
  'exports.other = 1',
  'module.exports = () => require("fs")',
  'export default ({ input }) => input.n + 1',
]

async function walkCode({ recorder, tenant }) {
  recorder.about('by code')
  for (const code of CODES) await tenant.post('/act', { connectionKey: 'github-dev', code, input: { n: 1 } })
  await tenant.post('/act', { code: 'module.exports = ({ input }) => input', input: [1, 2.5, null] })
}

async function walkRefused({ recorder, tenant }) {
  recorder.about('what /act does not take')
  for (const body of [
    {},
    [],
    { key: 'a', id: 'b' },
    { key: 'a', api: USER },
    { api: USER, code: 'x' },
    { key: 'list-contacts', connection: 'hubspot-prod' },
    { key: 7 },
    { key: 'a', meta: 'm' },
    { key: 'a', connectionKey: ['x'] },
  ]) {
    await tenant.post('/act', body)
  }
  await tenant.post('/act', undefined, { raw: '{"key"', type: 'application/json' })
  await tenant.post('/act', undefined, { raw: Buffer.from([0x7b, 0xff, 0x7d]), type: 'application/json' })
  await tenant.post('/act', undefined, { raw: `${'['.repeat(200)}${']'.repeat(200)}`, type: 'application/json' })
  await tenant.post('/act')
  await tenant.get('/act')
  await tenant.post('/act/')
  await tenant.post('/acts', {})
}

async function walkDead(world) {
  const { recorder, tenant, control } = world
  recorder.about('through a connection that does not work')
  await control.patch('', { mock: { upstreamRetries: 1 } })
  const busy = {
    request: { method: 'GET', path: '/user' },
    priority: 1,
    times: 1,
    respond: { status: 429, headers: { 'retry-after': '0' }, json: {} },
  }
  await control.post('/upstreams/github/stubs', busy)
  await tenant.post('/act', { connectionKey: 'github-dev', api: USER })
  const [grant] = (await control.get('/upstreams/github/tokens')).json.items
  await control.post(`/upstreams/github/tokens/${grant.id}/expire`)
  await tenant.post('/act', { connectionKey: 'github-dev', api: USER })
  await control.post(`/upstreams/github/tokens/${grant.id}/refuse-refresh`)
  await control.post(`/upstreams/github/tokens/${grant.id}/expire`)
  await tenant.post('/act', { connectionKey: 'github-dev', api: USER })
  await tenant.get('/connections/github-dev')
  await tenant.post('/act', { key: 'list-repositories', connectionKey: 'github-dev' })
  await tenant.post('/act', { connectionKey: 'github-dev', code: CODES[1] })
  await world.poke('hubspot-prod', 'disconnect')
  await tenant.post('/act', { key: 'list-contacts', connectionKey: 'hubspot-prod' })
}
