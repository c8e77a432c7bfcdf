// Every method of every accessor of the legacy client, called once and judged by the client's own declarations.
// What needs a browser is in connecting.test.mjs; methods.mjs finds what is left out.

import assert from 'node:assert/strict';
import { subscribe } from 'node:diagnostics_channel';
import { addBook } from '../sdk/lib/book.mjs';
import { scenario } from './lib/world.mjs';
import * as shape from './lib/shape.mjs';

const { accept, list, page, texts } = shape;
const { Action, ActionInstance, AppDataSchema, AppDataSchemaInstance, Connection, Customer } = shape;
const { AppEvent, AppEventSubscription, AppEventType, DataLink, DataLinkTable, DataLinkTableInstance } = shape;
const { Collection, DataRecord, DataSource, DataSourceInstance, FieldMapping, FieldMappingInstance } = shape;
const { Flow, FlowInstance, FlowRun, Integration } = shape;
const anything = {};
const run = { output: ({ method }) => method === 'GET' };
const some = { '': (value) => value !== undefined && value !== '' };

// The client drops the status when it makes a typed error.
let status;
subscribe('http.client.response.finish', ({ response }) => (status = response.statusCode));

function call(accessor, method, given) {
  status = undefined;
  return accessor[method](...given);
}

// A row has what makes the world ready, the accessor, and its methods in the order of the calls: what
// each answers, and what it is given.

const github = { integrationKey: 'github' };
const universal = { key: 'suite', name: 'Suite' };
const request = { method: 'GET', path: '/suite/thing' };
const action = { ...universal, type: 'api-request-to-external-app', config: { request } };
const say = { type: 'transform-data', config: { output: 1 } };
const flow = { ...universal, nodes: { start: { type: 'api-trigger', links: [{ key: 'say' }] }, say } };
const people = { ...universal, collectionKey: 'people', udm: 'contacts' };
const mapping = { ...universal, appSchema: { type: 'object' }, importValue: { who: { $var: 'name' } } };
const contact = { key: 'contact', name: 'Contact', schema: { type: 'object' } };
const created = { key: 'created', name: 'Created', userIdFormula: { $var: 'customerId' } };
const acme = { name: 'Acme', internalId: 'acme' };
const stripe = { key: 'by-hand', name: 'By hand', integrationKey: 'stripe', credentials: { apiKey: 'sk_test_suite' } };
const ours = { key: 'ours', name: 'Ours', connectorKey: 'github' };

const screen = { ...universal, type: 'integration', blocks: [{ type: 'flow' }] };
const Named = texts('key', 'name');
const Subscription = { ...texts('id', 'userId', 'connectionId', 'integrationId', 'status') };
const subscribed = async (world) => {
  const config = { type: 'data-record-created', dataSource: { collectionKey: 'issues' } };
  world.made = await world.client.post('/external-event-subscriptions', { connectionKey: 'github-dev', config });
};

const madeOf = (accessor, fields) => async (world) => {
  world.made = await world.manager[accessor].create(fields);
};
/** An element of an integration, below a universal one that it can be reset to. */
const below = (accessor, fields) => async (world) => {
  const parent = await world.manager[accessor].create(fields);
  world.made = await world.manager[accessor].create({ ...fields, ...github, parentId: parent.id });
};

const renamed = { name: 'Renamed' };
const archived = { archive: [anything], restore: [anything] };
const elements = (item, fields) => ({ create: [item, fields], find: [page(item)], findAll: [list(item)] });
const element = (item, fields) => ({ get: [item], patch: [item, renamed], put: [item, fields], ...archived });
const ofIntegration = (item, fields) => ({
  get: [item],
  patch: [item, renamed],
  put: [item, fields],
  reset: [anything],
  archive: [anything],
});
const ofConnection = (item, fields) => ({
  create: [item],
  get: [item],
  patch: [item, renamed],
  put: [item, fields],
  setup: [item],
  reset: [item],
});
const instance = (item, fields, made) => ({
  create: [item, made],
  get: [item],
  getId: [some],
  patch: [item, renamed],
  put: [item, fields],
  ...archived,
});

