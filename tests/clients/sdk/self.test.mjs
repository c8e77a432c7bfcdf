// The caller's own record.

import assert from 'node:assert/strict';
import * as sdk from '@membranehq/sdk';
import { scenario } from './lib/world.mjs';
import { accept } from './lib/shape.mjs';

scenario('GET /self is the tenant with its workspace', async (world) => {
  const self = accept(sdk.TenantSelfResponse, await world.client.self.get());
  assert.equal(self.internalId, world.tenantKey);
  assert.equal(self.workspaceKey, world.key);
});

scenario('GET /self makes an unknown tenant known', async (world) => {
  const self = accept(sdk.TenantSelfResponse, await world.clientOf('newcomer').self.get());
  assert.equal(self.internalId, 'newcomer');
  assert.ok(self.id);
  assert.ok(self.name);
});

scenario('PATCH /self changes the caller\'s record and only what it names', async (world) => {
  await world.client.self.patch({ fields: { plan: 'pro' } });
  const patched = accept(sdk.CustomerApiResponse, await world.client.self.patch({ name: 'Acme Inc' }));
  assert.equal(patched.name, 'Acme Inc');
  assert.deepEqual(patched.fields, { plan: 'pro' });
  assert.equal((await world.client.self.get()).name, 'Acme Inc');
});

scenario('PATCH /self by setCredentials is accepted', async (world) => {
  accept(sdk.CustomerApiResponse, await world.client.setCredentials({ apiKey: 'k' }));
});

scenario('PATCH /self that the constructor fires is accepted', async (world) => {
  // The client does not wait for this call, and ends the process when it fails.
  class Watched extends sdk.MembraneClient {
    setCredentials(credentials) {
      return (this.fired = super.setCredentials(credentials));
    }
  }
  const client = new Watched({ apiUri: world.apiUri, token: world.tenantToken, credentials: { apiKey: 'k' } });
  accept(sdk.CustomerApiResponse, await client.fired);
});
