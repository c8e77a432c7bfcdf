// Export and import of what a workspace defines, by background jobs.

import { multipart } from '../lib/multipart.mjs'

/** A form with the archive as its `file`. */
function upload(archive, fields = {}) {
  const named = Object.entries(fields).map(([name, value]) => [`name="${name}"`, value])
  return multipart(...named, ['name="file"; filename="w.zip"', archive, 'application/zip'])
}

export async function walkJobs(recorder) {
  recorder.begin('jobs')
  const from = await recorder.world('jobs')
  const to = await recorder.world('jobs-elsewhere', { seed: 'none' })
  const { nobody } = from

  recorder.about('an export and its download')
  await from.manager.post('/flows', { key: 'exported', nodes: { start: { type: 'api-trigger' } } })
  const job = async (world, begun) => world.manager.get(`/background-jobs/${begun.jobId}:${begun.accessKey}`)
  const exported = (await from.manager.get('/export')).json
  await from.tenant.get('/export')
  await nobody.get('/export')
  const { result } = (await job(from, exported)).json
  await from.manager.get(`/background-jobs/${exported.jobId}`)
  await from.manager.get('/background-jobs/nope')
  await from.tenant.get(`/background-jobs/${exported.jobId}:${exported.accessKey}`)
  await to.manager.get(`/background-jobs/${exported.jobId}:${exported.accessKey}`)
  const address = new URL(result.downloadUrl).pathname
  const archive = (await nobody.get(address)).bytes
  await nobody.get('/downloads/nothing')
  await nobody.call('HEAD', address)

  recorder.about('imports')
  const into = async (world, query, form) => {
    const begun = await world.manager.post(`/import${query}`, undefined, form)
    if (begun.json.jobId) await job(world, begun.json)
  }
  await into(to, '?dryRun=true', upload(archive))
  await into(to, '?dryRun=false&partial=false&diff=false&force=false', upload(archive))
  await to.tenant.get('/integrations/github')
  await to.tenant.get('/flows/exported')
  await into(to, '', upload(archive))
  await to.manager.post('/actions', {
    key: 'not-in-the-archive',
    type: 'run-javascript',
    config: { code: 'exports.x = 1' },
  })
  await into(to, '?partial=true', upload(archive))
  await into(to, '', upload(archive, { dryRun: 'true' }))
  await into(to, '', upload(archive))
  await into(to, '', upload(Buffer.from('no archive')))
  await into(to, '', { raw: 'nothing', type: 'multipart/form-data; boundary=x' })
  await into(to, '', { raw: '{}', type: 'application/json' })
  await to.tenant.post('/import', undefined, upload(archive))

  recorder.about('jobs that wait, are poked, fail')
  await from.progress({ export: 'hold', import: { fail: { error: 'the archive is too large' } } })
  const held = (await from.manager.get('/export')).json
  await job(from, held)
  const poke = (id, event, error) => from.control.post(`/jobs/${id}/poke`, { event, ...(error && { error }) })
  for (const event of ['start', 'complete', 'complete']) await poke(held.jobId, event)
  await job(from, held)
  const failed = (await from.manager.get('/export')).json
  await poke(failed.jobId, 'fail', 'so it was said')
  await job(from, failed)
  const cancelled = (await from.manager.get('/export')).json
  await poke(cancelled.jobId, 'cancel')
  await poke(cancelled.jobId, 'jump')
  await poke('nope', 'start')
  await into(from, '', upload(archive))
  await from.progress({ export: { after: 1000 } })
  const late = (await from.manager.get('/export')).json
  await job(from, late)
  await from.advance(1000)
  await job(from, late)
  await from.evidence()
  await to.evidence({ records: false })
}
