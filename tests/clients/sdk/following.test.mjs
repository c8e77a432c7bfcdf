// Versions and what they are versions of: what follows a change above, what stays, what is archived above.

import assert from 'node:assert/strict';
import * as sdk from '@membranehq/sdk';
import { exported, imported } from './lib/archives.mjs';
import { refused } from './lib/failure.mjs';
import { scenario, World } from './lib/world.mjs';

const github = { integrationKey: 'github' };
const absent = { as: sdk.BadRequestError, status: 404, key: 'not_found' };
const says = (output) => ({ type: 'run-javascript', config: { code: `module.exports = () => ${output}` } });
const var_ = (name) => ({ $var: name });

/** Each kind: how one is made, how it is changed, and what shows that it was. */
const kinds = {
  actions: { one: 'action', made: says(1), changed: says(2), shows: ({ config }) => config.code },
  'data-sources': {
    one: 'dataSource', made: { collectionKey: 'issues' }, changed: { collectionParameters: { owner: 'acme', repo: 'app' } },
    shows: ({ collectionParameters }) => collectionParameters?.owner,
  },
  'field-mappings': {
    one: 'fieldMapping', made: { importValue: { who: var_('name') } }, changed: { importValue: { who: var_('email') }, exportValue: { x: 1 } },
    shows: ({ importValue, exportValue }) => [importValue.who.$var, exportValue?.x],
  },
};
const make = ({ manager }, kind, more) => manager.post(`/${kind}`, { key: 'same', name: 'Same', ...kinds[kind].made, ...more });
const own = ({ client }, kind) => client.connection('github-dev')[kinds[kind].one]('same');

for (const [kind, { changed, shows }] of Object.entries(kinds)) {
  scenario(`what nobody has changed follows what it is a version of: ${kind}`, async (world) => {
    const { manager } = world;
    const top = await make(world, kind);
    await manager.post(`/${kind}/${top.id}/apply`, { integrationKeys: ['github'] });
    const before = await own(world, kind).get({ autoCreate: true });
    const middle = before.parentId ?? (await manager.get(`/${kind}/github.same`)).id;
    await manager.patch(`/${kind}/${top.id}`, changed);
    const now = async (id) => manager.get(`/${kind}/${id}`);
    const wanted = shows(await now(top.id));
    assert.notDeepEqual(shows(before), wanted);
    for (const id of [middle, before.id]) {
      const version = await now(id);
      assert.deepEqual([shows(version), version.isCustomized], [wanted, false]);
    }
    assert.deepEqual(shows(await own(world, kind).get()), wanted);
  });

  for (const field of ['name', 'description']) {
    scenario(`what somebody has changed stays until it is reset: ${kind}, ${field}`, async (world) => {
      const { manager } = world;
      const top = await make(world, kind);
      const before = await own(world, kind).get({ autoCreate: true });
      await own(world, kind).patch({ [field]: 'Mine' });
      await manager.patch(`/${kind}/${top.id}`, { ...changed, description: 'Theirs' });
      const mine = await own(world, kind).get();
      assert.deepEqual([mine[field], mine.isCustomized, shows(mine)], ['Mine', true, shows({ ...kinds[kind].made })]);
      const reset = await own(world, kind).reset();
      const { name, description } = { ...before, description: 'Theirs' };
      const wanted = [name, description, false, shows(await manager.get(`/${kind}/${top.id}`))];
      assert.deepEqual([reset.name, reset.description, reset.isCustomized, shows(reset)], wanted);
    });
  }

  scenario(`a change that changes nothing customises nothing: ${kind}`, async (world) => {
    await make(world, kind);
    const read = await own(world, kind).get({ autoCreate: true });
    const states = [await own(world, kind).put(read), await own(world, kind).patch(await own(world, kind).get()), await own(world, kind).patch({ name: 'Same' })];
    states.push(await own(world, kind).patch({ meta: { of: 'mine' } }));
    assert.deepEqual(states.map(({ isCustomized }) => isCustomized), [false, false, false, false]);
    assert.equal((await own(world, kind).patch({ name: 'Mine' })).isCustomized, true);
    assert.equal((await own(world, kind).put(await own(world, kind).get())).isCustomized, true, 'it stays');
  });

  scenario(`an instance takes the key that its parent gets: ${kind}`, async (world) => {
    const { manager, client } = world;
    const top = await make(world, kind);
    const { id } = await own(world, kind).get({ autoCreate: true });
    await own(world, kind).patch({ name: 'Mine' });
    await manager.patch(`/${kind}/${top.id}`, { key: 'other' });
    const there = await client.connection('github-dev')[kinds[kind].one]('other').get({ autoCreate: true });
    assert.deepEqual([there.id, there.key, there.name], [id, 'other', 'Mine']);
    await refused(client, () => own(world, kind).get(), absent);
  });

  scenario(`what stands below something archived is not used by its key: ${kind}`, async (world) => {
    const { manager, client } = world;
    const top = await make(world, kind);
    const { id } = await own(world, kind).get({ autoCreate: true });
    await manager.delete(`/${kind}/${top.id}`);
    for (const more of [undefined, { autoCreate: true }]) await refused(client, () => own(world, kind).get(more), absent);
    assert.equal((await client.get(`/${kind}/${id}`)).id, id, 'by its id it is found');
    await manager.post(`/${kind}/${top.id}/restore`);
    assert.equal((await own(world, kind).get()).id, id);
  });
}

