// Elements as triggers, mappings, imports and other elements use them.

import assert from 'node:assert/strict';
import { scenario, World } from './lib/world.mjs';
import { exported, imported, same } from './lib/archives.mjs';
import { unzip, zip } from './lib/zip.mjs';

const field = (name) => ({ $var: name });
const empty = { seed: 'none' };
const code = { type: 'run-javascript', config: { code: 'module.exports = () => 1' } };
const send = async (type, event) => (await fetch(type.globalWebhookUri, { method: 'POST', body: JSON.stringify(event) })).json();

// A1
scenario('an app data schema may refer to its own definitions', async ({ manager, client }) => {
  const schema = { properties: { home: { $ref: '#/definitions/address' } }, definitions: { address: { type: 'object' } } };
  await manager.post('/app-data-schemas', { key: 'person', name: 'Person', schema });
  await manager.actions.create({ key: 'a', name: 'A', ...code, inputSchema: { properties: { x: { $ref: 'person' } } } });
  assert.equal((await client.connection('github-dev').action('a').run({ x: { home: {} } })).output, 1);
});
// A2
scenario("dependencies do not tell of another tenant's elements", async (world) => {
  await world.client.post('/flow-instances', { key: 'secret', name: 'Secret', connectionKey: 'github-dev', nodes: { start: { type: 'api-trigger' } } });
  await world.configure({ mock: { autoConnect: true } });
  const theirs = world.clientOf('somebody-else');
  await theirs.post('/connect', { connectorKey: 'github', connectionKey: 'theirs' });
  const nodes = { start: { type: 'api-trigger' }, say: { type: 'transform-data', config: { flowKey: 'secret' } } };
  const { id } = await theirs.post('/flow-instances', { key: 'own', name: 'Own', connectionKey: 'theirs', nodes });
  assert.deepEqual(await theirs.get(`/flows/${id}/dependencies`), [{ type: 'Flow', key: 'secret' }]);
});
// A3
scenario('an import leaves alone an app whose key was changed', empty, async (world) => {
  const archive = zip({ 'external-apps/ours.yaml': JSON.stringify({ key: 'ours', name: 'Ours' }) });
  await imported(world, archive);
  await world.manager.patch('/external-apps/ours', { key: 'theirs' });
  await imported(world, archive, { partial: 'true' });
  assert.equal((await world.manager.get('/external-apps/theirs')).key, 'theirs');
});
// A4
for (const named of ['appEventType', 'appEvent']) scenario(`a trigger that names its type by id in ${named} is launched where it is imported`, async (world, t) => {
  const { id } = await world.manager.appEventTypes.create({ key: 'person', name: 'Person', tenantIdFormula: field('tenant') });
  const nodes = { start: { type: 'app-event-trigger', config: { [named]: { id } } } };
  await world.manager.flows.create({ key: 'waits', name: 'Waits', integrationKey: 'github', nodes });
  const other = await World.fork();
  t.after(() => other.drop());
  await imported(other, await exported(world));
  await other.client.connection('github-dev').flow('waits').create();
  const type = await other.manager.appEventType('person').get();
  assert.equal((await send(type, { tenant: other.tenantKey })).launchedFlowRunIds.length, 1);
});
// A5
scenario('the record of a trigger is mapped in the data model of its data source', async (world) => {
  const of = { key: 'people', name: 'People', integrationKey: 'hubspot' };
  await world.manager.dataSources.create({ ...of, collectionKey: 'contacts', udm: 'contacts' });
  await world.manager.fieldMappings.create({ ...of, dataSourceKey: 'people', unifiedImportValue: { mail: field('primaryEmail') } });
  const config = { dataSource: { key: 'people' }, fieldMapping: { key: 'people' } };
  await world.manager.flows.create({ key: 'f', name: 'F', integrationKey: 'hubspot', nodes: { start: { type: 'data-record-created-trigger', config } } });
  await world.client.connection('hubspot-prod').flow('f').create();
  await world.client.connection('hubspot-prod').dataCollection('contacts').create({ fields: { email: 'wren@example.com' } });
  await world.advance(300_000);
  const [run] = (await world.client.flowRuns.find()).items;
  assert.deepEqual((await world.client.flowRun(run.id).getOutput()).start[0].record.fields, { mail: 'wren@example.com' });
});
// A6
scenario('a trigger follows its data source to another collection', async (world) => {
  await world.manager.dataSources.create({ key: 'people', name: 'People', integrationKey: 'hubspot', collectionKey: 'contacts' });
  const config = { dataSource: { key: 'people' } };
  await world.manager.flows.create({ key: 'f', name: 'F', integrationKey: 'hubspot', nodes: { start: { type: 'data-record-created-trigger', config } } });
  const connection = world.client.connection('hubspot-prod');
  await connection.flow('f').create();
  await connection.dataSource('people').get({ autoCreate: true });
  await connection.dataSource('people').patch({ collectionKey: 'companies' });
  await connection.dataCollection('contacts').create({ fields: { email: 'wren@example.com' } });
  await connection.dataCollection('companies').create({ fields: { name: 'Wren Ltd' } });
  await world.advance(300_000);
  const runs = (await world.client.flowRuns.find()).items;
  const outputs = await Promise.all(runs.map(({ id }) => world.client.flowRun(id).getOutput()));
  assert.deepEqual(outputs.map(({ start: [{ record }] }) => record.fields.name), ['Wren Ltd']);
});
// A7
scenario('a node that asks for a link of nobody finds none', async (world) => {
  await world.manager.dataLinkTables.create({ key: 'people', name: 'People' });
  await world.client.dataLinkTableInstance({ dataLinkTableKey: 'people', connectionKey: 'github-dev', autoCreate: true }).createLink({ externalRecordId: '1', appRecordId: 'ada' });
  const config = { dataLinkTable: { key: 'people' }, externalRecordId: field('$.input.start.missing') };
  const nodes = { start: { type: 'api-trigger', links: [{ key: 'find' }] }, find: { type: 'find-data-link', config } };
  await world.manager.flows.create({ key: 'f', name: 'F', integrationKey: 'github', nodes });
  const { id } = await world.client.connection('github-dev').flow('f').run();
  await world.settle();
  assert.notDeepEqual((await world.client.flowRun(id).getOutput()).find?.[0]?.appRecordId, 'ada');
});
// A8
scenario('of two triggers for one type that one launches whose filter lets pass', async (world) => {
  const type = await world.manager.appEventTypes.create({ key: 'person', name: 'Person', tenantIdFormula: field('tenant') });
  const trigger = (is) => ({ type: 'app-event-trigger', config: { appEvent: { key: 'person' }, filter: { $eval: field('$.input.kind'), is } } });
  await world.manager.flows.create({ key: 'f', name: 'F', integrationKey: 'github', nodes: { one: trigger(1), two: trigger(2) } });
  await world.client.connection('github-dev').flow('f').create();
  assert.equal((await send(type, { tenant: world.tenantKey, kind: 2 })).launchedFlowRunIds.length, 1);
});
// A9
scenario('one UUID is one element after an import and a change, too', empty, async (world) => {
  const a = await world.manager.post('/actions', { key: 'a', name: 'A', ...code });
  const archive = await exported(world);
  await world.manager.patch('/actions/a', { key: 'b' });
  await imported(world, archive, { partial: 'true' });
  const { items } = await world.manager.actions.find();
  assert.equal(items.filter(({ uuid }) => uuid === a.uuid).length, 1);
});

