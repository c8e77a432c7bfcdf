// Elements that are configured in the words of the vendor's examples and documents, and what each of these words does.
// Start: npm ci --prefix tests/clients/sdk-legacy
//        membrane-mock exec -- node --test tests/clients/programs/vendor-elements.test.mjs

import assert from 'node:assert/strict'
import * as sdk from '../sdk-legacy/lib/client.mjs'
import { scenario } from '../sdk-legacy/lib/world.mjs'
import { userOf } from './lib/caller.mjs'
import { startOwnApp } from './lib/own-app.mjs'

// --- what the tests share ----------------------------------------------------------------------------------------

const of = (locator) => ({ $var: locator })
const input = (name) => of(`$.input.${name}`)
const dataSource = { key: 'people' }

/** Makes the CRM's data source and field mapping, both called `people`. */
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

/** Makes an action for every app, and answers what runs it at the CRM: an input comes to an output. */
async function made({ manager, client }, type, config) {
  await manager.actions.create({ key: type, name: type, type, config })
  return async (given = {}) => (await client.connection('hubspot').action(type).run(given)).output
}

/** The fields of a contact as the CRM has them. */
async function inside({ client }, id) {
  return (await client.connection('hubspot').dataCollection('contacts').findById({ id })).record.fields
}

/** The node with which a flow begins that a program launches. */
const begin = (next) => ({ begin: { type: 'api-trigger', name: 'Begin', config: {}, links: [{ key: next }] } })

/** The output of a run of a flow at the CRM: a list for each node, by its key. */
async function flowRan(world, nodes, given = {}) {
  await world.manager.flows.create({ key: 'suite', name: 'Suite', integrationKey: 'hubspot', nodes })
  const { id } = await world.client.post('connections/hubspot/flows/suite/run', { input: given })
  await world.settle()
  const { state, errors } = await world.client.get(`flow-runs/${id}`)
  assert.equal(state, 'completed', JSON.stringify(errors))
  return world.client.flowRun(id).getOutput()
}

/** Makes a flow that begins with a trigger of this configuration, and the tenant's instance of it. */
async function waiting({ manager, client }, type, config, integrationKey = 'hubspot') {
  await manager.flows.create({ key: 'waits', name: 'Waits', integrationKey, nodes: { begin: { type, config, links: [] } } })
  const flow = client.connection(integrationKey).flow('waits')
  await flow.create()
  return flow
}

/** What the runs began with that were launched within five minutes, after which apps are asked what changed. */
async function launched(world) {
  await world.control('POST', '/clock/advance', { ms: 300_000 })
  const runs = (await world.client.get('flow-runs', {})).items
  return Promise.all(runs.map(async ({ id }) => (await world.client.flowRun(id).getOutput()).begin[0]))
}

// --- actions on data records -------------------------------------------------------------------------------------

// An example has the input's `filter` as `unifiedFilter`, and no filter of the app's own.
scenario('list: a `unifiedFilter` of the input is no filter of the app too', async (world) => {
  await withPeople(world)
  const config = { dataSource, fieldMapping: { key: 'people' }, cursor: input('cursor'), unifiedFilter: input('filter') }
  const list = await made(world, 'list-data-records', config)
  const { records } = await list({ filter: { primaryEmail: 'ben.ruiz@example.com' } })
  assert.deepEqual(records.map(({ fields }) => fields.mail), ['ben.ruiz@example.com'])
})

for (const [name, query] of Object.entries({ universalQuery: 'primaryEmail', query: 'email' })) {
  scenario(`match: \`lookup.${name}\` says what is compared`, async (world) => {
    await withPeople(world)
    const config = { dataSource, fieldMapping: { key: 'people' }, lookup: { [name]: { [query]: input('address') } } }
    const match = await made(world, 'match-data-record', config)
    assert.equal((await match({ address: 'ben.ruiz@example.com' })).record.id, '102')
    assert.deepEqual(await match({ address: 'nobody@example.com' }), {})
  })
}

