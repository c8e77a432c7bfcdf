// Field mappings at three layers, what they make of records, and actions that map.

import { addBook } from '../../sdk/lib/book.mjs'
import { walkElementPages, walkLayered } from './layered.mjs'

const field = (name) => ({ $var: name })
const APP_SCHEMA = { type: 'object', properties: { who: { type: 'string' }, mail: { type: 'string' } } }
const ADA = { name: 'Ada', email: 'ada@book.example.com' }

const KIND = {
  singular: 'field-mapping',
  plural: 'field-mappings',
  one: { importValue: { who: field('name') }, exportValue: { name: field('who') }, appSchema: APP_SCHEMA },
  other: { importValue: { who: field('title') }, direction: 'import', description: 'By the title' },
  wrong: { direction: 'up' },
  more: [
    ['POST', '/setup'],
    ['GET', '/app-schema'],
    ['POST', '/run', { input: { name: 'Ada', title: 'Countess' } }],
  ],
}

export async function walkFieldMappings(recorder) {
  recorder.begin('field-mappings')
  const world = await recorder.world('field-mappings')
  await walkLayered(world, KIND)
  await addBook(world.manager, world.tenant)
  await walkRuns(world)
  const own = await walkActions(world)
  await walkElementPages(world, KIND, 'book', own)
  await world.evidence()
}

async function walkRuns({ recorder, tenant, manager }) {
  recorder.about('what a mapping makes, one way and both')
  await manager.post('/field-mappings', { key: 'schema', appSchema: { type: 7 } })
  await manager.post('/field-mappings', {
    key: 'book',
    dataSourceKey: 'people',
    appSchema: APP_SCHEMA,
    importValue: { who: { $concat: [field('name'), '!'] } },
    exportValue: { name: field('who') },
    defaultImportValue: { who: 'nobody', kind: 'person' },
    defaultExportValue: { team: 'red' },
    unifiedImportValue: { mail: field('primaryEmail') },
    frozenImportFields: ['who'],
  })
  const at = '/field-mappings/book'
  for (const body of [
    { direction: 'import', input: ADA },
    { direction: 'import', input: { id: '1', fields: ADA, unifiedFields: { primaryEmail: 'a@book.example.com' } } },
    { direction: 'export', input: { who: 'Ada' } },
    { direction: 'both', input: { ...ADA, who: 'Ada' } },
    { direction: 'up' },
    {},
  ]) {
    await tenant.post(`${at}/run`, body)
  }
  await tenant.post(`${at}/run`)
}

async function walkActions({ recorder, tenant, manager }) {
  recorder.about('actions that map')
  const config = { dataSource: { collectionKey: 'people' }, fieldMapping: { key: 'book' } }
  const made = { integrationKey: 'book', config }
  await manager.post('/actions', { key: 'all', type: 'list-data-records', ...made })
  await manager.post('/actions', { key: 'add', type: 'create-data-record', ...made })
  await tenant.post('/actions/book.all/run', { input: {} })
  await tenant.post('/actions/book.add/run', { input: { who: 'Dora' } })
  const at = '/connections/my-book/field-mappings/book'
  const { id } = (await tenant.patch(at, { importValue: { label: field('name') } })).json
  await tenant.post('/actions/book.all/run', { input: {} })
  await manager.delete('/field-mappings/book')
  await tenant.post('/actions/book.all/run', { input: {} })
  await manager.post('/field-mappings/book/restore')
  return id
}
