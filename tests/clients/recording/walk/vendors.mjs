// The stub vendors' own OAuth: the consent page, codes, tokens, refreshing and revoking, as a client of theirs asks.

import { createHash } from 'node:crypto'
import { pathOf } from './connecting.mjs'

const CLIENT = { client_id: 'membrane-slack', client_secret: 'shared-secret-of-slack' }
const VERIFIER = 'a-verifier-that-is-long-enough-for-anybody-0123456789'

export async function walkVendors(recorder) {
  recorder.begin('vendors')
  const world = await recorder.world('vendors')
  const { nobody } = world
  const at = '/vendor/vendors/slack/oauth'
  const asking = (more = {}) =>
    `${at}/authorize?${new URLSearchParams({
      client_id: CLIENT.client_id,
      redirect_uri: `${recorder.origin}/oauth-callback`,
      response_type: 'code',
      scope: 'chat:write channels:read',
      state: 's-1',
      ...more,
    })}`

  recorder.about('the consent page')
  await nobody.get(asking())
  await nobody.get(asking({ theme: 'dark', redirect_uri: 'http://localhost:9000/back' }))
  for (const wrong of [
    { client_id: 'nobody' },
    { redirect_uri: 'https://evil.example.com' },
    { response_type: 'token' },
    { code_challenge: 'x', code_challenge_method: 'S1' },
  ]) {
    await nobody.get(asking(wrong))
  }
  await nobody.get(`${at}/authorize`)
  await nobody.get(asking().replace('/vendors/', '/nowhere/'))
  await nobody.get(asking().replace('/slack/', '/nope/'))
  await nobody.press(asking(), { action: 'deny' })
  await nobody.press(asking(), { action: 'shrug' })
  await nobody.press(asking({ client_id: 'nobody' }), { action: 'allow' })

  recorder.about('codes and tokens')
  const codeOf = async (more) => {
    const back = await nobody.press(asking(more), { action: 'allow', account: 'vera@example.com' })
    return new URL(back.headers.location, recorder.origin).searchParams.get('code')
  }
  const exchange = (code, more = {}) => ({
    grant_type: 'authorization_code',
    code,
    redirect_uri: `${recorder.origin}/oauth-callback`,
    ...CLIENT,
    ...more,
  })
  const code = await codeOf()
  const token = (await nobody.press(`${at}/token`, exchange(code))).json
  await nobody.press(`${at}/token`, exchange(code))
  await nobody.press(`${at}/token`, exchange(await codeOf(), { redirect_uri: 'http://localhost/other' }))
  await nobody.press(`${at}/token`, exchange(await codeOf(), { client_secret: 'wrong' }))
  const challenge = {
    code_challenge: createHash('sha256').update(VERIFIER).digest('base64url'),
    code_challenge_method: 'S256',
  }
  await nobody.press(`${at}/token`, exchange(await codeOf(challenge)))
  await nobody.press(`${at}/token`, exchange(await codeOf(challenge), { code_verifier: VERIFIER }))
  await nobody.press(`${at}/token`, { grant_type: 'password', ...CLIENT })
  await nobody.press(`${at}/token`, {})
  const basic = Buffer.from(`${CLIENT.client_id}:${CLIENT.client_secret}`).toString('base64')
  const github = '/vendor/vendors/hubspot/oauth/token'
  await nobody.press(
    github,
    { grant_type: 'refresh_token', refresh_token: 'none' },
    { headers: { authorization: `Basic ${basic}` } },
  )
  await nobody.press(`${at}/token`, {
    grant_type: 'refresh_token',
    refresh_token: token.refresh_token ?? 'none',
    ...CLIENT,
  })
  await nobody.press(
    `${at}/token`,
    { grant_type: 'refresh_token', refresh_token: 'none' },
    { headers: { authorization: `Basic ${basic}` } },
  )
  await nobody.press('/vendor/nowhere/slack/oauth/token', {})

  recorder.about('revoking')
  await nobody.press(`${at}/revoke`, { token: token.access_token, ...CLIENT })
  await nobody.press(`${at}/revoke`, { token: token.access_token })
  await nobody.press(`${at}/revoke`, { token: 'none', ...CLIENT })
  await nobody.press('/vendor/nowhere/slack/oauth/revoke', {})
  await world.control.get('/upstreams/slack/tokens')

  recorder.about('a scope that was not granted')
  const stub = {
    request: { method: 'GET', path: '/conversations.list' },
    scopes: ['admin'],
    priority: 1,
    respond: { status: 200, json: {} },
  }
  await world.control.post('/upstreams/slack/stubs', stub)
  const begun = (await world.tenant.post('/connect', { connectorKey: 'slack', connectionKey: 'slack-1' })).json
  const toVendor = await nobody.press(pathOf(begun.clientAction.uiUrl), { action: 'connect' })
  const back = await nobody.press(pathOf(toVendor.headers.location), { action: 'allow' })
  await nobody.get(pathOf(back.headers.location))
  await world.tenant.post('/act', { connectionKey: 'slack-1', api: { method: 'GET', path: '/conversations.list' } })
  await world.evidence({ records: false })
}
