// What differs between two recordings of one noun, told call by call and field by field.

import { pretty } from './pretty.mjs'

const MOST_CALLS = 5
const MOST_FIELDS = 8
const WIDTH = 300

/** Lines that tell of the first differences; none when there is none. */
export function differences(noun, before, after) {
  const lines = []
  let calls = 0
  for (let index = 0; index < Math.max(before.length, after.length); index += 1) {
    const fields = [...changes(before[index], after[index], '')]
    if (fields.length === 0) continue
    calls += 1
    if (calls > MOST_CALLS) continue
    lines.push(`${noun}, entry ${index + 1}: ${titleOf(before[index] ?? after[index])}`)
    for (const { field, was, is } of fields.slice(0, MOST_FIELDS)) {
      lines.push(`    ${field || 'the whole entry'}`, `      before: ${excerpt(was)}`, `      now:    ${excerpt(is)}`)
    }
    if (fields.length > MOST_FIELDS) lines.push(`    and ${fields.length - MOST_FIELDS} more fields`)
  }
  if (calls > MOST_CALLS) lines.push(`${noun}: and ${calls - MOST_CALLS} more entries`)
  return lines
}

const titleOf = ({ call, as, about, alike }) => (call ? `${call} as ${as}` : (about ?? JSON.stringify(alike)))

function excerpt(value) {
  if (value === undefined) return 'nothing'
  const text = pretty(value).replace(/\s+/g, ' ')
  return text.length > WIDTH ? `${text.slice(0, WIDTH)}…` : text
}

function* changes(was, is, field) {
  if (JSON.stringify(was) === JSON.stringify(is)) return
  const bothObjects = was && is && typeof was === 'object' && typeof is === 'object'
  if (!bothObjects || Array.isArray(was) !== Array.isArray(is)) {
    yield { field, was, is }
    return
  }
  let told = false
  for (const name of new Set([...Object.keys(was), ...Object.keys(is)])) {
    for (const change of changes(was[name], is[name], Array.isArray(was) ? `${field}[${name}]` : dotted(field, name))) {
      told = true
      yield change
    }
  }
  if (told) return
  const order = `the order of the fields of ${field || 'the entry'}`
  yield { field: order, was: Object.keys(was), is: Object.keys(is) }
}

const dotted = (field, name) => (field ? `${field}.${name}` : name)
