// Runs the workspace CLI in the present folder: sets it up with the given options, pulls, adds an action and pushes. Prints what
// it was set up with, what it has pulled, and the actions that the server has before and after, as the API at its own address
// tells them.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const cli = fileURLToPath(new URL('../node_modules/@integration-app/membrane-cli/dist/index.js', import.meta.url));
const { MEMBRANE_API_URI, MEMBRANE_TOKEN, MEMBRANE_WORKSPACE_KEY, MEMBRANE_WORKSPACE_SECRET } = process.env;
const run = (...args) => execFileSync(process.execPath, [cli, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });

async function actions() {
  const response = await fetch(`${MEMBRANE_API_URI}/actions`, { headers: { authorization: `Bearer ${MEMBRANE_TOKEN}` } });
  return (await response.json()).items.map(({ key }) => key).sort();
}

run('init', '--key', MEMBRANE_WORKSPACE_KEY, '--secret', MEMBRANE_WORKSPACE_SECRET, ...process.argv.slice(2));
run('pull');
const pulled = {
  integrations: readdirSync('membrane/integrations').sort(),
  actions: readdirSync('membrane/actions').sort(),
  github: readFileSync('membrane/integrations/github/github.yaml', 'utf8'),
};
const before = await actions();
mkdirSync('membrane/actions/greet');
writeFileSync(
  'membrane/actions/greet/greet.yaml',
  'key: greet\nname: Greet\ntype: run-javascript\nconfig:\n  code: module.exports = () => 1\n',
);
run('push');
console.log(JSON.stringify({ config: readFileSync('membrane.config.yml', 'utf8'), pulled, before, after: await actions() }));
