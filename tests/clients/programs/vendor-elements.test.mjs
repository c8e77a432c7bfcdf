// Elements in the words of the vendor's own examples and documents: what their configuration is called, and what it does.
// Start: npm ci --prefix tests/clients/sdk-legacy
//        membrane-mock exec -- node --test tests/clients/programs/vendor-elements.test.mjs

import assert from 'node:assert/strict'
import * as sdk from '../sdk-legacy/lib/client.mjs'
import { scenario } from '../sdk-legacy/lib/world.mjs'
import { userOf } from './lib/caller.mjs'
import { startOwnApp } from './lib/own-app.mjs'

const of = (locator) => ({ $var: locator })
const input = (name) => of(`$.input.${name}`)
const dataSource = { key: 'people' }

/** A data source and a field mapping of the CRM, as they come out of an application of universal ones. */
async function withPeople({ manager }) {
  const element = { key: 'people', name: 'People', integrationKey: 'hubspot' }
  await manager.dataSources.create({ ...element, collectionKey: 'contacts', udm: 'contacts' })
  await manager.fieldMappings.create({
    ...element,
    dataSourceKey: 'people',
    direction: 'both',
    appSchema: { type: 'object', properties: { name: { type: 'string' }, mail: { type: 'string' } } },
    importValue: { mail: of('$.email'), name: of('$.firstname') },
    exportValue: { email: of('$.mail'), firstname: of('$.name') },
  })
}
let actions = 0
async function ran(world, type, config, given = {}) {
  const key = `action-${++actions}`
  await world.manager.actions.create({ key, name: key, type, config })
  return (await world.client.connection('hubspot').action(key).run(given)).output
}
const inside = ({ client }, id) =>
  client.connection('hubspot').dataCollection('contacts').findById({ id }).then(({ record }) => record.fields)
const flowRan = async (world, nodes, given = {}) => {
  await world.manager.flows.create({ key: 'suite', name: 'Suite', integrationKey: 'hubspot', nodes })
  const { id } = await world.client.post('connections/hubspot/flows/suite/run', { input: given })
  await world.settle()
  const { state, errors } = await world.client.get(`flow-runs/${id}`)
  assert.equal(state, 'completed', JSON.stringify(errors))
  return world.client.flowRun(id).getOutput()
}
const begin = (next) => ({ begin: { type: 'api-trigger', name: 'Begin', config: {}, links: [{ key: next }] } })

// 1. vendor's unified-api example: 233 of 233 list actions have unifiedFilter: {$var: $.input.filter} and no `filter`
scenario('list: `unifiedFilter` of the input is no native filter too', async (world) => {
  await withPeople(world)
  const config = { dataSource, fieldMapping: { key: 'people' }, cursor: input('cursor'), unifiedFilter: input('filter') }
  const { records } = await ran(world, 'list-data-records', config, { filter: { primaryEmail: 'ben.ruiz@example.com' } })
  assert.deepEqual(records.map(({ fields }) => fields.mail), ['ben.ruiz@example.com'])
})

// 2. 233 of 233 match actions: lookup: {universalQuery}, 52 with lookup.query
for (const [name, query] of Object.entries({ universalQuery: 'primaryEmail', query: 'email' })) {
  scenario(`match: \`lookup.${name}\``, async (world) => {
    await withPeople(world)
    const config = { dataSource, fieldMapping: { key: 'people' }, lookup: { [name]: { [query]: input('address') } } }
    const output = await ran(world, 'match-data-record', config, { address: 'ben.ruiz@example.com' })
    assert.equal(output.record?.id, '102')
  })
}

// 3. 43 update actions of the two-way example
scenario('update: `fieldMapping.defaultUnifiedValue` is written in the words of the app', async (world) => {
  await withPeople(world)
  const config = { dataSource, id: input('id'), fieldMapping: { defaultUnifiedValue: of('$.input') } }
  await ran(world, 'update-data-record', config, { id: '102', firstName: 'Benno', primaryEmail: 'benno@example.com' })
  const fields = await inside(world, '102')
  assert.deepEqual([fields.firstname, fields.email, fields.primaryEmail], ['Benno', 'benno@example.com', undefined])
})

