// `membrane-mock exec --redirect` as a whole: programs with the platform's address written into them reach its server, and what
// it has written for them goes with it. No name can be looked up, so a call that is not redirected fails, and reaches nobody.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { HOSTS, Recorder, binary, exec, execJson, file, folder, node, offline, python, sources } from './lib.mjs';

const TENANT = 'demo-tenant';
const [asked, read] = [{ fetch: TENANT, https: TENANT }, { urllib: TENANT, requests: TENANT, httpx: TENANT }];
const module = { command: [node, file('programs/self.mjs')], ways: { ...asked, axios: TENANT, child: asked } };
const script = { command: [node, file('programs/self.cjs')], ways: asked };
const code = { command: [python, file('programs/self.py')], ways: read };

/** Prints its environment. */
const inspect = [node, '--eval', 'console.log(JSON.stringify(process.env))'];

/** Prints the one folder in the temporary folder, its permissions, and the files in it. */
const list = [
  node,
  '--eval',
  `const { readFileSync, readdirSync, statSync } = require('fs'), { join } = require('path'), at = process.env.TMPDIR;
  const [name, ...others] = readdirSync(at);
  const of = (path) => readFileSync(join(at, name, path), 'utf8');
  console.log(JSON.stringify({
    name, others, mode: statSync(join(at, name)).mode & 0o777, files: readdirSync(join(at, name)).sort(),
    node: of('redirect.cjs'), python: of('python/sitecustomize.py'),
  }));`,
];

const all = { 'an ES module': module, 'a CommonJS program': script, 'a Python program': code };
for (const [name, { command, ways }] of Object.entries(all)) {
  test(`${name} reaches the server`, async () => {
    assert.deepEqual(await execJson(command), ways);
  });

  test(`${name} asks no proxy for it`, async () => {
    // Nobody listens at the port of discarding.
    const proxies = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'].flatMap((name) => [name, name.toLowerCase()]);
    const env = Object.fromEntries(proxies.map((name) => [name, 'http://127.0.0.1:9']));
    assert.deepEqual(await execJson(command, { env }), ways);
  });

  test(`${name} does not reach the server without --redirect`, async () => {
    const { status, stdout, stderr } = await exec(command, { options: [] });
    assert.equal(status, 1, stderr);
    assert.equal(stdout, '');
    assert.match(stderr, /offline: api\.(getmembrane\.com|integration\.app)/);
  });
}

const addresses = Object.values(networkInterfaces()).flat().map(({ address }) => address);
const noIPv6 = !addresses.includes('::1') && 'this machine has none';
test('Node and Python reach a server on the loopback of IPv6', { skip: noIPv6 }, async () => {
  const options = ['--redirect', '--host', '::1'];
  for (const { command, ways } of [script, code]) assert.deepEqual(await execJson(command, { options }), ways);
});

test('a server within another is the one that is reached', async () => {
  const inner = [binary, 'exec', '--redirect', '--'];
  const seen = 'console.log(JSON.stringify([process.env.MEMBRANE_MOCK_REDIRECT_TO, process.env.MEMBRANE_API_URI]))';
  const [to, own] = await execJson([...inner, node, '--eval', seen]);
  assert.equal(to, own);
  for (const { command, ways } of [script, code]) assert.deepEqual(await execJson([...inner, ...command]), ways);
});

test('another host is not redirected', async (t) => {
  const other = new Recorder('other');
  await other.start();
  t.after(() => other.stop());
  const env = { OTHER: `${other.url}/other` };
  const source = 'fetch(process.env.OTHER).then((response) => response.text()).then(console.log)';
  assert.deepEqual(await execJson([node, '--eval', source], { env }), { from: 'other' });
  const code = 'import os; from urllib.request import urlopen; print(urlopen(os.environ["OTHER"]).read().decode())';
  assert.deepEqual(await execJson([python, '-c', code], { env }), { from: 'other' });
  assert.deepEqual(other.take().map(({ url, headers }) => [url, headers.host]), Array(2).fill(['/other', other.netloc]));
});

test('the variables are those that the libraries are tested with', async (t) => {
  const temporary = folder(t);
  const env = await execJson(inspect, { env: { TMPDIR: temporary, NO_PROXY: 'internal.example' } });
  assert.equal(env.MEMBRANE_MOCK_REDIRECT_TO, env.MEMBRANE_API_URI);
  assert.equal(env.MEMBRANE_MOCK_REDIRECT_HOSTS, HOSTS.join());
  const [own] = env.NODE_OPTIONS.match(/membrane-mock-redirect-\d+-\d+/);
  assert.equal(env.NODE_OPTIONS, `${offline.NODE_OPTIONS} --require="${join(temporary, own, 'redirect.cjs')}"`);
  assert.equal(env.PYTHONPATH, `${join(temporary, own, 'python')}:${offline.PYTHONPATH}`);
  const unproxied = ['127.0.0.1', 'localhost', '::1', ...HOSTS];
  assert.equal(env.NO_PROXY, ['internal.example', ...unproxied].join());
  // What is told in one spelling is meant by the other as well.
  assert.equal(env.no_proxy, env.NO_PROXY);
});

