// Installs the packed package into a copy of this folder, with no Rust on the path, builds the page, runs both suites.
//
// Start: MEMBRANE_MOCK_BINARY=path/to/membrane-mock node run.mjs
// `MEMBRANE_MOCK_ARCHIVES=a.tgz:b.tgz` names archives that are packed already.

import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const here = dirname(fileURLToPath(import.meta.url))
const sources = join(here, '../../packages/npm')
const { MEMBRANE_MOCK_ARCHIVES: packed, MEMBRANE_MOCK_BINARY: program } = process.env
if (!packed && !program) {
  console.error('MEMBRANE_MOCK_BINARY is not set: it is the program that is packed')
  process.exit(2)
}

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'membrane-mock-example-')))
process.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1))
const place = join(folder, 'place')

// As on a machine that has Node and nothing of Rust, under no server.
const isOurs = (name) => !/^(MEMBRANE_|NODE_TEST|VITEST)/.test(name)
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => isOurs(name)))
env.PATH = process.env.PATH.split(delimiter).filter((at) => !existsSync(join(at, 'cargo'))).join(delimiter)
if (!env.CHROMIUM && existsSync('/usr/bin/chromium')) env.CHROMIUM = '/usr/bin/chromium'

/** Runs a command, and answers what it printed. Where it fails, that is in the error. */
async function succeeds(what, command, args, cwd = place) {
  const began = Date.now()
  const seconds = () => ((Date.now() - began) / 1_000).toFixed(1)
  try {
    const { stdout } = await run(command, args, { cwd, env, maxBuffer: 2 ** 28 })
    console.log(`${what}: ${seconds()} s`)
    return stdout
  } catch ({ message, stdout, stderr }) {
    const printed = `${stdout ?? ''}${stderr ?? ''}` || message
    throw new Error(`${what} failed after ${seconds()} s\n${printed}`)
  }
}

async function pack() {
  const stripped = join(folder, 'membrane-mock')
  await succeeds('strip', 'strip', ['-o', stripped, resolve(program)], here)
  const script = join(sources, 'scripts/pack.mjs')
  const printed = await succeeds('pack', 'node', [script, stripped, join(folder, 'packed')], sources)
  return printed.trim().split('\n').slice(-2)
}

const quietly = ['--no-audit', '--no-fund', '--prefer-offline']

async function build() {
  const isLeftOut = /^(node_modules|dist|test-results)$/
  cpSync(here, place, { recursive: true, filter: (at) => !isLeftOut.test(relative(here, at)) })
  await succeeds('npm ci', 'npm', ['ci', ...quietly])
  await succeeds('build', 'npm', ['run', 'build'])
}

try {
  const archives = packed ? packed.split(delimiter).map((at) => resolve(at)) : pack()
  // Neither is left running when the other fails.
  const [packing, building] = await Promise.allSettled([archives, build()])
  for (const { reason } of [packing, building]) if (reason) throw reason
  await succeeds('install', 'npm', ['install', '--no-save', ...quietly, ...packing.value])
  await succeeds('Vitest', 'npm', ['run', 'test:backend'])
  await succeeds('Playwright', 'npm', ['run', 'test:browser'])
} catch (error) {
  console.error(error.message)
  process.exit(1)
}