// 4. IAPP field-mappings: “only those fields will stay in the mapping, ignoring the rest”
scenario('create: what a mapping yields and the app does not take is left out', async (world) => {
  await withPeople(world)
  await world.manager.fieldMapping({ key: 'people', integrationKey: 'hubspot' }).patch({
    defaultExportValue: of('$'),
    exportValue: { email: of('$.mail'), createdate: of('$.since') },
  })
  const config = { dataSource, fieldMapping: { key: 'people', input: input('fields') } }
  const { id } = await ran(world, 'create-data-record', config, { fields: { mail: 'w@example.com', since: '2020-01-01T00:00:00Z' } })
  assert.deepEqual(await inside(world, id), { id: Number(id), email: 'w@example.com' })
})

// 5. IAPP data-sources: a universal data source maps “to the right data in each external application” by its data model
scenario('a universal data source is the collection that has its data model', async (world) => {
  await world.manager.dataSources.create({ key: 'people', name: 'People', udm: 'contacts' })
  const { collectionKey } = await world.client.connection('hubspot').dataSource('people').get({ autoCreate: true })
  assert.equal(collectionKey, 'contacts')
})
scenario('… also where a configuration names the data model alone', async (world) => {
  const { records } = await ran(world, 'list-data-records', { dataSource: { udm: 'contacts' } })
  assert.equal(records[0].id, '101')
})

// 6. IAPP field-mapping-instances: an instanceKey “will be automatically applied to the elements it works with”
scenario('what has an instance key works with what has the same', async (world) => {
  await withPeople(world)
  const config = { dataSource, fieldMapping: { key: 'people' } }
  await world.manager.actions.create({ key: 'list', name: 'List', type: 'list-data-records', config })
  const mine = { instanceKey: 'sync-1' }
  const connection = world.client.connection('hubspot')
  await connection.dataSource('people', mine).get({ autoCreate: true })
  await connection.dataSource('people', mine).patch({ collectionKey: 'companies', udm: 'companies' })
  await connection.fieldMapping('people', mine).get({ autoCreate: true })
  await connection.fieldMapping('people', mine).patch({ importValue: { name: of('$.name') } })
  const { output } = await connection.action('list', mine).run({})
  assert.deepEqual(output.records[0].fields, { name: 'Acme' })
})

// 7. SDK getActionRunTimeVariablesSchema
scenario('formulas of an action see `actionInstance`', async (world) => {
  const config = { code: 'module.exports = () => 1' }
  const outputMapping = { key: of('$.actionInstance.instanceKey') }
  await world.manager.actions.create({ key: 'a', name: 'A', type: 'run-javascript', config, outputMapping })
  assert.deepEqual((await world.client.connection('hubspot').action('a', { instanceKey: 'i' }).run({})).output, { key: 'i' })
})

// 8. vendor's sync-messages example: 5 of 5 output mappings of such actions read $.output.data
scenario('the output mapping of a request sees the body as `output.data`', async (world) => {
  const request = { method: 'GET', path: '/thing' }
  await world.stub('hubspot', '/thing')
  const action = { key: 'a', name: 'A', type: 'api-request-to-external-app', config: { request } }
  await world.manager.actions.create({ ...action, outputMapping: { method: of('$.output.data.method') } })
  assert.deepEqual((await world.client.connection('hubspot').action('a').run({})).output, { method: 'GET' })
})

// 9. IAPP internal-data-schemas; vendor's exports have `$ref: contacts`
scenario('a schema may refer to an app data schema', async (world) => {
  const schema = { type: 'object', properties: { name: { type: 'string' } } }
  await world.manager.post('app-data-schemas', { key: 'person', name: 'Person', schema })
  for (const $ref of ['schemas/person', 'person']) {
    const inputSchema = { type: 'object', properties: { fields: { $ref } } }
    const config = { code: 'module.exports = () => 1' }
    await world.manager.actions.create({ key: `a-${$ref.length}`, name: 'A', type: 'run-javascript', config, inputSchema })
  }
})

// 10. five public programs, among them the playground, read it of one that they get
scenario('an element that is got says which integrations it is applied to', async (world) => {
  await world.manager.dataSources.create({ key: 'people', name: 'People', udm: 'contacts' })
  await world.manager.dataSource('people').apply(['hubspot', 'pipedrive'])
  const { appliedToIntegrations = [] } = await world.client.dataSource({ key: 'people' }).get()
  assert.deepEqual(appliedToIntegrations.map(({ integration }) => integration.key), ['hubspot', 'pipedrive'])
})