scenario('update: `fieldMapping.defaultUnifiedValue` is written in the words of the app', async (world) => {
  await withPeople(world)
  const config = { dataSource, id: input('id'), fieldMapping: { defaultUnifiedValue: of('$.input') } }
  const update = await made(world, 'update-data-record', config)
  await update({ id: '102', firstName: 'Benno', primaryEmail: 'benno@example.com' })
  const fields = await inside(world, '102')
  assert.deepEqual([fields.firstname, fields.email, fields.primaryEmail], ['Benno', 'benno@example.com', undefined])
})

scenario('create: what a mapping yields and the app does not take is left out', async (world) => {
  await withPeople(world)
  await world.manager.fieldMapping({ key: 'people', integrationKey: 'hubspot' }).patch({
    defaultExportValue: of('$'),
    exportValue: { email: of('$.mail'), createdate: of('$.since') },
  })
  const create = await made(world, 'create-data-record', { dataSource, fieldMapping: { key: 'people', input: input('fields') } })
  const { id } = await create({ fields: { mail: 'wren@example.com', since: '2020-01-01T00:00:00Z' } })
  assert.deepEqual(await inside(world, id), { id: Number(id), email: 'wren@example.com' })
})

scenario('delete: the output is an empty object', async (world) => {
  const user = userOf(world)
  const config = { dataSource: { collectionKey: 'contacts' }, id: input('id') }
  const action = { key: 'drop', name: 'Drop', type: 'delete-data-record', integrationKey: 'hubspot', config }
  await world.manager.actions.create(action)
  const answer = await user.ok('POST', '/connections/hubspot/actions/drop/run', { id: '101' })
  assert.deepEqual(answer.output, {})
  await assert.rejects(inside(world, '101'), ({ data }) => data.key === 'not_found')
})

// --- data sources and field mappings -----------------------------------------------------------------------------

scenario('a universal data source is the collection that has its data model', async (world) => {
  await world.manager.dataSources.create({ key: 'people', name: 'People', udm: 'contacts' })
  const { collectionKey } = await world.client.connection('hubspot').dataSource('people').get({ autoCreate: true })
  assert.equal(collectionKey, 'contacts')
})

scenario('a configuration may name the data model alone', async (world) => {
  const list = await made(world, 'list-data-records', { dataSource: { udm: 'contacts' } })
  assert.equal((await list()).records[0].id, '101')
})

scenario('a data source lists what it is pointed at, also where that lacks its data model', async (world) => {
  await withPeople(world)
  const source = world.client.connection('hubspot').dataSource('people')
  await source.get({ autoCreate: true })
  await source.patch({ collectionKey: 'deals' })
  const instance = world.client.dataSourceInstance({ dataSourceKey: 'people', connectionKey: 'hubspot-prod' })
  const [deal] = (await instance.listRecords()).records
  assert.ok(deal.fields.dealname)
})

// The documents say that an instance key applies to what an element works with, too.
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
  const listed = async (options) => (await connection.action('list', options).run({})).output.records[0].fields
  assert.deepEqual(await listed(mine), { name: 'Acme' })
  assert.deepEqual(await listed(), { mail: 'ada.okafor@example.com', name: 'Ada' })
})

scenario('a field mapping instance knows the fields on both sides, for a form', async (world) => {
  await withPeople(world)
  const mapping = await world.client.connection('hubspot').fieldMapping('people').get({ autoCreate: true })
  assert.ok(mapping.dataSourceSchema.properties.email)
  const { appSchema: schema, importValue: value, externalSchema: variablesSchema } = mapping
  const form = new sdk.DataForm({ schema, value, variablesSchema })
  assert.ok(form.getFieldValueOptions(form.getFields()[0]).length > 0)
})

// --- what actions see, take and are ------------------------------------------------------------------------------

scenario('formulas of an action see `actionInstance`', async (world) => {
  const config = { code: 'module.exports = () => 1' }
  const outputMapping = { key: of('$.actionInstance.instanceKey') }
  await world.manager.actions.create({ key: 'a', name: 'A', type: 'run-javascript', config, outputMapping })
  const { output } = await world.client.connection('hubspot').action('a', { instanceKey: 'i' }).run({})
  assert.deepEqual(output, { key: 'i' })
})

