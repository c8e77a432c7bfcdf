#!/usr/bin/env node
// Runs the program of this platform, with the same arguments, environment and end.

import { spawn } from 'node:child_process'
import { binary } from '../dist/binary.js'

let program
try {
  program = binary()
} catch (error) {
  console.error(`membrane-mock: ${error.message}`)
  process.exit(1)
}
const child = spawn(program, process.argv.slice(2), { stdio: 'inherit' })
// What is typed at a terminal reaches the program by itself; what is sent to this process is passed on.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
// A parent that is killed passes nothing on: `npx` starts this by a shell.
const parent = process.ppid
setInterval(() => {
  if (process.ppid !== parent) child.kill('SIGTERM')
}, 250).unref()
child.on('error', (error) => {
  console.error(`membrane-mock: ${program} cannot be run: ${error.message}`)
  process.exit(1)
})
child.on('exit', (code, signal) => {
  if (!signal) process.exit(code ?? 1)
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
})
