// The workspace CLI: `init`, `pull` and `push`, within a workspace and from one into another.
//
// Started as `membrane-mock exec -- npm test`, which exports the addresses read here.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startServer } from '../sdk/lib/server.mjs';

const { env } = process;
const membrane = fileURLToPath(new URL('node_modules/.bin/membrane', import.meta.url));

async function send(url, token, body) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  assert.ok(response.ok, `POST ${url} answered ${response.status}: ${text}`);
  return JSON.parse(text);
}

/** Makes a workspace, the demo's or an empty one; it is removed after the test. */
async function workspace(t, of = {}) {
  assert.ok(env.MEMBRANE_MOCK_CONTROL_URL, 'start the suite as `membrane-mock exec -- npm test`');
  const [at, token] = [`${env.MEMBRANE_MOCK_CONTROL_URL}/workspaces`, env.MEMBRANE_MOCK_CONTROL_TOKEN];
  const made = await send(at, token, of);
  t.after(() => fetch(`${at}/${made.key}`, { method: 'DELETE', headers: token ? { authorization: `Bearer ${token}` } : {} }));
  return made;
}

/** One element of each kind that travels, beside the demo's actions. */
async function fill(made) {
  const add = (path, body) => send(env.MEMBRANE_API_URI + path, made.managerToken, body);
  const github = { integrationKey: 'github' };
  const nodes = {
    begin: { type: 'api-trigger', links: [{ key: 'say' }] },
    say: { type: 'run-javascript', config: { code: "module.exports = () => 'hello'" } },
  };
  const importValue = { name: { $var: '$.login' } };
  const schema = { type: 'object', properties: { name: { type: 'string' } } };
  await add('/flows', { key: 'greet', name: 'Greet', nodes });
  await add('/flows', { key: 'greet-on-github', name: 'Greet on GitHub', nodes, ...github });
  await add('/field-mappings', { key: 'people', name: 'People', importValue, appSchema: schema });
  await add('/field-mappings', { key: 'issues', name: 'Issues', importValue, ...github });
  await add('/data-sources', { key: 'all-issues', name: 'All issues', collectionKey: 'issues', ...github });
  await add('/data-link-tables', { key: 'users', name: 'Users' });
  await add('/app-event-types', { key: 'user-created', name: 'User created', schema });
  await add('/app-data-schemas', { key: 'user', name: 'User', schema });
}

/** A folder where the CLI runs with some workspaces; it is removed after the test. */
async function folder(t, workspaces) {
  const at = await mkdtemp(join(tmpdir(), 'workspace-cli-'));
  t.after(() => rm(at, { recursive: true }));
  const entries = Object.entries(workspaces);
  const described = entries.map(([name, { key, secret, url }]) => [name, { key, secret, apiUri: url ?? env.MEMBRANE_API_URI }]);
  // JSON is YAML too.
  await writeFile(join(at, 'membrane.config.yml'), JSON.stringify({ workspaces: Object.fromEntries(described) }));
  return at;
}

/** Runs the CLI and answers what it printed; an end other than 0 fails the test. */
function run(cwd, ...args) {
  return new Promise((resolve, reject) => {
    const child = execFile(process.execPath, [membrane, ...args], { cwd }, (error, stdout, stderr) =>
      error ? reject(new Error(`membrane ${args.join(' ')}: ${error.message}\n${stdout}\n${stderr}`)) : resolve(stdout),
    );
    child.stdin.end();
  });
}

/** Every file of a folder by its path. */
async function files(at) {
  const found = await readdir(at, { recursive: true, withFileTypes: true });
  const read = found.filter((entry) => entry.isFile()).map(async (entry) => {
    const path = join(entry.parentPath ?? entry.path, entry.name);
    return [relative(at, path), await readFile(path, 'utf8')];
  });
  return Object.fromEntries((await Promise.all(read)).sort());
}

async function pull(at, name) {
  await rm(join(at, 'membrane'), { recursive: true, force: true });
  await run(at, 'pull', '-w', name);
  return files(join(at, 'membrane'));
}

