// Presents the tokens of `tokens.json`, minted by the JWT libraries of other languages, to the server.
// Start: membrane-mock exec -- node --test tests/clients/tokens/tokens.test.mjs

import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'

const fixtures = JSON.parse(readFileSync(new URL('tokens.json', import.meta.url), 'utf8'))
const [{ workspaceKey, secret }] = fixtures
const apiUri = process.env.MEMBRANE_API_URI
const controlUrl = process.env.MEMBRANE_MOCK_CONTROL_URL
const controlToken = process.env.MEMBRANE_MOCK_CONTROL_TOKEN

async function control(method, path, body) {
  const headers = { 'content-type': 'application/json' }
  if (controlToken) headers.authorization = `Bearer ${controlToken}`
  const response = await fetch(controlUrl + path, { method, headers, body: body && JSON.stringify(body) })
  assert.ok(response.ok, `${method} ${path} answered ${response.status}: ${await response.clone().text()}`)
}

async function get(path, token) {
  const response = await fetch(apiUri + path, { headers: { authorization: `Bearer ${token}` } })
  return { status: response.status, body: await response.json() }
}

const named = ({ language, library, version, algorithm, claims }) =>
  `${language}: ${library} ${version} with ${algorithm} and the claims ${Object.keys(claims).sort().join(', ')}`

const tenantOf = (claims) => claims.tenantKey ?? claims.id
const ofTenants = fixtures.filter(({ claims }) => !claims.isAdmin)
const ofManagers = fixtures.filter(({ claims }) => claims.isAdmin)

describe('the fixtures themselves', () => {
  test('there is a tenant token and a manager token of each language', () => {
    for (const list of [ofTenants, ofManagers]) {
      assert.deepEqual([...new Set(list.map(({ language }) => language))].sort(), ['go', 'java', 'php', 'ruby'])
    }
  })

  for (const fixture of fixtures) {
    test(`carries its claims under a true signature: ${named(fixture)}`, () => {
      const [header, payload, signature] = fixture.token.split('.')
      const hash = fixture.algorithm.replace('HS', 'sha')

      assert.equal(fixture.workspaceKey, workspaceKey)
      assert.equal(fixture.secret, secret)
      assert.equal(JSON.parse(Buffer.from(header, 'base64url')).alg, fixture.algorithm)
      assert.deepEqual(JSON.parse(Buffer.from(payload, 'base64url')), fixture.claims)
      assert.equal(signature, createHmac(hash, secret).update(`${header}.${payload}`).digest('base64url'))
    })
  }
})

describe('a server that has the workspace', () => {
  before(() => control('POST', '/workspaces', { key: workspaceKey, secret }))
  after(() => control('DELETE', `/workspaces/${workspaceKey}`))

  for (const fixture of ofTenants) {
    test(`accepts a tenant token and names its tenant: ${named(fixture)}`, async () => {
      const { status, body } = await get('/self', fixture.token)

      assert.equal(status, 200, JSON.stringify(body))
      assert.equal(body.internalId, tenantOf(fixture.claims))
      assert.equal(body.workspaceKey, workspaceKey)
      assert.equal(body.name, fixture.claims.name)
      if (fixture.claims.fields) assert.deepEqual(body.fields, fixture.claims.fields)
    })

    test(`refuses the same token once its claims were changed: ${named(fixture)}`, async () => {
      const [header, , signature] = fixture.token.split('.')
      const forged = Buffer.from(JSON.stringify({ ...fixture.claims, name: 'Mallory' })).toString('base64url')

      const { status, body } = await get('/self', `${header}.${forged}.${signature}`)

      assert.equal(status, 401)
      assert.equal(body.key, 'not_authenticated')
    })
  }

  for (const fixture of ofManagers) {
    test(`accepts a manager token: ${named(fixture)}`, async () => {
      assert.equal((await get('/self', fixture.token)).status, 200)

      const { status, body } = await get('/customers', fixture.token)

      assert.equal(status, 200, JSON.stringify(body))
      assert.ok(Array.isArray(body.items))
    })
  }
})
