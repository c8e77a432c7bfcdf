import { type ControlClient, type Schemas, answered } from './control-client.js'
import { MembraneMockError, refusal } from './error.js'
import { type Duration, milliseconds } from './time.js'
import { type TenantClaims, mint } from './token.js'

/** A connection as the platform shows it. */
export type ConnectionView = Schemas['Connection']

/** A fault rule: which calls it is about, how often, and what happens to them. */
export type FaultRule = Schemas['RuleInput']

/** A stub of an external app: `{request, respond, times?, priority?}`. */
export type Stub = Schemas['Stub']

/** What calls there must have been: `{calls?, times?, atLeast?, atMost?, inOrder?, …}`. */
export type Expectation = Schemas['Expectation']

/** What is asked of the journal: entries that match all of it. */
export interface JournalFilter {
  side?: Schemas['Side']
  operation?: Schemas['CallOperation']
  status?: number
  method?: string
  path?: string
  route?: string
  connector?: string
  tenant?: string
  integration?: string
  connection?: string
  action?: string
  flow?: string
  fault?: string
}

/** How a user finishes connecting. */
export interface Consent {
  /** The account that consents at the vendor. */
  account?: string
  /** What is typed into the connector's form, by the names of its fields. */
  input?: Record<string, unknown>
}

/** What connecting begins with. */
export interface ConnectOptions extends Consent {
  /** The key of the connection. */
  key?: string
  /** The connection is only begun: its user has still to act. */
  pending?: boolean
  /** More fields of `POST /connect`. */
  [field: string]: unknown
}

/** One call through a connection: of an action, of the app's API, or a snippet. Fields as in `POST /act`. */
export interface Act {
  key?: string
  api?: { method: string; path: string; query?: Record<string, unknown>; headers?: Record<string, string>; body?: unknown }
  code?: string
  connectionKey?: string
  input?: unknown
  [field: string]: unknown
}

/** What a run answered. */
export interface Run<Output> {
  output: Output
  actionRunId: string
}

/** A workspace: what a test has to itself. */
export class Workspace implements AsyncDisposable {
  /** The workspace's key, which tokens name. */
  readonly key: string
  /** The secret that tokens are signed with. */
  readonly secret: string
  /** The address that clients take as the API's. */
  readonly apiUri: string
  /** The key of the tenant that has the demo's connections. */
  readonly tenantKey: string
  /** A token of a manager, valid for a day. */
  readonly managerToken: string
  readonly clock: Clock
  readonly journal: Journal

  /** @internal */
  constructor(
    /** The whole control API, typed. */
    readonly control: ControlClient,
    made: Schemas['Workspace'],
  ) {
    this.key = made.key
    this.secret = made.secret
    this.apiUri = made.apiUri
    this.tenantKey = made.tenantKey
    this.managerToken = made.managerToken
    this.clock = new Clock(this)
    this.journal = new Journal(this)
  }

  /** @internal */
  get path() {
    return { key: this.key }
  }

  /** The environment that an app is told, by the names that `membrane-mock exec` uses. */
  get env(): Record<string, string> {
    return {
      MEMBRANE_API_URI: this.apiUri,
      MEMBRANE_API_URL: this.apiUri,
      MEMBRANE_UI_URI: this.apiUri,
      MEMBRANE_WORKSPACE_KEY: this.key,
      MEMBRANE_WORKSPACE_SECRET: this.secret,
      MEMBRANE_TENANT_KEY: this.tenantKey,
      MEMBRANE_TOKEN: this.tenant().token,
    }
  }

  /** What the official client is made with: `new MembraneClient(workspace.clientOptions('ada'))`. */
  clientOptions(tenantKey = this.tenantKey) {
    return { apiUri: this.apiUri, workspaceKey: this.key, workspaceSecret: this.secret, tenantKey }
  }

  /** A tenant, which needs not be there yet; the demo's when no key is given. */
  tenant(key = this.tenantKey, claims?: TenantClaims): Tenant {
    return new Tenant(this, key, claims)
  }

  /** A connection of any tenant, by id, or by a key that only one tenant has. */
  connection(selector: string): Connection {
    return new Connection(this, selector)
  }

  /** All tenants, each with a token. */
  async tenants() {
    const { items } = await answered(this.control.GET('/__mock/workspaces/{key}/tenants', { params: { path: this.path } }))
    return items
  }

  /** The connections of all tenants that match. */
  async connections(query: { tenant?: string; integration?: string; connector?: string; state?: Schemas['ConnectionState'] } = {}) {
    const params = { path: this.path, query }
    const { items } = await answered(this.control.GET('/__mock/workspaces/{key}/connections', { params }))
    return items
  }

