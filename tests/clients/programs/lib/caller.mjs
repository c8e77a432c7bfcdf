// Who calls: a user or a manager of a world, with a token that the program mints and plain `fetch`.

import assert from 'node:assert/strict'
import { hmac } from '../../sdk/lib/jwt.mjs'

/** A token as a program makes it for one of its users, by the id that it gives them. */
export const tokenOf = (world, id) => hmac({ iss: world.key, id, name: `User ${id}` }, world.secret)

class Caller {
  constructor(world, token) {
    Object.assign(this, { world, token })
  }

  /** The status and the body of an answer. */
  async ask(method, path, body) {
    const headers = { authorization: `Bearer ${this.token}` }
    if (body !== undefined) headers['content-type'] = 'application/json'
    const response = await fetch(this.world.apiUri + path, { method, headers, body: body && JSON.stringify(body) })
    const text = await response.text()
    return { status: response.status, body: text && JSON.parse(text) }
  }

  /** The body of an answer that has to be 200. */
  async ok(method, path, body) {
    const answer = await this.ask(method, path, body)
    assert.equal(answer.status, 200, `${method} ${path}: ${JSON.stringify(answer.body)}`)
    return answer.body
  }

  /** The body of an answer that has to be an error of this status. */
  async refused(status, method, path, body) {
    const answer = await this.ask(method, path, body)
    assert.equal(answer.status, status, `${method} ${path}: ${JSON.stringify(answer.body)}`)
    assert.ok(answer.body.message)
    return answer.body
  }
}

export const userOf = (world, id = world.tenantKey) => new Caller(world, tokenOf(world, id))
export const managerOf = (world) => new Caller(world, world.managerToken)

/** What the app behind a connector was asked, oldest first. */
export const asked = async (world, connector) => (await world.control('GET', `/upstreams/${connector}/requests`)).items