scenario('an action runs as it is since it was changed, by every version that nobody has changed', async (world) => {
  const { manager, client } = world;
  await make(world, 'actions');
  await manager.post('/actions/same/apply', { integrationKeys: ['github'] });
  const act = async () => (await client.post('/act', { key: 'same', connectionKey: 'github-dev' })).output;
  await own(world, 'actions').get({ autoCreate: true });
  assert.equal(await act(), 1);
  await manager.action('same').patch(says(2));
  assert.equal(await act(), 2);
});

scenario('a flow instance is a copy, and stays so', async (world) => {
  const nodes = (name) => ({ start: { type: 'api-trigger', name } });
  const { id } = await world.manager.flows.create({ key: 'copy', name: 'Copy', ...github, nodes: nodes('One') });
  const at = world.client.connection('github-dev').flow('copy');
  await at.get({ autoCreate: true });
  await world.manager.flow(id).patch({ nodes: nodes('Two') });
  assert.equal((await at.get()).nodes.start.name, 'One');
});

scenario('what followed is no more customised where its archive is imported', async (world, t) => {
  const { manager } = world;
  await make(world, 'actions');
  await manager.post('/actions/same/apply', { integrationKeys: ['github'] });
  await manager.action('same').patch(says(2));
  const other = await World.fork({ seed: 'none' });
  t.after(() => other.drop());
  await imported(other, await exported(world));
  for (const each of [world, other]) assert.equal((await each.manager.get('/actions/github.same')).isCustomized, false);
});

scenario('what is archived above keeps records, mappings and links from being used by an id', async (world) => {
  const { client, manager } = world;
  const collectionParameters = { owner: 'acme', repo: 'app' };
  const source = await make(world, 'data-sources', { ...github, collectionParameters });
  const mapping = await make(world, 'field-mappings', github);
  const table = await manager.dataLinkTables.create({ key: 'links', name: 'Links', ...github });
  const [{ id: ofSource }, { id: ofMapping }] = await Promise.all(['data-sources', 'field-mappings'].map((kind) => own(world, kind).get({ autoCreate: true })));
  const { id: ofTable } = await client.dataLinkTableInstance({ dataLinkTableKey: 'links', connectionKey: 'github-dev' }).create({});
  const uses = [
    () => client.post(`/data-source-instance/collection/list?id=${ofSource}`, {}),
    () => client.post(`/field-mappings/${ofMapping}/run`, { input: {} }),
    () => client.dataLinkTableInstance(ofTable).createLink({ externalRecordId: '1', appRecordId: 'a' }),
  ];
  for (const use of uses) await use();
  await manager.delete(`/data-sources/${source.id}`);
  await manager.delete(`/field-mappings/${mapping.id}`);
  await manager.delete(`/data-link-tables/${table.id}`);
  for (const use of uses) await refused(client, use, { ...absent, message: /which is archived; restore that/ });
});
