// Runs the program's commands in child processes, each in an environment that has nothing but what a test puts there,
// and looks at what they have done through plain HTTP.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { tmpdir } from 'node:os'
import { basename, delimiter, join, resolve } from 'node:path'

const exported = (name) => {
  const value = process.env[name]
  assert.ok(value, `${name} is not set: start the suite as \`membrane-mock exec -- node --test …\``)
  return value
}

/** The program that the suite runs under: MEMBRANE_MOCK_BINARY, else an ancestor of this process, else on the path. */
function programOfSuite() {
  if (process.env.MEMBRANE_MOCK_BINARY) return resolve(process.env.MEMBRANE_MOCK_BINARY)
  for (let pid = process.ppid; pid > 1;) {
    try {
      const program = readlinkSync(`/proc/${pid}/exe`)
      if (basename(program).startsWith('membrane-mock')) return program
      pid = Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ')[1])
    } catch {
      break
    }
  }
  const folders = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'membrane-mock'))
  const program = folders.find((path) => existsSync(path))
  assert.ok(program, 'say which program is tested: MEMBRANE_MOCK_BINARY is not set')
  return program
}

export const binary = programOfSuite()

// --- what was run ------------------------------------------------------------------------------------------------

/** Each command line that was run and did what it was to do. */
export const ran = []

/** The words of a command line as a shell reads them, single quotes and all. */
export const words = (line) => line.match(/'[^']*'|\S+/g).map((word) => word.replace(/^'|'$/g, ''))

// --- HTTP --------------------------------------------------------------------------------------------------------

async function send(method, url, token, body) {
  const response = await fetch(url, {
    method,
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  })
  const text = await response.text()
  return { status: response.status, body: text ? JSON.parse(text) : undefined }
}

/** A call to the control API; its failure is the suite's failure. */
async function control(method, path, body) {
  const url = exported('MEMBRANE_MOCK_CONTROL_URL') + path
  const answer = await send(method, url, process.env.MEMBRANE_MOCK_CONTROL_TOKEN, body)
  assert.ok(answer.status < 300, `control ${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`)
  return answer.body
}

// --- processes ---------------------------------------------------------------------------------------------------

/** A command that hangs is ended after this long, in milliseconds, so that its test can say where it hangs. */
const LONGEST = 60_000

/** A command that runs: `said` resolves when its stderr has a pattern, `ended` when it has ended. */
function start(program, parameters, env) {
  const child = spawn(program, parameters, { env, timeout: LONGEST, killSignal: 'SIGKILL' })
  child.stdin.on('error', () => {}).end()
  const running = { child, stdout: '', stderr: '' }
  const waiting = new Set()
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', (text) => {
      running[name] += text
      for (const look of waiting) look()
    })
  }
  running.ended = once(child, 'close').then(([code, signal]) => {
    for (const look of waiting) look(true)
    return { code, signal, stdout: running.stdout, stderr: running.stderr }
  })
  running.said = (pattern) =>
    new Promise((found, fail) => {
      const look = (isOver) => {
        const match = running.stderr.match(pattern)
        if (!match && !isOver) return
        waiting.delete(look)
        if (match) found(match)
        else fail(new Error(`it ended without saying ${pattern}: ${running.stderr}`))
      }
      waiting.add(look)
      look()
    })
  return running
}

