// What was recorded before, word for word, is recorded by its name from then on: most answers repeat what others said.

import { digestOf } from './normal.mjs'

/** Shorter ones are no shorter by name. */
const SHORTEST = 90
const LONGEST_ERROR = 400

/** Entries in which each object that was there before is replaced by its name and a digest. */
export function withoutRepetition(entries) {
  const known = new Set()
  const shortened = (entry, field) => (field in entry ? { [field]: once(entry[field], known) } : {})
  return entries.map((entry) => ({ ...entry, ...shortened(entry, 'body'), ...shortened(entry, 'html') }))
}

function once(value, known) {
  if (value === null || typeof value !== 'object') return value
  const text = JSON.stringify(value)
  const digest = digestOf(text).slice(0, 12)
  // What went wrong is always told.
  const isError = typeof value.message === 'string' && typeof value.type === 'string' && text.length < LONGEST_ERROR
  if (text.length >= SHORTEST && !isError && known.has(digest)) {
    const name = value.key ?? value.name ?? value.id ?? (Array.isArray(value) ? 'a list' : 'an object')
    return `{${name} as before, ${digest}}`
  }
  known.add(digest)
  if (Array.isArray(value)) return value.map((item) => once(item, known))
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, once(inner, known)]))
}
