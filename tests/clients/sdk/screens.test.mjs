// Screens of integrations.

import assert from 'node:assert/strict';
import * as sdk from '@membranehq/sdk';
import { byId, scenario } from './lib/world.mjs';
import { refused } from './lib/failure.mjs';
import { accept, page } from './lib/shape.mjs';

// What every element has, which the client declares for others alone.
const { shape } = sdk.AppDataSchemaApiResponse;
const names = ['uuid', 'meta', 'revision', 'state', 'createdAt', 'updatedAt', 'archivedAt', 'isDeactivated', 'isCustomized'];
const Screen = sdk.ScreenApiResponse.extend(Object.fromEntries(names.map((name) => [name, shape[name]])));
const bad = { as: sdk.BadRequestError, status: 400 };
const denied = { as: sdk.BadRequestError, status: 403 };
const absent = { as: sdk.BadRequestError, status: 404, key: 'not_found' };
const blocks = [
  { type: 'flow', key: 'sync', title: 'Sync' },
  { type: 'field-mapping', key: 'contacts' },
];
const make = ({ manager }) => manager.screens.create({ type: 'integration', key: 'github', blocks });

scenario('POST /screens makes one that lists show and filter', async (world) => {
  const { manager, client } = world;
  const made = accept(Screen, await make(world));
  assert.deepEqual([made.type, made.key, made.name, made.blocks], ['integration', 'github', 'Github', blocks]);
  const bare = accept(Screen, await manager.screens.create({ type: 'integration', key: 'slack', name: 'Slack' }));
  assert.deepEqual(bare.blocks, []);

  const find = async (query) => byId(accept(page(Screen), await client.screens.find(query)).items);
  assert.deepEqual(await find(), [made.id, bare.id]);
  assert.deepEqual(await find({ key: 'slack' }), [bare.id]);
  assert.deepEqual(await find({ type: 'integration', limit: 1 }), [made.id]);
  assert.deepEqual(byId(await client.screens.findAll()), [made.id, bare.id]);
  await refused(client, () => client.screens.find({ type: 'tenant' }), { ...bad, message: /there is `integration`/ });
  await refused(client, () => client.screens.create({ type: 'integration', key: 'x' }), denied);
  await refused(manager, () => manager.screens.create({ key: 'x' }), { ...bad, message: /`type`/ });
  const odd = { type: 'integration', key: 'x', blocks: [{ type: 'button' }] };
  await refused(manager, () => manager.screens.create(odd), bad);
});

const addresses = {
  '/screens/:id': ({ id }) => id,
  '/screen?{sel}': ({ type, key }) => ({ type, key }),
};
for (const [address, selector] of Object.entries(addresses)) {
  scenario(`${address} is read, patched, replaced, archived and restored`, async (world) => {
    const made = await make(world);
    const [at, read] = [world.manager.screen(selector(made)), world.client.screen(selector(made))];
    assert.equal(accept(Screen, await read.get()).id, made.id);
    assert.deepEqual(accept(Screen, await at.patch({ name: 'Of GitHub' })).blocks, blocks);
    const put = accept(Screen, await at.put({ type: 'integration', key: 'github', blocks: blocks.slice(1) }));
    assert.deepEqual(put.blocks, blocks.slice(1));
    await refused(world.client, () => read.patch({ name: 'Mine' }), denied);
    await at.archive();
    assert.deepEqual((await world.client.screens.find()).items, []);
    await at.restore();
    assert.equal((await read.get()).archivedAt, undefined);
  });
}

scenario('autoCreate makes the screen of an integration, empty and once', async ({ client, manager }) => {
  const ofGithub = { type: 'integration', key: 'github' };
  await refused(client, () => client.screen(ofGithub).get(), { ...absent, message: /autoCreate/ });
  const made = accept(Screen, await client.screen({ ...ofGithub, autoCreate: true }).get());
  assert.deepEqual([made.key, made.blocks], ['github', []]);
  const { id } = await manager.connection('github-dev').get();
  const again = await client.screen({ type: 'integration', connectionId: id, autoCreate: true }).get();
  assert.equal(again.id, made.id, 'the screen of the integration of a connection');
  assert.deepEqual(byId((await client.screens.find()).items), [made.id]);
});
