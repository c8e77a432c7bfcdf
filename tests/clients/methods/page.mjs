// docs/client-methods.md: a table for each client. With UPDATE=1 it is written, otherwise it has to be as it would be
// written.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { ANY } from './reflect.mjs';

const PAGE = new URL('../../../docs/client-methods.md', import.meta.url);
/** These are given a path. */
const GENERIC = /^(get|post|put|patch|delete)\(\)$/;
const { env } = process;

const HEAD = `# Methods of the clients

Each table has every method of a client that asks the server for something or shows a page of it, as reflection finds
them, with the requests that it sends, by the routes that serve them; \`action().run()\` is \`client.action(…).run(…)\`.
What \`works\` is called and answered in the tests of the client, which is where its requests are seen; \`browser\` is
called by the tests in a real browser, \`501\` is not faked, \`untested\` is what nobody calls, and the requests of these
three are what the client would send. Of the React package there is every hook that asks for something, with the
requests that the browser sent for it and for its methods. The page is generated: \`UPDATE=1 npm test\` in
\`tests/clients/sdk\`, \`sdk-legacy\` and \`browser\`, each [beside a server](development.md#run-one-suite), writes it
anew, and without \`UPDATE=1\` these fail when it says anything else.
`;

/**
 * Each row has a method, the requests that it sends, and how it is shown to work, where it is. `noun` is what the rows
 * are called.
 */
export async function holdPage(client, version, rows, noun = 'method') {
  const routes = await routesOfServer();
  const sections = new Map(existsSync(PAGE) ? sectionsOf(readFileSync(PAGE, 'utf8')) : []);
  const before = sections.get(client) ?? '';
  const after = sectionOf(client, version, rows, noun, routes);
  sections.set(client, after);
  const text = [HEAD, ...[...sections.keys()].sort().reverse().map((each) => sections.get(each))].join('\n');
  if (env.UPDATE === '1') writeFileSync(PAGE, text);
  const written = existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : '';
  const lines = difference(before, after);
  assert.ok(written === text, `docs/client-methods.md says otherwise; if this is meant, UPDATE=1\n${lines}`);
}

function difference(...sections) {
  const [before, after] = sections.map((each) => each.split('\n'));
  const gone = before.filter((line) => !after.includes(line)).map((line) => `- ${line}`);
  const come = after.filter((line) => !before.includes(line)).map((line) => `+ ${line}`);
  return [...gone, ...come].join('\n');
}

/** The tables that are there, by the name of the client in their heading. */
const sectionsOf = (text) =>
  text
    .split(/^(?=## )/m)
    .slice(1)
    .map((section) => [/`(.+)`/.exec(section)[1], `${section.trimEnd()}\n`]);

function sectionOf(client, version, rows, noun, routes) {
  const lines = rows.map(({ method, sent, shown }) => {
    const requests = sent.map((each) => routed(routes, each));
    const status = shown || (requests.length > 0 && requests.every(({ isFaked }) => !isFaked) ? '501' : 'untested');
    const [, verb] = GENERIC.exec(method) ?? [];
    const shownRequests = verb ? [`${verb.toUpperCase()} (any path)`] : requests.sort(byPath).map(({ text }) => text);
    return { method, status, cell: [...new Set(shownRequests)].map((each) => `\`${each}\``).join(', ') };
  });
  const count = (status) => lines.filter((line) => line.status === status).length;
  const browser = `${count('browser')} work in a browser`;
  return `## \`${client}\` ${version}

${rows.length} ${noun}s: ${count('works')} work, ${browser}, ${count('501')} answer 501, ${count('untested')} are untested.

| ${noun} | requests | status |
|---|---|---|
${lines.map(({ method, cell, status }) => `| \`${method}\` | ${cell || '–'} | ${status} |`).join('\n')}
`;
}

const byPath = (one, other) => {
  const [first, second] = [one, other].map(({ path, text }) => `${path} ${text}`);
  return first < second ? -1 : Number(first > second);
};

/** What the server's own document lists, the most special first. */
async function routesOfServer() {
  const answer = await fetch(`${env.MEMBRANE_API_URI}/docs-json`);
  const holes = (path) => path.split('{').length + (path.includes('{rest}') ? 10 : 0);
  const routes = Object.entries((await answer.json()).paths).map(([path, methods]) => {
    const pattern = path.replaceAll('.', '\\.').replaceAll('{rest}', '.+').replace(/\{\w+\}/g, '[^/]+');
    return { path, methods, isVague: /\{(rest|page)\}/.test(path), matches: new RegExp(`^${pattern}/?$`) };
  });
  return routes.sort((one, other) => holes(one.path) - holes(other.path));
}

/** A request by its route; one that was not observed keeps what a vague route does not say. */
function routed(routes, request) {
  const [method, address] = request.split(' ');
  const asked = address.split('?')[0];
  const route = routes.find(({ matches }) => matches.test(asked));
  const path = route && !(route.isVague && asked.includes(ANY)) ? route.path : asked;
  const isFaked = Boolean(route) && !('501' in (route.methods[method.toLowerCase()]?.responses ?? {}));
  return { path, text: `${method} ${path}`, isFaked };
}