/** Fails with what differs, file by file. */
function same(read, wanted) {
  assert.deepEqual(Object.keys(read), Object.keys(wanted));
  const differ = Object.keys(wanted).filter((path) => read[path] !== wanted[path]);
  const of = (all) => Object.fromEntries(differ.map((path) => [path, all[path].split('\n')]));
  assert.deepEqual(of(read), of(wanted));
}

const without = (read, lines) =>
  Object.fromEntries(Object.entries(read).map(([path, text]) => [path, text.replaceAll(lines, '')]));

/** Files without what every change of an integration changes, inside what is of it. */
const unstamped = (read) => without(read, /^ +(?:revision|updatedAt): .*\n/gm);

/** Files without what is one workspace's own: the ids of its records, and the addresses that have them. */
const ofNoWorkspace = (read) =>
  without(
    unstamped(read),
    /^ *(?:id|uuid|integrationId|parentId|parentUuid|universal\w*Id|createdAt|logoUri|webhookKey): .*\n|^globalWebhookUri: .*\n(?: .*\n)?/gm,
  );

/**
 * Moves what integrations have of their own to where `push` reads it: `pull` writes `actions/KEY/INTEGRATION/`, `push` reads
 * `integrations/INTEGRATION/actions/KEY/`. What serves an integration without being its own is universal, and goes.
 */
async function toPush(at) {
  for (const path of Object.keys(await files(at))) {
    const [kind, key, integration, file] = path.split('/');
    if (!file) continue;
    const from = join(at, path);
    if (/^layer: integration$/m.test(await readFile(from, 'utf8'))) {
      const to = join(at, 'integrations', integration, kind, key, `${key}.yaml`);
      await mkdir(dirname(to), { recursive: true });
      await cp(from, to);
    }
    await rm(dirname(from), { recursive: true });
    const left = join(at, kind, key);
    if ((await readdir(left)).length === 0) await rm(left, { recursive: true });
  }
}

test('init writes the settings that pull and push read', async (t) => {
  const made = await workspace(t);
  const at = await mkdtemp(join(tmpdir(), 'workspace-cli-'));
  t.after(() => rm(at, { recursive: true }));
  await run(at, 'init', '-k', made.key, '-s', made.secret, '-u', env.MEMBRANE_API_URI);
  const read = await pull(at, 'default');
  assert.match(read['integrations/github/github.yaml'], /^name: GitHub$/m);
  assert.match(read['actions/create-issue/github/github.yaml'], /^layer: integration$/m);
});

test('what was pulled and pushed back is pulled again', async (t) => {
  const made = await workspace(t);
  await fill(made);
  const at = await folder(t, { one: made });
  const first = await pull(at, 'one');
  for (const kind of ['flows/greet', 'field-mappings/people', 'data-link-tables/users', 'app-data-schemas/user']) {
    assert.ok(first[`${kind}/${kind.split('/')[1]}.yaml`], `${kind} is not among ${Object.keys(first)}`);
  }
  await run(at, 'push', '-w', 'one');
  same(unstamped(await pull(at, 'one')), unstamped(first));
});

test('a workspace that another was pushed to is pulled as that one', async (t) => {
  const [one, two] = [await workspace(t), await workspace(t, { seed: 'none' })];
  await fill(one);
  const at = await folder(t, { one, two });
  const first = await pull(at, 'one');
  // As they were pulled, files bring what is universal; the second push finds it there.
  await run(at, 'push', '-w', 'two');
  await toPush(join(at, 'membrane'));
  const said = await run(at, 'push', '-w', 'two');
  assert.match(said, /Applied & Customized hubspot action create-contact/);
  same(ofNoWorkspace(await pull(at, 'two')), ofNoWorkspace(first));
});

test('a folder that was pulled is a seed', async (t) => {
  const made = await workspace(t);
  await fill(made);
  const at = await folder(t, { one: made });
  const first = await pull(at, 'one');
  const server = await startServer('--seed', join(at, 'membrane'));
  t.after(server.stop);
  const { url, workspaceKey: key, workspaceSecret: secret } = server;
  const other = await folder(t, { two: { key, secret, url } });
  same(ofNoWorkspace(await pull(other, 'two')), ofNoWorkspace(first));
});
