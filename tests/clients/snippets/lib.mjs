// The sandbox's own globals (src/sandbox/js), evaluated in Node, and how they are compared with Node's.

import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'

export const source = (file) => readFileSync(new URL(`../../../src/sandbox/js/${file}`, import.meta.url), 'utf8')

export const native = {
  digest: (algorithm, base64) =>
    createHash(algorithm.replace('-', '').toLowerCase()).update(base64, 'base64').digest('base64'),
  random: (count) => randomBytes(count).toString('base64'),
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