// 11. SDK FieldMappingReadOnlyProperties (dataSourceSchema, dataSourceInstanceId); PG reads it; IAPP: externalSchema
scenario('a field mapping instance knows the fields on both sides, for a form', async (world) => {
  await withPeople(world)
  const mapping = await world.client.connection('hubspot').fieldMapping('people').get({ autoCreate: true })
  assert.ok(mapping.dataSourceSchema?.properties.email, 'dataSourceSchema')
  assert.ok(mapping.externalSchema?.properties.email, 'externalSchema')
  const { appSchema: schema, importValue: value, externalSchema: variablesSchema } = mapping
  const form = new sdk.DataForm({ schema, value, variablesSchema })
  assert.ok(form.getFieldValueOptions(form.getFields()[0]).length > 0)
})

// 12. DOC:element-selectors: integrationKey is “the integration's version”
scenario("an integration's element is not the tenant's instance", async (world) => {
  await withPeople(world)
  await world.client.connection('hubspot').fieldMapping('people').get({ autoCreate: true })
  await world.client.connection('hubspot').fieldMapping('people').patch({ importValue: { mail: 'mine' } })
  for (const got of [
    world.client.fieldMapping({ key: 'people', integrationKey: 'hubspot' }).get(),
    world.client.integration('hubspot').fieldMapping('people').get(),
  ]) {
    assert.equal((await got).layer, 'integration')
  }
})

// 13. 168 nodes of the vendor's examples read $.input.<node>.id and pass the record on as {fields}
scenario('a node that finds by id gives the record itself', async (world) => {
  await withPeople(world)
  const find = { type: 'find-data-record-by-id', config: { dataSource, fieldMapping: { key: 'people' }, id: input('begin.id') } }
  const { find: [record] } = await flowRan(world, { ...begin('find'), find }, { id: '102' })
  assert.deepEqual([record.id, record.fields.mail], ['102', 'ben.ruiz@example.com'])
})

// 14. IAPP nodes/list-data-records: a list of all records, which For Each takes
scenario('a node that lists gives all records as a list', async (world) => {
  const list = {
    type: 'list-data-records',
    config: { dataSource: { collectionKey: 'contacts' }, fieldMapping: {} },
    links: [{ key: 'each' }],
  }
  const each = { type: 'for-each-v2', config: { items: input('list'), rootNodeKey: 'say' } }
  const say = { type: 'transform-data', config: { output: input('each.item.id') } }
  const { list: [records] } = await flowRan(world, { ...begin('list'), list, each, say })
  assert.ok(Array.isArray(records) && records.length > 20, 'more than one page')
})

// 15. vendor's sync-messages example; IAPP nodes/create-data-link, find-data-link
scenario('nodes make and find data links', async (world) => {
  await world.manager.dataLinkTables.create({ key: 'people', name: 'People' })
  const dataLinkTable = { key: 'people' }
  const link = {
    type: 'create-data-link',
    config: { dataLinkTable, direction: 'import', externalRecordId: input('begin.id'), appRecordId: input('begin.own') },
    links: [],
  }
  await flowRan(world, { ...begin('link'), link }, { id: '102', own: 'person-1' })
  const links = world.client.dataLinkTableInstance({ dataLinkTableKey: 'people', connectionKey: 'hubspot-prod' })
  const [made] = (await links.findLinks({})).items
  assert.deepEqual([made.externalRecordId, made.appRecordId, made.direction], ['102', 'person-1', 'import'])
})

// 16. 105 of 161 triggers of the unified-api example
scenario('the record of a trigger is mapped', async (world) => {
  await withPeople(world)
  const begin = { type: 'data-record-created-trigger', config: { dataSource, fieldMapping: { key: 'people', includeRawFields: true } } }
  await world.manager.flows.create({ key: 'f', name: 'F', integrationKey: 'hubspot', nodes: { begin } })
  await world.client.connection('hubspot').flow('f').create()
  await world.client.connection('hubspot').dataCollection('contacts').create({ fields: { email: 'w@example.com' } })
  await world.control('POST', '/clock/advance', { ms: 300_000 })
  const [run] = (await world.client.get('flow-runs', {})).items
  const { record } = (await world.client.flowRun(run.id).getOutput()).begin[0]
  assert.deepEqual([record.fields, record.rawFields.email], [{ mail: 'w@example.com' }, 'w@example.com'])
})

