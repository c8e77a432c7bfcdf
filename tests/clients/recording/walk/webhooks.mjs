// Webhooks that the workspace's app is sent: what they say, how they are signed, and how they are tried again.
//
// Almost all that is told of here is brought about by the test's own calls, which are not in the journal: else it would
// be a question of speed whether a webhook or the call that caused it is the first there. Where only the API brings it
// about, a fault holds the one webhook that is wanted until the clock is moved.

const HELD = { name: 'held', on: { operation: 'webhook' }, fault: { latency: { ms: 1000 } } }

export async function walkWebhooks(recorder) {
  recorder.begin('webhooks')
  const world = await recorder.world('webhooks')
  const { tenant, manager, control } = world
  const at = `/workspaces/${world.key}`

  recorder.about('nobody is told as long as there is no address')
  await world.poke('github-dev', 'loseCredentials')
  await control.get('/webhooks')
  await manager.patch(at, { webhookUri: `${recorder.receiver.url}/hooks?a=1` })
  await control.patch('', { mock: { webhookSecret: 'a-secret-for-webhooks' } })
  const only = (...events) => manager.patch(at, { enabledWebhookEvents: events })
  const held = async (call) => {
    const { id } = (await control.post('/faults', HELD)).json
    await call()
    await control.get('/webhooks')
    // Unrecorded: it is no matter whether this call or the server itself counts as who sent it.
    await recorder.quietly('POST', `/__mock/workspaces/${world.key}/clock/advance`, { ms: 1000 })
    await control.delete(`/faults/${id}`)
  }

  recorder.about('connections: connected again, lost, created, archived')
  await world.poke('github-dev', 'reconnect')
  await world.poke('github-dev', 'authorize')
  await world.poke('hubspot-prod', 'loseCredentials')
  const { id } = (await tenant.post('/connect', { connectorKey: 'slack', connectionKey: 'slack-1' })).json
  await control.post(`/connections/${id}/complete`, {})
  await held(() => tenant.delete('/connections/slack-1'))
  recorder.received('webhooks of connections')

  recorder.about('flow runs')
  const nodes = { start: { type: 'api-trigger', links: [{ key: 'ask' }] }, ask: { type: 'filter' } }
  await manager.post('/flows', { key: 'told', integrationKey: 'github', nodes })
  const run = async () => (await tenant.post('/connections/github-dev/flows/told/run', { input: {} })).json.id
  const poke = (run, event, error) => control.post(`/flow-runs/${run}/poke`, { event, ...(error && { error }) })
  await world.progress({ flowRun: 'hold' })
  await only('flowRun.queued')
  let first
  await held(async () => {
    first = await run()
  })
  await only()
  const [second, third] = [await run(), await run()]
  await only('flowRun.completed')
  await poke(first, 'complete')
  await only('flowRun.failed')
  await poke(second, 'fail', 'so it was said')
  await only('flowRun.stopped')
  await poke(third, 'stop')
  await only()
  const [fourth] = [await run(), await run()]
  await only('flowRun.started')
  await poke(fourth, 'stop')
  recorder.received('webhooks of flow runs')

  recorder.about('a receiver that is down is tried again, for a while')
  await only('connection.disconnected')
  recorder.receiver.answers.push({ status: 503 }, { status: 500 })
  await world.poke('github-dev', 'loseCredentials')
  for (const ms of [1000, 2000, 3000, 5000]) await world.advance(ms)
  recorder.received('one webhook, three times')
  await world.poke('github-dev', 'reconnect')
  await world.poke('github-dev', 'authorize')
  await manager.patch(at, { webhookUri: 'http://127.0.0.1:1/nobody-listens' })
  await world.poke('github-dev', 'loseCredentials')
  await world.advance(2000)
  const refused = { on: { operation: 'webhook' }, fault: { respond: { status: 410 } } }
  await control.post('/faults', refused)
  await world.advance(600_000)
  await control.get('/webhooks')
  await control.get('/journal?operation=webhook')
  await world.evidence()
}
