// Executes the recipes of README.md and docs/, each in a workspace of its own, and then the main job. Checks too that the
// links between the documents lead somewhere.
//
// A recipe is a fenced js, ts, sh or python block with `<!-- recipe: name -->` on the line before it. Such a block without
// the mark is an error unless `<!-- not run: reason -->` stands there, or `<!-- guide: … -->` in a guide, which the suite of
// its package runs from top to bottom. Rust blocks are doc tests of the crate, which has to
// include their document; json, text, toml and yaml are not executed.
//
// Recipes import the npm package as a project that has installed it does: it is built here from packages/npm.
//
// Start, with membrane-mock and a python3 that has PyJWT on the path:
//        npm ci here and in packages/npm, then membrane-mock exec -- node tests/clients/recipes/run.mjs [name…]

import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from '../../../packages/npm/scripts/build.mjs'
import { deadLinks } from './links.mjs'

const here = import.meta.dirname
const root = resolve(here, '../../..')
const PROGRAMS = {
  js: [process.execPath, 'mjs'],
  // Node 20 reads no types: a ts block has only those that TypeScript finds by itself.
  ts: [process.execPath, 'mjs'],
  sh: ['bash', 'sh', '-eu', '-o', 'pipefail'],
  python: ['python3', 'py'],
}
const GUIDES = ['docs/typescript.md', 'docs/python.md']
const TIME_LIMIT_MS = 120_000
const control = process.env.MEMBRANE_MOCK_CONTROL_URL
if (!control) fail('MEMBRANE_MOCK_CONTROL_URL is not set: start this with membrane-mock exec')

const below = readdirSync(join(root, 'docs'), { recursive: true }).filter((name) => name.endsWith('.md')).sort()
const documents = ['README.md', 'CHANGELOG.md', ...below.map((name) => `docs/${name}`)]
const crate = readFileSync(join(root, 'src/lib.rs'), 'utf8')
const { recipes, mistakes } = recipesOf(documents)
mistakes.push(...deadLinks(root, documents))
const mainJob = readFileSync(join(here, 'main-job.mjs'), 'utf8')
recipes.push({ name: 'main-job', language: 'js', source: mainJob, place: 'tests/clients/recipes/main-job.mjs' })

const wanted = process.argv.slice(2)
const chosen = wanted.length ? recipes.filter(({ name }) => wanted.includes(name)) : recipes
if (chosen.length === 0 || (wanted.length && chosen.length < wanted.length)) {
  mistakes.push(`there is no such recipe; known are ${recipes.map(({ name }) => name).join(', ')}`)
}

// Below this folder, so that the client is found as in a project that depends on it.
mkdirSync(join(here, '.run'), { recursive: true })
const folder = mkdtempSync(join(here, '.run', 'recipes-'))
let failed = 0
try {
  build(process.env.MEMBRANE_MOCK_BINARY ?? 'membrane-mock', join(folder, 'package'))
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(join(folder, 'package'), join(folder, 'node_modules/membrane-mock'))
  for (const recipe of chosen) {
    const { code, output } = await execute(recipe)
    if (code === 0) {
      console.log(`ok - ${recipe.name}`)
    } else {
      failed += 1
      console.log(`not ok - ${recipe.name} (${recipe.place}, ${recipe.language}) ended with ${code}`)
      console.log(output.replace(/^/gm, '  '))
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
for (const mistake of mistakes) console.log(`not ok - ${mistake}`)
console.log(`${chosen.length - failed} recipes passed, ${failed + mistakes.length} failed`)
process.exitCode = failed + mistakes.length > 0 ? 1 : 0

/** Every executable block of the documents, and what is wrong with the blocks. */
function recipesOf(documents) {
  const found = { recipes: [], mistakes: [] }
  for (const document of documents) addRecipes(found, document)
  const places = new Map()
  for (const { name, place } of found.recipes) {
    if (places.has(name)) found.mistakes.push(`${place}: ${places.get(name)} is called ${name} too`)
    places.set(name, place)
  }
  if (found.recipes.length === 0) found.mistakes.push('no document has a recipe')
  return found
}

function addRecipes(found, document) {
  const lines = readFileSync(join(root, document), 'utf8').split('\n')
  for (let at = 0; at < lines.length; at += 1) {
    const fence = lines[at].match(/^```(\S*)/)
    if (!fence) continue
    const [, language] = fence
    const end = lines.indexOf('```', at + 1)
    const place = `${document}:${at + 1}`
    const mark = lines[at - 1]?.match(/^<!-- (recipe|guide|not run): (.+) -->$/)
    const recipe = { name: mark?.[2], language, source: lines.slice(at + 1, end).join('\n'), place }
    if (end < 0) found.mistakes.push(`${place}: the block has no end`)
    else if (!language) found.mistakes.push(`${place}: the block names no language`)
    else if (language in PROGRAMS && mark?.[1] === 'recipe') found.recipes.push(recipe)
    else if (mark?.[1] === 'guide' && !GUIDES.includes(document)) found.mistakes.push(`${place}: no suite runs ${document}`)
    else if (language in PROGRAMS && !mark) found.mistakes.push(`${place}: a ${language} block without a mark`)
    else if (!(language in PROGRAMS) && mark?.[1] === 'recipe') {
      found.mistakes.push(`${place}: a recipe in ${language}, which is not executed here`)
    } else if (/^rust\b/.test(language) && !crate.includes(`include_str!("../${document}")`)) {
      found.mistakes.push(`${place}: a rust block, and the end of src/lib.rs does not include ${document}`)
    }
    if (end > at) at = end
  }
}

/** Runs a recipe against a fresh copy of the demo workspace, as `membrane-mock exec` would present it. */
async function execute({ name, language, source }) {
  const workspace = await call('POST', '/workspaces', {})
  try {
    const [program, ending, ...options] = PROGRAMS[language]
    const place = join(folder, name)
    mkdirSync(place)
    const file = join(place, `recipe.${ending}`)
    writeFileSync(file, `${source}\n`)
    const { MEMBRANE_MOCK_CONTROL_TOKEN: token, ...env } = process.env
    return await run(program, [...options, file], place, {
      ...env,
      // Empty when there is none, which a server that a recipe starts would take for a token.
      ...(token && { MEMBRANE_MOCK_CONTROL_TOKEN: token }),
      MEMBRANE_WORKSPACE_KEY: workspace.key,
      MEMBRANE_WORKSPACE_SECRET: workspace.secret,
      INTEGRATION_APP_WORKSPACE_KEY: workspace.key,
      INTEGRATION_APP_WORKSPACE_SECRET: workspace.secret,
      MEMBRANE_TENANT_KEY: workspace.tenantKey,
      MEMBRANE_TOKEN: workspace.tenantToken,
    })
  } finally {
    await call('DELETE', `/workspaces/${workspace.key}`)
  }
}

function run(program, args, cwd, env) {
  return new Promise((done) => {
    const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: TIME_LIMIT_MS })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text))
    child.on('error', (error) => done({ code: 'no start', output: `${output}${error.message}` }))
    child.on('close', (code, signal) => done({ code: code ?? signal, output }))
  })
}

async function call(method, path, body) {
  const token = process.env.MEMBRANE_MOCK_CONTROL_TOKEN
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) }
  const response = await fetch(control + path, { method, headers, body: body && JSON.stringify(body) })
  const text = await response.text()
  if (!response.ok) fail(`control ${method} ${path} answered ${response.status}: ${text}`)
  return text && JSON.parse(text)
}

function fail(message) {
  console.error(message)
  process.exit(1)
}
