// Files: bytes that are sent in two ways, and read by whoever knows their address.

import { multipart } from '../lib/multipart.mjs'
import { pathOf } from './connecting.mjs'

const CSV = ['name="file"; filename="people.csv"', 'id,name\n1,Ada\n', 'text/csv']
const TEXT = { raw: 'Hello', type: 'text/plain' }

export async function walkFiles(recorder) {
  recorder.begin('files')
  const world = await recorder.world('files')
  await walkSending(world)
  await walkWrong(world)
  await world.evidence()
}

/** The ways to send a file, each a heading and a body. */
const WAYS = [
  ['a text', TEXT],
  ['bytes of no type', { raw: Buffer.from('bytes') }],
  ['JSON, which is not read', { raw: '{"a": 1', type: 'application/json' }],
  ['a page, which is none when it is read', { raw: '<h1>Hello</h1>', type: 'text/html' }],
  ['a form', multipart(CSV)],
  ['a form with a field before its file', multipart(['name="of"', 'the walk'], CSV)],
  ['a form with two files', multipart(CSV, ['name="more"; filename="b.txt"', 'b', 'text/plain'])],
  ['a form whose file has another name', multipart(['name="upload"; filename="c.txt"', 'c'])],
  ['a form whose file has no name', multipart(['name="file"', 'd'])],
]

async function walkSending({ recorder, tenant, stranger, manager, nobody }) {
  for (const [way, options] of WAYS) {
    recorder.about(way)
    const { downloadUri } = (await tenant.post('/files', undefined, options)).json
    await nobody.get(pathOf(downloadUri))
  }
  recorder.about('whose a file is makes no difference')
  const { downloadUri } = (await manager.post('/files', undefined, TEXT)).json
  for (const caller of [stranger, manager]) await caller.get(pathOf(downloadUri))
  await nobody.call('HEAD', pathOf(downloadUri))
}

async function walkWrong({ recorder, tenant, nobody }) {
  recorder.about('what is refused')
  for (const options of [
    {},
    { raw: '', type: 'text/plain' },
    multipart(),
    multipart(['name="of"', 'the walk']),
    multipart(['name="file"; filename="empty.txt"', '', 'text/plain']),
    { raw: 'nothing', type: 'multipart/form-data; boundary=x' },
    { raw: 'nothing', type: 'multipart/form-data' },
  ]) {
    await tenant.post('/files', undefined, options)
  }
  await nobody.post('/files', undefined, TEXT)
  await nobody.get('/files/nope')
  await tenant.get('/files')
}
