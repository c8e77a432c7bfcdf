// Integrations and what is below them. Reads as a tenant, writes as a manager.

import assert from 'node:assert/strict';
import * as sdk from '@membranehq/sdk';
import { byId, scenario } from './lib/world.mjs';
import { accept, page } from './lib/shape.mjs';

const Integration = sdk.IntegrationApiResponse;
const Action = sdk.ActionApiResponse;

scenario('GET /integrations lists what a user can connect to', async ({ client }) => {
  const { items } = accept(page(sdk.IntegrationListItem), await client.integrations.find());
  const keys = items.map(({ key }) => key);
  for (const key of ['github', 'hubspot', 'gmail', 'slack', 'stripe']) assert.ok(keys.includes(key), `${key} in ${keys}`);
  for (const integration of items) {
    for (const field of ['id', 'key', 'name', 'logoUri', 'connectorId', 'connectorKey', 'externalAppId', 'integrationId']) {
      assert.equal(typeof integration[field], 'string', `${field} of ${integration.key}`);
    }
  }
  assert.equal(items.find(({ key }) => key === 'github').connection.key, 'github-dev');
  assert.equal(items.find(({ key }) => key === 'slack').connection, undefined);
});

scenario('GET /integrations searches without regard to case', async ({ client }) => {
  const { items } = await client.integrations.find({ search: 'HubSp' });
  assert.ok(items.some(({ key }) => key === 'hubspot'));
  assert.ok(!items.some(({ key }) => key === 'github'));
});

scenario('GET /integrations page by page by findAll', async ({ client }) => {
  const all = await client.integrations.findAll();
  assert.deepEqual(byId(all), byId((await client.integrations.find()).items));
});

scenario('GET /integrations shows candidates of the catalog when asked', async ({ manager, client }) => {
  await manager.integration('slack').archive();
  const ofSlack = (items) => items.filter(({ connectorKey }) => connectorKey === 'slack');
  assert.deepEqual(ofSlack((await client.integrations.find({ search: 'slack' })).items), []);
  const found = await client.integrations.find({ search: 'slack', connectors: 1, externalApps: 1 });
  const [candidate] = ofSlack(accept(page(sdk.IntegrationListItem), found).items);
  assert.equal(candidate.integrationId, undefined);
  assert.ok(candidate.name && candidate.logoUri);
  accept(Integration, await client.integration(candidate.id).get());
});

scenario('POST /integrations makes one from a connector', async ({ manager, client }) => {
  const made = await manager.integrations.create({ key: 'suite-github', name: 'Suite GitHub', connectorKey: 'github' });
  accept(Integration, made);
  assert.equal(made.key, 'suite-github');
  assert.equal(made.state, 'READY');
  assert.equal(made.authType, 'oauth2');
  assert.equal((await client.integration('suite-github').get()).id, made.id);
});

for (const which of ['id', 'key']) {
  scenario(`GET /integrations/:i by ${which} embeds the caller's connection`, async ({ client }) => {
    const { items } = await client.integrations.find({ search: 'github' });
    const listed = items.find(({ key }) => key === 'github');
    const integration = accept(Integration, await client.integration(listed[which]).get());
    assert.equal(integration.id, listed.id);
    assert.equal(integration.connection.key, 'github-dev');
  });
}

scenario('PATCH /integrations/:i merges', async ({ manager }) => {
  const before = await manager.integration('github').get();
  const after = accept(Integration, await manager.integration('github').patch({ name: 'Git Hub' }));
  assert.equal(after.name, 'Git Hub');
  assert.equal(after.connectorId, before.connectorId);
  assert.notEqual(after.revision, before.revision);
});

scenario('PUT /integrations/:i takes a whole record', async ({ manager }) => {
  const before = await manager.integration('github').get();
  const after = accept(Integration, await manager.integration('github').put({ ...before, name: 'Git Hub' }));
  assert.equal(after.name, 'Git Hub');
  assert.equal(after.id, before.id);
  assert.equal(after.key, 'github');
});

