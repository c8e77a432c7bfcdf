// Data link tables at three layers, and the links in their instances.

import { walkElementPages, walkLayered } from './layered.mjs'

const LINK = { externalRecordId: 7, appRecordId: 'own-7', direction: 'import' }

const KIND = {
  singular: 'data-link-table',
  plural: 'data-link-tables',
  one: { description: 'Who is who' },
  other: { description: 'Who was who', meta: { of: 'people' } },
  wrong: { description: 7 },
  more: [
    ['POST', '/links', LINK],
    ['GET', '/links'],
    ['DELETE', '/links', { externalRecordId: 7 }],
  ],
}

export async function walkDataLinkTables(recorder) {
  recorder.begin('data-link-tables')
  const world = await recorder.world('data-link-tables')
  await walkLayered(world, KIND)
  const { id } = await walkLinks(world)
  await walkWrong(world)
  await walkAllLinks(world, id)
  await walkElementPages(world, KIND, 'people', id)
  await world.evidence()
}

async function walkLinks({ recorder, tenant, manager }) {
  await manager.post('/data-link-tables', { key: 'people', name: 'People' })
  await manager.post('/data-link-tables', { key: 'people', integrationKey: 'github', dataLinkTableId: 'nope' })
  const one = 'dataLinkTableKey=people&connectionKey=github-dev'
  const { id } = (await tenant.get(`/data-link-table-instance?${one}&autoCreate=true`)).json
  for (const [index, [base, wrong, query, wrongQuery]] of [
    ['/data-link-table-instance', '/data-link-table-instance', `?${one}`, '?dataLinkTableKey=nope'],
    [`/data-link-table-instances/${id}`, '/data-link-table-instances/nope', '', ''],
    ['/connections/github-dev/data-link-tables/people', '/connections/github-dev/data-link-tables/nope', '', ''],
    ['/data-link-tables/people', '/data-link-tables/nope', '?connectionKey=github-dev', '?connectionKey=github-dev'],
    ['/data-link-table', '/data-link-table', '?key=people&connectionKey=github-dev', '?key=nope'],
  ].entries()) {
    recorder.about(`links at ${base.replace(id, '{id}')}`)
    const [externalRecordId, appRecordId] = [`record-${index}`, `own-${index}`]
    await tenant.post(`${base}/links${query}`, { externalRecordId, appRecordId })
    await tenant.post(`${base}/links${query}`, { externalRecordId, appRecordId, direction: 'both' })
    await tenant.post(`${base}/links${query}`, { externalRecordId, appRecordId, direction: 'export' })
    await tenant.post(`${base}/links${query}`, { externalRecordId: index, appRecordId, direction: 'import' })
    await tenant.get(`${base}/links${query}`)
    await tenant.delete(`${base}/links${query}`, { body: { externalRecordId, direction: 'export' } })
    await tenant.get(`${base}/links${query}`)
    await tenant.post(`${wrong}/links${wrongQuery}`, LINK)
    await tenant.get(`${wrong}/links${wrongQuery}`)
    await tenant.delete(`${wrong}/links${wrongQuery}`, { body: LINK })
  }
  return { id }
}

async function walkWrong({ recorder, tenant, stranger, manager, nobody }) {
  recorder.about('what links take and refuse')
  const at = '/connections/github-dev/data-link-tables/people/links'
  await tenant.post(at, LINK)
  const nameless = { externalRecordId: '', appRecordId: 'a' }
  for (const body of [{}, nameless, { ...LINK, direction: 'up' }, { ...LINK, n: 1 }]) {
    await tenant.post(at, body)
  }
  await tenant.post(at)
  for (const query of [
    'externalRecordId=7',
    'appRecordId=own-7',
    'appRecordId=own-7&externalRecordId=8',
    'direction=import',
    'direction=export',
    'direction=both',
    'direction=up',
    'limit=1',
    'limit=1&cursor=1',
    'limit=0',
    'cursor=x',
  ]) {
    await tenant.get(`${at}?${query}`)
  }
  await tenant.delete(at)
  await tenant.delete(at, { body: {} })
  await tenant.delete(at, { body: { direction: 'up' } })
  await tenant.delete(at, { body: LINK })
  await tenant.delete(at, { body: LINK })
  await tenant.delete(`${at}?appRecordId=own-0`)
  await stranger.get(at)
  await nobody.post(at, LINK)
  await manager.post(at, LINK)
  await manager.get(at)
}

async function walkAllLinks({ recorder, tenant, stranger, manager }, id) {
  recorder.about('the links of all tables')
  const [link] = (await tenant.get('/data-links')).json.items
  for (const query of [`dataLinkTableInstanceId=${id}`, 'appRecordId=own-1', 'direction=up', 'limit=1', 'limit=0']) {
    await tenant.get(`/data-links?${query}`)
  }
  await manager.get(`/data-links?dataLinkTableInstanceId=${id}&limit=2`)
  await stranger.get('/data-links')
  await stranger.delete(`/data-links/${link.id}`)
  await tenant.delete(`/data-links/${link.id}`)
  await tenant.delete(`/data-links/${link.id}`)
  await tenant.delete('/connections/github-dev/data-link-tables/people')
  await tenant.get('/data-links')
  await tenant.post('/connections/github-dev/data-link-tables/people/restore')
  await tenant.get('/data-links?limit=1')
}