// 17. SDK getFlowNodeConfigTimeVariablesSchema (flowInstance, user); a public generator of flows
scenario('the parameters of a trigger are formulas over those of the flow instance', async (world) => {
  const collectionParameters = of('$.flowInstance.parameters')
  const begin = { type: 'data-record-created-trigger', config: { dataSource: { collectionKey: 'issues', collectionParameters } } }
  await world.manager.flows.create({ key: 'f', name: 'F', integrationKey: 'github', nodes: { begin } })
  const connection = world.client.connection('github')
  await connection.flow('f').create()
  await connection.flow('f').patch({ parameters: { owner: 'acme', repo: 'website' } })
  for (const repo of ['website', 'app']) {
    await connection.dataCollection('issues', { owner: 'acme', repo }).create({ fields: { title: repo } })
  }
  await world.control('POST', '/clock/advance', { ms: 300_000 })
  const runs = (await world.client.get('flow-runs', {})).items
  const outputs = await Promise.all(runs.map(({ id }) => world.client.flowRun(id).getOutput()))
  assert.deepEqual(outputs.map(({ begin: [{ record }] }) => record.fields.title), ['website'])
})

// 18. vendor's two-way example shows them, SDK (legacy) FlowInstance.dependencies
scenario('a flow instance names the subscriptions that it has', async (world) => {
  const begin = { type: 'data-record-created-trigger', config: { dataSource: { collectionKey: 'contacts' } } }
  await world.manager.flows.create({ key: 'f', name: 'F', integrationKey: 'hubspot', nodes: { begin } })
  const { dependencies = [] } = await world.client.connection('hubspot').flow('f').get({ autoCreate: true })
  const own = dependencies.filter(({ type }) => type === 'external-event')
  assert.equal(own.length, 1)
  const subscription = await world.client.get(`external-event-subscriptions/${own[0].instanceId}`)
  assert.equal(subscription.config.type, 'data-record-created')
})

// 19. App events: 59 of 59 triggers name `appEvent: {key}`; the rest is IAPP internal-events, nodes/app-event-trigger,
//     app-event-subscriptions
const sends = (type, body, { method = 'POST', token } = {}) =>
  fetch(type.globalWebhookUri, {
    method,
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
  }).then((response) => response.json())
async function withEvent({ manager, client, tenantKey }, more) {
  const type = await manager.appEventTypes.create({ key: 'person', name: 'Person', userIdFormula: of('$.customerId'), ...more })
  const begin = { type: 'app-event-trigger', name: 'Begin', config: { appEvent: { key: 'person' } }, links: [] }
  await manager.flows.create({ key: 'f', name: 'F', integrationKey: 'hubspot', nodes: { begin } })
  await client.connection('hubspot').flow('f').create()
  return { type, event: { customerId: tenantKey, type: 'created' } }
}
scenario('an app event launches what names it by `appEvent`', async (world) => {
  const { type, event } = await withEvent(world)
  assert.equal((await sends(type, event)).launchedFlowRunIds.length, 1)
})
scenario('a list in the body is several app events', async (world) => {
  const { type, event } = await withEvent(world)
  await sends(type, [event, event])
  assert.equal((await world.client.get('app-events', {})).items.length, 2)
})
scenario('app events come by a request of any method', async (world) => {
  const { type, event } = await withEvent(world)
  assert.ok((await sends(type, event, { method: 'PUT' })).id)
})
scenario('an app event may say whose it is by a token', async (world) => {
  const { type } = await withEvent(world, { userIdFormula: undefined })
  assert.ok((await sends(type, {}, { token: world.tenantToken })).id)
})
scenario('a filter of an app event trigger holds back what does not pass', async (world) => {
  const { type, event } = await withEvent(world)
  const filter = { $eval: of('$.input.type'), is: 'deleted' }
  const config = { appEvent: { key: 'person' }, appEventType: { key: 'person' }, filter }
  await world.client.connection('hubspot').flow('f').patch({ nodes: { begin: { config } } })
  assert.deepEqual((await sends(type, event)).launchedFlowRunIds, [])
})
scenario('a flow instance with an app event trigger has a subscription', async (world) => {
  await withEvent(world)
  assert.equal((await world.client.appEventSubscriptions.find()).items.length, 1)
})