/** A folder that is gone after the test. */
export function folder(t) {
  const path = mkdtempSync(join(tmpdir(), 'membrane-commands-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** The address of a port at which nobody listens, and which no system gives to whoever asks for a free one. */
export const nobody = 'http://127.0.0.1:9'

// --- a world -----------------------------------------------------------------------------------------------------

/** A copy of the demo workspace that belongs to one test, and a home for its credentials. */
export async function fork(t, options = {}) {
  const world = await control('POST', '/workspaces', options)
  t.after(() => control('DELETE', `/workspaces/${world.key}`))
  world.folder = folder(t)
  world.home = join(world.folder, 'membrane')

  world.control = (method, path, body) => control(method, `/workspaces/${world.key}${path}`, body)
  world.progress = (kinds) => world.control('PUT', '/progress', kinds)
  world.call = (method, path, body, token = world.managerToken) => send(method, world.apiUri + path, token, body)
  /** What the API says to the tenant, as long as it is no error. */
  world.get = async (path, token = world.tenantToken) => {
    const { status, body } = await world.call('GET', path, undefined, token)
    assert.equal(status, 200, `GET ${path}: ${JSON.stringify(body)}`)
    return body
  }
  world.make = async (fields) => {
    const { status, body } = await world.call('POST', '/actions', {
      type: 'run-javascript',
      config: { code: 'module.exports = () => 1' },
      ...fields,
    })
    assert.equal(status, 200, JSON.stringify(body))
    return body
  }

  /** Nothing but a home, in which nobody has logged in. */
  world.bare = { HOME: world.folder, MEMBRANE_HOME: world.home }
  world.env = {
    ...world.bare,
    MEMBRANE_API_URI: world.apiUri,
    MEMBRANE_WORKSPACE_KEY: world.key,
    MEMBRANE_WORKSPACE_SECRET: world.secret,
    MEMBRANE_TENANT_KEY: world.tenantKey,
  }

  world.start = (parameters, env = world.env) => {
    const running = start(binary, ['membrane', ...parameters], env)
    t.after(() => running.child.kill('SIGKILL'))
    return Object.assign(running, { parameters })
  }
  /** The end of a command that was started; it has to be a good one. */
  world.well = async (running) => {
    const ended = await running.ended
    assert.equal(ended.code, 0, ended.stderr)
    ran.push(running.parameters)
    return ended
  }
  /** Runs a command to its end, which is with `code` where that is given. */
  world.run = async (parameters, { env = world.env, code, program = binary } = {}) => {
    const full = program === binary ? ['membrane', ...parameters] : parameters
    const ended = await start(program, full, env).ended
    const told = `${parameters.join(' ')}: ${ended.signal ?? ended.code}\n${ended.stdout}${ended.stderr}`
    if (code !== undefined) assert.equal(ended.code, code, told)
    if (code === 0) ran.push(parameters)
    return ended
  }
  /** What a command prints as text; it has to end well. */
  world.text = async (parameters, options) => {
    const { stdout, stderr } = await world.run(parameters, { code: 0, ...options })
    assert.equal(stderr, '')
    return stdout
  }
  /** What a command prints with `--json`; it has to end well. */
  world.json = async (parameters, options) => JSON.parse(await world.text([...parameters, '--json'], options))
  /** What a command prints with `--json` when it is refused, and the sentence beside it. */
  world.refused = async (parameters, options) => {
    const { stdout, stderr } = await world.run([...parameters, '--json'], { code: 1, ...options })
    const body = JSON.parse(stdout)
    assert.match(stderr, /^membrane-mock: .+\n$/)
    assert.ok(stderr.includes(body.message), stderr)
    return { body, stderr }
  }
  return world
}

/**
 * A server between a command and the API: it tells what came, and passes it on, its path as `changed`. The API is asked by its own
 * name, so that what it tells leads there.
 */
export async function between(t, world, changed = (path) => path) {
  const came = []
  const waiting = new Set()
  const api = new URL(world.apiUri)
  const server = createServer((incoming, outgoing) => {
    const { method, url, headers } = incoming
    const asked = { method, path: changed(url), headers: { ...headers, host: api.host } }
    const forwarded = request({ host: api.hostname, port: api.port, ...asked }, (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers)
      answer.pipe(outgoing)
    })
    forwarded.on('error', () => outgoing.destroy())
    incoming.pipe(forwarded)
    incoming.on('end', () => {
      came.push({ method, url, headers })
      for (const look of waiting) look()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = () => {
    server.closeAllConnections()
    server.close()
  }
  t.after(close)
  return {
    close,
    apiUri: `http://127.0.0.1:${server.address().port}`,
    came,
    /** Resolves when so many calls have come. */
    calls: (count) =>
      new Promise((enough) => {
        const look = () => {
          if (came.length < count) return
          waiting.delete(look)
          enough(came)
        }
        waiting.add(look)
        look()
      }),
  }
}

/** The claims of a token, which nobody has checked. */
export const claims = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'))

export const keys = ({ items }) => items.map(({ key }) => key)

export const found = (items, key) => items.find((item) => item.key === key)
