// Makes the calls of the walk, one after the other, and keeps what was answered.

import { jsonOr, listen, send } from './http.mjs'
import { Normal, briefly } from './normal.mjs'
import { Routes } from './routes.mjs'
import { World } from './world.mjs'

/** Differs each time, or says again what the body says; every other header is recorded. */
const LEFT_OUT = new Set(['date', 'content-length', 'connection', 'keep-alive', 'transfer-encoding'])

const CORS = {
  'access-control-expose-headers': 'content-type',
  vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
}

/** What nearly all answers have is left out or named. Any other header, and one that lacks, is written out. */
const OF_JSON = sorted({ ...CORS, 'content-type': 'application/json; charset=utf-8' })
const OF_CONTROL = { 'content-type': 'application/json; charset=utf-8' }
const OF_PAGES = sorted({
  ...CORS,
  'access-control-expose-headers': 'content-security-policy, content-type',
  'content-security-policy': "base-uri 'none'; object-src 'none'",
  'content-type': 'text/html; charset=utf-8',
})

function sorted(object) {
  return Object.fromEntries(Object.entries(object).sort())
}

export class Recorder {
  constructor(server, receiver) {
    this.origin = server.url
    this.receiver = receiver
    this.normal = new Normal({ origin: server.url, receiver: receiver.url })
    this.nouns = new Map()
    this.worlds = []
    this.calls = 0
  }

  /** Learns the routes: the ledger has the API's, the document the control API's. */
  async learnRoutes() {
    const { routes } = (await this.quietly('GET', '/__mock/fidelity')).json
    const { paths } = (await this.quietly('GET', '/__mock/openapi.json')).json
    const control = Object.entries(paths).filter(([path]) => path.startsWith('/__mock'))
    const ours = control.flatMap(([path, calls]) =>
      Object.keys(calls).map((method) => ({ method: method.toUpperCase(), path })),
    )
    this.routes = new Routes([...routes, ...ours])
  }

  /** Learns the address of the stub server behind the apps, from a run in a workspace that is dropped again. */
  async learnStubServer() {
    const { tenantToken } = (await this.quietly('POST', '/__mock/workspaces', { key: 'probe' })).json
    const headers = { authorization: `Bearer ${tenantToken}`, 'content-type': 'application/json' }
    const ask = async (method, path, body) => read(await send(this.origin, method, path, { headers, body })).json
    const act = { connectionKey: 'github-dev', api: { method: 'GET', path: '/user' } }
    const { actionRunId } = await ask('POST', '/act', JSON.stringify(act))
    const { details } = await ask('GET', `/action-run-logs/${actionRunId}/details`)
    this.normal.name('stub server', new URL(details.request.sentTo).origin)
    await this.quietly('DELETE', '/__mock/workspaces/probe')
  }

  /** What follows is recorded in the file of this noun. */
  begin(noun) {
    this.entries = []
    this.nouns.set(noun, this.entries)
    this.worlds = []
  }

  /** A heading for whoever reads the file. */
  about(text) {
    this.entries.push({ about: text })
  }

  /** A workspace that is this part's own: what another part does cannot change its ids. */
  async world(key, more = {}) {
    const secret = `${key}-secret-that-is-long-enough-for-every-signer-0123456789abcdef0123456789abcdef`
    const made = await this.quietly('POST', '/__mock/workspaces', { key, secret, ...more })
    if (made.status !== 200) throw new Error(`${key} cannot be made: ${made.text}`)
    return this.worldOf(made.json)
  }

  async worldOf(made) {
    const world = new World(this, made)
    this.worlds.push(world.key)
    world.records = await world.exported()
    return world
  }

  /** A call that is not recorded. */
  async quietly(method, path, body) {
    const sent =
      body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
    return read(await send(this.origin, method, path, sent))
  }

