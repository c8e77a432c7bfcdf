// A server of a test's own, beside the one that the suite runs under: for what has to repeat, or to be stopped.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';

/** The program that the suite runs under: MEMBRANE_MOCK_BINARY, else an ancestor of this process, else on the path. */
export function program() {
  if (process.env.MEMBRANE_MOCK_BINARY) return process.env.MEMBRANE_MOCK_BINARY;
  for (let pid = process.ppid; pid > 1 && existsSync(`/proc/${pid}/exe`); pid = parentOf(pid)) {
    // The link itself: it leads to the program also after its file was replaced.
    if (basename(readlinkSync(`/proc/${pid}/exe`)).startsWith('membrane-mock')) return `/proc/${pid}/exe`;
  }
  return 'membrane-mock';
}

const parentOf = (pid) => Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);

/** Starts one on a free port; `says` waits for what it says on standard error, and `stop` gives all of that. */
export async function startServer(...options) {
  // What the other server was told is not meant for this one.
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('MEMBRANE_MOCK_'));
  const child = spawn(program(), ['serve', '--port', '0', '--json', ...options], {
    env: Object.fromEntries(own),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const end = () => child.kill();
  process.once('exit', end);
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (complaints += text));
  const ended = once(child, 'close');
  const [line] = await Promise.race([once(createInterface(child.stdout), 'line'), ended.then(() => [])]);
  assert.ok(line, `the server did not start:\n${complaints}`);
  const stop = async () => {
    process.off('exit', end);
    child.kill('SIGTERM');
    const [code, signal] = await ended;
    return { code, signal, complaints };
  };
  // A server that ends says nothing more.
  const says = async (pattern) => {
    while (!pattern.test(complaints)) {
      const isOver = await Promise.race([once(child.stderr, 'data').then(() => false), ended.then(() => true)]);
      assert.ok(!isOver || pattern.test(complaints), `the server did not say ${pattern}:\n${complaints}`);
    }
  };
  return { ...JSON.parse(line), says, stop };
}
