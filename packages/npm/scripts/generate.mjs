// Makes `src/control.ts`, the types of the control API, from the document that the program itself serves.
//
// Start: MEMBRANE_MOCK_BINARY=path/to/membrane-mock npm run generate

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import openapiTS, { astToString } from 'openapi-typescript'

const program = process.env.MEMBRANE_MOCK_BINARY ?? 'membrane-mock'
const server = spawn(program, ['serve', '--port', '0', '--json', '--while-stdin-open'], {
  stdio: ['pipe', 'pipe', 'inherit'],
})
try {
  const [line] = await once(createInterface(server.stdout), 'line')
  const { url } = JSON.parse(line)
  const answer = await fetch(`${url}/__mock/openapi.json?api=control`)
  const types = astToString(await openapiTS(await answer.text(), { defaultNonNullable: false }))
  const head = '// Generated from the control API by scripts/generate.mjs.\n\n'
  await writeFile(new URL('../src/control.ts', import.meta.url), head + types)
} finally {
  server.stdin.end()
}
