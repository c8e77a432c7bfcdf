// What actions and flows have in common: one element at three layers, under every address and every selector.

import { walkPortable } from './portable.mjs'

/**
 * `kind` says how the elements are called and what they are: `one` and `other` are two definitions, `input` is what a
 * run takes where they run, `wrong` a body that is refused. `more` are the calls that elements of this kind have
 * besides: each a method, a path below that of the element, and a body.
 */
export async function walkLayered(world, kind) {
  const made = await walkMaking(world, kind)
  await walkLists(world, kind)
  await walkSelectors(world, kind, made)
  for (const base of basesOf(kind, made)) await walkBase(world, kind, base)
  for (const base of instanceBasesOf(kind, made)) await walkInstanceBase(world, kind, base)
  const { id } = (await world.tenant.get(`/connections/github-dev/${kind.plural}/greet`)).json
  await walkInstanceById(world, `/${kind.singular}-instances`, id, ['setup', 'reset', 'restore'])
  await walkCreation(world, kind, made)
  await walkOfConnection(world, kind)
  await walkApplying(world, kind)
  for (const base of basesOf(kind, made)) await walkPortable(world, base)
}

/** The addresses that elements of a kind have by its former name as well; none of them names an integration. */
export async function walkByFormerName(world, kind) {
  const { recorder, tenant, manager, nobody } = world
  const { plural, one, other } = kind
  recorder.about(`${plural}, by their former name`)
  const universal = (await manager.post(`/${plural}`, { key: 'former', name: 'Former', ...one })).json
  const version = { key: 'former', name: 'By GitHub', integrationKey: 'github', parentId: universal.id, ...other }
  const integration = (await manager.post(`/${plural}`, version)).json
  await manager.post(`/${plural}`, { key: 'former', ...one })
  await tenant.post(`/${plural}`, { key: 'mine', ...one })
  await tenant.get(`/${plural}?search=former`)
  await nobody.get(`/${plural}`)
  for (const base of basesOf(kind, { integration }).slice(0, 2)) {
    await tenant.get(base.of())
    await tenant.get(base.wrong())
    await walkBase(world, kind, base)
    await walkPortable(world, base)
  }
  await walkApplying(world, kind, 'former-applied')
}

async function walkApplying({ recorder, tenant, manager }, { singular, plural, one }, key = 'applied') {
  recorder.about(`${plural} are applied to integrations`)
  await manager.post(`/${plural}`, { key, name: 'Applied', ...one })
  const integrationKeys = ['github', 'slack']
  for (const address of [`/${plural}/${key}/apply`, `/${singular}/apply?key=${key}`]) {
    await manager.post(address, { integrationKeys })
    await manager.post(address.replace(key, 'nope'), { integrationKeys })
  }
  await manager.post(`/${plural}/${key}/apply`, { integrationKeys: ['nope'] })
  await tenant.post(`/${plural}/${key}/apply`, { integrationKeys })
}

async function walkMaking({ recorder, tenant, manager, nobody }, { singular, plural, one, other, wrong }) {
  recorder.about(`${plural} are made at three layers`)
  const universal = (await manager.post(`/${plural}`, { key: 'greet', name: 'Greet', ...one })).json
  await manager.post(`/${plural}`, { key: 'greet', ...one })
  await manager.post(`/${plural}`, {})
  await manager.post(`/${plural}`, { key: 'odd', ...wrong })
  await tenant.post(`/${plural}`, { key: 'mine', ...one })
  await nobody.post(`/${plural}`, { key: 'mine', ...one })
  const atIntegration = { key: 'greet', name: 'Greet by GitHub', parentId: universal.id, ...other }
  const integration = (await manager.post(`/integrations/github/${plural}`, atIntegration)).json
  await manager.post(`/integrations/github/${plural}`, { ...atIntegration, key: 'third', name: 'Third' })
  await manager.post(`/integrations/nope/${plural}`, atIntegration)
  await tenant.post(`/integrations/github/${plural}`, atIntegration)
  await manager.post(`/${plural}`, { key: 'greet', integrationKey: 'hubspot', ...other })
  await manager.post(`/${plural}`, { key: 'greet', connectionKey: 'github-dev', ...other })
  const instance = (await tenant.put(`/connections/github-dev/${plural}/greet`, { name: 'Greet by my GitHub', ...one }))
    .json
  await tenant.post(`/${singular}-instance?connectionKey=hubspot-prod&parentKey=greet&instanceKey=second`, {
    name: 'Second',
    ...other,
  })
  await tenant.post(`/${singular}-instance?connectionKey=nope&parentKey=greet`, { name: 'Second' })
  await tenant.post(`/${singular}-instance`, { name: 'Second' })
  return { universal, integration, instance }
}

