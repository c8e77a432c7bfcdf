// Hosted pages: in the client's frame, in a window of its own, and what their buttons do.

import { fieldsOf } from './layered.mjs'
import { pathOf, throughVendor } from './connecting.mjs'

const HTML = { headers: { accept: 'text/html' } }

export async function walkPages(recorder) {
  recorder.begin('pages')
  const world = await recorder.world('pages')
  const token = world.token({ tenantKey: 'demo-tenant' })
  await walkConnectPages(world, token)
  await walkChoice(world, token)
  await walkConnectionPage(world, token)
  await walkEmbedded(world, token)
  await walkWaiting(world, token)
  await walkEvents(world)

  recorder.about('what is no page of anybody')
  const { nobody } = world
  await nobody.get('/')
  await nobody.call('OPTIONS', '/connections', {
    headers: { origin: 'https://app.example.com', 'access-control-request-method': 'POST' },
  })
  await nobody.get('/', { headers: { origin: 'https://app.example.com' } })
  await nobody.delete('/')
  await world.evidence({ records: false })
}

async function walkConnectPages(world, token) {
  const { recorder, nobody } = world
  recorder.about('a connect page in a frame')
  const form = { token, integrationKey: 'slack', connectionKey: 'framed', theme: 'dark', requestId: 'r-1' }
  await nobody.press('/screens/connect', form)
  await nobody.press('/screens/connect', { ...form, integrationKey: 'nope', connectionKey: 'n' })
  await nobody.press('/screens/connect', { ...form, integrationKey: 'nope', connectionKey: 'n' }, HTML)
  await nobody.press('/screens/connect', { ...form, token: 'no.to.ken' }, HTML)
  await nobody.press('/screens/connect', { ...form, connectorParameters: '{' })
  await nobody.press('/screens/connect', { integrationKey: 'slack' })
  await nobody.post('/screens/connect', { token })
  await nobody.press('/screens/integrations/notion/connect', { token, connectionKey: 'framed-notion' })
  await nobody.press('/screens/integrations/nope/connect', { token })

  recorder.about('the older names')
  for (const base of ['/embed', '/isolated-embed']) {
    await nobody.get(`${base}/integrations/linear/connect?token=${token}&connectionKey=embedded`)
    await nobody.get(`${base}/integrations/nope/connect?token=${token}`)
    await nobody.get(`${base}/connections/github-dev/refresh?token=${token}`)
    await nobody.get(`${base}/connections/nope/refresh?token=${token}`)
    await world.control.post('/connections/github-dev/cancel')
  }

  recorder.about('a popup')
  const payload = JSON.stringify({
    token,
    connectorKey: 'stripe',
    input: { apiKey: 'sk' },
    connectionKey: 'popped',
    requestId: 'r-2',
  })
  await nobody.press('/connect', { payload })
  await nobody.press('/connect', { payload: JSON.stringify({ token, integrationKey: 'nope', requestId: 'r-3' }) })
  await nobody.press('/connect', { token })
  await nobody.press('/connection-popup', { payload: payload.replace('popped', 'popped-2') })
  await nobody.press('/connection-popup', { token, integrationKey: 'gmail' })
  await nobody.press('/connection-popup', { token, integrationKey: 'nope' })
  await nobody.get(`/connection-popup?token=${token}&integrationKey=outlook`)
  await nobody.get('/connection-popup?integrationKey=outlook')
}

async function walkChoice(world, token) {
  const { recorder, nobody } = world
  recorder.about('a choice of apps')
  const page = await nobody.press('/screens/connect', { token })
  const [, visit] = /action="(\/screens\/visits\/[^"]+)"/.exec(page.text)
  const [, choice] = /value="(integration:[^"]+)"/.exec(page.text)
  await nobody.get(visit)
  await nobody.press(visit, { choice: 'nothing' })
  const chosen = await nobody.press(visit, { choice })
  const [, action] = /action="([^"]+)"/.exec(chosen.text)
  await throughVendor(world, action, { action: 'allow', account: 'chosen@example.com' })
  await nobody.get('/screens/visits/nothing')
  await nobody.press('/screens/visits/nothing', {}, HTML)
}

async function walkConnectionPage({ recorder, nobody }, token) {
  recorder.about('one connection')
  const page = await nobody.press('/screens/connection', { token, connectionId: 'hubspot-prod' })
  await nobody.press('/screens/connection', { token, connectionId: 'nope' })
  await nobody.press('/screens/connection', { token }, HTML)
  const [, visit] = /action="(\/screens\/visits\/[^"]+)"/.exec(page.text)
  await nobody.press(visit, {})
}