// The output of a request is the app's body, which an example calls `output.data` nevertheless.
scenario('an output mapping sees the body of a request as `output`, and as `output.data`', async (world) => {
  const request = { method: 'GET', path: '/thing' }
  await world.stub('hubspot', '/thing')
  for (const [key, locator] of Object.entries({ body: '$.output.method', data: '$.output.data.method' })) {
    const action = { key, name: key, type: 'api-request-to-external-app', config: { request } }
    await world.manager.actions.create({ ...action, outputMapping: { method: of(locator) } })
    assert.deepEqual((await world.client.connection('hubspot').action(key).run({})).output, { method: 'GET' })
  }
})

for (const $ref of ['schemas/person', 'person']) {
  scenario(`an input is held against the app data schema that \`${$ref}\` refers to`, async (world) => {
    const schema = { type: 'object', properties: { name: { type: 'string' } } }
    await world.manager.post('app-data-schemas', { key: 'person', name: 'Person', schema })
    const inputSchema = { type: 'object', properties: { fields: { $ref } } }
    const config = { code: 'module.exports = ({ input }) => input.fields.name' }
    await world.manager.actions.create({ key: 'a', name: 'A', type: 'run-javascript', config, inputSchema })
    const action = world.client.connection('hubspot').action('a')
    assert.equal((await action.run({ fields: { name: 'Wren' } })).output, 'Wren')
    await assert.rejects(action.run({ fields: { name: 7 } }), ({ data }) => data.data.errors[0].path === '$.fields.name')
  })
}

scenario('an element that is got says which integrations it is applied to', async (world) => {
  await world.manager.dataSources.create({ key: 'people', name: 'People', udm: 'contacts' })
  await world.manager.dataSource('people').apply(['hubspot', 'pipedrive'])
  const got = await world.client.dataSource({ key: 'people' }).get()
  const applied = got.appliedToIntegrations.map(({ integration, element }) => [integration.key, element.layer])
  assert.deepEqual(applied, [['hubspot', 'integration'], ['pipedrive', 'integration']])
})

// The documents say that an element which is named with its integration is the integration's version.
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

scenario("an action that is run at an integration is the tenant's instance", async (world) => {
  const giving = (what) => ({ type: 'run-javascript', config: { code: `module.exports = () => '${what}'` } })
  const element = { key: 'say', name: 'Say', integrationKey: 'hubspot' }
  await world.manager.actions.create({ ...element, ...giving('theirs') })
  const user = userOf(world)
  const calls = [
    ['/integrations/hubspot/actions/say/run', {}],
    ['/actions/hubspot.say/run', {}],
    ['/action/run?key=say&integrationKey=hubspot', {}],
    ['/act', { key: 'say', integrationKey: 'hubspot' }],
  ]
  const runs = () => Promise.all(calls.map(async ([path, body]) => (await user.ok('POST', path, body)).output))
  assert.deepEqual(await runs(), calls.map(() => 'theirs'))
  await world.client.connection('hubspot').action('say').get({ autoCreate: true })
  await world.client.connection('hubspot').action('say').patch(giving('mine'))
  assert.deepEqual(await runs(), calls.map(() => 'mine'))
})

// --- nodes of flows ----------------------------------------------------------------------------------------------

scenario('a node that finds by id gives the record itself', async (world) => {
  await withPeople(world)
  const find = { type: 'find-data-record-by-id', config: { dataSource, fieldMapping: { key: 'people' }, id: input('begin.id') } }
  const { find: [record] } = await flowRan(world, { ...begin('find'), find }, { id: '102' })
  assert.deepEqual([record.id, record.fields.mail], ['102', 'ben.ruiz@example.com'])
})