  /** Breaks calls on cue. The answer's `remove` ends it, as does leaving the block of `await using`. */
  async fault(rule: FaultRule): Promise<Fault> {
    const added = await answered(this.control.POST('/__mock/workspaces/{key}/faults', { params: { path: this.path }, body: rule }))
    const made = 'items' in added ? added.items[0] : added
    if (!made) throw new TypeError('the server answered without the rule')
    return new Fault(this, made.id)
  }

  /** Says what an external app answers; it wins over the demo's. */
  async stub(connector: string, stub: Stub): Promise<StubHandle> {
    const params = { path: { ...this.path, connector } }
    const { id } = await answered(this.control.POST('/__mock/workspaces/{key}/upstreams/{connector}/stubs', { params, body: stub }))
    return new StubHandle(this, connector, id)
  }

  /** The requests that an external app got, oldest first. */
  async requests(connector: string) {
    const params = { path: { ...this.path, connector } }
    const { items } = await answered(this.control.GET('/__mock/workspaces/{key}/upstreams/{connector}/requests', { params }))
    return items
  }

  /** Begins a scenario: a story of faults, breaks and changes, by its name. */
  async scenario(name: string, parameters: Record<string, unknown> = {}): Promise<Schemas['ScenarioRun']> {
    const params = { path: { ...this.path, name } }
    return answered(this.control.POST('/__mock/workspaces/{key}/scenarios/{name}/start', { params, body: { parameters } }))
  }

  /** Remembers how the workspace is now; `restore` brings it back. */
  async snapshot(name?: string): Promise<Snapshot> {
    const body = name === undefined ? {} : { name }
    const { id } = await answered(this.control.POST('/__mock/workspaces/{key}/snapshots', { params: { path: this.path }, body }))
    return new Snapshot(this, id)
  }

  /** What went wrong in calls, and what a tester should look at. */
  async report(): Promise<Schemas['ReportLine'][]> {
    const { items } = await answered(this.control.GET('/__mock/workspaces/{key}/report', { params: { path: this.path } }))
    return items
  }

  /** Puts the workspace back to what it started from. */
  async reset(): Promise<void> {
    await this.control.POST('/__mock/reset', { params: { query: { workspace: this.key } } })
  }

  /** Merges changes into the workspace's name, label, and settings. */
  async update(changes: Schemas['PatchBody']): Promise<Schemas['Workspace']> {
    return answered(this.control.PATCH('/__mock/workspaces/{key}', { params: { path: this.path }, body: changes }))
  }

  /** Deletes the workspace and all that it has. */
  async delete(): Promise<void> {
    await this.control.DELETE('/__mock/workspaces/{key}', { params: { path: this.path } })
  }

  async [Symbol.asyncDispose]() {
    await this.delete()
  }
}

/** The workspace's time. */
export class Clock {
  /** @internal */
  constructor(private readonly of: Workspace) {}

  /** What time it is. */
  async now(): Promise<Date> {
    return new Date((await answered(this.of.control.GET('/__mock/workspaces/{key}/clock', { params: { path: this.of.path } }))).now)
  }

  /** Moves time forward. Refreshes, retries and schedules that fall due have happened when it answers. */
  async advance(by: Duration): Promise<Date> {
    const params = { path: this.of.path }
    const body = { ms: milliseconds(by) }
    return new Date((await answered(this.of.control.POST('/__mock/workspaces/{key}/clock/advance', { params, body }))).now)
  }

  /** Moves time forward to a moment. */
  async advanceTo(moment: Date | string): Promise<Date> {
    const params = { path: this.of.path }
    const body = { to: typeof moment === 'string' ? moment : moment.toISOString() }
    return new Date((await answered(this.of.control.POST('/__mock/workspaces/{key}/clock/advance', { params, body }))).now)
  }

  /** Lets what is due now happen. */
  async settle(): Promise<void> {
    await this.of.control.POST('/__mock/workspaces/{key}/clock/settle', { params: { path: this.of.path } })
  }

  /** Lets time stand still at a moment, or go on with the system. */
  async set(mode: Date | 'system' | (string & {})): Promise<void> {
    const body = { mode: mode instanceof Date ? mode.toISOString() : mode }
    await this.of.control.PUT('/__mock/workspaces/{key}/clock', { params: { path: this.of.path }, body })
  }
}

/** What was called. */
export class Journal {
  /** @internal */
  constructor(private readonly of: Workspace) {}

