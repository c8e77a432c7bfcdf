// Public programs as npm has them, with the addresses that are written into them, under `exec --redirect`.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { execJson, file, folder, node } from './lib.mjs';

test('@membranehq/sdk', async () => {
  assert.deepEqual(await execJson([node, file('programs/membranehq-sdk.mjs')]), {
    address: 'https://api.getmembrane.com',
    self: 'demo-tenant',
    signed: 't1',
    connections: ['GitHub', 'HubSpot'],
    renamed: 'Renamed',
  });
});

test('@integration-app/sdk', async () => {
  assert.deepEqual(await execJson([node, file('programs/integration-app-sdk.cjs')]), {
    address: 'https://api.integration.app',
    self: 'demo-tenant',
    connections: ['GitHub', 'HubSpot'],
    renamed: 'Renamed',
  });
});

for (const [name, options, address] of [
  ['with its own default', [], 'https://api.integration.app'],
  ['with the later address', ['--api-uri', 'https://api.getmembrane.com'], 'https://api.getmembrane.com'],
]) {
  test(`@integration-app/membrane-cli ${name}`, async (t) => {
    const cwd = folder(t);
    const { config, pulled, before, after } = await execJson([node, file('programs/workspace-cli.mjs'), ...options], { cwd });
    assert.ok(config.includes(`apiUri: ${address}\n`), config);
    assert.ok(pulled.integrations.includes('hubspot') && pulled.integrations.includes('slack'), pulled.integrations.join());
    assert.ok(pulled.actions.includes('create-contact') && pulled.actions.includes('list-repositories'), pulled.actions.join());
    assert.match(pulled.github, /^name: GitHub$/m);
    assert.ok(!before.includes('greet'), before.join());
    assert.deepEqual(after, [...before, 'greet'].sort());
  });
}
