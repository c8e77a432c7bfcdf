// One workspace per test, a fork of the demo, and the receiver that stands for its users' app.
// The suite is started as `membrane-mock exec -- npm test`, which exports the addresses read here.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mint, startReceiver } from './receiver.mjs'

const { env } = process

async function send(method, url, { token, body } = {}) {
  const response = await fetch(url, {
    method,
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  })
  const text = await response.text()
  return { status: response.status, body: text && JSON.parse(text) }
}

async function succeeded(method, url, options) {
  const { status, body } = await send(method, url, options)
  assert.ok(status < 300, `${method} ${url} answered ${status}: ${JSON.stringify(body)}`)
  return body
}

const control = (method, path, body) => {
  assert.ok(env.MEMBRANE_MOCK_CONTROL_URL, 'start the suite as `membrane-mock exec -- npm test`')
  return succeeded(method, env.MEMBRANE_MOCK_CONTROL_URL + path, { token: env.MEMBRANE_MOCK_CONTROL_TOKEN, body })
}

class World {
  /** Calls the API as whoever `claims` name, with a token that is minted for this one call. */
  async call(claims, method, path, body) {
    const token = await mint({ secret: this.secret, workspaceKey: this.key, ...claims })
    return send(method, this.apiUri + path, { token, body })
  }

  async ok(claims, method, path, body) {
    const answer = await this.call(claims, method, path, body)
    assert.equal(answer.status, 200, `${method} ${path}: ${JSON.stringify(answer.body)}`)
    return answer.body
  }

  control(method, path, body) {
    return control(method, `/workspaces/${this.key}${path}`, body)
  }

  change(fields) {
    return this.ok(manager, 'PATCH', `/workspaces/${this.key}`, fields)
  }

  async rotate(secret) {
    await this.change({ secret })
    this.secret = secret
  }

  /** An action of everybody's; the tenants of the tests need no connection to run it. */
  action(type, request) {
    return this.ok(manager, 'POST', '/actions', { key: 'documents', name: 'Documents', type, config: { request } })
  }

  run(claims) {
    return this.call(claims, 'POST', '/actions/documents/run', { input: {} })
  }

  /** A connection by key, to run things at. */
  keyed(claims, key) {
    const credentials = { apiKey: 'sk_test_not_a_real_key' }
    return this.ok(claims, 'POST', '/connections', { key, name: key, integrationKey: 'stripe', credentials })
  }

  /** A run of a flow of one node at a connection of one's own, once it is over. */
  async runOfNode(claims, node) {
    const nodes = { start: { type: 'api-trigger', links: [{ key: 'ask' }] }, ask: node }
    await this.ok(manager, 'POST', '/flows', { key: 'ask', name: 'Ask', nodes })
    await this.keyed(claims, 'shop')
    const { id } = await this.ok(claims, 'POST', '/connections/shop/flows/ask/run', { input: {} })
    await this.settle()
    return this.ok(claims, 'GET', `/flow-runs/${id}`)
  }

  /** A new connection that its user has gone all the way to. */
  async connected(claims, connectorKey, connectionKey) {
    const { id } = await this.ok(claims, 'POST', '/connect', { connectorKey, connectionKey })
    await this.control('POST', `/connections/${id}/complete`, {})
    return this.ok(claims, 'GET', `/connections/${id}`)
  }

  poke(connection, event) {
    return this.control('POST', `/connections/${connection}/poke`, { event })
  }

  advance(ms) {
    return this.control('POST', '/clock/advance', { ms })
  }

  settle() {
    return this.control('POST', '/clock/settle')
  }
}

// Claims of tokens, as the app mints them. The receiver has the first two among its users.

export const ada = { id: 'user-1', name: 'Ada', fields: { plan: 'pro', seats: 3 } }
export const grace = { id: 'user-2', name: 'Grace' }
export const stranger = { id: 'user-3', name: 'Mallory' }
export const manager = { isAdmin: true }

/** A test with a workspace and a receiver of its own; the workspace's requests to its app go to the receiver. */
export function scenario(name, { header, ...options }, body) {
  test(name, async (t) => {
    const world = Object.assign(new World(), await control('POST', '/workspaces', options))
    t.after(() => world.control('DELETE', ''))
    const receiver = await startReceiver(t, { secret: world.secret, workspaceKey: world.key, header })
    await world.change({ apiBaseUri: receiver.url })
    await body(world, receiver)
  })
}