  /** The entries that match, oldest first. */
  async entries(filter: JournalFilter = {}): Promise<Schemas['Entry'][]> {
    const params = { path: this.of.path, query: filter }
    return (await answered(this.of.control.GET('/__mock/workspaces/{key}/journal', { params }))).items
  }

  /** Throws unless the calls were as expected; the error says which calls came nearest. */
  async verify(expected: Expectation): Promise<void> {
    const params = { path: this.of.path }
    const verdict = await answered(this.of.control.POST('/__mock/workspaces/{key}/journal/verify', { params, body: expected }))
    if (verdict.satisfied) return
    const near = verdict.nearMisses.map(({ seq, call, differences }) => {
      const differs = differences.map(({ field, wanted, found }) => `${field} is ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`)
      return `  #${seq} ${call}: ${differs.join('; ')}`
    })
    throw new Error([verdict.message, ...near].join('\n'))
  }

  /** Forgets all entries. */
  async clear(): Promise<void> {
    await this.of.control.DELETE('/__mock/workspaces/{key}/journal', { params: { path: this.of.path } })
  }
}

/** A rule that breaks calls. */
export class Fault implements AsyncDisposable {
  /** @internal */
  constructor(
    private readonly of: Workspace,
    readonly id: string,
  ) {}

  /** How often the rule met a call, and how often it broke one. */
  async standing() {
    const params = { path: { ...this.of.path, id: this.id } }
    return answered(this.of.control.GET('/__mock/workspaces/{key}/faults/{id}', { params }))
  }

  /** Ends it. Nothing happens where it is gone already. */
  async remove(): Promise<void> {
    const params = { path: { ...this.of.path, id: this.id } }
    await gone(this.of.control.DELETE('/__mock/workspaces/{key}/faults/{id}', { params }))
  }

  async [Symbol.asyncDispose]() {
    await this.remove()
  }
}

/** A stub of an external app. */
export class StubHandle implements AsyncDisposable {
  /** @internal */
  constructor(
    private readonly of: Workspace,
    readonly connector: string,
    readonly id: string,
  ) {}

  /** Removes it. Nothing happens where it is gone already. */
  async remove(): Promise<void> {
    const params = { path: { ...this.of.path, connector: this.connector, id: this.id } }
    await gone(this.of.control.DELETE('/__mock/workspaces/{key}/upstreams/{connector}/stubs/{id}', { params }))
  }

  async [Symbol.asyncDispose]() {
    await this.remove()
  }
}

async function gone(call: Promise<unknown>): Promise<void> {
  await call.catch((error: unknown) => {
    if (!(error instanceof MembraneMockError) || error.status !== 404) throw error
  })
}

/** How a workspace was. */
export class Snapshot {
  /** @internal */
  constructor(
    private readonly of: Workspace,
    readonly id: string,
  ) {}

  /** Brings it back. */
  async restore(): Promise<void> {
    await this.of.control.POST('/__mock/workspaces/{key}/snapshots/{id}/restore', { params: { path: { ...this.of.path, id: this.id } } })
  }

  async delete(): Promise<void> {
    await this.of.control.DELETE('/__mock/workspaces/{key}/snapshots/{id}', { params: { path: { ...this.of.path, id: this.id } } })
  }
}

/** A tenant: one customer of the app, with connections of its own. */
export class Tenant {
  /** A token of the tenant, valid for a day. */
  readonly token: string

  /** @internal */
  constructor(
    private readonly of: Workspace,
    readonly key: string,
    claims?: TenantClaims,
  ) {
    this.token = mint(of.key, of.secret, key, claims)
  }

  /** What the official client is made with for this tenant. */
  get clientOptions() {
    return this.of.clientOptions(this.key)
  }

  /** Connects an app: the user consents, or fills in the form, and the connection is READY. */
  async connect(integration: string, { key, account, input, pending, ...more }: ConnectOptions = {}): Promise<MadeConnection> {
    const body = { integrationKey: integration, ...(key === undefined ? {} : { connectionKey: key }), ...more }
    const { id } = await this.post<{ id: string }>('/connect', body)
    const connection = new MadeConnection(this.of, id, this.key)
    if (!pending) await connection.complete({ ...(account === undefined ? {} : { account }), ...(input === undefined ? {} : { input }) })
    return connection
  }

  /** A connection of this tenant, by id or key. */
  connection(selector: string): Connection {
    return new Connection(this.of, selector, this.key)
  }

  /** Runs an action, a request or a snippet. */
  async act<Output = unknown>(act: Act): Promise<Run<Output>> {
    return this.post('/act', act)
  }