scenario('a UUID that another element has is refused by PATCH', empty, async (world) => {
  const a = await world.manager.post('/actions', { key: 'a', name: 'A', ...code });
  await world.manager.post('/actions', { key: 'b', name: 'B', ...code });
  await assert.rejects(world.manager.patch('/actions/b', { uuid: a.uuid }));
});
// A10
// A11
scenario('an instance whose imported schedule is wrong can be disabled', async (world) => {
  const bad = { name: 'Bad', nodes: { each: { type: 'schedule-trigger', config: { cron: 'never' } } } };
  await imported(world, zip({ 'flows/bad/spec.yaml': JSON.stringify(bad) }), { partial: 'true' });
  const flow = world.client.connection('github-dev').flow('bad');
  await flow.get({ autoCreate: true });
  assert.equal((await flow.patch({ enabled: false })).enabled, false);
});
// A12
scenario('what is applied to an archived integration is not told', async ({ manager }) => {
  await manager.dataSources.create({ key: 'people', name: 'People', udm: 'contacts' });
  await manager.post('/data-sources/people/apply', { integrationKeys: ['hubspot', 'pipedrive'] });
  await manager.delete('/integrations/pipedrive');
  const { appliedToIntegrations } = await manager.get('/data-sources/people');
  assert.deepEqual(appliedToIntegrations.map(({ integration }) => integration.key), ['hubspot']);
});
// A13
scenario('an empty field mapping is none', async ({ manager, client }) => {
  const config = { dataSource: { collectionKey: 'contacts' }, id: '101', fieldMapping: {} };
  await manager.actions.create({ key: 'a', name: 'A', type: 'find-data-record-by-id', integrationKey: 'hubspot', config });
  assert.equal((await client.connection('hubspot-prod').action('a').run({})).output.record.fields?.firstname, 'Ada');
});
// A14
// A15
// A16
scenario('an event of an archived tenant is refused at the address of the type too', async (world) => {
  const type = await world.manager.appEventTypes.create({ key: 'person', name: 'Person', tenantIdFormula: field('tenant') });
  const { id } = await world.clientOf('gone').get('/self');
  await world.manager.delete(`/customers/${id}`);
  assert.equal((await send(type, { tenant: 'gone' })).key, 'not_found');
});
// A17
scenario('a mapping may read `output` and `output.data` at once', async (world) => {
  await world.stub('github', 'GET', '/thing', { json: { x: 1 } });
  const config = { request: { method: 'GET', path: '/thing' } };
  const outputMapping = { a: field('$.output.x'), b: field('$.output.data.x') };
  await world.manager.actions.create({ key: 'a', name: 'A', type: 'api-request-to-external-app', integrationKey: 'github', config, outputMapping });
  assert.deepEqual((await world.client.connection('github-dev').action('a').run({})).output, { a: 1, b: 1 });
});
