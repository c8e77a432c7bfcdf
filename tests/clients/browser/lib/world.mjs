// One world per test: a fresh fork of the demo workspace, its API as a backend sees it, and the control API behind it.
// The suite is started as `membrane-mock exec -- npm test`, which exports the addresses read here.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import * as sdk from '@membranehq/sdk';

function environment(name) {
  const value = process.env[name];
  assert.ok(value, `${name} is not set: start the suite as \`membrane-mock exec -- npm test\``);
  return value;
}

/** The address of the mock, which is the origin of its API and of its pages. */
export const mockOrigin = () => new URL(environment('MEMBRANE_API_URI')).origin;

async function request(method, url, { token, body, who }) {
  const headers = { ...(token && { authorization: `Bearer ${token}` }) };
  if (body !== undefined) headers['content-type'] = 'application/json';
  const response = await fetch(url, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const text = await response.text();
  assert.ok(response.ok, `${who} ${method} ${url} answered ${response.status}: ${text}`);
  return text ? JSON.parse(text) : undefined;
}

const control = (method, path, body) =>
  request(method, environment('MEMBRANE_MOCK_CONTROL_URL') + path, {
    token: process.env.MEMBRANE_MOCK_CONTROL_TOKEN,
    body,
    who: 'control',
  });

export class World {
  /** `mock` and `settings` are set before anything else happens; `seed: 'none'` forks an empty workspace. */
  static async fork({ mock, settings, seed } = {}) {
    const world = Object.assign(new World(), await control('POST', '/workspaces', { seed }));
    if (mock || settings) await world.control('PATCH', '', { mock, settings });
    return world;
  }

  control(method, path, body) {
    return control(method, `/workspaces/${this.key}${path}`, body);
  }

  drop() {
    return this.control('DELETE', '');
  }

  /** A token of the default tenant whose time ran out. */
  expiredToken() {
    return this.#token({ exp: Math.floor(Date.now() / 1000) - 3600 });
  }

  #token(claims) {
    const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const all = { workspaceKey: this.key, tenantKey: this.tenantKey, ...claims };
    const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(all)}`;
    return `${signed}.${createHmac('sha256', this.secret).update(signed).digest('base64url')}`;
  }

  // The API as the tenant sees it

  api(method, path, body, token = this.tenantToken) {
    return request(method, this.apiUri + path, { token, body, who: 'the API:' });
  }

  /** Parameters that make the integration's own OAuth client unusable. */
  spoilOAuthClient(integration) {
    return this.api('PATCH', `/integrations/${integration}/parameters`, { clientSecret: 'half of a client' }, this.managerToken);
  }

  /** An app of the workspace's own, whose form has a field of every sort: what `connect` is told to find it. */
  async ownApp() {
    const inputSchema = {
      type: 'object',
      required: ['region', 'token'],
      properties: {
        region: { type: 'string', title: 'Region', description: 'Where your shop is hosted', enum: ['eu-central', 'us-east'] },
        token: { type: 'string', title: 'Access token', isSensitive: true, minLength: 20 },
        shop: { type: 'string', title: 'Shop', description: 'The first part of its address', default: 'main' },
      },
    };
    const connector = { key: 'acme-shop', name: 'Acme Shop', type: 'client-credentials', inputSchema };
    await this.api('POST', '/connectors', connector, this.managerToken);
    return { connectorKey: connector.key };
  }

  /** The ids of what has a page of its own: elements of the connection to GitHub, and a run of the flow. */
  async elements() {
    const nodes = { start: { type: 'api-trigger' } };
    const flow = { key: 'suite', name: 'Suite', nodes, integrationKey: 'github' };
    await this.api('POST', '/flows', flow, this.managerToken);
    const run = await this.api('POST', '/connections/github-dev/flows/suite/run', { input: {} });
    const query = 'parentKey=list-repositories&integrationKey=github&autoCreate=true';
    const action = await this.api('GET', `/action-instance?${query}`);
    const issues = { key: 'suite', integrationKey: 'github', collectionKey: 'issues' };
    await this.api('POST', '/data-sources', issues, this.managerToken);
    const dataSource = await this.api('PUT', '/connections/github-dev/data-sources/suite', {});
    const appSchema = { type: 'object', properties: { headline: { type: 'string', title: 'Headline' } } };
    const mapping = { key: 'suite', integrationKey: 'github', dataSourceKey: 'suite', appSchema };
    await this.api('POST', '/field-mappings', mapping, this.managerToken);
    const fieldMapping = await this.api('PUT', '/connections/github-dev/field-mappings/suite', {});
    return {
      action: action.id,
      flow: run.flowInstanceId,
      run: run.id,
      dataSource: dataSource.id,
      fieldMapping: fieldMapping.id,
    };
  }

  connection(selector) {
    return this.api('GET', `/connections/${selector}`);
  }

  async connections(query = {}) {
    return (await this.api('GET', `/connections?${new URLSearchParams(query)}`)).items;
  }

  /** What the client gave to the application must be the record that the API shows, and READY. */
  async connected(given, { integrationKey, key, name, id } = {}) {
    assert.ok(given?.id, `the client gave ${JSON.stringify(given)} instead of a connection`);
    sdk.ConnectionApiResponse.parse(given);
    const shown = await this.connection(given.id);
    assert.equal(shown.state, 'READY');
    assert.equal(shown.connected, true);
    assert.equal(shown.disconnected, false);
    assert.equal(given.state, 'READY', 'the connection that the page handed over');
    assert.equal(given.key, shown.key);
    if (integrationKey) assert.equal(shown.integration.key, integrationKey);
    if (key) assert.equal(shown.key, key);
    if (name) assert.equal(shown.name, name);
    if (id) assert.equal(shown.id, id);
    return shown;
  }

  /** Nothing of this integration works, whatever is left of the attempt. */
  async notConnected(integrationKey) {
    const working = (await this.connections({ integrationKey })).filter(({ connected }) => connected);
    assert.deepEqual(working, [], `${integrationKey} is connected`);
  }

  // The other side

  /** The book of the connector's vendor: who consented, and which tokens live. */
  async vendorTokens(connector) {
    const book = await this.control('GET', `/upstreams/${connector}/tokens`);
    return book.items ?? book;
  }

  /** The credentials of a connection are lost, as a revocation would lose them. */
  loseCredentials(connection) {
    return this.poke(connection, 'loseCredentials');
  }

  /** The id of the one connection that is being built. */
  async beingBuilt() {
    const building = (await this.connections()).filter(({ state }) => state === 'BUILDING');
    assert.equal(building.length, 1, 'connections in BUILDING');
    return building[0].id;
  }

  /** Moves a connection by hand. */
  poke(connection, event, error) {
    return this.control('POST', `/connections/${connection}/poke`, { event, error });
  }

  progress(kinds) {
    return this.control('PUT', '/progress', kinds);
  }

  /** From here on calls meet this rule, until it is repaired. */
  fault(rule) {
    return this.control('POST', '/faults', rule);
  }

  repair({ id }) {
    return this.control('DELETE', `/faults/${id}`);
  }
}
