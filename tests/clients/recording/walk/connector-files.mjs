// Connectors as folders: their files, archives of these, and the versions that are published of them.

import { multipart } from '../lib/multipart.mjs'

const CODE = { raw: 'module.exports = () => "héllo"\n', type: 'text/javascript' }

export async function walkConnectorFiles(recorder) {
  recorder.begin('connector-files')
  const world = await recorder.world('connector-files')
  await walkFiles(world)
  await walkSpec(world)
  const archive = await walkExports(world)
  await walkUploads(world, archive)
  await walkImports(world)
  await walkVersions(world)
  await walkCatalog(world)
  await walkRights(world)
  await world.evidence({ details: false })
}

async function walkFiles({ recorder, manager }) {
  recorder.about('files')
  await manager.post('/connectors', { key: 'shop', name: 'Shop', type: 'proxy', baseUri: 'https://api.shop.example.com' })
  const at = '/connectors/shop/files'
  await manager.get(at)
  await manager.put(`${at}/data/list.js`, undefined, CODE)
  await manager.put(`${at}/data/b.js`, { content: 'one' })
  await manager.put(`${at}/data.json`, { content: 7 })
  await manager.put(`${at}/empty`, undefined, { raw: '', type: 'text/plain' })
  await manager.put(`${at}/%C3%BC/a%20b.md`, undefined, { raw: 'odd', type: 'text/plain' })
  await manager.get(at)
  for (const path of ['data/list.js', 'data/b.js', 'data.json', 'empty', '%C3%BC/a%20b.md']) await manager.get(`${at}/${path}`)
  for (const path of ['data', 'nope', '..%2Fa']) await manager.get(`${at}/${path}`)

  recorder.about('files that are refused')
  for (const path of ['..%2Fa', 'a//b', 'a/', 'x'.repeat(201)]) await manager.put(`${at}/${path}`, { content: '' })
  await manager.put(`${at}/bytes`, undefined, { raw: Buffer.from([0xff, 0xfe]), type: 'text/plain' })
  await manager.put(`${at}/data.json`, undefined, { raw: '{"a', type: 'application/json' })
  await manager.put(`${at}/large`, undefined, { raw: Buffer.alloc(1024 * 1024 + 1, 'x'), type: 'text/plain' })

  recorder.about('files are removed')
  for (const path of ['empty', 'empty', 'data', 'spec.yaml']) await manager.delete(`${at}/${path}`)
  for (const path of ['dat', 'data.json', '%C3%BC', '%C3%BC']) await manager.delete(`/connectors/shop/directories/${path}`)
  await manager.get(at)
}

async function walkSpec({ recorder, manager }) {
  recorder.about('the spec, which is the connector')
  const at = '/connectors/shop/files/spec'
  await manager.get(`${at}.yaml`)
  await manager.put(`${at}.yaml`, undefined, { raw: 'name: Our shop\ndescription: Sells\n', type: 'text/yaml' })
  await manager.put(`${at}.json`, { name: 'By JSON' })
  await manager.put(`${at}.yml`, { content: 'externalApp: hubspot' })
  await manager.get('/connectors/shop')
  const wrong = ['', '[1]', 'name: [', 'name: 7', 'type: odd', 'baseUri: nowhere', 'externalApp: nope']
  for (const content of wrong) await manager.put(`${at}.yaml`, { content })
  await manager.get(`${at}.json`)
}

async function walkExports({ recorder, manager }) {
  recorder.about('what a connector is taken away as')
  for (const key of ['shop', 'nope']) {
    await manager.get(`/connectors/${key}/export-files`)
    await manager.get(`/connectors/${key}/export-json`)
    await manager.get(`/connectors/${key}/download`)
  }
  return (await manager.get('/connectors/shop/download')).bytes
}

