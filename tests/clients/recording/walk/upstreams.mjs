// The apps behind connectors: stubs, the requests that came, tokens, and an app of the user's own.

export async function walkUpstreams(recorder) {
  recorder.begin('upstreams')
  const world = await recorder.world('upstreams')
  const { control, tenant } = world
  const act = (path, method = 'GET', more = {}) =>
    tenant.post('/act', { connectionKey: 'github-dev', api: { method, path, ...more } })

  recorder.about('stubs')
  await control.get('/upstreams/github/stubs')
  await control.get('/upstreams/nope/stubs')
  const at = '/upstreams/github/stubs'
  const stub = {
    name: 'mine',
    request: { method: 'GET', path: '/things/{id}', query: { a: '1' } },
    respond: {
      status: 201,
      headers: { 'x-mine': 'yes' },
      json: { id: { $var: '$.path.id' }, all: { $var: '$.query' } },
    },
  }
  const { id } = (await control.post(at, stub)).json
  await control.post(at, { ...stub, respond: { status: 99 } })
  await control.post(at, { request: { method: 'GET' }, respond: {} })
  await control.post('/upstreams/nope/stubs', stub)
  await control.post(at, { request: { method: 'ANY', path: '/text' }, times: 1, respond: { text: 'plain' } })
  await control.post(at, {
    request: { method: 'POST', path: '/typed', body: { a: { b: 1 } }, headers: { 'X-Want': 'it' } },
    respond: { status: 204 },
  })
  await control.get(`${at}/${id}`)
  await control.get(`${at}/nope`)
  await act('/things/7?a=1&b=2')
  await act('/things/7')
  await act('/text')
  await act('/text')
  await act('/typed', 'POST', { body: { a: { b: 1, c: 2 } }, headers: { 'x-want': 'it' } })
  await act('/typed', 'POST', { body: { a: { b: 2 } } })
  await control.put(`${at}/${id}`, { ...stub, respond: { status: 409, json: { message: 'taken' } } })
  await control.put(`${at}/${id}`, { request: {} })
  await control.put(`${at}/nope`, stub)
  await act('/things/7?a=1')
  await control.delete(`${at}/${id}`)
  await control.delete(`${at}/${id}`)
  await control.delete(at)
  await control.delete('/upstreams/nope/stubs')
  await act('/text')

  recorder.about('requests and tokens')
  await control.get('/upstreams/github/requests')
  await control.get('/upstreams/nope/requests')
  const [grant] = (await control.get('/upstreams/github/tokens')).json.items
  await control.get('/upstreams/nope/tokens')
  const event = (name, body) => control.post(`/upstreams/github/tokens/${grant.id}/${name}`, body)
  await event('scopes', { scopes: ['repo', 'user'] })
  await event('scopes', {})
  await event('expire')
  await act('/user')
  await event('explode')
  await event('revoke')
  await act('/user')
  await event('refuse-refresh')
  await control.post('/upstreams/github/tokens/nope/expire')
  await control.post(`/upstreams/hubspot/tokens/${grant.id}/expire`)

  recorder.about("an app of the user's own")
  await control.put('/upstreams/hubspot', { url: recorder.receiver.url })
  recorder.receiver.answers.push({ status: 200, body: { results: [] } }, { status: 503, body: { message: 'busy' } })
  await tenant.post('/act', { key: 'list-contacts', connectionKey: 'hubspot-prod' })
  await tenant.post('/act', { key: 'list-contacts', connectionKey: 'hubspot-prod' })
  recorder.received("what the user's own app was asked")
  await control.put('/upstreams/hubspot', { url: null })
  await control.put('/upstreams/hubspot', { url: 'ftp://x' })
  await control.put('/upstreams/nope', { url: null })
  await tenant.post('/act', { key: 'list-contacts', connectionKey: 'hubspot-prod' })
  await world.evidence({ details: false })
}
