// Plain HTTP by `node:http`: unlike `fetch` it sends no header that depends on the version of Node, takes any method,
// follows no redirect and gives what came of an answer that breaks off.

import http from 'node:http'

const HOST = '127.0.0.1'

/** Sends a request; `broken` says that the answer did not come whole, `headersOnly` does not wait for its body. */
export function send(origin, method, path, { headers = {}, body, headersOnly = false } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request(origin, { method, path, agent: false, headers: withLength(headers, body) })
    request.on('response', (response) => {
      const answer = { status: response.statusCode, headers: response.headers, bytes: Buffer.alloc(0) }
      if (headersOnly) {
        request.destroy()
        resolve({ ...answer, broken: 'the body never came' })
        return
      }
      const pieces = []
      const whole = () => ({ ...answer, bytes: Buffer.concat(pieces) })
      response.on('data', (piece) => pieces.push(piece))
      response.on('end', () => resolve(whole()))
      response.on('error', () => resolve({ ...whole(), broken: 'the body broke off' }))
    })
    request.on('error', (error) => {
      const known = ['ECONNRESET', 'EPIPE'].includes(error.code)
      if (known) resolve({ headers: {}, bytes: Buffer.alloc(0), broken: 'no answer came' })
      else if (!headersOnly) reject(error)
    })
    request.end(body)
  })
}

function withLength(headers, body) {
  return body === undefined ? headers : { ...headers, 'content-length': Buffer.byteLength(body) }
}

/** Opens server-sent events; `next` gives one after the other, `close` hangs up. */
export function listen(origin, path, headers = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request(origin, { path, agent: false, headers })
    request.on('error', reject)
    request.on('response', (response) => {
      const waiting = []
      const come = []
      let text = ''
      response.on('error', () => {})
      response.on('data', (piece) => {
        const parts = (text + piece).split('\n\n')
        text = parts.pop()
        come.push(...parts)
        while (come.length && waiting.length) waiting.shift()(come.shift())
      })
      resolve({
        status: response.statusCode,
        headers: response.headers,
        next: () => (come.length ? Promise.resolve(come.shift()) : new Promise((got) => waiting.push(got))),
        close: () => request.destroy(),
      })
    })
    request.end()
  })
}

/**
 * A server of the walk's own: receiver of webhooks, and the user's own app. It notes what it gets and answers by turns
 * what `answers` holds, then 200.
 */
export async function startReceiver() {
  const got = []
  const answers = []
  const server = http.createServer(async (request, response) => {
    const pieces = []
    for await (const piece of request) pieces.push(piece)
    const { host, connection, 'content-length': length, ...headers } = request.headers
    const text = Buffer.concat(pieces).toString()
    got.push({ method: request.method, path: request.url, headers, body: jsonOr(text) })
    const { status = 200, body = { ok: true } } = answers.shift() ?? {}
    // Apps' answers are in the logs, with their headers.
    response.sendDate = false
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  await new Promise((listening) => server.listen(0, HOST, listening))
  const take = () => got.splice(0)
  const stop = () => new Promise((closed) => server.close(closed).closeAllConnections())
  return { url: `http://${HOST}:${server.address().port}`, answers, take, stop }
}

export function jsonOr(text) {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
