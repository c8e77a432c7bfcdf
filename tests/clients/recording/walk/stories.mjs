// Time, checkpoints and scenarios.

const ACT = { key: 'list-contacts', connectionKey: 'hubspot-prod' }

export async function walkStories(recorder) {
  recorder.begin('stories')
  const world = await recorder.world('stories')
  await walkClock(world)
  await walkSnapshots(world)
  await walkScenarios(world)
  await world.evidence()
}

async function walkClock(world) {
  const { recorder, tenant, control } = world
  // Never so far that two apps' tokens run out at once: which is refreshed first then is a question of speed.
  recorder.about('the clock')
  await control.get('/clock')
  await world.advance(31 * 60_000)
  await control.get('/upstreams/hubspot/tokens')
  await tenant.get('/connections/hubspot-prod')
  await control.post('/clock/advance', { to: '2025-01-01T01:00:00Z' })
  for (const body of [{ to: '2024-01-01' }, { ms: 1, to: '2026-01-01' }, {}, { ms: -1 }])
    await control.post('/clock/advance', body)
  await control.post('/clock/settle')
  await control.put('/clock', { mode: '2025-01-01T03:00:00Z' })
  await control.put('/clock', { mode: 'backwards' })
  await control.put('/clock', { mode: '2025-01-01T00:00:00Z' })
}

async function walkSnapshots(world) {
  const { recorder, tenant, control } = world
  recorder.about('checkpoints')
  await control.post('/faults', { name: 'kept', on: { path: '/self' }, nth: 9, fault: 'reset' })
  const { id } = (await control.post('/snapshots', { name: 'connected' })).json
  await control.post('/snapshots', { name: 'taken-twice' })
  await control.post('/snapshots', { name: 'taken-twice' })
  await control.post('/snapshots', {})
  await control.post('/snapshots', { nam: 'x' })
  await control.get('/snapshots')
  await world.poke('github-dev', 'loseCredentials')
  await world.advance(1000)
  await control.delete('/faults')
  await tenant.get('/connections/github-dev')
  await control.post(`/snapshots/${id}/restore`)
  await tenant.get('/connections/github-dev')
  await control.get('/clock')
  await control.get('/faults')
  await control.post('/snapshots/connected/restore')
  await control.post('/snapshots/nope/restore')
  await control.delete('/snapshots/nope')
  await control.delete(`/snapshots/${id}`)
  await control.delete(`/snapshots/${id}`)
  await control.delete('/faults')
}

const OWN = `name: bad-afternoon
description: The app fails for a while, and then the connection is gone.
parameters: {minutes: 5}
steps:
  - after: {acts: 1, connection: hubspot-prod}
    do:
      - fault: {name: outage, on: {connector: hubspot}, fault: {respond: {status: 503}}}
  - at: {clock: "+{minutes}m"}
    do:
      - removeFault: outage
      - break: {connection: hubspot-prod, by: disconnect}
      - progress: {flowRun: hold}
      - mock: {disconnectedStatus: 401}
      - settings: {enableApiLogs: true}
  - on: {event: connection.reconnected, connection: hubspot-prod}
`

async function walkScenarios(world) {
  const { recorder, tenant, control } = world
  recorder.about('scenarios')
  const { items } = (await control.get('/scenarios')).json
  const yaml = (raw) => control.post('/scenarios', undefined, { raw, type: 'application/yaml' })
  await yaml(OWN)
  await yaml('name: [')
  await control.post('/scenarios', { name: 'no-steps' })
  await control.post('/scenarios', { name: 'odd', steps: [{ do: [{ explode: true }] }] })
  await control.post('/scenarios/nope/start', {})
  await control.post('/scenarios/bad-afternoon/start', { parameters: { hours: 1 } })
  await control.post('/scenarios/nope/stop')

  recorder.about("one of one's own, step by step")
  await control.post('/scenarios/bad-afternoon/start', { parameters: { minutes: 10 } })
  await tenant.post('/act', ACT)
  await tenant.post('/act', ACT)
  await world.advance(600_000)
  await tenant.post('/act', ACT)
  const { id } = (await tenant.get('/connections/hubspot-prod')).json
  await tenant.post('/connect', { connectionId: id })
  await control.post(`/connections/${id}/complete`, {})
  await control.get('/scenarios')
  await control.post('/snapshots', { name: 'after' })

  recorder.about('each that comes along, begun and stopped')
  for (const { name } of items.filter(({ own }) => !own)) {
    const begun = (await control.post(`/scenarios/${name}/start`, {})).json
    await tenant.post('/act', ACT)
    await tenant.post('/connect', { connectorKey: 'slack', connectionKey: `of-${name}` })
    await tenant.post('/connect', { intent: `Zyqqlotron of ${name}`, connectionKey: `built-${name}` })
    await world.advance(60_000)
    await control.post(`/scenarios/${begun.id ?? name}/stop`)
    await control.post('/snapshots/after/restore')
  }
  await control.get('/scenarios')
}
