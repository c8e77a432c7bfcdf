// Packages, the versions that integrations have of them, and what they name.

import assert from 'node:assert/strict';
import * as sdk from '@membranehq/sdk';
import { byId, scenario, World } from './lib/world.mjs';
import { exported, imported } from './lib/archives.mjs';
import { refused } from './lib/failure.mjs';
import { accept, page } from './lib/shape.mjs';

// What elements at three layers have, which the client declares for other elements alone.
const { shape } = sdk.DataSourceApiResponse;
const layered = {
  integration: shape.integration,
  packageId: shape.dataSourceId,
  universalPackageId: shape.universalDataSourceId,
};
const Package = sdk.PackageApiResponse.extend({ ...layered, package: sdk.BasePackage.optional() });
const bad = { as: sdk.BadRequestError, status: 400 };
const denied = { as: sdk.BadRequestError, status: 403 };
const absent = { as: sdk.BadRequestError, status: 404, key: 'not_found' };

/** A package that names an action, which it answers too. */
async function make(world, more) {
  const action = await world.action();
  const elements = [{ type: 'action', id: action.id }];
  return { action, made: await world.manager.packages.create({ key: 'crm', name: 'CRM', elements, ...more }) };
}

scenario('POST /packages makes one that lists show and filter', async (world) => {
  const { manager, client } = world;
  const { action, made } = await make(world);
  accept(Package, made);
  assert.deepEqual([made.key, made.layer, made.isPublic], ['crm', 'universal', false]);
  assert.deepEqual(made.elements, [{ type: 'action', id: action.id }]);
  const bound = accept(Package, await manager.packages.create({ key: 'crm', integrationKey: 'github' }));
  assert.deepEqual([bound.layer, bound.packageId, bound.elements], ['integration', made.id, made.elements]);
  const other = accept(Package, await manager.packages.create({ name: 'Big Companies' }));

  const find = async (query) => byId(accept(page(Package), await client.packages.find(query)).items);
  assert.deepEqual(await find(), [made.id, other.id]);
  assert.deepEqual(await find({ search: 'BIG' }), [other.id]);
  assert.deepEqual(await find({ integrationKey: 'github' }), [bound.id, other.id]);
  assert.deepEqual(await find({ layer: 'universal' }), [made.id, other.id]);
  assert.deepEqual(byId(await client.packages.findAll()), [made.id, other.id]);
  assert.deepEqual(byId((await client.get('/scenarios')).items), [made.id, other.id], 'by their former name');

  await refused(client, () => client.packages.create({ key: 'mine' }), denied);
  await refused(manager, () => manager.packages.create({}), bad);
  await refused(manager, () => manager.packages.create({ key: 'crm' }), { ...bad, key: 'already_exists' });
  const wrong = { key: 'x', elements: [{ type: 'nonsense', id: '1' }] };
  await refused(manager, () => manager.packages.create(wrong), { ...bad, message: /there are action, flow/ });
});

scenario('/packages/:id is read, patched, replaced, archived and restored', async (world) => {
  const { made } = await make(world);
  const [at, read] = [world.manager.package(made.id), world.client.package(made.id)];
  assert.equal(accept(Package, await read.get()).id, made.id);
  assert.deepEqual(accept(Package, await at.patch({ description: 'Who buys' })).elements, made.elements);
  const put = accept(Package, await at.put({ name: 'Customers' }));
  assert.deepEqual([put.name, put.description, put.elements], ['Customers', undefined, undefined]);
  await refused(world.client, () => read.patch({ name: 'Mine' }), denied);
  await at.archive();
  assert.deepEqual((await world.client.packages.find()).items, []);
  await at.restore();
  assert.equal((await read.get()).archivedAt, undefined);
  await refused(world.client, () => world.client.package('no-such').get(), absent);
});

scenario('a package names elements by id, UUID or key, and one that is gone stays named', async (world) => {
  const { manager } = world;
  const { action } = await make(world);
  const flow = await manager.flows.create({ key: 'sync', name: 'Sync', nodes: {} });
  const elements = [
    { type: 'action', id: action.uuid },
    { type: 'flow', id: 'sync' },
    { type: 'flow', id: 'gone' },
  ];
  const made = await manager.packages.create({ key: 'all', elements });
  const named = [
    { type: 'action', id: action.id },
    { type: 'flow', id: flow.id },
    { type: 'flow', id: 'gone' },
  ];
  assert.deepEqual(made.elements, named);
});

scenario('a package exported to another workspace names the elements of that one', async (world, t) => {
  const { action, made } = await make(world);
  const portable = await world.manager.get(`/packages/${made.id}/export`);
  assert.deepEqual(portable.elements, [{ type: 'action', uuid: action.uuid }], 'ids are other ones elsewhere');
  assert.ok(sdk.PackageExportProperties.safeParse(portable).success);

  const other = await World.fork({ seed: 'none' });
  t.after(() => other.drop());
  await imported(other, await exported(world));
  const [there] = (await other.manager.packages.find()).items;
  const { id } = await other.manager.action({ key: action.key }).get();
  assert.deepEqual(there.elements, [{ type: 'action', id }]);
});
