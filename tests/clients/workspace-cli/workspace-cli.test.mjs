// The workspace CLI: `init`, `pull` and `push`, within a workspace and from one into another.
//
// Started as `membrane-mock exec -- npm test`, which exports the addresses read here.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { fill, kinds } from '../sdk/lib/elements.mjs';
import { startServer } from '../sdk/lib/server.mjs';

const { env } = process;
const membrane = fileURLToPath(new URL('node_modules/.bin/membrane', import.meta.url));

async function send(url, token, body, method = 'POST') {
  const response = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  assert.ok(response.ok, `${method} ${url} answered ${response.status}: ${text}`);
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

/** The kinds that the CLI brings beside integrations. */
const brought = [
  ...['actions', 'flows', 'data-sources', 'field-mappings'],
  ...['data-link-tables', 'app-event-types', 'app-data-schemas'],
];

/**
 * Elements of each of these kinds, with the integrations' own of these keys; answers where they stand. Of an integration the
 * CLI brings key, name and connector alone, and it is called as its connector is.
 */
async function fillWorkspace(made, own) {
  const change = (path, body, method) => send(env.MEMBRANE_API_URI + path, made.managerToken, body, method);
  const elements = await fill(change, {
    of: Object.fromEntries(brought.map((kind) => [kind, kinds[kind]])),
    connectors: ['airtable', 'google-calendar', 'jira', 'klaviyo', 'postmark', 'twilio'],
    integrations: {},
    prefix: '',
    own,
  });
  // Of versions, `push` brings the definition of those that were changed.
  const changed = { name: 'A changed version' };
  const ofKind = { flows: { ...changed, nodes: kinds.flows.nodes } };
  const versions = elements.filter(({ key, integrationKey }) => integrationKey && key.endsWith('-both'));
  await Promise.all(versions.map(({ kind, id }) => change(`/${kind}/${id}`, ofKind[kind] ?? changed, 'PATCH')));
  // Of data link tables, the CLI asks for universal ones alone.
  return elements.filter(({ kind, integrationKey }) => kind !== 'data-link-tables' || !integrationKey);
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

/** The fields that are one workspace's own: the ids of its records, and what has them. */
const own = [
  ...['id', 'uuid', 'integrationId', 'flowId', 'dataSourceId', 'fieldMappingId', 'parentId', 'parentUuid', 'universal\\w*Id'],
  ...['\\w+Revision', 'createdAt', 'logoUri', 'webhookKey'],
];
const ofNoWorkspace = (read) =>
  without(unstamped(read), new RegExp(`^ *(?:${own.join('|')}): .*\\n|^globalWebhookUri: .*\\n(?: .*\\n)?`, 'gm'));

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
  const elements = await fillWorkspace(made, ['both', 'own', 'other']);
  const at = await folder(t, { one: made });
  const first = await pull(at, 'one');
  assert.ok(elements.length >= 80, `${elements.length} elements`);
  for (const { kind, key, integrationKey: at } of elements) {
    const path = `${kind}/${key}/${at ? `${at}/${at}` : key}.yaml`;
    assert.ok(first[path], `${path} is not among ${Object.keys(first)}`);
  }
  await toPush(join(at, 'membrane'));
  await run(at, 'push', '-w', 'one');
  same(unstamped(await pull(at, 'one')), unstamped(first));
});

test('a workspace that another was pushed to is pulled as that one', async (t) => {
  const [one, two] = [await workspace(t), await workspace(t, { seed: 'none' })];
  await fillWorkspace(one, ['both', 'own', 'other']);
  const at = await folder(t, { one, two });
  const first = await pull(at, 'one');
  await toPush(join(at, 'membrane'));
  const said = await run(at, 'push', '-w', 'two');
  assert.match(said, /Applied & Customized hubspot action create-contact/);
  same(ofNoWorkspace(await pull(at, 'two')), ofNoWorkspace(first));
});

test('a folder that was pulled is a seed, and is planted anew when a file changes', async (t) => {
  const made = await workspace(t);
  await fillWorkspace(made, ['own', 'other', 'third']);
  const at = await folder(t, { one: made });
  const first = await pull(at, 'one');
  const server = await startServer('--watch', '--seed', join(at, 'membrane'));
  t.after(server.stop);
  const { url, workspaceKey: key, workspaceSecret: secret } = server;
  const other = await folder(t, { two: { key, secret, url } });
  same(ofNoWorkspace(await pull(other, 'two')), ofNoWorkspace(first));

  const path = 'flows/flows-own/jira/jira.yaml';
  const change = async (from, to) => {
    // It is moved to its place, so that nobody reads half of it.
    await writeFile(join(at, 'changed.yaml'), first[path].replace(from, to));
    await rename(join(at, 'changed.yaml'), join(at, 'membrane', path));
  };
  const name = async () => {
    const { items: [{ managerToken }] } = await (await fetch(`${url}/__mock/workspaces`)).json();
    const headers = { authorization: `Bearer ${managerToken}` };
    return (await (await fetch(`${url}/flows/flows-own?integrationKey=jira`, { headers })).json()).name;
  };
  assert.equal(await name(), 'own of flows');
  await change(/^name: .*/m, 'name: Changed');
  await server.says(/the seed has changed and was planted anew/);
  assert.equal(await name(), 'Changed');
  await change(/^name: .*/m, 'name: [Broken]');
  await server.says(/cannot be planted: .*flows-own/);
  assert.equal(await name(), 'Changed', 'the last one that could be read');
});
