// One world per test: a fresh fork of the demo workspace, the clients that see it, and the control API behind it.
// The suite is started as `membrane-mock exec -- npm test`, which exports the addresses and credentials read here.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MembraneClient } from '@membranehq/sdk';
import jwt from 'jsonwebtoken';

function environment(name) {
  const value = process.env[name];
  assert.ok(value, `${name} is not set: start the suite as \`membrane-mock exec -- npm test\``);
  return value;
}

/** What `exec` exported, for the one test that uses the default workspace as a user's own program would. */
export const exported = () => ({
  apiUri: environment('MEMBRANE_API_URI'),
  workspaceKey: environment('MEMBRANE_WORKSPACE_KEY'),
  workspaceSecret: environment('MEMBRANE_WORKSPACE_SECRET'),
  tenantKey: environment('MEMBRANE_TENANT_KEY'),
});

/** A call to the control API; its failure is the suite's failure, so it is never an answer to judge. */
async function controlled(method, path, body) {
  const headers = { 'content-type': 'application/json' };
  if (process.env.MEMBRANE_MOCK_CONTROL_TOKEN) {
    headers.authorization = `Bearer ${process.env.MEMBRANE_MOCK_CONTROL_TOKEN}`;
  }
  const response = await fetch(environment('MEMBRANE_MOCK_CONTROL_URL') + path, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  assert.ok(response.ok, `control ${method} ${path} answered ${response.status}: ${text}`);
  return text;
}

async function control(method, path, body) {
  const text = await controlled(method, path, body);
  return text ? JSON.parse(text) : undefined;
}

export class World {
  /** `seed: 'none'` forks an empty workspace instead of the demo; at the date `clock` time stands still. */
  static async fork({ key, secret, seed, from, settings, mock, clock } = {}) {
    const world = new World();
    Object.assign(world, await control('POST', '/workspaces', { key, secret, seed, from, settings, mock, clock }));
    return world;
  }

  // Clients

  /** The client as a backend makes it: told only the address, the workspace's key and secret, and a tenant. */
  clientOf(tenantKey = this.tenantKey) {
    return new MembraneClient({
      apiUri: this.apiUri,
      workspaceKey: this.key,
      workspaceSecret: this.secret,
      tenantKey,
    });
  }

  clientWith(token) {
    return new MembraneClient({ apiUri: this.apiUri, token });
  }

  get client() {
    return (this._client ??= this.clientOf());
  }

  get manager() {
    return (this._manager ??= this.clientWith(this.managerToken));
  }

  /** A token signed with the workspace secret, as the published skill document shows. */
  mint(claims, { algorithm = 'HS256', expiresIn = '5m', secret = this.secret } = {}) {
    return jwt.sign(claims, secret, { algorithm, ...(expiresIn ? { expiresIn } : {}) });
  }

  /** Plain HTTP: `curl -X METHOD "$API/path" -H "Authorization: Bearer $TOKEN" [-d JSON]`. */
  async curl(method, path, { token = this.tenantToken, query, data, body, headers = {} } = {}) {
    const url = this.apiUri.replace(/\/$/, '') + path + (query ? `?${new URLSearchParams(query)}` : '');
    const response = await fetch(url, {
      method,
      headers: {
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...(data === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: data === undefined ? body : JSON.stringify(data),
    });
    const text = await response.text();
    let json;
    try {
      json = text ? JSON.parse(text) : undefined;
    } catch {
      json = text;
    }
    return { status: response.status, headers: response.headers, body: json };
  }

  // Control

  control(method, path, body) {
    return control(method, `/workspaces/${this.key}${path}`, body);
  }

  configure({ settings, mock }) {
    return this.control('PATCH', '', { settings, mock });
  }

  progress(kinds) {
    return this.control('PUT', '/progress', kinds);
  }

  poke(connection, event, error) {
    return this.control('POST', `/connections/${connection}/poke`, { event, error });
  }

  /** Moves the workspace's clock; what fell due on the way is done. */
  advance(ms) {
    return this.control('POST', '/clock/advance', { ms });
  }

  advanceTo(date) {
    return this.control('POST', '/clock/advance', { to: date });
  }

  settle() {
    return this.control('POST', '/clock/settle');
  }

  /** Begins a scenario; `story()` says where it stands. */
  async play(scenario, parameters = {}) {
    const { id } = await this.control('POST', `/scenarios/${scenario}/start`, { parameters });
    return async () => (await this.control('GET', '/scenarios')).stories.find((story) => story.id === id);
  }

  /** Stubs one request to an external app; it wins over what the demo stubs there. */
  stub(connector, method, path, respond, more = {}) {
    return this.control('POST', `/upstreams/${connector}/stubs`, {
      request: { method, path, ...more },
      priority: 1,
      respond: { status: 200, ...respond },
    });
  }

  async requestsTo(connector) {
    return (await this.control('GET', `/upstreams/${connector}/requests`)).items;
  }

  async journal() {
    return (await this.control('GET', '/journal')).items;
  }

  /** Everything that the database holds of it, as it is written. */
  export() {
    return controlled('GET', `/workspaces/${this.key}/export`);
  }

  /** Takes the workspace back to its seed. */
  reset() {
    return control('POST', `/reset?workspace=${this.key}`);
  }

  drop() {
    return this.control('DELETE', '');
  }

  // What many tests need

  /** A manager's reusable action that sends one plain request through the connection's auth. */
  async action(fields, request = { method: 'GET', path: '/suite/thing' }) {
    return this.manager.actions.create({
      key: 'suite-action',
      name: 'Suite action',
      type: 'api-request-to-external-app',
      config: { request },
      ...fields,
    });
  }

  async integration(key) {
    return this.client.integration(key).get();
  }
}

/** A test with a world of its own. */
export function scenario(name, options, body = options) {
  test(name, async (t) => {
    const world = await World.fork(body === options ? {} : options);
    t.after(() => world.drop());
    await body(world, t);
  });
}

/** The error a call ends in. */
export async function errorOf(promise) {
  let value;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  assert.fail(`expected an error, got ${String(JSON.stringify(value)).slice(0, 1000)}`);
}

/** The status of the client's latest call: the client drops it when it makes a typed error, but logs it. */
export function lastStatus(client) {
  return client.retrieveLogs().at(-1)?.data.response?.status;
}

export const byId = (items) => items.map((item) => item.id);