  /** A call, its answer recorded. */
  async call(as, method, path, { token, body, form, raw, type, headers = {}, headersOnly, bodyless, meanwhile } = {}) {
    const [contentType, text] = bodyOf({ body, form, raw, type })
    const sent = {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(contentType && { 'content-type': contentType }),
      ...headers,
    }
    const going = send(this.origin, method, path, { headers: sent, body: text, headersOnly })
    if (meanwhile) await meanwhile()
    const answer = read(await going)
    const shown = body ?? form ?? (Buffer.isBuffer(raw) ? `{${raw.length} bytes}` : raw)
    this.entries.push({
      call: this.normal.text(`${method} ${path}`),
      as,
      ...(shown !== undefined && { sent: this.normal.json(shown) }),
      ...(type && { type: type.replace(/boundary=.*/, 'boundary={}') }),
      ...(Object.keys(headers).length > 0 && { with: this.normal.json(headers) }),
      ...this.shown(path, bodyless ? { ...answer, bytes: Buffer.alloc(0) } : answer),
    })
    this.calls += 1
    this.routes.note(method, path, answer.status)
    await this.settle()
    return answer
  }

  /**
   * One call by several callers, told in short: calls that are answered alike stand together, so that a sweep of all
   * routes shows which ones do not.
   */
  async inShort(callers, method, path, options) {
    const { entries } = this
    const alike = {}
    for (const caller of callers) {
      this.entries = []
      await caller.call(method, path, options)
      const [{ as, status, body, html }] = this.entries
      const problem = body?.message ?? html?.find((line) => line.includes('problem'))
      alike[as] = [status, body?.type, body?.key, body?.code, problem].filter((part) => part !== undefined).join(' ')
    }
    this.entries = entries
    const section = entries.slice(entries.findLastIndex(({ about }) => about) + 1)
    const known = section.find((entry) => JSON.stringify(entry.alike) === JSON.stringify(alike))
    const call = options ? `${method} ${path} with ${options.raw}` : `${method} ${path}`
    if (known) known.calls.push(call)
    else entries.push({ alike, calls: [call] })
  }

  shown(path, answer) {
    const headers = this.headers(path, answer)
    return {
      ...(answer.status && { status: answer.status, ...(headers && { headers }) }),
      ...this.normal.body(answer),
      ...(answer.broken && { broken: answer.broken }),
    }
  }

  /** The answer recorded last by digest and length alone: what it holds is recorded one by one elsewhere. */
  shorten() {
    const entry = this.entries.at(-1)
    if (!entry.body?.items.length) return
    entry.large = briefly(entry.body, JSON.stringify(entry.body))
    delete entry.body
  }

  /** None when they are the usual ones of JSON. */
  headers(path, answer) {
    const kept = Object.entries(answer.headers).filter(([name]) => !LEFT_OUT.has(name))
    const headers = this.normal.headers(sorted(Object.fromEntries(kept)))
    const are = (known) => JSON.stringify(known) === JSON.stringify(headers)
    if (are(path.startsWith('/__mock') ? OF_CONTROL : OF_JSON)) return undefined
    return are(OF_PAGES) ? 'of a page in a frame' : headers
  }

  /** Opens a stream of events, lets something happen, and records so many of its events. */
  async stream(as, path, { token, events, happens }) {
    const stream = await listen(this.origin, path, token ? { authorization: `Bearer ${token}` } : {})
    const come = [await stream.next()]
    const entry = {
      call: `GET ${this.normal.text(path)}`,
      as,
      ...this.shown(path, { ...stream, bytes: Buffer.alloc(0) }),
    }
    this.entries.push({ ...entry, events: come })
    await happens?.()
    while (come.length < events) come.push(await stream.next())
    come.splice(0, come.length, ...come.map((event) => this.event(event)))
    stream.close()
    this.calls += 1
    this.routes.note('GET', path, stream.status)
  }

  event(text) {
    const plain = this.normal.text(text)
    return plain.startsWith('data: ') ? { data: jsonOr(plain.slice('data: '.length)) } : plain
  }

  /** What the walk's own server was sent. */
  received(what) {
    this.entries.push({ about: what, received: this.receiver.take().map((request) => this.normal.json(request)) })
  }

  /**
   * Whatever an answer has set going is done before the next call: then it is no question of speed which of the two is
   * first.
   */
  async settle() {
    for (const key of this.worlds) await this.quietly('POST', `/__mock/workspaces/${key}/clock/settle`)
  }
}

function bodyOf({ body, form, raw, type }) {
  if (raw !== undefined) return [type, raw]
  if (form !== undefined) return ['application/x-www-form-urlencoded', new URLSearchParams(form).toString()]
  return body === undefined ? [undefined, undefined] : ['application/json', JSON.stringify(body)]
}

function read(answer) {
  const text = answer.bytes.toString()
  return { ...answer, text, json: jsonOr(text) }
}
