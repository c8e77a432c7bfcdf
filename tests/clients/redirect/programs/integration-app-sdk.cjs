// Uses the earlier client as its own documentation begins, without an address. Prints what it has found.

const { IntegrationAppClient } = require('@integration-app/sdk');

async function main() {
  const client = new IntegrationAppClient({ token: process.env.MEMBRANE_TOKEN });
  const found = await client.connections.find();
  const github = found.items.find(({ name }) => name === 'GitHub');
  await client.connection(github.id).patch({ name: 'Renamed' });
  const renamed = await fetch(`${process.env.MEMBRANE_API_URI}/connections/${github.id}`, {
    headers: { authorization: `Bearer ${process.env.MEMBRANE_TOKEN}` },
  });
  console.log(
    JSON.stringify({
      address: client.apiUri,
      self: (await client.self.get()).internalId,
      connections: found.items.map(({ name }) => name).sort(),
      renamed: (await renamed.json()).name,
    }),
  );
}

main();