async function walkLists({ recorder, tenant, stranger, manager, nobody }, { singular, plural }) {
  recorder.about(`lists of ${plural}`)
  const queries = [
    'search=greet',
    'limit=2',
    'limit=1&cursor=1',
    'layer=universal',
    'layer=integration',
    'layer=connection',
    'integrationKey=github',
    'integrationId=hubspot',
    'connectionKey=github-dev',
    'connectionId=nope',
    'key=greet',
    'instanceKey=second',
    'isUniversal=true',
    'tenantId=demo-tenant',
    'externalAppId=nope',
    'intent=greet',
    'enabled=true',
  ]
  for (const query of queries) await tenant.get(`/${plural}?${query}`)
  await tenant.get(`/${plural}?layer=sky`)
  await tenant.get(`/${plural}?limit=0`)
  await nobody.get(`/${plural}`)
  for (const owner of ['/integrations/github', '/integrations/nope', '/connections/github-dev', '/connections/nope']) {
    await tenant.get(`${owner}/${plural}?search=greet`)
  }
  await stranger.get(`/connections/github-dev/${plural}`)
  await tenant.get(`/${singular}-instances`)
  await manager.get(`/${singular}-instances?tenantId=demo-tenant`)
  await tenant.get(`/${singular}-instances?cursor=x`)
}

async function walkSelectors(
  { recorder, tenant, stranger },
  { singular, plural },
  { universal, integration, instance },
) {
  recorder.about(`every way to name one of the ${plural}`)
  const selectors = [
    universal.id,
    universal.uuid,
    'greet',
    'github.greet',
    'hubspot.greet',
    'nope.greet',
    integration.id,
    instance.id,
    'gret',
    `greet?connectionKey=github-dev`,
    `greet?connectionId=${instance.connectionId}`,
    'greet?integrationKey=github',
    'greet?integrationId=hubspot',
    'greet?layer=universal',
    'greet?layer=integration&integrationKey=github',
    'greet?layer=connection&connectionKey=github-dev',
    'greet?layer=sky',
    'greet?wait=true&timeout=1',
  ]
  for (const selector of selectors) await tenant.get(`/${plural}/${selector}`)
  await stranger.get(`/${plural}/${instance.id}`)
  const queries = [
    `id=${universal.id}`,
    'key=greet',
    'key=greet&integrationKey=github',
    'key=greet&connectionKey=github-dev',
    `parentId=${universal.id}&connectionKey=github-dev`,
    'parentKey=greet&integrationKey=hubspot',
    'key=gret',
    'id=nope',
    '',
  ]
  for (const query of queries) await tenant.get(`/${singular}?${query}`)
  const instances = [
    `id=${instance.id}`,
    'key=greet&connectionKey=github-dev',
    `parentId=${universal.id}&connectionKey=github-dev`,
    'parentKey=greet&connectionKey=hubspot-prod&instanceKey=second',
    'parentKey=greet&integrationKey=github',
    `parentId=${universal.id}&connectionId=nope`,
    'parentKey=greet&connectionKey=hubspot-prod',
    'id=nope',
    '',
    'parentKey=greet&connectionKey=hubspot-prod&autoCreate=true',
  ]
  for (const query of instances) await tenant.get(`/${singular}-instance?${query}`)
  for (const selector of ['greet', 'gret', instance.id]) {
    await tenant.get(`/connections/github-dev/${plural}/${selector}`)
    await tenant.get(`/integrations/github/${plural}/${selector}`)
  }
}

