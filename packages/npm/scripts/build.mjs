// Builds the package into a folder of its own, from which programs import it; the source tree stays as it is.

import { execFileSync } from 'node:child_process'
import { cpSync, symlinkSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(dirname(fileURLToPath(import.meta.url)))

/** Copies the sources to `folder`, which is not there yet, and builds them by what the program says of its control API. */
export function build(program, folder) {
  const isSource = (at) => !/^(node_modules|dist|src\/control\.ts)$/.test(relative(here, at))
  cpSync(here, folder, { recursive: true, filter: isSource })
  symlinkSync(join(here, 'node_modules'), join(folder, 'node_modules'))
  const env = { ...process.env, MEMBRANE_MOCK_BINARY: program }
  for (const script of ['generate', 'build']) {
    execFileSync('npm', ['run', '--silent', script], { cwd: folder, env, stdio: ['ignore', 'inherit', 'inherit'] })
  }
}
