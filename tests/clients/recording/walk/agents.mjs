// Agent sessions: scripted ones, held ones, and those that the caller runs itself.

export async function walkAgents(recorder) {
  recorder.begin('agents')
  const world = await recorder.world('agents')
  const { tenant, stranger, manager, nobody, control } = world

  recorder.about('a session that is done at once')
  const done = (
    await tenant.post('/agent/sessions', { prompt: 'Build me a connector', workspaceElementType: 'connector' })
  ).json
  await tenant.get(`/agent/sessions/${done.id}?wait=true&timeout=5`)
  await tenant.get(`/agent/sessions/${done.id}/messages`)
  await tenant.post(`/agent/sessions/${done.id}/message`, { input: 'And now another' })
  await tenant.get(`/agent/sessions/${done.id}`)
  await tenant.get(`/agent/sessions/${done.id}/messages`)
  await tenant.post('/agent/sessions', {})
  await tenant.post('/agent/sessions', { prompt: 7 })
  await world.caller('the workspace', {}).post('/agent/sessions', { prompt: 'x' })
  await nobody.post('/agent/sessions', { prompt: 'x' })
  for (const path of ['nope', 'nope/messages', `${done.id}?wait=true&timeout=0`])
    await tenant.get(`/agent/sessions/${path}`)
  await stranger.get(`/agent/sessions/${done.id}`)
  await tenant.post(`/agent/sessions/${done.id}/message`, {})
  await tenant.post('/agent/sessions/nope/message', { input: 'x' })

  recorder.about('held ones: interrupted, stopped, poked')
  await world.progress({ agentSession: 'hold' })
  const begin = async (more) => (await tenant.post('/agent/sessions', { prompt: 'Take your time', ...more })).json.id
  const one = await begin()
  await tenant.post(`/agent/sessions/${one}/message`, { input: 'Hurry' })
  await tenant.post(`/agent/sessions/${one}/interrupt`)
  await tenant.post(`/agent/sessions/${one}/interrupt`)
  await tenant.post('/agent/sessions/nope/interrupt')
  const two = await begin({ agentName: 'membrane-x', workspaceElementId: 'e-1', workspaceElementType: 'Action' })
  await tenant.patch(`/agent/sessions/${two}/stop`)
  await tenant.patch('/agent/sessions/nope/stop')
  const three = await begin()
  for (const event of [
    'run',
    'start',
    'run',
    'complete',
    'complete',
    'resume',
    'fail',
    'resume',
    'stop',
    'run',
    'leap',
  ]) {
    await control.post(`/agent-sessions/${three}/poke`, { event, ...(event === 'fail' && { error: 'so it was said' }) })
  }
  await control.post('/agent-sessions/nope/poke', { event: 'start' })
  await tenant.get(`/agent/sessions/${three}/messages`)

  recorder.about('one that its caller runs')
  await world.progress({ agentSession: 'immediate' })
  const own = await begin({ isExternal: true })
  for (const body of [
    { status: 'starting' },
    { status: 'running', title: 'Mine' },
    { status: 'completed', summary: 'Done', output: { n: 1 } },
    { status: 'running' },
    { status: 'resting' },
  ]) {
    await manager.patch(`/agent/sessions/${own}`, body)
  }
  await manager.patch('/agent/sessions/nope', { title: 'x' })
  await tenant.patch(`/agent/sessions/${own}`, { title: 'Not mine' })

  recorder.about('failing and slow ones, and lists')
  await world.progress({ agentSession: { fail: { error: 'no idea' } } })
  await tenant.get(`/agent/sessions/${await begin()}`)
  await world.progress({ agentSession: { reads: 1 } })
  const slow = await begin()
  for (let n = 0; n < 2; n += 1) await tenant.get(`/agent/sessions/${slow}`)
  const queries = [
    '',
    '?limit=2',
    '?limit=1&cursor=3',
    '?status=failed',
    '?workspaceElementType=action',
    '?workspaceElementId=e-1',
    '?limit=0',
  ]
  for (const query of queries) await tenant.get(`/agent/sessions${query}`)
  await stranger.get('/agent/sessions')
  await manager.get('/agent/sessions?limit=1')
  await nobody.get('/agent/sessions')
  await walkTools(world)
  await world.evidence()
}

async function walkTools({ recorder, tenant, nobody, control }) {
  recorder.about('what agents search with')
  const results = [{ title: 'Docs', url: 'https://docs.example.com' }, 'text']
  await control.patch('', { mock: { webSearch: { 'CRM API': results, slack: [{ title: 'Chat' }] } } })
  const searches = [
    { query: 'HubSpot' },
    { query: 'hub', limit: 1 },
    { query: 'The crm api, or slack' },
    { query: 'crm api', limit: 1 },
    { query: 'nobody has this' },
  ]
  const wrong = [undefined, {}, { q: 'hub' }, { query: 7 }, { query: 'hub', limit: -1 }, { query: 'hub', limit: '1' }]
  for (const tool of ['search-apps', 'websearch']) {
    for (const body of [...searches, ...wrong]) await tenant.post(`/agent/tools/${tool}`, body)
    await nobody.post(`/agent/tools/${tool}`, searches[0])
    await tenant.get(`/agent/tools/${tool}`)
  }
}
