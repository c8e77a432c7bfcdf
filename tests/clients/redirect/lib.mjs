// What the suite is started with, how it runs programs, and the servers that they talk to.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A path that the caller gave from where the caller was: npm runs a suite in the folder of its own. A bare name stays one. */
const given = (path) => (path.includes('/') ? resolve(process.env.INIT_CWD ?? '.', path) : path);

assert.ok(process.env.MEMBRANE_MOCK_BINARY, 'say which program is tested: MEMBRANE_MOCK_BINARY is not set');
export const binary = given(process.env.MEMBRANE_MOCK_BINARY);
export const node = process.execPath;
export const python = given(process.env.PYTHON ?? 'python3');

/** A file of this folder. */
export const file = (path) => fileURLToPath(new URL(path, import.meta.url));

/** The sources of the files that `exec --redirect` writes. */
const source = (name) => file(`../../../src/cli/redirect/${name}`);
export const sources = { node: source('redirect.cjs'), python: source('sitecustomize.py') };

/** The hosts that are redirected. */
export const HOSTS = ['api.getmembrane.com', 'api.integration.app', 'ui.getmembrane.com', 'ui.integration.app'];

/** A Node option that loads a file before the program. */
export const required = (path) => `--require="${path.replace(/[\\"]/g, '\\$&')}"`;

/** What makes the look-up of every name but `localhost` fail, so that no program of this suite gets to the real platform. */
export const offline = { NODE_OPTIONS: required(file('offline/offline.cjs')), PYTHONPATH: file('offline') };

/** The environment of the programs: what a server or an interpreter around this suite was told is not meant for them. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(MEMBRANE|NODE_|PYTHON|npm_)|_PROXY$/i.test(name)),
);

/** Runs a command to its end. `started` gets the process once it runs. */
export async function run(command, args, { env, cwd, started } = {}) {
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], env: { ...environment, ...env } });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) child[name].setEncoding('utf8').on('data', (text) => (output[name] += text));
  started?.(child);
  const [status, signal] = await once(child, 'close');
  return { status, signal, ...output };
}

/** Runs a command that has to end well, and answers what it printed. */
export async function printed(command, args, options) {
  const { status, signal, stdout, stderr } = await run(command, args, options);
  assert.equal(signal ?? status, 0, `${stdout}\n${stderr}`);
  return stdout.trim();
}

/** The arguments and the environment of a run under `exec`. */
function underExec(command, { options = ['--redirect'], env, ...others }) {
  const { NODE_OPTIONS = '', PYTHONPATH, ...own } = env ?? {};
  return [
    ['exec', ...options, '--', ...command],
    {
      ...others,
      env: {
        NODE_OPTIONS: `${offline.NODE_OPTIONS} ${NODE_OPTIONS}`.trim(),
        PYTHONPATH: PYTHONPATH ? [offline.PYTHONPATH, PYTHONPATH].join(delimiter) : offline.PYTHONPATH,
        ...own,
      },
    },
  ];
}

/** Runs a command under `exec --redirect`, or under `exec` with other options. */
export const exec = (command, options = {}) => run(binary, ...underExec(command, options));

/** The same, for one that has to end well and prints JSON. */
export const execJson = async (command, options = {}) => JSON.parse(await printed(binary, ...underExec(command, options)));

/** A folder that is gone after the test. */
export function folder(t) {
  const path = mkdtempSync(join(tmpdir(), 'redirect-suite-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A server that records what arrives and answers `{"from": name}`; `/hop` leads to `hop`. */
export class Recorder {
  #requests = [];
  #server;

  constructor(name, hop) {
    this.#server = createServer(async (request, response) => {
      const chunks = await request.toArray();
      const { method, url, headers } = request;
      this.#requests.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
      const isHop = url === '/hop';
      response.writeHead(isHop ? 307 : 200, { 'content-type': 'application/json', ...(isHop && { location: hop }) });
      response.end(JSON.stringify({ from: name }));
    });
  }

  async start() {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    this.netloc = `127.0.0.1:${this.#server.address().port}`;
    this.url = `http://${this.netloc}`;
  }

  /** What has arrived since the last call. */
  take() {
    return this.#requests.splice(0);
  }

  stop() {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