test('without --redirect none of them is set, and nothing is written', async (t) => {
  const temporary = folder(t);
  const env = await execJson(inspect, { options: [], env: { TMPDIR: temporary } });
  assert.deepEqual(Object.keys(env).filter((name) => name.includes('REDIRECT')), []);
  assert.equal(env.NODE_OPTIONS, offline.NODE_OPTIONS);
  assert.equal(env.PYTHONPATH, offline.PYTHONPATH);
  assert.equal(env.NO_PROXY, '127.0.0.1,localhost,::1');
  assert.deepEqual(readdirSync(temporary), []);
});

test('NODE_OPTIONS that were set stay in force', async () => {
  const source = 'console.log(JSON.stringify([process.title, process.noDeprecation]))';
  const env = { NODE_OPTIONS: '--title=its-own --no-deprecation' };
  assert.deepEqual(await execJson([node, '--eval', source], { env }), ['its-own', true]);
});

test('a PYTHONPATH that was set stays in force, with its sitecustomize', async (t) => {
  const own = folder(t);
  writeFileSync(join(own, 'of_the_path.py'), 'NAME = "its own"\n');
  const code = 'import json, of_the_path, sitecustomize; print(json.dumps([of_the_path.NAME, sitecustomize.__file__]))';
  const found = await execJson([python, '-c', code], { env: { PYTHONPATH: own } });
  assert.deepEqual(found, ['its own', join(offline.PYTHONPATH, 'sitecustomize.py')]);
});

// --- what is written ---------------------------------------------------------------------------------------------

test('the files are those of the sources, for nobody else to read, and go with the command', async (t) => {
  const TMPDIR = folder(t);
  const { name, others, mode, files, node, python } = await execJson(list, { env: { TMPDIR } });
  assert.match(name, /^membrane-mock-redirect-\d+-\d+$/);
  assert.deepEqual({ others, mode, files }, { others: [], mode: 0o700, files: ['python', 'redirect.cjs'] });
  assert.equal(node, readFileSync(sources.node, 'utf8'));
  assert.equal(python, readFileSync(sources.python, 'utf8'));
  assert.deepEqual(readdirSync(TMPDIR), []);
});

test('a temporary folder may have a name that has to be quoted', async (t) => {
  const TMPDIR = join(folder(t), `it's "a" \\ folder`);
  mkdirSync(TMPDIR);
  for (const { command, ways } of [script, code]) assert.deepEqual(await execJson(command, { env: { TMPDIR } }), ways);
  assert.deepEqual(readdirSync(TMPDIR), []);
});

for (const [name, TMPDIR] of [['relative', 'temporary'], ['empty', '']]) {
  test(`a temporary folder may be ${name}, and the command may leave the present one`, async (t) => {
    const cwd = folder(t);
    mkdirSync(join(cwd, 'temporary'));
    for (const { command, ways } of [script, code]) {
      const elsewhere = ['sh', '-c', 'cd / && exec "$@"', 'sh', ...command];
      assert.deepEqual(await execJson(elsewhere, { cwd, env: { TMPDIR } }), ways);
    }
    assert.deepEqual([readdirSync(cwd), readdirSync(join(cwd, 'temporary'))], [['temporary'], []]);
  });
}

test('a temporary folder that is missing is told, and the command is not run', async (t) => {
  const { status, stdout, stderr } = await exec([node, '--eval', 'console.log(1)'], { env: { TMPDIR: join(folder(t), 'none') } });
  assert.equal(status, 1);
  assert.equal(stdout, '');
  assert.match(stderr, /^membrane-mock: cannot write what redirects programs: .+\n$/);
});

for (const [name, command, wanted] of [
  ['a Node program', [node, '--eval', 'process.exitCode = 7'], 7],
  ['a Python program', [python, '-c', 'raise SystemExit(9)'], 9],
  ['a program that a signal ends', [node, '--eval', `process.kill(process.pid, 'SIGKILL')`], 128 + 9],
  ['a command that does not exist', ['no-such-command-of-anybody'], 127],
]) {
  test(`the status of ${name} is that of exec, and nothing stays behind`, async (t) => {
    const TMPDIR = folder(t);
    const { status, stderr } = await exec(command, { env: { TMPDIR } });
    assert.equal(status, wanted, stderr);
    assert.deepEqual(readdirSync(TMPDIR), []);
  });
}

test('a command that is told to end can still reach the server, and nothing stays behind', async (t) => {
  const TMPDIR = folder(t);
  const source = `
    const idle = setInterval(() => {}, 1e6);
    process.once('SIGTERM', async () => {
      clearInterval(idle);
      const { execFileSync } = require('child_process');
      console.log(execFileSync(process.execPath, [${JSON.stringify(file('programs/self.cjs'))}], { encoding: 'utf8' }));
    });
    console.log('ready');`;
  const { status, stdout, stderr } = await exec([node, '--eval', source], {
    env: { TMPDIR },
    started: async (child) => {
      await once(child.stdout, 'data');
      child.kill('SIGTERM');
    },
  });
  // It ended by itself, so the status is its own.
  assert.equal(status, 0, stderr);
  assert.deepEqual(JSON.parse(stdout.replace('ready', '')), asked);
  assert.deepEqual(readdirSync(TMPDIR), []);
});