/** An address with room for a verb before its query, a wrong one beside it. */
export const address = (path, query, wrong) => ({
  of: (verb = '') => `${path}${verb}${query && `?${query}`}`,
  wrong: (verb = '') => (wrong.includes('?') ? wrong.replace('?', `${verb}?`) : wrong + verb),
})

const basesOf = ({ singular, plural }, { integration }) => [
  address(`/${plural}/${integration.id}`, '', `/${plural}/nope`),
  address(`/${singular}`, `id=${integration.id}`, `/${singular}?id=nope`),
  address(`/integrations/github/${plural}/third`, '', `/integrations/github/${plural}/nope`),
]

async function walkBase({ recorder, tenant, manager }, { one, other, input, wrong, more = [] }, base) {
  recorder.about(`${base.of()}, changed, run, reset, archived and restored`)
  await manager.patch(base.of(), { name: 'Patched', meta: { team: 'a' }, ...other })
  await manager.patch(base.of(), wrong)
  await manager.patch(base.wrong(), { name: 'Patched' })
  await tenant.patch(base.of(), { name: 'Not mine' })
  if (input) {
    await tenant.post(base.of('/run'), { input, meta: { by: 'walk' } })
    await tenant.post(base.wrong('/run'), { input })
  }
  for (const [method, below, body] of more) {
    await tenant.call(method, base.of(below), { body })
    await tenant.call(method, base.wrong(below), { body })
  }
  await manager.put(base.of(), { name: 'Put', ...one })
  await manager.put(base.wrong(), { name: 'Put' })
  await tenant.put(base.of(), { name: 'Not mine' })
  await manager.post(base.of('/reset'))
  await manager.post(base.wrong('/reset'))
  await tenant.post(base.of('/reset'))
  await manager.delete(base.of())
  await manager.delete(base.wrong())
  await tenant.delete(base.of())
  await tenant.get(base.of())
  await manager.patch(base.of(), { name: 'Archived' })
  if (input) await tenant.post(base.of('/run'), { input })
  await manager.post(base.of('/restore'))
  await manager.post(base.wrong('/restore'))
  await tenant.post(base.of('/restore'))
}

const instanceBasesOf = ({ singular, plural }) => [
  address(`/connections/github-dev/${plural}/greet`, '', `/connections/github-dev/${plural}/nope`),
  address(
    `/${singular}-instance`,
    'parentKey=greet&connectionKey=github-dev',
    `/${singular}-instance?parentKey=nope&connectionKey=github-dev`,
  ),
]

async function walkInstanceBase({ recorder, tenant, stranger }, { singular, one, other, wrong }, base) {
  recorder.about(`${base.of()}, an instance`)
  await tenant.get(base.of())
  await tenant.get(base.wrong())
  await tenant.put(base.of(), { name: 'Put here', ...other })
  await tenant.put(base.of(), wrong)
  await tenant.put(base.wrong(), { name: 'Put' })
  await tenant.patch(base.of(), { name: 'Patched here', ...one })
  await tenant.patch(base.wrong(), { name: 'Patched' })
  await stranger.patch(base.of(), { name: 'Not mine' })
  await tenant.get(base.of('/export'))
  await tenant.get(base.wrong('/export'))
  await stranger.get(base.of('/export'))
  await tenant.post(base.of('/reset'))
  await tenant.post(base.wrong('/reset'))
  const archived = (await tenant.delete(base.of())).json
  await tenant.delete(base.wrong())
  await tenant.get(base.of())
  await tenant.post(`/${singular}-instance/restore?id=${archived.id}`)
  await tenant.post(`/${singular}-instance/restore?id=nope`)
  await tenant.delete(base.of())
  await tenant.post(base.of('/restore'))
  await tenant.post(base.wrong('/restore'))
  await tenant.delete(base.of())
  await tenant.post(base.of('/setup'))
  await tenant.post(base.wrong('/setup'))
}

