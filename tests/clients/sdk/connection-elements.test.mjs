// Elements that are made below a connection, for it alone.

import assert from 'node:assert/strict';
import * as sdk from '@membranehq/sdk';
import { isLayered, kinds } from './lib/elements.mjs';
import { refusal, refused } from './lib/failure.mjs';
import { accept } from './lib/shape.mjs';
import { byId, scenario } from './lib/world.mjs';

const bad = { as: sdk.BadRequestError, status: 400 };
const denied = { as: sdk.BadRequestError, status: 403, key: 'access_denied', message: /only a manager token/ };
const absent = { as: sdk.BadRequestError, status: 404, key: 'not_found' };

// What elements at three layers have, which the client declares for some of them alone.
const { shape } = sdk.DataSourceApiResponse;
const places = ['integration', 'integrationKey', 'connection', 'externalAppId', 'externalAppKey', 'user', 'userId', 'tenantId'];
const names = ['isUniversal', 'parentUuid', 'parentKey', ...places];
const layers = Object.fromEntries(names.map((name) => [name, shape[name]]));

/** What the client knows of an element of each kind; external event types are newer than it. */
const forms = {
  actions: sdk.ActionApiResponse,
  flows: sdk.FlowApiResponse,
  'data-sources': sdk.DataSourceApiResponse,
  'field-mappings': sdk.FieldMappingApiResponse,
  'data-link-tables': sdk.DataLinkTableApiResponse.extend(layers),
  packages: sdk.PackageApiResponse.extend(layers),
};
const layered = Object.keys(kinds).filter((kind) => isLayered(kind) && kind !== 'scenarios');
const at = (kind, connection = 'github-dev') => `/connections/${connection}/${kind}`;
const fields = (kind, more) => ({ key: 'own', name: 'Own', ...kinds[kind], ...more });
const greet = { key: 'greet', name: 'Greet', type: 'run-javascript', config: { code: 'module.exports = ({ input }) => `Hello ${input.name}`' } };
const runOf = (client, connection) => client.connection(connection).action('greet').run({ name: 'Ada' });

for (const kind of layered) {
  scenario(`POST ${at(kind, ':c')} makes one of the connection’s own`, async (world) => {
    const connection = await world.client.connection('github-dev').get();
    const made = await world.manager.post(at(kind), fields(kind));
    if (forms[kind]) accept(forms[kind], made);
    assert.deepEqual([made.layer, made.connectionId, made.parentId], ['connection', connection.id, undefined]);
    for (const path of [`/${kind}/${made.id}`, `${at(kind)}/own`]) {
      const read = await world.client.get(path);
      assert.deepEqual([read.id, read.key, read.layer], [made.id, 'own', 'connection'], path);
    }
    assert.deepEqual(byId((await world.client.get(at(kind))).items.filter(({ key }) => key === 'own')), [made.id]);
    const ofAll = (await world.client.get(`/${kind}`, { integrationKey: 'github', limit: 1000 })).items;
    assert.ok(!byId(ofAll).includes(made.id), 'nobody else has it');
    const other = await world.manager.post(at(kind, 'hubspot-prod'), fields(kind));
    assert.notEqual(other.id, made.id);

    await refused(world.manager, (manager) => manager.post(at(kind), fields(kind)), { ...bad, key: 'already_exists' });
    await refused(world.manager, (manager) => manager.post(at(kind, 'nope'), fields(kind)), { ...absent, message: /connection not found: `nope`/ });
    await refused(world.client, (client) => client.post(at(kind), fields(kind, { key: 'mine' })), denied);
    refusal(await world.curl('POST', at(kind), { token: null, data: fields(kind) }), { status: 401, key: 'not_authenticated' });
    for (const wrong of [{ name: 7 }, { name: 'Odd', key: ['own'] }]) {
      await refused(world.manager, (manager) => manager.post(at(kind), { ...kinds[kind], ...wrong }), bad);
    }
    await refused(world.manager, (manager) => manager.post(at(kind), {}), bad);
  });
}

scenario('the connection of the path is the one that an element is made for', async (world) => {
  const { id } = await world.client.connection('github-dev').get();
  const made = await world.manager.post(at('actions'), fields('actions', { connectionId: 'hubspot-prod' }));
  assert.deepEqual([made.connectionId, made.integrationKey], [id, 'github']);
});

scenario('an action made below a connection runs there', async (world) => {
  await world.manager.post(at('actions'), greet);
  assert.equal((await runOf(world.client, 'github-dev')).output, 'Hello Ada');
  await refused(world.client, (client) => runOf(client, 'hubspot-prod'), absent);
});

scenario('a tenant makes actions for its own connections where the workspace lets it', { mock: { tenantMayCreateActions: true } }, async (world) => {
  const made = accept(sdk.ActionApiResponse, await world.client.post(at('actions'), greet));
  assert.equal((await runOf(world.client, 'github-dev')).output, 'Hello Ada');
  assert.equal(made.tenantId, (await world.client.self.get()).id);
  await refused(world.client, (client) => client.post(at('flows'), fields('flows')), denied);
  await refused(world.clientOf('anna'), (client) => client.post(at('actions'), greet), { ...absent, message: /connection not found/ });
});