async function walkUploads({ recorder, tenant, manager, nobody }, archive) {
  recorder.about('uploads')
  const form = multipart(['name="note"', 'x'], ['name="file"; filename="c.zip"', archive, 'application/zip'])
  const bodies = [
    form,
    { raw: archive, type: 'application/zip' },
    { raw: archive.subarray(0, 40), type: 'application/zip' },
    { raw: 'no archive', type: 'application/zip' },
    multipart(['name="note"', 'x']),
    {},
  ]
  await manager.post('/integrations', { key: 'ours', name: 'Ours', connectorKey: 'shop' })
  await manager.post('/integrations', { key: 'bare', name: 'Bare' })
  for (const at of ['/connectors/shop/upload', '/integrations/ours/upload-connector']) {
    for (const body of bodies) await manager.post(at, undefined, body)
    for (const caller of [tenant, nobody]) await caller.post(at, undefined, form)
  }
  for (const at of ['/connectors/nope/upload', '/integrations/nope/upload-connector', '/integrations/bare/upload-connector']) {
    await manager.post(at, undefined, form)
  }
}

async function walkImports({ recorder, manager }) {
  recorder.about('imports')
  const at = '/connectors/shop/import'
  const whole = (await manager.get('/connectors/shop/export-json')).json
  await manager.post(at, { ...whole, key: 'other', name: 'Imported', files: { 'a.js': '1', 'b/c.js': '2' } })
  await manager.post(at, { files: { 'a.js': '3', 'spec.yaml': 'description: By its files' } })
  await manager.post(at)
  await manager.get('/connectors/shop/export-files')
  const wrong = [[], { files: [] }, { files: { 'a.js': 7 } }, { files: { '../a': '' } }, { name: 7 }, { type: 'odd' }]
  for (const body of wrong) await manager.post(at, body)
  await manager.post(at, undefined, { raw: '{"a', type: 'application/json' })
  await manager.post('/connectors/nope/import', {})
}

async function walkVersions({ recorder, tenant, manager, nobody }) {
  recorder.about('versions')
  const at = '/connectors/shop'
  await manager.post(`${at}/publish-version`)
  const { id } = (await manager.post(`${at}/publish-version`, { version: '2.0.0' })).json
  for (const version of ['2.0.0', 7]) await manager.post(`${at}/publish-version`, { version })
  await manager.post(`${at}/publish-version`, {})
  await manager.post('/connectors/nope/publish-version')
  await tenant.get(`${at}/versions`)
  await tenant.get('/connectors/nope/versions')
  await nobody.get(`${at}/versions`)

  recorder.about('an integration is switched to one')
  const bodies = [
    { connectorVersion: '2.0.0' },
    { version: '1.0.1' },
    { version: 'latest' },
    { version: '9' },
    { version: 7 },
    {},
  ]
  for (const body of bodies) await manager.post('/integrations/ours/switch-connector-version', body)
  await tenant.get('/integrations/ours')
  for (const key of ['bare', 'nope']) await manager.post(`/integrations/${key}/switch-connector-version`, bodies[0])
  await tenant.post('/integrations/ours/switch-connector-version', bodies[0])
  await nobody.post('/integrations/ours/switch-connector-version', bodies[0])

  recorder.about('versions are removed')
  for (const version of [id, '1.0.1', '1.0.1']) await manager.delete(`${at}/versions/${version}`)
  await tenant.get(`${at}/versions`)
}

async function walkCatalog({ recorder, tenant, manager }) {
  recorder.about('a connector of the catalog')
  await manager.get('/connectors/jira/files')
  await manager.put('/connectors/jira/files/note.md', { content: 'Ours' })
  await manager.post('/connectors/notion/publish-version')
  for (const key of ['jira', 'notion']) {
    await manager.get(`/connectors/${key}/files`)
    await tenant.get(`/connectors/${key}/versions`)
  }
}

async function walkRights({ recorder, tenant, nobody }) {
  recorder.about('for managers alone')
  const calls = [
    ['GET', 'files'],
    ['GET', 'files/spec.yaml'],
    ['PUT', 'files/a.js'],
    ['DELETE', 'files/a.js'],
    ['DELETE', 'directories/data'],
    ['GET', 'download'],
    ['GET', 'export-files'],
    ['GET', 'export-json'],
    ['POST', 'import'],
    ['POST', 'publish-version'],
    ['DELETE', 'versions/1.0.1'],
  ]
  for (const [method, below] of calls) {
    for (const caller of [tenant, nobody]) await caller.call(method, `/connectors/shop/${below}`)
  }
}