// 20. what changes in the product comes to the CRM by its events: the vendor's two-way example from its first line to its last
scenario('what is sent as an app event is written, and its id told', async (world, t) => {
  await withPeople(world)
  const saved = []
  await startOwnApp(t, world, { '/saved': (body) => saved.push(body), '/webhook': () => {} })
  const type = await world.manager.appEventTypes.create({ key: 'person', name: 'Person', userIdFormula: of('$.customerId') })
  const when = (key, what) => ({ key, name: what, filter: { $eval: of('$.output.type'), is: what } })
  const id = input('begin.externalId')
  const fieldMapping = { key: 'people', input: input('begin.data') }
  const nodes = {
    begin: {
      type: 'app-event-trigger',
      config: { appEvent: { key: 'person' } },
      links: [when('make', 'created'), when('change', 'updated'), when('drop', 'deleted')],
    },
    make: { type: 'create-data-record', config: { dataSource, fieldMapping }, links: [{ key: 'save' }] },
    change: { type: 'update-data-record', config: { dataSource, id, fieldMapping } },
    drop: { type: 'delete-data-record', config: { dataSource, id, fieldMapping: {} } },
    save: {
      type: 'api-request-to-your-app',
      config: { request: { method: 'POST', uri: 'saved', body: { externalId: input('make.id'), of: of('$.flowInstance.instanceKey') } } },
    },
  }
  await world.manager.flows.create({ key: 'send', name: 'Send', nodes })
  await world.client.connection('hubspot').flow('send', { instanceKey: 'sync-1' }).get({ autoCreate: true })
  const tell = async (event) => {
    await sends(type, { customerId: world.tenantKey, ...event })
    await world.settle()
  }
  await tell({ type: 'created', data: { mail: 'wren@example.com', name: 'Wren' } })
  assert.deepEqual(saved.map((each) => each.of), ['sync-1'])
  const [{ externalId }] = saved
  await tell({ type: 'updated', externalId, data: { name: 'Jenny' } })
  assert.equal((await inside(world, externalId)).firstname, 'Jenny')
  await tell({ type: 'deleted', externalId })
  await assert.rejects(inside(world, externalId), ({ data }) => data.key === 'not_found')
})

// 21. own documents: /docs/behaviour.md#data-write, journal findings
scenario('a form is not offered fields that are refused', async (world) => {
  const spec = await world.client.connection('hubspot').dataCollection('contacts').get()
  const readOnly = Object.entries(spec.fieldsSchema.properties).filter(([, { readOnly }]) => readOnly).map(([name]) => name)
  for (const verb of ['create', 'update']) assert.deepEqual(spec[verb].fields.filter((name) => readOnly.includes(name)), [], verb)
})
scenario('who reads all pages of a collection is not told of unread ones', async (world) => {
  const contacts = world.client.connection('hubspot').dataCollection('contacts')
  for (let cursor; ; ) {
    const page = await contacts.list({ cursor })
    cursor = page.cursor
    if (!cursor) break
  }
  const { findings = [] } = await world.control('GET', '/journal')
  assert.deepEqual(findings, [])
})
scenario('deleting by an action answers an output', async (world) => {
  const user = userOf(world)
  const config = { dataSource: { collectionKey: 'contacts' }, id: input('id') }
  await world.manager.actions.create({ key: 'drop', name: 'Drop', type: 'delete-data-record', integrationKey: 'hubspot', config })
  const answer = await user.ok('POST', '/connections/hubspot/actions/drop/run', { id: '101' })
  assert.deepEqual(answer.output, {})
})
scenario('a data source that is pointed at a collection without its data model still lists', async (world) => {
  await withPeople(world)
  const source = world.client.connection('hubspot').dataSource('people')
  await source.get({ autoCreate: true })
  await source.patch({ collectionKey: 'deals' })
  const { records } = await world.client.dataSourceInstance({ dataSourceKey: 'people', connectionKey: 'hubspot-prod' }).listRecords()
  assert.ok(records.length > 0)
})
