// One element taken out of its workspace: exports, copies, what it depends on.

import assert from 'node:assert/strict';
import * as sdk from '@membranehq/sdk';
import { isLayered, kinds } from './lib/elements.mjs';
import { refused } from './lib/failure.mjs';
import { scenario } from './lib/world.mjs';

const denied = { as: sdk.BadRequestError, status: 403 };
const bad = { as: sdk.BadRequestError, status: 400 };

for (const [plural, fields] of Object.entries(kinds)) {
  scenario(`GET /${plural}/:id/export answers what PUT makes the same element of`, async ({ manager, client }) => {
    const path = (id) => `/${plural}/${id}`;
    const made = await manager.post(`/${plural}`, { key: 'one', name: 'One', description: 'Of one', ...fields });
    const portable = await client.get(`${path(made.id)}/export`);
    assert.deepEqual([portable.key, portable.name, portable.description], ['one', 'One', 'Of one']);
    for (const [name, value] of Object.entries(fields)) assert.deepEqual(portable[name], value, name);

    const put = await manager.put(path(made.id), portable);
    const same = (of) => ({ ...of, revision: undefined, updatedAt: undefined });
    assert.deepEqual(same(put), same(made));
    const named = await client.get(`${path(made.id)}/dependencies`);
    assert.deepEqual(named.filter(({ element }) => element), [], 'nothing that it names is there');
    assert.equal((await manager.post(`${path(made.id)}/refresh`)).id, made.id);
    await refused(client, () => client.post(`${path(made.id)}/refresh`), denied);
  });
}

for (const [plural, fields] of Object.entries(kinds).filter(([plural]) => isLayered(plural))) {
  scenario(`POST /${plural}/:id/clone makes another one of the same definition`, async ({ manager, client }) => {
    const made = await manager.post(`/${plural}`, { key: 'one', name: 'One', description: 'Of one', ...fields });
    const copy = await manager.post(`/${plural}/${made.id}/clone`);
    assert.deepEqual([copy.key, copy.name, copy.description], ['one-copy', 'Copy of One', 'Of one']);
    assert.notEqual(copy.id, made.id);
    const portable = await client.get(`/${plural}/${copy.id}/export`);
    for (const [name, value] of Object.entries(fields)) assert.deepEqual(portable[name], value, name);
    assert.equal((await manager.post(`/${plural}/${made.id}/clone`)).key, 'one-copy-2', 'a taken key is numbered');
    const named = await manager.post(`/${plural}/${made.id}/clone`, { key: 'two', name: 'Two' });
    assert.deepEqual([named.key, named.name], ['two', 'Two']);
    const taken = { ...bad, key: 'already_exists' };
    await refused(manager, () => manager.post(`/${plural}/${made.id}/clone`, { key: 'two' }), taken);
    await refused(client, () => client.post(`/${plural}/${made.id}/clone`), denied);

    const own = { key: 'of-github', name: 'Of GitHub', integrationKey: 'github', ...fields };
    const { id } = await manager.post(`/${plural}`, own);
    const beside = await manager.post(`/${plural}/${id}/clone`);
    assert.deepEqual([beside.key, beside.integrationKey, beside.layer], ['of-github-copy', 'github', 'integration']);
  });
}

scenario('GET …/dependencies names what a definition names', async ({ manager }) => {
  const action = await manager.actions.create({ key: 'issues', name: 'Issues', ...kinds.actions });
  const source = await manager.dataSources.create({ key: 'contacts', name: 'Contacts', collectionKey: 'issues' });
  const nodes = {
    run: { type: 'run-action', config: { actionKey: 'issues' } },
    again: { type: 'run-action', config: { actionId: action.id } },
    list: { type: 'list-data-records', config: { dataSource: { key: 'contacts' }, fieldMapping: { key: 'gone' } } },
  };
  const flow = await manager.flows.create({ key: 'sync', name: 'Sync', nodes });
  const named = ({ id, key, name }) => ({ id, key, name });
  assert.deepEqual(await manager.get(`/flows/${flow.id}/dependencies`), [
    { type: 'Action', key: 'issues', element: named(action) },
    { type: 'DataSource', key: 'contacts', element: named(source) },
    { type: 'FieldMapping', key: 'gone' },
  ]);
  const packed = await manager.packages.create({ key: 'pack', elements: [{ type: 'action', id: action.id }] });
  const inside = [{ type: 'Action', key: 'issues', element: named(action) }];
  assert.deepEqual(await manager.get(`/packages/${packed.id}/dependencies`), inside);
});

scenario('connections and integrations are exported', async ({ manager, client }) => {
  const { id } = await client.integration('github').get();
  const integration = await manager.get('/integrations/github/export');
  assert.deepEqual([integration.key, integration.connectorKey, integration.parameters], ['github', 'github', undefined]);
  await refused(client, () => client.get('/integrations/github/export'), denied);

  const plain = await client.get('/connections/github-dev/export');
  assert.deepEqual([plain.key, plain.integrationKey, plain.credentials], ['github-dev', 'github', undefined]);
  const { credentials } = await client.get('/connections/github-dev/export?includeSecrets=true');
  const again = await client.connections.create({ ...plain, key: 'again', credentials });
  assert.deepEqual([again.state, again.integrationId], ['READY', id]);
  const [dependency] = await client.get('/connections/github-dev/dependencies');
  assert.deepEqual([dependency.type, dependency.key, dependency.element.id], ['Integration', 'github', id]);
});
