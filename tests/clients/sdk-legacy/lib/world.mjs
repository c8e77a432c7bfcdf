// One workspace per test, a fork of the demo, and the legacy client that sees it.
// The suite is started as `membrane-mock exec -- npm test`, which exports the addresses read here.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IntegrationAppClient } from '@integration-app/sdk';

const { env } = process;

async function control(method, path, body) {
  assert.ok(env.MEMBRANE_MOCK_CONTROL_URL, 'start the suite as `membrane-mock exec -- npm test`');
  const token = env.MEMBRANE_MOCK_CONTROL_TOKEN;
  const response = await fetch(env.MEMBRANE_MOCK_CONTROL_URL + path, {
    method,
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  assert.ok(response.ok, `control ${method} ${path} answered ${response.status}: ${text}`);
  return text && JSON.parse(text);
}

class World {
  /** This client mints no token: it is given a ready one. */
  clientWith(token) {
    return new IntegrationAppClient({ apiUri: this.apiUri, uiUri: this.apiUri, token });
  }

  get client() {
    return (this._client ??= this.clientWith(this.tenantToken));
  }

  get manager() {
    return (this._manager ??= this.clientWith(this.managerToken));
  }

  control(method, path, body) {
    return control(method, `/workspaces/${this.key}${path}`, body);
  }

  settle() {
    return this.control('POST', '/clock/settle');
  }

  /** Flow runs go on until they are stopped. */
  holdRuns() {
    return this.control('PUT', '/progress', { flowRun: 'hold' });
  }

  /** Any method at a path of an app's answers with that method. */
  async stub(connector, path) {
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
      const respond = { status: 200, json: { method } };
      await this.control('POST', `/upstreams/${connector}/stubs`, { request: { method, path }, priority: 1, respond });
    }
  }
}

/** A test with a world of its own. */
export function scenario(name, body) {
  test(name, async (t) => {
    const world = Object.assign(new World(), await control('POST', '/workspaces', {}));
    t.after(() => world.control('DELETE', ''));
    await body(world, t);
  });
}
