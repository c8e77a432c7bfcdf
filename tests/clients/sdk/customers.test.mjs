// Customers. "Tenant" is the newer word; the client still says customer. Only managers manage them.

import assert from 'node:assert/strict';
import * as sdk from '@membranehq/sdk';
import { byId, scenario } from './lib/world.mjs';
import { accept, page } from './lib/shape.mjs';
import { refused } from './lib/failure.mjs';

const Customer = sdk.CustomerApiResponse;
const acme = { name: 'Acme Inc', internalId: 'acme', fields: { plan: 'pro' } };

scenario('GET /customers lists the tenants of the workspace', async ({ manager, tenantKey }) => {
  const { items } = accept(page(Customer), await manager.customers.find());
  assert.ok(items.some(({ internalId }) => internalId === tenantKey));
});

scenario('GET /customers searches, and findAll reads all pages', async ({ manager }) => {
  const made = await manager.customers.create(acme);
  assert.deepEqual(byId((await manager.customers.find({ search: 'ACME' })).items), [made.id]);
  assert.ok(byId(await manager.customers.findAll()).includes(made.id));
});

scenario('POST /customers makes a tenant that a token then finds', async (world) => {
  const made = accept(Customer, await world.manager.customers.create(acme));
  assert.equal(made.internalId, 'acme');
  assert.deepEqual(made.fields, { plan: 'pro' });
  assert.equal((await world.clientOf('acme').self.get()).id, made.id);
});

const addresses = { '/customers/:id': (id) => id, '/customer?id=': (id) => ({ id }) };
for (const [address, selector] of Object.entries(addresses)) {
  scenario(`GET, PATCH, PUT, DELETE and restore ${address} work on a tenant`, async ({ manager }) => {
    const { id } = await manager.customers.create(acme);
    const customer = manager.customer(selector(id));
    assert.equal(accept(Customer, await customer.get()).id, id);
    assert.deepEqual(accept(Customer, await customer.patch({ name: 'Patched' })).fields, { plan: 'pro' });
    assert.equal(accept(Customer, await customer.put({ ...acme, name: 'Put' })).name, 'Put');
    await customer.archive();
    assert.ok(!byId((await manager.customers.find()).items).includes(id));
    await customer.restore();
    assert.equal(accept(Customer, await customer.get()).archivedAt, undefined);
  });
}

scenario('a tenant may not see the others', async ({ client }) => {
  await refused(client, () => client.customers.find(), { as: sdk.BadRequestError, status: 403, key: 'access_denied' });
});
