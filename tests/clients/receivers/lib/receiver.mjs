// A user's own app, as the vendor's example apps are written: whoever calls has to bring a token that the workspace has
// signed, and its `sub` names one of the app's own users.

import { once } from 'node:events'
import { createServer } from 'node:http'
import { SignJWT, errors, jwtVerify } from 'jose'

export const NEWER = 'x-membrane-token'
export const FORMER = 'x-integration-app-token'

/** The app's table of users, by the ids that it gives them. */
const USERS = {
  'user-1': { name: 'Ada', documents: ['Notes on the engine'] },
  'user-2': { name: 'Grace', documents: ['A manual', 'A compiler'] },
}

const key = (secret) => new TextEncoder().encode(secret)

/** A token as an app mints it for one of its users, or as a manager for nobody. */
export function mint({ secret, workspaceKey, ...claims }) {
  const token = new SignJWT({ iss: workspaceKey, ...claims })
  return token.setProtectedHeader({ alg: 'HS256' }).setExpirationTime('5m').sign(key(secret))
}

class Refused extends Error {}

/**
 * The check: the claims and the user of a request, or a `Refused` that says what is wrong with it.
 *
 * It is stricter than an example has to be: the token has to say which workspace it is from and when it ends.
 */
async function authenticate(headers, { secret, workspaceKey, header }) {
  const token = headers[header]
  if (!token) throw new Refused(`no ${header}`)
  const { payload } = await jwtVerify(token, key(secret), {
    algorithms: ['HS256'],
    issuer: workspaceKey,
    requiredClaims: ['sub', 'exp'],
  }).catch((error) => {
    if (error instanceof errors.JOSEError) throw new Refused(error.message)
    throw error
  })
  if (!Object.hasOwn(USERS, payload.sub)) throw new Refused(`no user ${payload.sub}`)
  return { claims: payload, user: USERS[payload.sub] }
}

/**
 * Starts the app on a free port. `header` is the one of the two that it reads.
 *
 * Its fields may be changed while it runs: `secret` is the one that it knows.
 */
export async function startReceiver(t, { secret, workspaceKey, header = NEWER }) {
  const receiver = { secret, workspaceKey, header, requests: [] }
  const waiting = []
  let handedOut = 0
  const handOut = () => {
    while (waiting.length && handedOut < receiver.requests.length) waiting.shift()(receiver.requests[handedOut++])
  }
  /** The next request that this was not asked for yet, as soon as it is answered. */
  receiver.next = () =>
    new Promise((resolve) => {
      waiting.push(resolve)
      handOut()
    })

  const answer = async ({ claims, user }) => {
    // What it asks Membrane next, it asks as the user that it has found.
    const membraneToken = await mint({ secret: receiver.secret, workspaceKey, id: claims.sub })
    return { name: user.name, documents: user.documents, fields: claims.fields, membraneToken }
  }
  const server = createServer(async (request, response) => {
    const text = (await request.toArray()).join('')
    const { method, url: path, headers } = request
    const seen = { method, path, headers, body: text && JSON.parse(text) }
    try {
      Object.assign(seen, await authenticate(headers, receiver))
      Object.assign(seen, { status: 200, answered: await answer(seen) })
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      Object.assign(seen, { status: 401, answered: { message: error.message } })
    }
    response.writeHead(seen.status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(seen.answered), () => {
      receiver.requests.push(seen)
      handOut()
    })
  }).listen(0, '127.0.0.1')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  await once(server, 'listening')
  receiver.url = `http://127.0.0.1:${server.address().port}`
  return receiver
}
