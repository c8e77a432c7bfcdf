// App data schemas, and the versions that tenants have of them.

import assert from 'node:assert/strict';
import * as sdk from '@membranehq/sdk';
import { byId, scenario } from './lib/world.mjs';
import { refused } from './lib/failure.mjs';
import { accept, page } from './lib/shape.mjs';

const Schema = sdk.AppDataSchemaApiResponse;
const Instance = sdk.AppDataSchemaInstanceApiResponse;
const bad = { as: sdk.BadRequestError, status: 400 };
const absent = { as: sdk.BadRequestError, status: 404, key: 'not_found' };

const contact = {
  key: 'contact',
  name: 'Contact',
  schema: { type: 'object', properties: { email: { type: 'string', format: 'email' } }, required: ['email'] },
  code: '// how the app reads it',
};
const make = ({ manager }) => manager.appDataSchemas.create(contact);

scenario('POST /app-data-schemas makes one that lists show and filter', async (world) => {
  const { manager, client } = world;
  const made = accept(Schema, await make(world));
  assert.deepEqual([made.key, made.schema, made.code], [contact.key, contact.schema, contact.code]);
  const other = accept(Schema, await manager.appDataSchemas.create({ name: 'Big Company' }));
  assert.equal(other.key, 'big-company');

  assert.deepEqual(byId(accept(page(Schema), await client.appDataSchemas.find()).items), [made.id, other.id]);
  assert.deepEqual(byId(accept(page(Schema), await client.appDataSchemas.find({ search: 'BIG' })).items), [other.id]);
  assert.deepEqual(byId(await client.appDataSchemas.findAll()), [made.id, other.id]);
  const denied = { as: sdk.BadRequestError, status: 403 };
  await refused(client, () => client.appDataSchemas.create({ key: 'mine', name: 'Mine' }), denied);
  await refused(manager, () => manager.appDataSchemas.create(contact), { ...bad, key: 'already_exists' });
  await refused(manager, () => manager.appDataSchemas.create({ key: 'x', name: 'X', schema: { type: 'nonsense' } }), bad);
});

const addresses = { '/app-data-schemas/:id': ({ id }) => id, '/app-data-schema?{sel}': ({ key }) => ({ key }) };
for (const [address, selector] of Object.entries(addresses)) {
  scenario(`${address} is read, patched, replaced, archived and restored`, async (world) => {
    const made = await make(world);
    const [at, read] = [world.manager.appDataSchema(selector(made)), world.client.appDataSchema(selector(made))];
    assert.equal(accept(Schema, await read.get()).id, made.id);
    assert.deepEqual(accept(Schema, await at.patch({ description: 'people' })).schema, contact.schema);
    const put = accept(Schema, await at.put({ name: 'Person', schema: { type: 'object' } }));
    assert.deepEqual([put.name, put.schema, put.code], ['Person', { type: 'object' }, undefined]);
    await at.archive();
    assert.deepEqual((await world.client.appDataSchemas.find()).items, []);
    await at.restore();
    assert.equal((await read.get()).archivedAt, undefined);
  });
}

scenario('/app-data-schema-instance is made, customised, listed, archived and restored by its tenant', async (world) => {
  const { client, manager } = world;
  const schema = await make(world);
  const own = client.appDataSchemaInstance({ appDataSchemaKey: 'contact' });
  await refused(client, () => own.get(), absent);
  const made = accept(Instance, await client.appDataSchemaInstance({ appDataSchemaId: schema.id, autoCreate: true }).get());
  assert.deepEqual([made.appDataSchemaId, made.appDataSchemaRevision, made.isCustomized], [schema.id, schema.revision, false]);
  assert.deepEqual([made.schema, made.user.internalId], [contact.schema, world.tenantKey]);

  const patched = accept(Instance, await own.patch({ schema: { type: 'object' } }));
  assert.deepEqual([patched.id, patched.schema, patched.isCustomized], [made.id, { type: 'object' }, true]);
  await own.setup();
  assert.equal(accept(Instance, await client.appDataSchemaInstance(made.id).get()).isCustomized, true);
  const second = accept(Instance, await client.appDataSchemaInstance({ appDataSchemaKey: 'contact', instanceKey: 'two' }).create({}));
  assert.equal(second.instanceKey, 'two');
  const listed = accept(page(Instance), await client.appDataSchemaInstances.find({ appDataSchemaId: schema.id }));
  assert.deepEqual(byId(listed.items), [made.id, second.id]);
  const theirs = world.clientOf('somebody-else');
  assert.deepEqual((await theirs.appDataSchemaInstances.find()).items, []);
  await refused(theirs, () => theirs.appDataSchemaInstance(made.id).get(), absent);
  assert.equal(byId((await manager.appDataSchemaInstances.find({ userId: made.userId })).items).length, 2);

  await own.archive();
  await refused(client, () => own.get(), absent);
  await own.restore();
  assert.equal(accept(Instance, await own.get()).id, made.id);
});

scenario('/app-data-schema-instance knows its id, is replaced as a whole, and is archived by delete()', async (world) => {
  const { client } = world;
  await make(world);
  const own = client.appDataSchemaInstance({ appDataSchemaKey: 'contact', autoCreate: true });
  const id = await own.getId();
  assert.equal(accept(Instance, await own.get()).id, id);
  assert.equal((await own.get()).code, contact.code);
  const put = accept(Instance, await client.appDataSchemaInstance(id).put({ name: 'Mine', schema: { type: 'object' } }));
  assert.deepEqual([put.id, put.name, put.schema, put.code], [id, 'Mine', { type: 'object' }, undefined]);

  await client.appDataSchemaInstance(id).delete();
  assert.ok((await client.appDataSchemaInstance(id).get()).archivedAt);
  await refused(client, () => client.appDataSchemaInstance({ appDataSchemaKey: 'contact' }).get(), absent);
});