scenario('a node that lists gives the records of all pages as a list, which For Each takes', async (world) => {
  const all = { dataSource: { collectionKey: 'contacts' }, fieldMapping: {} }
  const list = { type: 'list-data-records', config: all, links: [{ key: 'each' }] }
  const each = { type: 'for-each-v2', config: { items: input('list'), rootNodeKey: 'say' } }
  const say = { type: 'transform-data', config: { output: input('each.item.id') } }
  const { list: [records], each: [said] } = await flowRan(world, { ...begin('list'), list, each, say })
  assert.ok(records.length > 20, 'a page of this app has ten records')
  assert.equal(said.say.length, records.length)
})

scenario('a node makes a data link', async (world) => {
  await world.manager.dataLinkTables.create({ key: 'people', name: 'People' })
  const config = {
    dataLinkTable: { key: 'people' },
    direction: 'import',
    externalRecordId: input('begin.id'),
    appRecordId: input('begin.own'),
  }
  const link = { type: 'create-data-link', config, links: [] }
  await flowRan(world, { ...begin('link'), link }, { id: '102', own: 'person-1' })
  const links = world.client.dataLinkTableInstance({ dataLinkTableKey: 'people', connectionKey: 'hubspot-prod' })
  const [known] = (await links.findLinks({})).items
  assert.deepEqual([known.externalRecordId, known.appRecordId, known.direction], ['102', 'person-1', 'import'])
})

// --- triggers ----------------------------------------------------------------------------------------------------

scenario('the record of a trigger is mapped', async (world) => {
  await withPeople(world)
  await waiting(world, 'data-record-created-trigger', { dataSource, fieldMapping: { key: 'people', includeRawFields: true } })
  await world.client.connection('hubspot').dataCollection('contacts').create({ fields: { email: 'wren@example.com' } })
  const [{ record }] = await launched(world)
  assert.deepEqual([record.fields, record.rawFields.email], [{ mail: 'wren@example.com' }, 'wren@example.com'])
})

scenario('the parameters of a trigger are formulas over those of the flow instance', async (world) => {
  const collectionParameters = of('$.flowInstance.parameters')
  const config = { dataSource: { collectionKey: 'issues', collectionParameters } }
  const flow = await waiting(world, 'data-record-created-trigger', config, 'github')
  await flow.patch({ parameters: { owner: 'acme', repo: 'website' } })
  for (const repo of ['website', 'app']) {
    const issues = world.client.connection('github').dataCollection('issues', { owner: 'acme', repo })
    await issues.create({ fields: { title: repo } })
  }
  assert.deepEqual((await launched(world)).map(({ record }) => record.fields.title), ['website'])
})

scenario('a flow instance names the subscriptions that it has', async (world) => {
  const flow = await waiting(world, 'data-record-created-trigger', { dataSource: { collectionKey: 'contacts' } })
  const [dependency, ...others] = (await flow.get()).dependencies
  assert.deepEqual([dependency.type, others], ['external-event', []])
  const subscription = await world.client.get(`external-event-subscriptions/${dependency.instanceId}`)
  assert.equal(subscription.config.type, 'data-record-created')
})

// --- app events --------------------------------------------------------------------------------------------------

/** As the user's app sends events: to an address that it was told, with a token or without. */
async function sends(type, body, { method = 'POST', token } = {}) {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) }
  return (await fetch(type.globalWebhookUri, { method, headers, body: JSON.stringify(body) })).json()
}

const ofCustomer = { key: 'person', name: 'Person', userIdFormula: of('$.customerId') }
const trigger = { appEvent: { key: 'person' } }

/** Makes a type of events and a flow instance that waits for them; answers both, and an event of the tenant's. */
async function withEvent(world, more) {
  const type = await world.manager.appEventTypes.create({ ...ofCustomer, ...more })
  const flow = await waiting(world, 'app-event-trigger', trigger)
  return { type, flow, event: { customerId: world.tenantKey, type: 'created' } }
}

const eventsOf = async ({ client }) => (await client.get('app-events', {})).items

scenario('an app event launches what names its type by `appEvent`', async (world) => {
  const { type, event } = await withEvent(world)
  assert.equal((await sends(type, event)).launchedFlowRunIds.length, 1)
})

