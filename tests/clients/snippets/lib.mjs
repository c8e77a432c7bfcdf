// The sandbox's own globals (src/sandbox/js), evaluated in Node, and how they are compared with Node's.

import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'

export const source = (file) => readFileSync(new URL(`../../../src/sandbox/js/${file}`, import.meta.url), 'utf8')

// Node's own stand for what is Rust in the sandbox (src/sandbox/runtime): those natives are compared with Node in the
// sandbox, by `everyday/encodings.js` and `everyday/zones.js`.
const bytesOf = (buffer) => new Uint8Array(buffer)
const zoneFormat = (timeZone) => new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' })
export const native = {
  read: (text, encoding) => bytesOf(Buffer.from(text, encoding)),
  write: (bytes, encoding) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(encoding),
  readForm: (text) => [...new URLSearchParams(`?${text}`)],
  writeForm: (pairs) => String(new URLSearchParams(pairs)),
  digest: (algorithm, bytes) => bytesOf(createHash(algorithm.replace('-', '').toLowerCase()).update(bytes).digest()),
  random: (count) => bytesOf(randomBytes(count)),
  zoneName: (name) => {
    try {
      return zoneFormat(name).resolvedOptions().timeZone
    } catch {
      return undefined
    }
  },
  // Without an abbreviation, names are offsets.
  zoneAt: (name, ms) => {
    const { value } = zoneFormat(name).formatToParts(ms).find(({ type }) => type === 'timeZoneName')
    const [, sign, hours = 0, minutes = 0, seconds = 0] = /([+-])(\d+)(?::(\d+))?(?::(\d+))?$/.exec(value) ?? []
    return [(sign === '-' ? -1 : 1) * (hours * 3600 + minutes * 60 + +seconds), '', '']
  },
  now: () => performance.now(),
  need: (name) => ours[name],
}
export const ours = {}
for (const file of ['events.js', 'globals.js', 'urls.js', 'buffer.js']) {
  Object.assign(ours, (0, eval)(source(file))(native))
}

/** What a function gives or throws, in a shape that can be compared. */
export const outcome = (run) => {
  try {
    return { value: shape(run()) }
  } catch (error) {
    return { name: error.name, code: error.code, message: error.message }
  }
}
export const shape = (value) => (value instanceof Uint8Array ? { bytes: [...value] } : value)

/** Runs it with Node's and with our class; `compared` leaves out what need not be the same. */
export function same(label, run, theirs, mine, compared = (result) => result) {
  assert.deepEqual(compared(outcome(() => run(mine))), compared(outcome(() => run(theirs))), label)
}
export const named = ({ message, code, ...rest }) => rest

export const TEXTS = [
  '', 'a', 'abc', 'héllo wörld', '日本語', '😀 smile', '\ud800', 'a\udc00b', 'x\ud83d', '\u0000\u0001\x7f\x80\xff', '\ufeffbom',
  'a+b c&d=e?f#g', "!'()*~-._", 'line\r\nbreak\ttab', '%41%zz%', 'ä'.repeat(300), 'ab'.repeat(1000),
]
