// Flows whose nodes read and write records, and what those refuse; the records of the demo's apps.

import { addBook } from '../../sdk/lib/book.mjs'

const given = (name) => ({ $var: `$.input.${name}` })
const NODES = [
  ['list-data-records', { filter: { team: given('team') } }, { team: 'red' }],
  ['find-data-records', { filter: { team: given('team') } }, { team: 'blue' }],
  ['search-data-records', { query: given('text') }, { text: 'cleo' }],
  ['lookup-data-record', { query: { name: given('who') } }, { who: 'Ben' }],
  ['find-data-record-by-id', { id: given('of') }, { of: '1' }],
  ['create-data-record', { fieldMapping: { defaultValue: { name: given('who') } } }, { who: 'Dora' }],
  ['find-or-create-data-record', { query: { name: given('who') }, fields: { name: given('who') } }, { who: 'Ben' }],
  ['find-or-create-data-record', { query: { name: given('who') }, fields: { name: given('who') } }, { who: 'Eve' }],
  ['update-data-record', { id: given('of'), fields: { team: 'grey' } }, { of: '1' }],
  ['delete-data-record', { id: given('of') }, { of: '3' }],
  ['find-data-record-by-id', { id: given('of') }, { of: '3' }],
  ['list-data-records', { dataSource: { collectionKey: 'nope' } }, {}],
  ['list-data-records', { dataSource: { key: 'nope' } }, {}],
  ['list-data-records', { dataSource: undefined }, {}],
  ['create-data-record', {}, {}],
  ['update-data-record', { fields: {} }, {}],
]
const LINKS = ['create-data-link', 'find-data-link', 'delete-data-link']

export async function walkRecordFlows(recorder) {
  recorder.begin('record-flows')
  const world = await recorder.world('record-flows')
  await addBook(world.manager, world.tenant)
  await walkNodes(world)
  await walkDemo(world)
  await world.evidence({ details: false })
}

async function walkNodes({ recorder, tenant, manager }) {
  recorder.about('nodes that work with records')
  const dataSource = { collectionKey: 'people' }
  const nodes = [
    ...NODES.map(([type, config, input]) => [{ type, config: { dataSource, ...config } }, input]),
    ...LINKS.map((type) => [{ type }, {}]),
  ]
  for (const [index, [node, input]] of nodes.entries()) {
    const key = `${index}-${node.type}`
    const all = { start: { type: 'api-trigger', links: [{ key: 'do' }] }, do: node }
    await manager.post('/integrations/book/flows', { key, nodes: all })
    const { id } = (await tenant.post(`/connections/my-book/flows/${key}/run`, { input })).json
    await tenant.get(`/flow-runs/${id}`)
    await tenant.get(`/flow-runs/${id}/output`)
  }
}

async function walkDemo({ recorder, tenant }) {
  recorder.about("the records of the demo's apps")
  const at = '/connections/github-dev/data'
  await tenant.get(at)
  await tenant.get(`${at}/issues`)
  await tenant.post(`${at}/issues/list`, {})
  await tenant.post(`${at}/issues/list`, { parameters: { owner: 'octocat' } })
  const parameters = { owner: 'octocat', repo: 'hello-world' }
  await tenant.post(`${at}/issues/create`, { fields: { title: 'Nowhere' } })
  const { id } = (await tenant.post(`${at}/issues/create`, { parameters, fields: { title: 'New', body: 'b' } })).json
  for (const fields of [{ title: null }, { title: 'Again', body: null }, { id: 7 }, { nope: 7 }]) {
    await tenant.post(`${at}/issues/update`, { id, parameters, fields })
  }
  await tenant.post(`${at}/issues/list`, { parameters })
}