scenario('a list in the body is several app events, of which all are taken or none', async (world) => {
  const { type, event } = await withEvent(world)
  assert.equal((await sends(type, [event, event])).launchedFlowRunIds.length, 2)
  assert.equal((await eventsOf(world)).length, 2)
  assert.match((await sends(type, [event, { customerId: 'nobody' }])).message, /`nobody`/)
  assert.match((await sends(type, [])).message, /no event/)
  assert.equal((await eventsOf(world)).length, 2)
})

scenario('app events come by a request of any method', async (world) => {
  const { type, event } = await withEvent(world)
  for (const method of ['PUT', 'PATCH', 'DELETE']) {
    assert.equal((await sends(type, event, { method })).launchedFlowRunIds.length, 1, method)
  }
})

scenario('an app event may say whose it is by a token of the tenant', async (world) => {
  const { type } = await withEvent(world, { userIdFormula: undefined })
  const { id } = await sends(type, {}, { token: world.tenantToken })
  assert.deepEqual((await eventsOf(world)).map((event) => event.id), [id])
  for (const token of [undefined, world.managerToken, 'no.such.token']) {
    assert.match((await sends(type, {}, { token })).message, /does not say whose an event is/)
  }
})

scenario('a filter of an app event trigger holds back what does not pass', async (world) => {
  const { type, flow, event } = await withEvent(world)
  const filter = { $eval: of('$.input.type'), is: 'deleted' }
  await flow.patch({ nodes: { begin: { config: { ...trigger, filter } } } })
  assert.deepEqual((await sends(type, event)).launchedFlowRunIds, [])
  assert.equal((await sends(type, { ...event, type: 'deleted' })).launchedFlowRunIds.length, 1)
})

scenario('a flow instance with an app event trigger has a subscription', async (world) => {
  await withEvent(world)
  assert.equal((await world.client.appEventSubscriptions.find()).items.length, 1)
})

// One flow has it all: what changes in the product is written into the CRM, and the product is told the id there.
scenario('what is sent as an app event is written, and its id told', async (world, t) => {
  await withPeople(world)
  const saved = []
  await startOwnApp(t, world, { '/saved': (body) => saved.push(body), '/webhook': () => {} })
  const type = await world.manager.appEventTypes.create(ofCustomer)
  const when = (key, what) => ({ key, name: what, filter: { $eval: of('$.output.type'), is: what } })
  const links = [when('make', 'created'), when('change', 'updated'), when('drop', 'deleted')]
  const id = input('begin.externalId')
  const fieldMapping = { key: 'people', input: input('begin.data') }
  const body = { externalId: input('make.id'), of: of('$.flowInstance.instanceKey') }
  const nodes = {
    begin: { type: 'app-event-trigger', config: trigger, links },
    make: { type: 'create-data-record', config: { dataSource, fieldMapping }, links: [{ key: 'save' }] },
    change: { type: 'update-data-record', config: { dataSource, id, fieldMapping } },
    drop: { type: 'delete-data-record', config: { dataSource, id, fieldMapping: {} } },
    save: { type: 'api-request-to-your-app', config: { request: { method: 'POST', uri: 'saved', body } } },
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

// --- collections -------------------------------------------------------------------------------------------------

scenario('a form is not offered fields that are refused', async (world) => {
  const spec = await world.client.connection('hubspot').dataCollection('contacts').get()
  const all = Object.entries(spec.fieldsSchema.properties)
  const readOnly = all.flatMap(([name, field]) => (field.readOnly ? [name] : []))
  assert.ok(readOnly.length > 0)
  for (const verb of ['create', 'update']) {
    assert.deepEqual(spec[verb].fields.filter((name) => readOnly.includes(name)), [], verb)
  }
})

scenario('who reads all pages of a collection is not told of unread ones', async (world) => {
  const contacts = world.client.connection('hubspot').dataCollection('contacts')
  let cursor
  do {
    const page = await contacts.list({ cursor })
    cursor = page.cursor
  } while (cursor)
  const { findings = [] } = await world.control('GET', '/journal')
  assert.deepEqual(findings, [])
})
