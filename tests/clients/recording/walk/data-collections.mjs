// Collections of apps' records: what there is, every verb, and the actions that do the same.

import { addBook, connectBook, connector, notes, people } from '../../sdk/lib/book.mjs'

export async function walkDataCollections(recorder) {
  recorder.begin('data-collections')
  const world = await recorder.world('data-collections')
  await walkConnector(world)
  await walkDescriptions(world)
  await walkVerbs(world)
  await walkPages(world)
  await walkWrong(world)
  await walkActions(world)
  await walkOwners(world)
  await walkModels(world)
  await world.evidence()
}

async function walkConnector({ recorder, tenant, manager }) {
  recorder.about('a connector that has collections')
  await addBook(manager, tenant)
  for (const dataCollections of [
    [people, people],
    [{ ...people, pageSize: 0 }],
    [{ ...people, lacks: ['lists'] }],
    [people, { ...notes, fieldsSchema: { type: 7 } }],
    [{ ...people, parametersSchema: { type: 7 } }],
    [{ ...people, records: [{ name: 'Ada' }] }],
    [{ ...people, records: [{ id: 1 }] }],
    [{ ...people, records: [people.records[0], people.records[0]] }],
    [{ key: 'people' }],
    'people',
  ]) {
    await manager.post('/connectors', { ...connector, key: 'other', dataCollections })
  }
  await tenant.get('/connectors/book')
  await tenant.get('/integrations/book')
}

async function walkDescriptions({ recorder, tenant, stranger, manager, nobody }) {
  recorder.about('what there is')
  for (const of of ['/integrations/book', '/connections/my-book']) {
    await tenant.get(`${of}/data`)
    await tenant.get(`${of}/data/`)
    await tenant.get(`${of}/data/people?team=red&hash=1`)
    await manager.get(`${of}/data/notes`)
    await tenant.get(`${of}/data/peple`)
    await nobody.get(`${of}/data`)
  }
  await tenant.get('/integrations/nope/data')
  await tenant.get('/connections/nope/data/people')
  await stranger.get('/connections/my-book/data')
  await tenant.post('/connections/my-book/data/people/refresh')
  await tenant.post('/connections/my-book/data/peple/refresh')
  await stranger.post('/connections/my-book/data/people/refresh')
  await nobody.post('/connections/my-book/data/people/refresh')
  await tenant.get('/integrations/github/data')
}

const VERBS = [
  ['list', { filter: { team: 'red' } }],
  ['search', { query: 'BEN' }],
  ['match', { query: { name: 'Cleo' } }],
  ['match', { query: { name: 'Zoe' } }],
  ['find', { query: { team: 'blue' } }],
  ['find-by-id', { id: '1', udm: 'contacts' }],
  ['create', { fields: { name: 'Dora' } }],
  ['update', { id: '4', fields: { team: 'blue' } }],
  ['update', { id: '1', fields: { name: 'Ada K', team: null } }],
  ['delete', { id: '2' }],
]

async function walkVerbs({ recorder, tenant }) {
  recorder.about('every verb')
  for (const [verb, body] of VERBS) await tenant.post(`/connections/my-book/data/people/${verb}`, body)
  for (const [verb, body] of VERBS) await tenant.post(`/connections/my-book/data/nope/${verb}`, body)
  for (const [verb, body] of VERBS) await tenant.post(`/connections/my-book/data/notes/${verb}`, body)
}

async function walkPages({ recorder, tenant, manager }) {
  recorder.about('pages, filters and parameters')
  const at = '/connections/my-book/data/people'
  for (const body of [
    {},
    { cursor: 'after:3' },
    { cursor: '' },
    { cursor: '0' },
    { cursor: 'after:9' },
    { filter: { $eval: { $var: 'id' }, gt: 1 } },
    { filter: [{ field: 'name', operator: 'contains', value: 'o' }] },
    { filter: {} },
    { unifiedFilter: { fullName: 'Ada' } },
    { parameters: { team: 'red' } },
    { parameters: { team: 7 } },
  ]) {
    await tenant.post(`${at}/list`, body)
  }
  await tenant.post(`${at}/list?team=blue`, {})
  await tenant.post(`${at}/list?team=blue`, { parameters: { team: 'red' } })
  await tenant.post(`${at}/create?team=green`, { fields: { name: 'Emil' } })
  await tenant.post(`${at}/find-by-id?team=red`, { id: '4' })

  recorder.about('ids and read-only fields')
  const ids = [undefined, 'uuid', 'hex', 'digits', { prefix: 'thing_' }]
  const fieldsSchema = { type: 'object', properties: { at: { type: 'string', readOnly: true } } }
  const things = ids.map((habit, index) => ({ key: `things-${index}`, name: 'Things', fieldsSchema, ids: habit }))
  await manager.patch('/connectors/book', { dataCollections: [people, notes, ...things] })
  for (const { key } of things) await tenant.post(`/connections/my-book/data/${key}/create`, { fields: { n: 1 } })
  await tenant.post('/connections/my-book/data/things-0/create', { fields: { id: 'own' } })
  await tenant.post('/connections/my-book/data/things-0/create', { fields: { id: 'own' } })
  await tenant.post('/connections/my-book/data/things-0/create', { fields: { at: 'noon' } })
  await tenant.post('/connections/my-book/data/things-0/update', { id: 'own', fields: { id: 'other' } })
}

