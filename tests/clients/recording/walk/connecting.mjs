// Connecting: through the hosted pages by form posts, by requests, by pokes, through the whole state machine.

export async function walkConnecting(recorder) {
  recorder.begin('connecting')
  const world = await recorder.world('connecting')
  await walkOauth(world)
  await walkForms(world)
  await walkSpellings(world)
  await walkRequests(world)
  await walkStates(world)
  await walkProgress(world)
  await world.evidence()
}

/** The path of an address of the server's own, as a caller sends it. */
export const pathOf = (address) => address.replace(/^https?:\/\/[^/]+/, '')

/** From the hosted page to the vendor's and back; `button` is what is pressed there. */
export async function throughVendor({ nobody }, uiUrl, button) {
  const page = pathOf(uiUrl)
  const toVendor = await nobody.press(page, { action: 'connect' })
  const vendor = pathOf(toVendor.headers.location)
  await nobody.get(vendor)
  const back = await nobody.press(vendor, button)
  return nobody.get(pathOf(back.headers.location))
}

async function walkOauth(world) {
  const { recorder, tenant, nobody } = world
  recorder.about('OAuth through the hosted pages')
  const begun = (await tenant.post('/connect', { connectorKey: 'slack', connectionKey: 'slack-1' })).json
  const page = pathOf(begun.clientAction.uiUrl)
  await nobody.get(page)
  await nobody.get(page, { headers: { accept: 'text/html' } })
  await nobody.get('/connect/nothing')
  await nobody.get('/connect/nothing', { headers: { accept: 'text/html' } })
  await nobody.press('/connect/nothing', { action: 'connect' })
  await throughVendor(world, begun.clientAction.uiUrl, { action: 'allow', account: 'ada@example.com' })
  await nobody.get(page)
  await tenant.get('/connections/slack-1')

  recorder.about('cancelled at the page, denied at the vendor, and come back wrongly')
  const second = (await tenant.post('/connect', { connectorKey: 'notion', connectionKey: 'notion-1' })).json
  await nobody.press(pathOf(second.clientAction.uiUrl), { action: 'cancel' })
  await tenant.get('/connections/notion-1')
  const third = (await tenant.post('/connect', { connectorKey: 'linear', connectionKey: 'linear-1' })).json
  await throughVendor(world, third.clientAction.uiUrl, { action: 'deny' })
  await tenant.get('/connections/linear-1')
  const redirectUri = `${recorder.receiver.url}/done?a=1`
  const fourth = { connectorKey: 'gmail', connectionKey: 'gmail-1', redirectUri, requestId: 'r-1', customState: 'mine' }
  const { clientAction } = (await tenant.post('/connect', fourth)).json
  const ticket = clientAction.uiUrl.split('/').at(-1)
  await nobody.get(`/oauth-callback?state=${ticket}&code=no-code`)
  await nobody.get('/oauth-callback?code=x')
  await nobody.get('/oauth-callback?state=nothing&code=x')
  const again = (await tenant.post('/connect', { ...fourth, theme: 'dark' })).json
  await throughVendor(world, again.clientAction.uiUrl, { action: 'allow' })

  recorder.about('connected again, as another account')
  const { id } = (await tenant.get('/connections/slack-1')).json
  const anew = (await tenant.post('/connect', { connectionId: id })).json
  await nobody.get(pathOf(anew.clientAction.uiUrl))
  await throughVendor(world, anew.clientAction.uiUrl, { action: 'allow', account: 'ben@example.com' })
  await tenant.get('/connections/slack-1')
}

async function walkForms({ recorder, tenant, nobody }) {
  recorder.about('a form for a key')
  const begun = (await tenant.post('/connect', { connectorKey: 'stripe', connectionKey: 'stripe-1' })).json
  const page = pathOf(begun.clientAction.uiUrl)
  await nobody.get(page)
  await nobody.press(page, { action: 'connect' })
  await nobody.press(page, { action: 'connect', apiKey: 'sk_test_1' })
  await nobody.press(page, { action: 'connect', apiKey: 'sk_test_1' })
  await tenant.get('/connections/stripe-1')
  await tenant.post('/connect', { connectorKey: 'twilio', input: { accountSid: 'AC1', authToken: 'T1' } })
  await tenant.post('/connect', { connectorKey: 'sendgrid', connectionParameters: { apiKey: 'SG.1' } })
  await tenant.post('/connect', { connectorKey: 'sendgrid', input: {} })
}

async function walkSpellings({ recorder, tenant, manager, stranger, nobody }) {
  recorder.about('every way to say what to connect to')
  const github = (await tenant.get('/integrations/github')).json
  const app = (await tenant.get('/external-apps/jira')).json
  for (const body of [
    { integrationId: github.id, connectionKey: 'by-id', allowMultipleConnections: true },
    { integrationKey: 'github', connectionKey: 'by-key', allowMultipleConnections: true, name: 'By key' },
    { connectorId: github.connectorId, connectionKey: 'by-connector-id', allowMultipleConnections: true },
    { externalAppId: app.id, connectionKey: 'by-app' },
    { integrationKey: 'github', authOptionKey: 'default' },
    { connectionKey: 'by-key' },
    { integrationKey: 'hubspot', connectionKey: 'by-key' },
    { integrationKey: 'github', authOptionKey: 'another' },
    { integrationKey: 'nope' },
    { connectorKey: 'nope' },
    { connectionId: 'nope' },
    { connectorKey: 'github', redirectUri: 'ftp://x' },
    { connectorKey: 'github', connectorParameters: [] },
    { connectorKey: 'github', connectorParameters: { clientId: 'brought' }, connectionKey: 'brought-1' },
    { connectorKey: 'github', connectorParameters: { clientId: 'i', clientSecret: 's' }, connectionKey: 'brought-2' },
    {},
  ]) {
    await tenant.post('/connect', body)
  }
  await stranger.post('/connect', { integrationKey: 'github' })
  await manager.post('/connect', { integrationKey: 'github' })
  await nobody.post('/connect', { integrationKey: 'github' })
  await tenant.get('/connections?limit=1000')
}