// What can be done with records, under the names of a collection and of a data source instance.
const record = { record: (found) => accept(DataRecord, found) };
const records = { records: (found) => accept(list(DataRecord), found) && found.length > 0 };
const linked = { externalRecordId: '7', appRecordId: 'own-7' };
/** A page with one of these. */
const oneOf = (item) => ({ items: (items) => accept(list(item), items) && items.length === 1 });
const id = texts('id');
const asked = {
  list: [records, {}],
  search: [records, { query: 'ada' }],
  match: [record, { query: { name: 'Ada' } }],
  findById: [record, { id: '1' }],
  create: [id, { fields: { name: 'Dora' } }],
  update: [id, { id: '1', fields: { team: 'red' } }],
  delete: [anything, { id: '2' }],
};
const ofInstance = (verb) => ({ list: 'listRecords', search: 'searchRecords', findById: 'findRecordById' })[verb] ?? `${verb}Record`;
const withBook = ({ manager, client }) => addBook(manager, client);
/** A data source or field mapping, and an app behind which there are records. */
const inBook = (accessor, fields) => async (world) => [await withBook(world), await madeOf(accessor, fields)(world)];
const mine = { connectionKey: 'my-book' };

const connection = ({ client }) => client.connection('github-dev');
const integration = ({ manager }) => manager.integration('github');
const bound = { key: 'suite', ...github };

async function flowRan(world) {
  await below('flows', flow)(world);
  world.run = await connection(world).flow('suite').run({ input: {} });
  await world.settle();
  [world.nodeRun] = (await world.client.flowRun(world.run.id).getNodeRuns('say', {})).items;
}