async function walkWrong({ recorder, tenant }) {
  recorder.about('what is refused')
  for (const [verb, body] of [
    ['list', { filters: {} }],
    ['search', {}],
    ['match', {}],
    ['find', { query: 'Ada' }],
    ['find-by-id', {}],
    ['find-by-id', { id: 1 }],
    ['find-by-id', { id: '2' }],
    ['find-by-id', { id: '1', udm: 'deals' }],
    ['create', {}],
    ['create', { fields: { team: 'red' } }],
    ['create', { fields: { name: 7 } }],
    ['update', { fields: {} }],
    ['update', { id: '2', fields: {} }],
    ['update', { id: '1', fields: { name: null } }],
    ['delete', {}],
    ['delete', { id: '2' }],
  ]) {
    await tenant.post(`/connections/my-book/data/people/${verb}`, body)
  }
}

const input = (name) => ({ $var: `$.input.${name}` })
const ACTIONS = [
  ['list-data-records', { filter: { team: input('team') } }, [{ team: 'red' }, {}]],
  ['find-data-record-by-id', {}, [{ id: '1' }, {}]],
  ['match-data-record', { query: { name: input('who') } }, [{ who: 'Cleo' }, { who: 'Zoe' }]],
  ['search-data-record', {}, [{ query: 'cleo' }, {}]],
  ['create-data-record', { fieldMapping: { defaultValue: { name: input('who') } } }, [{ who: 'Finn' }, {}]],
  [
    'find-or-create-data-record',
    { query: { name: input('who') }, fields: { name: input('who') } },
    [{ who: 'Gil' }, { who: 'Gil' }],
  ],
  ['update-data-record', { id: input('of'), fields: { team: 'grey' } }, [{ of: '1' }, {}]],
  ['delete-data-record', { id: input('of') }, [{ of: '3' }, {}]],
]

async function walkActions({ recorder, tenant, manager }) {
  recorder.about('actions on records')
  const dataSource = { collectionKey: 'people' }
  for (const [type, config, inputs] of ACTIONS) {
    await manager.post('/actions', { key: type, type, integrationKey: 'book', config: { dataSource, ...config } })
    for (const given of inputs) await tenant.post(`/actions/book.${type}/run`, { input: given })
  }
  for (const [index, config] of [
    {},
    { dataSource: { collectionKey: 'nope' } },
    { dataSource: { key: 'nope' } },
    { dataSource, fieldMapping: { key: 'nope' } },
  ].entries()) {
    await manager.post('/actions', { key: `wrong-${index}`, type: 'list-data-records', integrationKey: 'book', config })
    await tenant.post(`/actions/book.wrong-${index}/run`, { input: {} })
  }
  await manager.post('/actions', { key: 'nowhere', type: 'list-data-records', config: { dataSource } })
  await tenant.post('/actions/nowhere/run', { input: {} })
  await tenant.post('/act', { key: 'create-data-record', connectionKey: 'my-book', input: { who: 'Hans' } })
}

async function walkOwners(world) {
  const { recorder, tenant, stranger, nobody } = world
  recorder.about('whose records they are')
  const list = '/data/people/list'
  await stranger.post(`/connections/my-book${list}`, {})
  await nobody.post(`/connections/my-book${list}`, {})
  await connectBook(stranger, 'their-book')
  await stranger.post(`/connections/their-book${list}`, {})
  await connectBook(tenant, 'second-book')
  await tenant.post(`/connections/second-book${list}`, {})
  await tenant.delete('/connections/second-book')
  await tenant.post(`/connections/second-book${list}`, {})
  await world.poke('my-book', 'loseCredentials')
  await tenant.post(`/connections/my-book${list}`, {})
  await tenant.get('/connections/my-book/data/people')
  await tenant.get('/connections/my-book/data')
  await tenant.post('/actions/book.list-data-records/run', { input: {} })
}

async function walkModels({ recorder, tenant, manager, nobody }) {
  recorder.about('unified data models, and what can be done with each collection')
  const [rich, poor] = [{ ...people, key: 'rich' }, { ...people, key: 'poor', udm: { deals: {} } }]
  await manager.patch('/connectors/book', { dataCollections: [people, notes, rich, poor] })
  for (const integration of ['book', 'hubspot', 'github', 'nope']) {
    await tenant.get(`/integrations/${integration}/udm`)
    await tenant.get(`/integrations/${integration}/data-collection-specs`)
    for (const key of ['contacts', 'deals', 'contcts']) await tenant.get(`/integrations/${integration}/udm/${key}`)
  }
  for (const below of ['udm', 'udm/contacts', 'data-collection-specs']) {
    await manager.get(`/integrations/book/${below}`)
    await nobody.get(`/integrations/book/${below}`)
  }
}