async function walkEmbedded({ recorder, nobody, tenant, manager }, token) {
  recorder.about('pages beside connecting')
  for (const base of ['/embed', '/isolated-embed']) {
    await nobody.get(`${base}/main?token=${token}&theme=light`)
    await nobody.get(`${base}/main`)
    await nobody.get(`${base}/integrations/github?token=${token}`)
    await nobody.get(`${base}/integrations/nope?token=${token}`)
    await nobody.get(`${base}/actions/list/configure?token=${token}`)
    await nobody.get(`${base}/actions/list/configure`)
    await nobody.get(`${base}/data-sources/x/configuration?token=${token}`)
  }

  recorder.about('pages of elements')
  const nodes = { start: { type: 'api-trigger' } }
  await manager.post('/flows', { key: 'paged', integrationKey: 'github', nodes })
  await manager.post('/app-data-schemas', { key: 'paged', schema: { type: 'object' } })
  const action = (await tenant.put('/connections/github/actions/create-issue')).json
  const flow = (await tenant.put('/connections/github/flows/paged')).json
  const schema = (await tenant.put('/app-data-schema-instance?appDataSchemaKey=paged')).json
  const run = (await tenant.post('/flow-runs', { flowInstanceId: flow.id })).json
  for (const base of ['/embed', '/isolated-embed']) {
    for (const [element, page] of [
      ['actions/create-contact', 'configuration'],
      [`action-instances/${action.id}`, 'configuration'],
      ['flows/github.paged', 'editor'],
      [`flow-instances/${flow.id}`, 'editor'],
      [`flow-runs/${run.id}`, 'editor'],
      ['app-data-schemas/paged', 'configuration'],
      [`app-data-schema-instances/${schema.id}`, 'configuration'],
    ]) {
      const address = `${base}/${element}/${page}?token=${token}`
      const { text } = await nobody.get(address)
      // An instance has a form, or takes one that is empty.
      if (/-instances\//.test(element)) await nobody.press(address, fieldsOf(text))
    }
    for (const list of ['action-instances', 'flow-instances', 'app-data-schema-instances']) {
      await nobody.press(`${base}/${list}/nope/configuration?token=${token}`, {})
    }
    await nobody.press(`${base}/flow-instances/${flow.id}/editor?token=${token}`, { s0: 'perhaps' })
  }
  const { id } = (await tenant.post('/agent/sessions', { prompt: 'Build <b>something</b>' })).json
  await nobody.press('/screens/agent-session', { token, sessionId: id })
  await nobody.press('/screens/agent-session', { token, sessionId: 'nope' })
  await nobody.press('/screens/agent-session', { token })
}

async function walkWaiting(world, token) {
  const { recorder, nobody } = world
  recorder.about('a page that waits for a connector')
  await world.progress({ 'connection.building': 'hold' })
  const page = await nobody.press('/screens/connect', { token, intent: 'Zyqqlotron', connectionKey: 'waiting' })
  const [visit] = /\/screens\/visits\/[\w.-]+/.exec(page.text)
  await world.poke('waiting', 'finishBuilding')
  await nobody.get(visit)
  const ready = await nobody.press(visit, {})
  const [, action] = /action="([^"]+)"/.exec(ready.text)
  await nobody.press(pathOf(action), { action: 'cancel' })
}

async function walkEvents(world) {
  const { recorder, tenant, nobody, control } = world
  recorder.about('events as they come')
  await world.progress({ 'connection.building': 'immediate' })
  const begun = { connectorKey: 'jira', connectionKey: 'watched', requestId: 'r-9' }
  await tenant.post('/connect', begun)
  const complete = () => control.post('/connections/watched/complete', { account: 'w@example.com' })
  await tenant.stream('/sse/connection-events/r-9', { events: 2, happens: complete })
  await nobody.stream('/sse/connection-events/r-9', { events: 2, happens: async () => {
    await tenant.post('/connect', begun)
    await complete()
  } })
  await nobody.get('/sse/connection-events/r-9?token=wrong')
  const lose = () => world.poke('watched', 'loseCredentials')
  await tenant.stream('/sse/workspace', { events: 3, happens: lose })
  await nobody.get('/sse/workspace')
}