const faked = {
  client: [
    (world) => world.stub('github', '/suite/thing'),
    ({ client }) => client,
    {
      getToken: [some],
      getEmbedUri: [some, 'main'],
      setCredentials: [Customer, { apiKey: 'k' }],
      connectionRequest: [anything, 'github-dev', 'list-repositories', {}],
      get: [Customer, 'self'],
      post: [some, 'connections/github-dev/proxy/suite/thing', {}],
      put: [some, 'connections/github-dev/proxy/suite/thing', {}],
      patch: [Customer, 'self', renamed],
      delete: [some, 'connections/github-dev/proxy/suite/thing'],
    },
  ],
  self: [null, ({ client }) => client.self, { get: [Customer], patch: [Customer, renamed] }],
  customers: [null, ({ manager }) => manager.customers, elements(Customer, acme)],
  'customer of an id': [
    madeOf('customers', acme),
    ({ manager, made }) => manager.customer(made.id),
    element(Customer, acme),
  ],
  'customer of a selector': [
    madeOf('customers', acme),
    ({ manager, made }) => manager.customer({ id: made.id }),
    element(Customer, acme),
  ],

  integrations: [null, ({ manager }) => manager.integrations, elements(Integration, ours)],
  integration: [
    madeOf('integrations', ours),
    ({ manager }) => manager.integration('ours'),
    { setup: [Integration], getConnectorSpec: [some], ...element(Integration, ours) },
  ],
  'integration that is connected': [null, ({ client }) => client.integration('github'), { disconnect: [anything] }],
  'integration().actions': [
    null,
    (world) => integration(world).actions,
    { create: [Action, action], list: [page(Action)] },
  ],
  'integration().action': [
    below('actions', action),
    (world) => integration(world).action('suite'),
    ofIntegration(Action, action),
  ],
  'integration().flows': [null, (world) => integration(world).flows, { create: [Flow, flow], list: [page(Flow)] }],
  'integration().flow': [below('flows', flow), (world) => integration(world).flow('suite'), ofIntegration(Flow, flow)],

  connections: [null, ({ client }) => client.connections, { create: [Connection, stripe], find: [page(Connection)] }],
  connection: [
    (world) => world.stub('github', '/suite/thing'),
    connection,
    {
      get: [Connection],
      patch: [Connection, renamed],
      put: [Connection, renamed],
      request: [some, '/suite/thing', { a: 1 }],
      refreshCredentials: [anything],
      archive: [anything],
    },
  ],
  'connection().proxy': [
    (world) => world.stub('github', '/suite/thing'),
    (world) => connection(world).proxy,
    Object.fromEntries(['get', 'post', 'put', 'patch', 'delete'].map((method) => [method, [some, '/suite/thing']])),
  ],
  'connection().actions': [null, (world) => connection(world).actions, { list: [page(Action)] }],
  'connection().action': [
    async (world) => [await below('actions', action)(world), await world.stub('github', '/suite/thing')],
    (world) => connection(world).action('suite'),
    { run: [run], ...ofConnection(ActionInstance, action), archive: [anything] },
  ],
  'connection().flows': [null, (world) => connection(world).flows, { list: [page(Flow)] }],
  'connection().flow': [
    below('flows', flow),
    (world) => connection(world).flow('suite'),
    {
      run: [FlowRun, { input: {} }],
      disable: [FlowInstance],
      enable: [FlowInstance],
      ...ofConnection(FlowInstance, flow),
      archive: [anything],
    },
  ],

  'action that is applied': [
    ({ manager }) => manager.actions.create(action),
    ({ manager }) => manager.action('suite'),
    { apply: [Action, ['github', 'hubspot']] },
  ],
  'flow that is applied': [
    ({ manager }) => manager.flows.create(flow),
    ({ manager }) => manager.flow('suite'),
    { apply: [Flow, ['github', 'hubspot']] },
  ],
  actions: [null, ({ manager }) => manager.actions, elements(Action, action)],
  'action of an id': [
    below('actions', action),
    ({ manager, made }) => manager.action(made.id),
    { reset: [Action], ...element(Action, action) },
  ],
  'action of a selector': [
    madeOf('actions', { ...action, ...github }),
    ({ manager }) => manager.action(bound),
    element(Action, action),
  ],
  actionInstances: [null, ({ client }) => client.actionInstances, { find: [page(ActionInstance)] }],
  actionInstance: [
    async (world) => [await below('actions', action)(world), await world.stub('github', '/suite/thing')],
    ({ client }) => client.actionInstance({ parentKey: 'suite', connectionKey: 'github-dev' }),
    {
      ...instance(ActionInstance, action),
      setup: [anything],
      reset: [anything],
      run: [run, { a: 1 }],
      delete: [anything],
    },
  ],

  flows: [null, ({ manager }) => manager.flows, elements(Flow, flow)],
  'flow of an id': [
    below('flows', flow),
    ({ manager, made }) => manager.flow(made.id),
    { reset: [Flow], ...element(Flow, flow) },
  ],
  'flow of a selector': [
    madeOf('flows', { ...flow, ...github }),
    ({ manager }) => manager.flow(bound),
    element(Flow, flow),
  ],
  flowInstances: [
    async (world) => [
      await below('flows', flow)(world),
      (world.target = { flowId: world.made.id, connectionId: (await connection(world).get()).id }),
    ],
    ({ client }) => client.flowInstances,
    { create: [FlowInstance, ({ target }) => target], find: [page(FlowInstance)] },
  ],
  flowInstance: [
    below('flows', flow),
    ({ client }) => client.flowInstance({ flowKey: 'suite', connectionKey: 'github-dev' }),
    {
      ...instance(FlowInstance, { name: 'Put' }, {}),
      disable: [FlowInstance],
      enable: [FlowInstance],
      updateToLatestFlow: [FlowInstance],
      setup: [FlowInstance],
      reset: [FlowInstance, { name: true }],
      startRun: [FlowRun, { input: {} }],
      run: [FlowRun, { input: {} }],
      delete: [anything],
    },
  ],
  flowRuns: [
    flowRan,
    ({ client }) => client.flowRuns,
    { create: [FlowRun, ({ run }) => ({ flowInstanceId: run.flowInstanceId })], find: [page(FlowRun)] },
  ],
  flowRun: [
    flowRan,
    ({ client, run }) => client.flowRun(run.id),
    {
      get: [FlowRun],
      getOutput: [some],
      getNodeRuns: [page(some), 'say', { cursor: '0' }],
      getNodeRun: [some, 'say', ({ nodeRun }) => nodeRun.id],
      getNodeOutputs: [page(some), 'say', {}],
      getNodeOutput: [some, 'say', ({ nodeRun }) => nodeRun.outputs[0].id],
      repeat: [FlowRun],
    },
  ],
  'flowRun that goes on': [
    async (world) => [await world.holdRuns(), await flowRan(world)],
    ({ client, run }) => client.flowRun(run.id),
    { stop: [anything] },
  ],

  dataSources: [null, ({ manager }) => manager.dataSources, elements(DataSource, people)],
  'dataSource of an id': [
    below('dataSources', people),
    ({ manager, made }) => manager.dataSource(made.id),
    { setup: [anything], reset: [DataSource], ...element(DataSource, people) },
  ],
  'dataSource of a selector': [
    madeOf('dataSources', { ...people, ...github }),
    ({ manager }) => manager.dataSource(bound),
    element(DataSource, people),
  ],
  'dataSource that is applied': [
    madeOf('dataSources', people),
    ({ manager }) => manager.dataSource('suite'),
    { apply: [DataSource, ['github', 'hubspot']] },
  ],
  dataSourceInstances: [null, ({ client }) => client.dataSourceInstances, { find: [page(DataSourceInstance)] }],
  dataSourceInstance: [
    inBook('dataSources', people),
    ({ client }) => client.dataSourceInstance({ dataSourceKey: 'suite', ...mine }),
    {
      ...instance(DataSourceInstance, people, {}),
      setup: [anything],
      getCollection: [Collection],
      unifiedFieldsToNative: [{ name: (name) => name === 'Zoe' }, { fullName: 'Zoe' }],
      ...Object.fromEntries(Object.entries(asked).map(([verb, call]) => [ofInstance(verb), call])),
      findRecords: [records, { query: { team: 'red' } }],
      reset: [anything],
      delete: [anything],
    },
  ],
  'integration().dataSources': [
    null,
    (world) => integration(world).dataSources,
    { create: [DataSource, people], list: [page(DataSource)] },
  ],
  'integration().dataSource': [
    below('dataSources', people),
    (world) => integration(world).dataSource('suite'),
    ofIntegration(DataSource, people),
  ],
  'connection().dataSources': [null, (world) => connection(world).dataSources, { list: [page(DataSource)] }],
  'connection().dataSource': [
    below('dataSources', people),
    (world) => connection(world).dataSource('suite'),
    { ...ofConnection(DataSourceInstance, people), archive: [anything] },
  ],

  fieldMappings: [null, ({ manager }) => manager.fieldMappings, elements(FieldMapping, mapping)],
  'fieldMapping of an id': [
    below('fieldMappings', mapping),
    ({ manager, made }) => manager.fieldMapping(made.id),
    { getAppSchema: [some], setup: [FieldMapping], reset: [FieldMapping], ...element(FieldMapping, mapping) },
  ],
  'fieldMapping of a selector': [
    madeOf('fieldMappings', { ...mapping, ...github }),
    ({ manager }) => manager.fieldMapping(bound),
    { getAppSchema: [some], setup: [FieldMapping], ...element(FieldMapping, mapping) },
  ],
  'fieldMapping that is applied': [
    madeOf('fieldMappings', mapping),
    ({ manager }) => manager.fieldMapping('suite'),
    { apply: [FieldMapping, ['github', 'hubspot']] },
  ],
  fieldMappingInstances: [null, ({ client }) => client.fieldMappingInstances, { find: [page(FieldMappingInstance)] }],
  fieldMappingInstance: [
    inBook('fieldMappings', mapping),
    ({ client }) => client.fieldMappingInstance({ fieldMappingKey: 'suite', ...mine }),
    {
      ...instance(FieldMappingInstance, mapping, {}),
      setup: [FieldMappingInstance],
      reset: [FieldMappingInstance],
      delete: [anything],
    },
  ],
  'integration().fieldMappings': [
    null,
    (world) => integration(world).fieldMappings,
    { create: [FieldMapping, mapping], list: [page(FieldMapping)] },
  ],
  'integration().fieldMapping': [
    below('fieldMappings', mapping),
    (world) => integration(world).fieldMapping('suite'),
    ofIntegration(FieldMapping, mapping),
  ],
  'connection().fieldMappings': [null, (world) => connection(world).fieldMappings, { list: [page(FieldMapping)] }],
  'connection().fieldMapping': [
    below('fieldMappings', mapping),
    (world) => connection(world).fieldMapping('suite'),
    { ...ofConnection(FieldMappingInstance, mapping), archive: [anything] },
  ],

  'integration that has data': [
    withBook,
    ({ client }) => client.integration('book'),
    {
      getDataCollections: [list(Collection)],
      getDataCollection: [Collection, 'people'],
      getDataLocations: [list(Collection)],
      getDataLocation: [Collection, 'people'],
    },
  ],
  'connection().dataCollection': [
    withBook,
    ({ client }) => client.connection('my-book').dataCollection('people'),
    { get: [Collection], ...asked },
  ],
  // A directory is listed under the address of a collection.
  'connection().dataDirectory': [
    withBook,
    ({ client }) => client.connection('my-book').dataDirectory('people', { team: 'red' }),
    { list: [records, {}] },
  ],

  'integration that can do something': [
    null,
    ({ client }) => client.integration('github'),
    { getOperations: [list(Named)], getOperation: [Named, 'list-issues'] },
  ],
  'connection().operation': [
    null,
    (world) => connection(world).operation('list-issues'),
    { get: [Named], run: [some, { input: { owner: 'acme', repo: 'website' } }] },
  ],
  externalEventSubscriptions: [
    subscribed,
    ({ client }) => client.externalEventSubscriptions(),
    { find: [page(Subscription)] },
  ],
  externalEventSubscription: [
    subscribed,
    ({ client, made }) => client.externalEventSubscription(made.id),
    {
      get: [Subscription],
      setup: [anything],
      pullEvents: [anything],
      unsubscribe: [anything],
      subscribe: [anything],
      resubscribe: [anything],
    },
  ],
  scenarios: [null, ({ manager }) => manager.scenarios, elements(Named, universal)],
  scenario: [
    madeOf('scenarios', universal),
    ({ manager, made }) => manager.scenario(made.id),
    element(Named, universal),
  ],
  screens: [null, ({ manager }) => manager.screens, elements(Named, screen)],
  screen: [madeOf('screens', screen), ({ manager, made }) => manager.screen(made.id), element(Named, screen)],

  appDataSchemas: [null, ({ manager }) => manager.appDataSchemas, elements(AppDataSchema, contact)],
  appDataSchema: [
    madeOf('appDataSchemas', contact),
    ({ manager }) => manager.appDataSchema('contact'),
    element(AppDataSchema, contact),
  ],
  appDataSchemaInstances: [
    null,
    ({ client }) => client.appDataSchemaInstances,
    { find: [page(AppDataSchemaInstance)] },
  ],
  appDataSchemaInstance: [
    madeOf('appDataSchemas', contact),
    ({ client }) => client.appDataSchemaInstance({ appDataSchemaKey: 'contact' }),
    { ...instance(AppDataSchemaInstance, contact, {}), setup: [anything], delete: [anything] },
  ],

  dataLinkTables: [null, ({ manager }) => manager.dataLinkTables, elements(DataLinkTable, universal)],
  'dataLinkTable of an id': [
    madeOf('dataLinkTables', universal),
    ({ manager, made }) => manager.dataLinkTable(made.id),
    element(DataLinkTable, universal),
  ],
  'dataLinkTable of a selector': [
    madeOf('dataLinkTables', { ...universal, ...github }),
    ({ manager }) => manager.dataLinkTable(bound),
    element(DataLinkTable, universal),
  ],
  dataLinkTableInstances: [null, ({ client }) => client.dataLinkTableInstances, { find: [page(DataLinkTableInstance)] }],
  dataLinkTableInstance: [
    madeOf('dataLinkTables', universal),
    ({ client }) => client.dataLinkTableInstance({ dataLinkTableKey: 'suite', connectionKey: 'github-dev' }),
    {
      ...instance(DataLinkTableInstance, universal, {}),
      createLink: [DataLink, linked],
      findLinks: [oneOf(DataLink), { appRecordId: linked.appRecordId }],
      deleteLink: [anything, linked],
      delete: [anything],
    },
  ],

  appEventTypes: [null, ({ manager }) => manager.appEventTypes, elements(AppEventType, created)],
  'appEventType of an id': [
    madeOf('appEventTypes', created),
    ({ manager, made }) => manager.appEventType(made.id),
    element(AppEventType, created),
  ],
  'appEventType of a selector': [
    madeOf('appEventTypes', created),
    ({ manager }) => manager.appEventType({ key: 'created' }),
    element(AppEventType, created),
  ],
  appEventSubscriptions: [null, ({ client }) => client.appEventSubscriptions, { find: [page(AppEventSubscription)] }],
  appEventSubscription: [
    madeOf('appEventTypes', created),
    ({ client }) => client.appEventSubscription({ appEventTypeKey: 'created' }),
    {
      ...instance(AppEventSubscription, created, {}),
      subscribe: [{ isSubscribed: (told) => told === true }],
      delete: [anything],
    },
  ],
  appEvents: [
    async (world) => {
      await madeOf('appEventTypes', created)(world);
      await fetch(world.made.globalWebhookUri, { method: 'POST', body: JSON.stringify({ customerId: world.tenantKey }) });
    },
    ({ manager }) => manager.appEvents,
    { find: [oneOf(AppEvent)] },
  ],
};

for (const [name, [prepare, accessor, methods]] of Object.entries(faked)) {
  scenario(`${name}: ${Object.keys(methods).join(', ')}`, async (world) => {
    await prepare?.(world);
    const wrong = [];
    for (const [method, [expected, ...given]] of Object.entries(methods)) {
      const told = given.map((each) => (typeof each === 'function' ? each(world) : each));
      try {
        accept(expected, await call(accessor(world), method, told), method);
      } catch (error) {
        wrong.push(`${method}: ${status} ${error.message}`);
      }
    }
    assert.deepEqual(wrong, []);
  });
}
