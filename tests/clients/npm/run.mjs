// Installs the packed package into an empty folder, with no Rust on the path, and runs what a user would: a suite by each
// helper, one that fails, a strict compiler, the program itself.
//
// Start: MEMBRANE_MOCK_BINARY=path/to/membrane-mock npm test

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const sources = join(here, '../../../packages/npm')
const program = process.env.MEMBRANE_MOCK_BINARY
assert.ok(program, 'MEMBRANE_MOCK_BINARY is not set: it is the program that is packed')

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'membrane-mock-npm-')))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
const packed = join(folder, 'packed')
const place = join(folder, 'place')

const chromium = process.env.CHROMIUM ?? '/usr/bin/chromium'

// As on a machine that has Node and nothing of Rust, under no server.
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('MEMBRANE_') && !name.startsWith('NODE_TEST')))
env.PATH = process.env.PATH.split(delimiter).filter((at) => !existsSync(join(at, 'cargo'))).join(delimiter)

function run(command, args, { cwd = place, ...more } = {}) {
  const done = spawnSync(command, args, { cwd, env: { ...env, ...more }, encoding: 'utf8' })
  return { status: done.status, said: `${done.stdout}${done.stderr}` }
}

function succeeds(command, args, options) {
  const { status, said } = run(command, args, options)
  assert.equal(status, 0, said)
  return said
}

test('what was packed is installed and green', async (t) => {
  const stripped = join(folder, 'membrane-mock')
  execFileSync('strip', ['-o', stripped, program])
  const archives = succeeds('node', [join(sources, 'scripts/pack.mjs'), stripped, packed], { cwd: sources }).trim().split('\n')
  cpSync(here, place, { recursive: true, filter: (at) => !at.includes('node_modules') })
  succeeds('npm', ['ci', '--no-audit', '--no-fund', '--prefer-offline'])

  const began = Date.now()
  succeeds('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--prefer-offline', ...archives.slice(-2)])
  succeeds('node', ['--test', 'node-test/verbs.test.mjs'])
  t.diagnostic(`installed and green after ${Date.now() - began} ms, of which nothing was a download of this package`)

  await t.test('the program runs as itself', () => {
    assert.match(succeeds('npx', ['membrane-mock', '--version']), /^membrane-mock \d/)
    assert.equal(run('npx', ['membrane-mock', 'exec', '--', 'sh', '-c', 'exit 7']).status, 7)
    const unknown = run('node', ['-e', "import('membrane-mock').then(({ binary }) => binary())"], { MEMBRANE_MOCK_BINARY: '/no/such' })
    assert.match(unknown.said, /MEMBRANE_MOCK_BINARY is \/no\/such, which is no program/)
  })

  await t.test('node:test under exec uses its server', () => {
    succeeds('npx', ['membrane-mock', 'exec', '--', 'node', '--test', '--test-name-pattern=calls are broken', 'node-test/verbs.test.mjs'])
  })

  await t.test('Vitest', () => succeeds('npx', ['vitest', 'run', '--root', 'vitest']))
  await t.test('Jest', () => succeeds('npx', ['jest', '--rootDir', 'jest', '--config', 'jest/package.json', '--testMatch', '**/*.test.cjs']))
  await t.test('Playwright', () => succeeds('npx', ['playwright', 'test', '--config', 'playwright/playwright.config.mjs']))

  await t.test('what the documents show runs', () => {
    for (const document of ['README.md', 'packages/npm/README.md']) {
      const text = readFileSync(join(here, '../../..', document), 'utf8')
      const blocks = [...text.matchAll(/```(?:ts|js)\n([\s\S]*?)\n```/g)].map(([, block]) => block)
      const program = blocks.find((block) => block.includes("'membrane-mock/node-test'"))
      assert.ok(program, `${document} has a first test`)
      writeFileSync(join(place, 'node-test/readme.test.mjs'), program)
      succeeds('node', ['--test', 'node-test/readme.test.mjs'])
    }
  })

  await t.test('the guide runs from top to bottom', async (guide) => {
    const text = readFileSync(join(here, '../../../docs/typescript.md'), 'utf8')
    const blocks = [...text.matchAll(/<!-- guide: (.+) -->\n```\w+\n([\s\S]*?)\n```/g)]
    assert.equal(blocks.length, text.match(/<!-- guide: /g).length)
    const project = join(place, 'guide')
    for (const [, name, block] of blocks) {
      const file = join(project, name)
      mkdirSync(dirname(file), { recursive: true })
      if (name !== 'run') writeFileSync(file, `${block}\n`)
      else await guide.test(block.split('\n')[0], () => succeeds('sh', ['-eu', '-c', block], { cwd: project, CHROMIUM: chromium }))
    }
    await guide.test('a strict compiler accepts it', () => {
      const files = blocks.map(([, name]) => name).filter((name) => name.endsWith('.ts'))
      succeeds('npx', ['tsc', '--noEmit', '--strict', '--skipLibCheck', '--target', 'es2022', '--module', 'nodenext', ...files], { cwd: project })
    })
  })

  await t.test('a test that fails has its report', () => {
    const nearest = /no stub of github answered GET \/usr; the nearest stub is GET \/user/
    const runs = {
      'node:test': ['node', ['--test', 'node-test/failing.mjs']],
      Vitest: ['npx', ['vitest', 'run', '--root', 'vitest'], { SUITE: 'failing.ts' }],
      Jest: ['npx', ['jest', '--rootDir', 'jest', '--config', 'jest/package.json', '--testMatch', '**/failing.cjs']],
      Playwright: ['npx', ['playwright', 'test', '--config', 'playwright/playwright.config.mjs'], { SUITE: 'failing.mjs', CHROMIUM: chromium }],
      'Playwright without a tenant': [
        'npx', ['playwright', 'test', '--config', 'playwright/playwright.config.mjs'], { SUITE: 'failing-workspace.mjs', CHROMIUM: chromium },
      ],
    }
    for (const [name, [command, args, more]] of Object.entries(runs)) {
      const { status, said } = run(command, args, more)
      assert.notEqual(status, 0, `${name}: ${said}`)
      assert.match(said, nearest, name)
    }
    const { status, said } = run('node', ['--test', 'node-test/gone.mjs'])
    assert.notEqual(status, 0, said)
    assert.match(said, /the reason/)
    assert.match(said, /the workspace does not report: /)
  })

  await t.test('a strict compiler accepts it', () => succeeds('npx', ['tsc', '-p', 'types/tsconfig.json']))
})
