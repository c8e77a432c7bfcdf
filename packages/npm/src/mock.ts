import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { binary } from './binary.js'
import { type ControlClient, type Schemas, answered, controlClient } from './control-client.js'
import { Workspace } from './workspace.js'

/** How a server is started. */
export interface MockOptions {
  /** What the first workspace starts from: `demo`, `empty`, or the path of a seed. */
  seed?: string
  /** The moment at which time stands still; it goes on with the system when absent. */
  clock?: string
  /** More options of `membrane-mock serve`. */
  args?: readonly string[]
}

/** What a workspace is made of. */
export type WorkspaceOptions = Schemas['CreateBody']

interface Ready {
  url: string
  workspaceKey: string
  controlToken?: string
}

type Server = ChildProcessByStdio<Writable, Readable, null>

/** A running server. */
export class Mock implements AsyncDisposable {
  /** The whole control API, typed. */
  readonly control: ControlClient

  /** @internal */
  constructor(
    /** The address of the server, which clients take as the API's. */
    readonly url: string,
    private readonly firstKey: string | undefined,
    controlToken: string | undefined,
    private readonly server?: Server,
  ) {
    this.control = controlClient(url, controlToken)
  }

  /** Makes a workspace of its own: a copy of the one that the server started with, unless `seed` or `from` says otherwise. */
  async workspace(options: WorkspaceOptions = {}): Promise<Workspace> {
    return new Workspace(this.control, await answered(this.control.POST('/__mock/workspaces', { body: options })))
  }

  /** A workspace that is there; without a key the one that the server started with. */
  async existing(key = this.firstKey): Promise<Workspace> {
    if (key === undefined) {
      const { items } = await answered(this.control.GET('/__mock/workspaces'))
      key = items[0]?.key
    }
    if (key === undefined) throw new Error('the server has no workspace')
    return new Workspace(this.control, await answered(this.control.GET('/__mock/workspaces/{key}', { params: { path: { key } } })))
  }

  /** Stops the server, where `startMock` started it. */
  async stop(): Promise<void> {
    if (!this.server || this.server.exitCode !== null || this.server.signalCode !== null) return
    this.server.ref()
    const ended = once(this.server, 'exit')
    this.server.stdin.end()
    await ended
  }

  async [Symbol.asyncDispose]() {
    await this.stop()
  }
}

/** Starts a server on a free port. It ends with `stop`, and with this process however that ends. */
export async function startMock({ seed, clock, args = [] }: MockOptions = {}): Promise<Mock> {
  const options = ['serve', '--port', '0', '--json', '--while-stdin-open']
  if (seed !== undefined) options.push('--seed', seed)
  if (clock !== undefined) options.push('--clock', clock)
  const program = binary()
  const server: Server = spawn(program, [...options, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  const output = createInterface(server.stdout)
  const line = await new Promise<string>((resolve, reject) => {
    output.once('line', resolve)
    server.once('error', (error) => reject(new Error(`${program} cannot be run: ${error.message}`)))
    server.once('exit', (code, signal) => reject(new Error(`membrane-mock ended before it was ready (${signal ?? code})`)))
  })
  output.close()
  // A program that forgets to stop the server is not kept running by it.
  server.unref()
  for (const end of [server.stdin, server.stdout]) if ('unref' in end && typeof end.unref === 'function') end.unref()
  const ready = JSON.parse(line) as Ready
  return new Mock(ready.url, ready.workspaceKey, ready.controlToken, server)
}

/** Uses a server that runs: by default the one of `membrane-mock exec`, which the environment names. */
export function attachMock(controlUrl = process.env.MEMBRANE_MOCK_CONTROL_URL, controlToken = process.env.MEMBRANE_MOCK_CONTROL_TOKEN): Mock {
  if (!controlUrl) throw new Error('MEMBRANE_MOCK_CONTROL_URL is not set: run under `membrane-mock exec`, or use startMock()')
  return new Mock(controlUrl.replace(/\/__mock\/?$/, ''), process.env.MEMBRANE_WORKSPACE_KEY, controlToken || undefined)
}

let shared: Promise<Mock> | undefined

/** The server of this process: that of `membrane-mock exec` or of a global set-up, else one that is started once. */
export function sharedMock(options?: MockOptions): Promise<Mock> {
  shared ??= process.env.MEMBRANE_MOCK_CONTROL_URL ? Promise.resolve(attachMock()) : startMock(options)
  return shared
}
