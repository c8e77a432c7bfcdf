// Data sources at three layers, and the records behind their instances.

import { addBook } from '../../sdk/lib/book.mjs'
import { walkElementPages, walkLayered } from './layered.mjs'

const KIND = {
  singular: 'data-source',
  plural: 'data-sources',
  one: { collectionKey: 'people', udm: 'contacts' },
  other: { collectionKey: 'notes', description: 'What was said', pullUpdatesIntervalSeconds: 600 },
  wrong: { fullSyncIntervalSeconds: 0 },
  more: [['POST', '/setup']],
}

export async function walkDataSources(recorder) {
  recorder.begin('data-sources')
  const world = await recorder.world('data-sources')
  await walkLayered(world, KIND)
  await addBook(world.manager, world.tenant)
  await walkDefinitions(world)
  const own = await walkRecords(world)
  await walkElementPages(world, KIND, 'book.book', own)
  await walkWrong(world)
  await world.evidence()
}

async function walkDefinitions({ recorder, tenant, manager }) {
  recorder.about('what a data source says of its collection')
  const made = (await manager.post('/data-sources', { key: 'book', ...KIND.one })).json
  await manager.post('/data-sources', { key: 'book', integrationKey: 'book', parentId: made.id })
  await manager.patch('/integrations/book/data-sources/book', { collectionKey: 'pets' })
  await manager.patch('/integrations/book/data-sources/book', { collectionKey: 'people', collectionParameters: [] })
  await manager.post('/integrations/book/data-sources/book/reset')
  await tenant.get(`/data-source-instances?universalDataSourceId=${made.id}`)
  await tenant.get(`/data-sources?universalDataSourceId=${made.id}&integrationKey=book`)
}

/** `id` is that of a record that the calls make. */
const callsOn = (id) => [
  ['list', { filter: { team: 'red' } }],
  ['search', { query: 'ben' }],
  ['match', { query: { name: 'Cleo' } }],
  ['find', { query: { team: 'blue' } }],
  ['find-by-id', { id: '1' }],
  ['create', { fields: { id, name: 'Dora' } }],
  ['update', { id: `${id}`, unifiedFields: { primaryEmail: 'dora@book.example.com' } }],
  ['delete', { id: `${id}` }],
]

async function walkRecords({ recorder, tenant }) {
  const one = 'dataSourceKey=book&connectionKey=my-book&autoCreate=true'
  const none = 'dataSourceKey=nope&connectionKey=my-book'
  const { id } = (await tenant.get(`/data-source-instance?${one}`)).json
  for (const [index, [base, wrong, query, wrongQuery]] of [
    ['/data-source-instance', '/data-source-instance', `?${one}`, `?${none}`],
    [`/data-source-instances/${id}`, '/data-source-instances/nope', '', ''],
    ['/connections/my-book/data-sources/book', '/connections/my-book/data-sources/nope', '', ''],
  ].entries()) {
    recorder.about(`records at ${base.replace(id, '{id}')}`)
    await tenant.get(`${base}/collection${query}`)
    await tenant.get(`${wrong}/collection${wrongQuery}`)
    for (const [verb, body] of callsOn(10 + index)) await tenant.post(`${base}/collection/${verb}${query}`, body)
    await tenant.post(`${wrong}/collection/list${wrongQuery}`, {})
    await tenant.post(`${base}/unified-fields-to-native${query}`, { fullName: 'Zoe' })
    await tenant.post(`${wrong}/unified-fields-to-native${wrongQuery}`, { fullName: 'Zoe' })
  }
  return id
}

async function walkWrong(world) {
  const { recorder, tenant, stranger, manager, nobody } = world
  const at = '/connections/my-book/data-sources/book'
  recorder.about('what a collection takes and refuses')
  for (const [verb, body] of [
    ['list', { cursor: 'x' }],
    ['list', { unifiedFilter: { fullName: 'Ada' } }],
    ['search', {}],
    ['match', {}],
    ['find-by-id', {}],
    ['find-by-id', { id: '1', udm: 'deals' }],
    ['find-by-id', { id: '9' }],
    ['create', {}],
    ['create', { fields: {} }],
    ['create', { unifiedFields: { fullName: 'Yan' } }],
    ['update', { id: '9', fields: {} }],
    ['delete', { id: '9' }],
  ]) {
    await tenant.post(`${at}/collection/${verb}`, body)
  }
  await stranger.post(`${at}/collection/list`, {})
  await nobody.post(`${at}/collection/list`, {})
  await manager.post(`${at}/collection/list`, {})

  recorder.about('an instance of other parameters, of another collection, of none')
  await tenant.patch(at, { collectionParameters: { team: 'red' } })
  await tenant.post(`${at}/collection/list`, {})
  await tenant.patch(at, { collectionKey: 'notes', collectionParameters: null, udm: null })
  await tenant.post(`${at}/collection/create`, { fields: { title: 'Call Ada' } })
  await tenant.post(`${at}/collection/delete`, { id: '1' })
  await tenant.post(`${at}/unified-fields-to-native`, { fullName: 'Zoe' })
  await tenant.patch(at, { collectionKey: null })
  await tenant.get(`${at}/collection`)
  await tenant.post(`${at}/reset`)
  await world.poke('my-book', 'loseCredentials')
  await tenant.post(`${at}/collection/list`, {})
}
