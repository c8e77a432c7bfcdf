// The server that is recorded: its own process, on a free port, with a clock that stands still and ids that repeat.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** When the walk takes place, on every workspace's clock. */
export const NOW = '2025-01-01T00:00:00Z'

/** Starts the binary; `stop` ends it, and checks that it took its ready file with it. */
export async function startServer(binary) {
  const folder = await mkdtemp(join(tmpdir(), 'membrane-mock-recording-'))
  const readyFile = join(folder, 'ready.json')
  const options = ['serve', '--port', '0', '--clock', NOW, '--rng-seed', '7', '--ready-file', readyFile, '--json']
  const server = spawn(binary, options, { env: plainEnvironment(), stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(server, 'exit')
  const first = await Promise.race([
    once(createInterface({ input: server.stdout }), 'line'),
    ended.then(([code]) => Promise.reject(new Error(`${binary} ended with status ${code} before it was ready`))),
  ])
  const ready = JSON.parse(await readFile(readyFile, 'utf8'))
  if (ready.url !== JSON.parse(first[0]).url) throw new Error('the ready file and the ready line differ')
  return {
    ...ready,
    stop: async () => {
      server.kill('SIGTERM')
      await ended
      const left = existsSync(readyFile)
      await rm(folder, { recursive: true })
      if (left) throw new Error('the ready file was left behind')
    },
  }
}

/** Nothing that this process was told of another server may reach the one that is recorded. */
function plainEnvironment() {
  const kept = Object.entries(process.env).filter(([name]) => !/^(NEXT_PUBLIC_)?(MEMBRANE|INTEGRATION_APP)_/.test(name))
  return Object.fromEntries(kept)
}
