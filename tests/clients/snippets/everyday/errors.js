// snippet: throw an Error
module.exports = () => { throw new Error('plain message') }

// snippet: throw a custom class
module.exports = () => { class QuotaError extends Error { name = 'QuotaError' } throw new QuotaError('no more') }

// snippet: read a property of undefined
module.exports = () => { try { return undefined.name } catch (error) { return [error.name, error instanceof TypeError] } }

// snippet: cause and AggregateError
module.exports = () => {
  const error = new Error('outer', { cause: new TypeError('inner') })
  const many = new AggregateError([new Error('a'), new Error('b')], 'several')
  return [error.cause.message, error.cause instanceof TypeError, many.errors.map(({ message }) => message), many.message, String(error)]
}

// snippet: kinds of errors
module.exports = () => [() => null.x, () => notDefined, () => { const a = 1; a = 2 }, () => 'x'.repeat(-1), () => decodeURIComponent('%'), () => new Array(-1), () => BigInt(1.5), () => (5)(), () => Symbol() + '', () => { let x = y; let y }, () => JSON.parse('{'), () => 1n + 1, () => new (class { constructor() { this.x.y } })(), () => [].reduce((a) => a), () => ({}) instanceof 5].map((work) => { try { work(); return 'fine' } catch (error) { return error.name } })

// snippet: finally overrides
module.exports = () => { const run = () => { try { throw new Error('lost') } finally { return 'kept' } }; return run() }

// snippet: a result of the errors of a batch
// input: {"rows": [{"id": 1, "email": "a@b.c"}, {"id": 2}, {"id": 3, "email": "nope"}]}
module.exports = ({ input }) => input.rows.reduce((report, row) => {
  try {
    if (!row.email) throw new Error(`row ${row.id}: no email`)
    if (!row.email.includes('@')) throw new RangeError(`row ${row.id}: bad email`)
    report.ok.push(row.id)
  } catch ({ name, message }) { report.failed.push({ name, message }) }
  return report
}, { ok: [], failed: [] })