async function walkRequests(world) {
  const { recorder, tenant, stranger, nobody } = world
  recorder.about('requests to connect')
  const made = (await tenant.post('/connection-requests', { integrationKey: 'outlook', connectionKey: 'requested' }))
    .json
  const at = `/connection-requests/${made.requestId}`
  await tenant.get(at)
  await tenant.patch(at)
  await stranger.get(at)
  await tenant.patch('/connection-requests/nope')
  await tenant.get('/connection-requests/nope')
  await tenant.post('/connection-requests', {})
  await tenant.post('/connection-requests', { integrationKey: 'nope' })
  await nobody.get(`/screens/connections?connectionRequestId=${made.requestId}`)
  await nobody.get('/screens/connections?connectionRequestId=nope')
  await throughVendor(world, made.url, { action: 'allow' })
  await tenant.get(at)
  await nobody.get(`/screens/connections?connectionRequestId=${made.requestId}`)
  const refused = (await tenant.post('/connection-requests', { connectorKey: 'stripe', connectionKey: 'refused' })).json
  await nobody.press(pathOf(refused.url), { action: 'cancel' })
  await tenant.get(`/connection-requests/${refused.requestId}`)
}

async function walkStates(world) {
  const { recorder, tenant, control } = world
  recorder.about('every poke, in its place and out of it')
  // Else the answer of a poke might show what the worker has made of it already.
  await world.progress({ 'connection.building': 'hold' })
  const poke = (connection, event, error) => world.poke(connection, event, error)
  await tenant.post('/connect', { connectorKey: 'salesforce', connectionKey: 'poked' })
  for (const event of ['finishBuilding', 'loseCredentials', 'disconnected', 'cancel', 'finalize', 'finishBuilding']) {
    await poke('poked', event)
  }
  for (const event of ['authorize', 'authorize', 'loseCredentials', 'reconnect', 'reconnect', 'cancel'])
    await poke('poked', event)
  for (const event of [
    'rebuild',
    'failConfiguration',
    'rebuild',
    'failSetup',
    'rebuild',
    'fail',
    'reconnect',
    'authorize',
  ]) {
    await poke('poked', event, 'so it was said')
  }
  for (const event of ['disconnect', 'disconnected', 'reconnect', 'authorize']) await poke('poked', event)
  await poke('poked', 'explode')
  await poke('nope', 'authorize')

  await world.progress({ 'connection.building': 'immediate' })

  recorder.about('what the user does, by the control API')
  await tenant.post('/connect', { connectorKey: 'airtable', connectionKey: 'done' })
  await control.post('/connections/done/complete', { input: {} })
  await control.post('/connections/done/complete', { input: { personalAccessToken: 'pat1' } })
  await control.post('/connections/nope/complete', {})
  await tenant.post('/connect', { connectorKey: 'jira', connectionKey: 'given-up' })
  await control.post('/connections/given-up/cancel')
  await control.post('/connections/nope/cancel')
  await control.post('/connections/given-up/fail', { error: 'server_error' })
  await control.post('/connections/given-up/fail', {})
  await control.post('/connections/nope/fail', {})
  await control.post('/connections/given-up/complete', { account: 'cara@example.com' })
  await tenant.get('/connection-attempt-logs?limit=1000')
}

async function walkProgress(world) {
  const { recorder, tenant, control } = world
  recorder.about('building takes its time')
  await world.progress({ 'connection.building': 'hold' })
  await tenant.post('/connect', { intent: 'Zyqqlotron', connectionKey: 'intended' })
  await tenant.get('/connections/intended')
  await tenant.post('/act', { connectionKey: 'intended', api: { method: 'GET', path: '/' } })
  await world.poke('intended', 'finishBuilding')
  await tenant.get('/connections/intended')
  await world.progress({ 'connection.building': { after: 1000 } })
  await tenant.post('/connect', { intent: 'Yankatron', connectionKey: 'later' })
  await world.advance(999)
  await tenant.get('/connections/later')
  await world.advance(1)
  await tenant.get('/connections/later')
  await world.progress({ 'connection.building': { reads: 2 } })
  await tenant.post('/connect', { intent: 'Xylotron', connectionKey: 'read' })
  for (let n = 0; n < 3; n += 1) await tenant.get('/connections/read')
  await world.progress({ 'connection.building': { fail: { state: 'SETUP_FAILED', error: 'no such app' } } })
  await tenant.post('/connect', { intent: 'Wumpotron', connectionKey: 'failed' })
  await tenant.get('/connections/failed')
  await world.progress({ 'connection.building': { fail: { state: 'READY' } } })
  await world.progress({ 'connection.building': 'immediate', 'connection.clientAction': { after: 500 } })
  await tenant.post('/connect', { connectorKey: 'google-calendar', connectionKey: 'by-itself' })
  await world.advance(500)
  await tenant.get('/connections/by-itself')
  await control.patch('', { mock: { autoConnect: true, account: 'auto@example.com' } })
  await tenant.post('/connect', { connectorKey: 'google-sheets', connectionKey: 'at-once' })
}
