// The program's own address, which the platform calls: it takes only what the workspace has signed.

import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { payloadOf } from '../../sdk/lib/jwt.mjs'

/** Whom a token speaks for, which nobody but the workspace can have signed. */
function verified(token, secret) {
  const [, signed, signature] = /^(.+)\.([^.]+)$/.exec(token)
  assert.equal(createHmac('sha256', secret).update(signed).digest('base64url'), signature)
  return payloadOf(token)
}

/**
 * Starts the app, until the test is over, and has the workspace know where it is. `handlers` has, by path, what is done with
 * a body for a user. A call that cannot be taken is the error of the test: `app.errors` is empty at its end.
 */
export async function startOwnApp(t, world, handlers) {
  const app = { errors: [] }
  const server = createServer(async (request, response) => {
    const body = (await request.toArray()).join('')
    try {
      const { iss, sub } = verified(request.headers['x-integration-app-token'], world.secret)
      assert.equal(iss, world.key)
      assert.ok(handlers[request.url], `nothing is at ${request.url}`)
      await handlers[request.url](JSON.parse(body), sub)
      response.writeHead(204).end()
    } catch (error) {
      app.errors.push(error)
      response.writeHead(500).end()
    }
  }).listen(0, '127.0.0.1')
  t.after(() => {
    server.closeAllConnections()
    server.close()
    assert.deepEqual(app.errors, [])
  })
  await once(server, 'listening')
  app.uri = `http://127.0.0.1:${server.address().port}`
  await world.manager.patch(`workspaces/${world.key}`, { apiBaseUri: app.uri, webhookUri: `${app.uri}/webhook` })
  return app
}