  /** Breaks calls of this tenant, and calls to apps for it, on cue. */
  fault(rule: FaultRule): Promise<Fault> {
    return this.of.fault({ ...rule, on: { ...rule.on, tenant: this.key } })
  }

  /** Says what an external app answers when it is called for this tenant. */
  stub(connector: string, stub: Stub): Promise<StubHandle> {
    return this.of.stub(connector, { ...stub, request: { ...stub.request, tenant: this.key } })
  }

  /** Throws unless so many calls of this tenant were made; the error says which calls came nearest. */
  verify(calls: Schemas['Matcher'], times: number): Promise<void> {
    return this.of.journal.verify({ calls: { ...calls, tenant: this.key }, times })
  }

  get<T = unknown>(path: string, query?: Record<string, string | number | boolean>): Promise<T> {
    return this.call('GET', path, { query })
  }

  post<T = unknown>(path: string, body?: unknown): Promise<T> {
    return this.call('POST', path, { body })
  }

  patch<T = unknown>(path: string, body: unknown): Promise<T> {
    return this.call('PATCH', path, { body })
  }

  put<T = unknown>(path: string, body: unknown): Promise<T> {
    return this.call('PUT', path, { body })
  }

  delete<T = unknown>(path: string): Promise<T> {
    return this.call('DELETE', path)
  }

  private async call<T>(
    method: string,
    path: string,
    { query, body }: { query?: Record<string, string | number | boolean> | undefined; body?: unknown } = {},
  ): Promise<T> {
    const url = new URL(this.of.apiUri.replace(/\/$/, '') + path)
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, String(value))
    const response = await fetch(url, {
      method,
      headers: { authorization: `Bearer ${this.token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    const read: unknown = text && response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text || undefined
    if (!response.ok) throw refusal(`${method} ${path}`, response.status, read)
    return read as T
  }
}

/** A connection, and what its user, its vendor and the platform do to it. */
export class Connection {
  /** @internal */
  constructor(
    private readonly of: Workspace,
    /** Its id, or the key by which it was named. */
    readonly selector: string,
    private readonly tenantKey?: string,
  ) {}

  private get params() {
    return {
      path: { ...this.of.path, selector: this.selector },
      ...(this.tenantKey === undefined ? {} : { query: { tenant: this.tenantKey } }),
    }
  }

  /** The connection as the platform shows it. */
  async get(): Promise<ConnectionView> {
    const all = await this.of.connections(this.tenantKey === undefined ? {} : { tenant: this.tenantKey })
    const found = all.find(({ id, key }) => id === this.selector || key === this.selector)
    if (!found) throw new Error(`there is no connection \`${this.selector}\`; there are: ${all.map(({ id, key }) => key ?? id).join(', ')}`)
    return found
  }

  /** Its state, such as `READY` or `DISCONNECTED`. */
  async state(): Promise<Schemas['ConnectionState']> {
    return (await this.get()).state
  }

  /** The user goes the whole way of the pages. */
  async complete(consent: Consent = {}): Promise<ConnectionView> {
    return answered(this.of.control.POST('/__mock/workspaces/{key}/connections/{selector}/complete', { params: this.params, body: consent }))
  }

  /** The user gives up. */
  async cancel(): Promise<void> {
    await this.of.control.POST('/__mock/workspaces/{key}/connections/{selector}/cancel', { params: this.params })
  }

  /** The vendor sends the user back with an error. */
  async fail(error = 'access_denied'): Promise<void> {
    await this.of.control.POST('/__mock/workspaces/{key}/connections/{selector}/fail', { params: this.params, body: { error } })
  }

  /** Breaks it as its vendor does; the next call that needs it meets that. */
  async break(by: Schemas['Damage']): Promise<ConnectionView> {
    return answered(this.of.control.POST('/__mock/workspaces/{key}/connections/{selector}/break', { params: this.params, body: { by } }))
  }

  /** Its access token has expired: the next call refreshes it. */
  expire(): Promise<ConnectionView> {
    return this.break('expireCredentials')
  }

  /** Moves it to a state that may come next. */
  async poke(event: Schemas['ConnectionPoke'], error?: string): Promise<ConnectionView> {
    const body = { event, ...(error === undefined ? {} : { error }) }
    return answered(this.of.control.POST('/__mock/workspaces/{key}/connections/{selector}/poke', { params: this.params, body }))
  }
}

/** A connection that `connect` has made, so that its id is known; of one that is named by a key, `get()` tells it. */
export class MadeConnection extends Connection {
  /** The id, which stays the same when the user connects again. */
  get id(): string {
    return this.selector
  }
}