/** The address of an instance by its id. */
export async function walkInstanceById({ recorder, tenant, stranger }, list, id, verbs) {
  recorder.about(`${list}/{id}`)
  for (const at of [`${list}/${id}`, `${list}/nope`]) {
    await tenant.get(at)
    await tenant.patch(at, { name: 'By its id' })
    await tenant.put(at, { name: 'Put by its id' })
    await tenant.get(`${at}/export`)
    await tenant.delete(at)
    for (const verb of verbs.toReversed()) await tenant.post(`${at}/${verb}`)
  }
  await stranger.get(`${list}/${id}`)
  await stranger.get(`${list}/${id}/export`)
}

/** The pages of an element and of an instance, in a frame of the user's app and of the console. */
export async function walkElementPages(world, { singular, plural, instances }, element, instance) {
  const list = instances ?? `${singular}-instances`
  const { recorder, nobody, tenantKey } = world
  recorder.about(`pages of ${plural}`)
  const token = world.token({ tenantKey })
  for (const base of ['/embed', '/isolated-embed']) {
    await nobody.get(`${base}/${plural}/${element}/configuration?token=${token}`)
    const page = `${base}/${list}/${instance}/configuration?token=${token}`
    const { text } = await nobody.get(page)
    await nobody.press(page, fieldsOf(text))
    await nobody.get(`${base}/${list}/nope/configuration?token=${token}`)
    await nobody.press(`${base}/${list}/nope/configuration?token=${token}`, {})
  }
}

/** What a page's form has before anybody changes it. */
export function fieldsOf(html) {
  const fields = [...html.matchAll(/name="(s\d+)"([\s\S]*?)<\/div>/g)]
  const value = (rest) => /<option selected>(.*?)<\/option>/.exec(rest)?.[1] ?? / value="(.*?)"/.exec(rest)?.[1] ?? ''
  return Object.fromEntries(fields.map(([, name, rest]) => [name, value(rest)]))
}

async function walkCreation({ recorder, tenant, manager }, { plural, one }, { universal }) {
  recorder.about(`a version of one of the ${plural}, and one of an app`)
  const { id } = (await manager.get('/external-apps/slack')).json
  await manager.post(`/${plural}`, { key: 'of-app', externalAppId: id, ...one })
  await manager.post(`/${plural}`, { integrationKey: 'slack', parentId: universal.id, name: 'Version' })
  await manager.post(`/${plural}`, { integrationKey: 'slack', parentId: 'nope', name: 'Version' })
  await manager.post(`/${plural}`, { key: ' spaced', ...one })
  await manager.post(`/${plural}`, { name: 'Named only', description: 'It gets a key', meta: { n: 1 }, ...one })
  await manager.post(`/${plural}`, undefined, { raw: '[]', type: 'application/json' })
  await manager.delete(`/integrations/github/${plural}/greet`)
  await manager.post(`/integrations/github/${plural}/greet/restore`)
  await manager.delete(`/${plural}/${universal.id}`)
  await tenant.get(`/${plural}?includeArchived=true&search=greet`)
  await manager.post(`/${plural}/${universal.id}/restore`)
}

async function walkOfConnection({ recorder, tenant, manager, nobody }, { plural, one, wrong }) {
  recorder.about(`${plural} that one connection alone has`)
  const own = { key: 'own', name: 'Own', ...one }
  const at = `/connections/github-dev/${plural}`
  await manager.post(at, own)
  await manager.post(at, own)
  await manager.post(at, { ...own, key: 'odd', ...wrong })
  await manager.post(`/connections/hubspot-prod/${plural}`, { ...own, connectionKey: 'github-dev' })
  await manager.post(`/connections/nope/${plural}`, own)
  await tenant.post(at, { ...own, key: 'mine' })
  await nobody.post(at, own)
  await tenant.get(`${at}/own`)
}
