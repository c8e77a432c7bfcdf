// Who a token makes the caller, and which tokens are turned down.

/** Of nobody's private key. */
const PUBLIC_KEY = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE2daA0kyBURkOT1Y8zM+ppQ3WpMDV
2CpHfxqIbvK6vqcFogZZlbkBKdqxP6stmdhD32MaDbAPRZ/IBAEn2tg43Q==
-----END PUBLIC KEY-----
`

export async function walkTokens(recorder) {
  recorder.begin('tokens')
  const world = await recorder.world('tokens')
  const { key, secret } = world
  const self = (as, claims, ...how) => world.caller(as, claims, ...how).get('/self')

  recorder.about('claims that are understood')
  await self('tenant', { tenantKey: 'demo-tenant' })
  await self('tenant of HS384', { tenantKey: 'demo-tenant' }, secret, 'HS384')
  await self('tenant of HS512', { tenantKey: 'demo-tenant' }, secret, 'HS512')
  await self('the older names', { workspaceKey: undefined, iss: key, id: 'older-names', name: 'Older Names' })
  await self('a new tenant with fields', { tenantKey: 'new-one', name: 'New One', fields: { plan: 'free', seats: 3 } })
  await self('the same tenant with other fields', { tenantKey: 'new-one', fields: { seats: 4 } })
  await self('a tenant whose key is a number', { tenantKey: 42 })
  await self('a manager', { isAdmin: true })
  await self('a manager for a tenant', { isAdmin: true, tenantKey: 'demo-tenant' })
  await self('a manager by text', { isAdmin: '1' })
  await self('the workspace', {})
  await self('a tenant for ever', { tenantKey: 'demo-tenant', exp: 9_999_999_999 })
  await self('a tenant whose key is empty', { tenantKey: '' })

  recorder.about('tokens that are turned down')
  await self('another secret', { tenantKey: 'demo-tenant' }, `not-${secret}`)
  await self('a workspace that is not there', { workspaceKey: 'nowhere', tenantKey: 'demo-tenant' })
  await self('no workspace', { workspaceKey: undefined, tenantKey: 'demo-tenant' })
  await self('two workspaces', { iss: 'another', tenantKey: 'demo-tenant' })
  await self('two tenants', { tenantKey: 'demo-tenant', id: 'another' })
  await self('no date', { tenantKey: 'demo-tenant', exp: 'never' })
  await self('run out', { tenantKey: 'demo-tenant', exp: 1_735_689_599 })
  await self('not yet', { tenantKey: 'demo-tenant', nbf: 9_999_999_999 })
  const { nobody } = world
  await nobody.get('/self')
  await nobody.get('/self', { token: 'pat-0123456789' })
  await nobody.get('/self', { token: 'no.jwt' })
  const [, claims] = world.token({ tenantKey: 'demo-tenant' }).split('.')
  const unsigned = `${Buffer.from(JSON.stringify({ alg: 'none', typ: 'JWT' })).toString('base64url')}.${claims}`
  await nobody.get('/self', { token: `${unsigned}.` })
  await world.manager.patch(`/workspaces/${key}`, { publicKeys: [{ name: 'none', publicKey: 'no key' }] })
  await world.manager.patch(`/workspaces/${key}`, { publicKeys: [{ name: 'one', publicKey: PUBLIC_KEY }] })
  await self('a public key as the secret', { tenantKey: 'demo-tenant' }, PUBLIC_KEY)
  const signed = (alg) =>
    `${Buffer.from(JSON.stringify({ alg, typ: 'JWT' })).toString('base64url')}.${claims}.c2lnbmF0dXJl`
  for (const alg of ['ES256', 'RS256']) await nobody.get('/self', { token: signed(alg) })

  recorder.about('where a token may stand')
  const token = world.token({ tenantKey: 'demo-tenant' })
  await nobody.get(`/self?token=${token}`)
  await nobody.get('/self', { headers: { authorization: token } })
  await nobody.get('/self', { headers: { authorization: `bearer ${token}` } })

  recorder.about('the workspace settles what counts')
  await world.control.patch('', { mock: { tokenClock: 'workspace' } })
  await self('a token that has run out', { tenantKey: 'demo-tenant', exp: 1_735_689_599 })
  await self('a token for ever', { tenantKey: 'demo-tenant', exp: 9_999_999_999 })
  await world.manager.patch(`/workspaces/${key}`, { settings: { disableSecretKeyAuth: true } })
  await self('a tenant by the secret', { tenantKey: 'demo-tenant' })

  recorder.begin('tokens-workspaces')
  const other = await recorder.world('tokens-workspaces')
  await other.manager.get('/workspaces')
  await other.manager.get(`/workspaces?workspaceKey=${other.key}`)
  await other.manager.get('/workspaces?workspaceKey=another')
  await other.tenant.get('/workspaces')
  await other.nobody.get('/workspaces')
  const { json } = await other.manager.get(`/workspaces/${other.key}`)
  await other.manager.get(`/workspaces/${json.id}`)
  await other.manager.get('/workspaces/another')
  const change = { settings: { enableApiLogs: true }, webhookUri: 'http://127.0.0.1:1/hooks', logoUri: 'x.svg' }
  await other.manager.patch(`/workspaces/${json.id}`, { name: 'Renamed', ...change })
  await other.manager.patch(`/workspaces/${json.id}`, { settings: { enableApiLog: true } })
  await other.manager.patch(`/workspaces/${json.id}`, { webhookUri: null, featureFlags: { one: true } })
  await other.tenant.patch(`/workspaces/${json.id}`, { name: 'Not mine' })
}
