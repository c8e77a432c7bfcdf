// The logs of runs, of requests to apps, of attempts to connect, and of webhooks that came in.

export async function walkLogs(recorder) {
  recorder.begin('logs')
  const world = await recorder.world('logs')
  const { tenant, stranger, manager, nobody, control } = world
  recorder.about('three runs to look at')
  const good = (await tenant.post('/act', { key: 'list-repositories', connectionKey: 'github-dev', meta: { n: 1 } }))
    .json
  await world.advance(1000)
  const bad = (await tenant.post('/act', { key: 'create-contact', connectionKey: 'hubspot-prod', input: {} })).json
  await world.advance(1000)
  await tenant.post('/act', { code: 'module.exports = () => 1', connectionKey: 'github-dev' })
  const { id, integrationId, externalAppId } = (await tenant.get('/connections/github-dev')).json

  recorder.about('run logs')
  const queries = [
    '',
    '?limit=1',
    '?limit=1&cursor=1',
    '?status=error',
    '?status=maybe',
    `?connectionId=${id}`,
    `?integrationId=${integrationId}`,
    `?externalAppId=${externalAppId}`,
    '?actionId=nope',
    '?from=2025-01-01T00:00:01Z',
    '?to=2025-01-01T00:00:00Z',
    '?from=now',
    '?tenantId=somebody-else',
    '?universalActionId=nope',
    '?integrationActionId=nope',
    '?connectionActionId=nope',
  ]
  for (const query of queries) await tenant.get(`/action-run-logs${query}`)
  await manager.get('/action-run-logs?tenantId=demo-tenant&limit=1')
  await stranger.get('/action-run-logs')
  await world.caller('the workspace', {}).get('/action-run-logs')
  await nobody.get('/action-run-logs')
  for (const { actionRunId } of [good, bad]) {
    await tenant.get(`/action-run-logs/${actionRunId}`)
    await tenant.get(`/action-run-logs/${actionRunId}?includeDetails=true`)
    await tenant.get(`/action-run-logs/${actionRunId}/details`)
  }
  await stranger.get(`/action-run-logs/${good.actionRunId}`)
  await stranger.get(`/action-run-logs/${good.actionRunId}/details`)
  await tenant.get('/action-run-logs/nope')
  await tenant.get('/action-run-logs/nope/details')

  recorder.about('logs of requests to apps')
  await tenant.get('/connections/github-dev/proxy/user')
  for (const query of [
    '',
    '?sortOrder=asc',
    '?sortOrder=up',
    '?isSuccess=false',
    `?actionRunId=${good.actionRunId}`,
    `?connectionId=${id}&limit=1`,
  ]) {
    await tenant.get(`/external-api-logs${query}`)
  }
  const [log] = (await tenant.get('/external-api-logs?limit=1')).json.items
  await tenant.get(`/external-api-logs/${log.id}`)
  await tenant.get(`/external-api-logs/${log.id}/details`)
  await stranger.get(`/external-api-logs/${log.id}`)
  await tenant.get('/external-api-logs/nope')
  await tenant.get('/external-api-logs/nope/details')
  await nobody.get('/external-api-logs')

  recorder.about('logs of attempts to connect')
  const begun = (await tenant.post('/connect', { connectorKey: 'slack', connectionKey: 'slack-1' })).json
  await control.post(`/connections/${begun.id}/fail`, { error: 'access_denied' })
  await tenant.post('/connect', { connectorKey: 'slack', connectionKey: 'slack-1' })
  await control.post(`/connections/${begun.id}/complete`, {})
  for (const query of [
    '',
    '?status=error',
    '?status=maybe',
    `?connectionId=${begun.id}&limit=1`,
    '?integrationId=nope',
  ]) {
    await tenant.get(`/connection-attempt-logs${query}`)
  }
  const [attempt] = (await tenant.get('/connection-attempt-logs?limit=1')).json.items
  await tenant.get(`/connection-attempt-logs/${attempt.id}`)
  await stranger.get(`/connection-attempt-logs/${attempt.id}`)
  await tenant.get('/connection-attempt-logs/nope')
  await nobody.get('/connection-attempt-logs')

  recorder.about('webhooks that came in: none did')
  await tenant.get('/incoming-webhooks')
  await tenant.get('/incoming-webhooks?limit=0')
  await tenant.get('/incoming-webhooks/nope')
  await tenant.get('/incoming-webhooks/nope/details')

  recorder.about('logs that the workspace does not keep')
  await manager.patch(`/workspaces/${world.key}`, { settings: { enableApiLogs: false, enableActionRunLogs: false } })
  const unkept = (await tenant.post('/act', { key: 'list-repositories', connectionKey: 'github-dev' })).json
  await tenant.get(`/action-run-logs/${unkept.actionRunId}`)
  await tenant.get('/external-api-logs?limit=1')
  await world.evidence({ records: false, details: false })
}