scenario('DELETE /integrations/:i archives and POST restore undoes it', async ({ manager, client }) => {
  const { id } = await client.integration('slack').get();
  await manager.integration('slack').archive();
  assert.ok(!byId((await client.integrations.find()).items).includes(id));
  assert.ok(byId((await client.integrations.find({ includeArchived: 1 })).items).includes(id));
  const restored = accept(Integration, await manager.integration(id).restore());
  assert.equal(restored.archivedAt, undefined);
  assert.ok(byId((await client.integrations.find()).items).includes(id));
});

scenario('POST /integrations/:i/setup answers the integration', async ({ manager }) => {
  assert.equal(accept(Integration, await manager.integration('github').setup()).key, 'github');
});

scenario('GET /integrations/:i/connector-spec says how the app authenticates', async ({ client }) => {
  const spec = accept(sdk.ConnectorSpec, await client.integration('github').getConnectorSpec());
  assert.ok(spec.auth, 'the hosted connect screen is drawn from it');
});

// Actions of an integration

const made = { key: 'suite-action', name: 'Suite action', type: 'api-request-to-external-app' };
const request = { method: 'GET', path: '/suite/thing' };
const create = (manager) => manager.integration('github').actions.create({ ...made, config: { request } });

scenario('POST /integrations/:i/actions makes an action of that integration', async ({ manager, client }) => {
  const action = accept(Action, await create(manager));
  assert.equal(action.key, 'suite-action');
  assert.equal(action.integrationKey, 'github');
  assert.equal(action.integrationId, (await client.integration('github').get()).id);
  assert.equal(action.state, 'READY');
});

scenario('GET /integrations/:i/actions lists them', async ({ manager, client }) => {
  const action = await create(manager);
  const { items } = accept(page(Action), await client.integration('github').actions.list({ search: 'suite-action' }));
  assert.deepEqual(byId(items), [action.id]);
  assert.equal(items[0].layer, 'integration');
  assert.deepEqual((await client.integration('hubspot').actions.list({ search: 'suite-action' })).items, []);
});

scenario('GET /integrations/:i/actions/:key reads one', async ({ manager, client }) => {
  const action = await create(manager);
  const read = accept(Action, await client.integration('github').action('suite-action').get());
  assert.equal(read.id, action.id);
  assert.deepEqual(read.config, { request });
});

scenario('PATCH /integrations/:i/actions/:key merges', async ({ manager }) => {
  await create(manager);
  const patched = accept(Action, await manager.integration('github').action('suite-action').patch({ name: 'Other' }));
  assert.equal(patched.name, 'Other');
  assert.deepEqual(patched.config, { request });
});

scenario('PUT /integrations/:i/actions/:key replaces', async ({ manager }) => {
  const action = await create(manager);
  const replaced = accept(
    Action,
    await manager.integration('github').action('suite-action').put({ ...action, name: 'Other', description: 'new' }),
  );
  assert.equal(replaced.name, 'Other');
  assert.equal(replaced.description, 'new');
  assert.equal(replaced.id, action.id);
});

scenario('DELETE /integrations/:i/actions/:key archives', async ({ manager, client }) => {
  await create(manager);
  await manager.integration('github').action('suite-action').archive();
  assert.deepEqual((await client.integration('github').actions.list({ search: 'suite-action' })).items, []);
});

scenario('POST /integrations/:i/actions/:key/reset goes back to the universal parent', async ({ manager }) => {
  const universal = await manager.actions.create({ ...made, config: { request } });
  await manager.integration('github').actions.create({
    ...made,
    parentId: universal.id,
    config: { request: { ...request, path: '/suite/other' } },
  });
  const reset = accept(Action, await manager.integration('github').action('suite-action').reset());
  assert.equal(reset.integrationKey, 'github');
  assert.deepEqual(reset.config, { request });
});
