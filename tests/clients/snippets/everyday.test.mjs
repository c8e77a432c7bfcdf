// Everyday snippets give in the sandbox what they give in Node: each of `everyday/*.js` runs in both.
// Start: membrane-mock exec -- node --test tests/clients/snippets/everyday.test.mjs

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'

const { MEMBRANE_API_URI, MEMBRANE_TOKEN } = process.env
const folder = new URL('everyday/', import.meta.url)

/** The snippets of a file: after `// snippet: name`, perhaps `// input: {json}`, and then the code. */
function snippetsOf(file) {
  const [, ...parts] = readFileSync(new URL(file, folder), 'utf8').split(/^\/\/ snippet: /m)
  return parts.map((part) => {
    const [, name, rest] = part.match(/^(.*)\n([^]*)$/)
    const [, input, code] = rest.match(/^(?:\/\/ input: (.*)\n)?([^]*)$/)
    return { name, input: input ? JSON.parse(input) : {}, code: code.trim() }
  })
}

/** As JSON carries it; what is undefined at the top has no JSON. */
const carried = (value) => {
  const text = JSON.stringify(value)
  return text === undefined ? undefined : JSON.parse(text)
}

/** What the error of a run says: with the name before it, unless that is just `Error`. */
const said = ({ name, message }) => (name && name !== 'Error' ? `${name}: ${message}` : message)

// Not by `vm`: in another realm, an `instanceof` of what the web globals return would be false.
async function inNode({ code, input }) {
  try {
    const module = { exports: {} }
    new Function('module', 'exports', code)(module, module.exports)
    const handler = typeof module.exports === 'function' ? module.exports : module.exports.default
    return { output: carried(await handler({ input })) }
  } catch (error) {
    return { error: said(error) }
  }
}

async function inSandbox({ code, input }) {
  const response = await fetch(`${MEMBRANE_API_URI}/act`, {
    method: 'POST',
    headers: { authorization: `Bearer ${MEMBRANE_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ code, input }),
  })
  const body = await response.json()
  if (response.ok) return { output: body.output ?? undefined }
  assert.equal(body.type, 'custom_code', JSON.stringify(body))
  return { error: body.message }
}

const files = readdirSync(folder).filter((file) => file.endsWith('.js')).sort()
const table = files.map((file) => ({ file, snippets: snippetsOf(file) }))

test('the table has its size, and every name once', () => {
  const names = table.flatMap(({ file, snippets }) => snippets.map(({ name }) => `${file}: ${name}`))
  assert.ok(names.length >= 85, `${names.length} snippets`)
  assert.equal(new Set(names).size, names.length)
})

for (const { file, snippets } of table) {
  describe(file, () => {
    for (const snippet of snippets) {
      test(snippet.name, async () => {
        const expected = await inNode(snippet)
        assert.deepEqual(await inSandbox(snippet), { ...expected, ...('output' in expected && { output: expected.output ?? undefined }) })
      })
    }
  })
}
