// Uses the client as its own documentation begins, without an address. Prints what it has found.

import { MembraneClient } from '@membranehq/sdk';

const { MEMBRANE_TOKEN, MEMBRANE_WORKSPACE_KEY, MEMBRANE_WORKSPACE_SECRET } = process.env;
const client = new MembraneClient({ token: MEMBRANE_TOKEN });
const found = await client.connections.find();
const github = found.items.find(({ name }) => name === 'GitHub');
await client.connection(github.id).patch({ name: 'Renamed' });

// With the workspace's credentials it signs a token by itself.
const signing = new MembraneClient({
  workspaceKey: MEMBRANE_WORKSPACE_KEY,
  workspaceSecret: MEMBRANE_WORKSPACE_SECRET,
  tenantKey: 't1',
});
const renamed = await fetch(`${process.env.MEMBRANE_API_URI}/connections/${github.id}`, {
  headers: { authorization: `Bearer ${MEMBRANE_TOKEN}` },
});
console.log(
  JSON.stringify({
    address: client.apiUri,
    self: (await client.self.get()).internalId,
    signed: (await signing.self.get()).internalId,
    connections: found.items.map(({ name }) => name).sort(),
    renamed: (await renamed.json()).name,
  }),
);
