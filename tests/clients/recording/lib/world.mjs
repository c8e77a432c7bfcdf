// One workspace of the walk and who calls it.

import { mint } from './tokens.mjs'

export class World {
  constructor(recorder, { key, secret, tenantKey = 'demo-tenant' }) {
    Object.assign(this, { recorder, key, secret, tenantKey })
    this.tenant = this.caller('tenant', { tenantKey })
    this.stranger = this.caller('stranger', { tenantKey: 'somebody-else' })
    this.manager = this.caller('manager', { isAdmin: true })
    this.nobody = new Caller(recorder, 'nobody')
    this.control = new Caller(recorder, 'test', undefined, `/__mock/workspaces/${key}`)
  }

  token(claims, secret = this.secret, alg = undefined) {
    return mint({ workspaceKey: this.key, ...claims }, secret, alg)
  }

  caller(as, claims, secret, alg) {
    return new Caller(this.recorder, as, this.token(claims, secret, alg))
  }

  async poke(connection, event, error) {
    return this.control.post(`/connections/${connection}/poke`, { event, ...(error && { error }) })
  }

  progress(kinds) {
    return this.control.put('/progress', kinds)
  }

  advance(ms) {
    return this.control.post('/clock/advance', { ms })
  }

  /**
   * What the workspace remembers of all that was done: each part of the walk ends with it. Parts whose records and runs
   * are like those of others leave those out, so that the files do not say everything twice.
   */
  async evidence({ records = true, details = true } = {}) {
    const { recorder, control, manager } = this
    recorder.begin(`${this.key}-evidence`)
    recorder.worlds.push(this.key)
    await control.get('/journal')
    await control.get('/webhooks')
    const runs = await manager.get('/action-run-logs?limit=1000')
    if (details) recorder.shorten()
    for (const { id } of details ? runs.json.items : []) await manager.get(`/action-run-logs/${id}/details`)
    if (details) await manager.get('/external-api-logs?limit=1000&sortOrder=asc')
    if (records) await this.recordExport()
  }

  async exported() {
    const { json } = await this.recorder.quietly('GET', `/__mock/workspaces/${this.key}/export`)
    return json.records.map((record) => JSON.stringify(record))
  }

  /** The export without the records that the workspace began with, which are counted only. */
  async recordExport() {
    await this.control.get('/export')
    const { body } = this.recorder.entries.at(-1)
    const atFirst = new Set(this.records.map((record) => this.recorder.normal.text(record)))
    const kept = body.records.filter((record) => !atFirst.has(JSON.stringify(record)))
    body.unchanged = body.records.length - kept.length
    body.records = kept
  }
}

/** Makes calls in somebody's name. */
class Caller {
  constructor(recorder, as, token, base = '') {
    Object.assign(this, { recorder, as, token, base })
  }

  call(method, path, options = {}) {
    return this.recorder.call(this.as, method, this.base + path, { token: this.token, ...options })
  }

  get(path, options) {
    return this.call('GET', path, options)
  }

  post(path, body, options) {
    return this.call('POST', path, { body, ...options })
  }

  put(path, body, options) {
    return this.call('PUT', path, { body, ...options })
  }

  patch(path, body, options) {
    return this.call('PATCH', path, { body, ...options })
  }

  delete(path, options) {
    return this.call('DELETE', path, options)
  }

  /** As a browser posts a form. */
  press(path, form, options) {
    return this.call('POST', path, { form, ...options })
  }

  stream(path, options) {
    return this.recorder.stream(this.as, this.base + path, { token: this.token, ...options })
  }
}
