// Calls of the client that the server does not fake. Each must say so loudly: 501, and by name.
// A call that starts to be faked moves from here to the file of its area.

import { scenario } from './lib/world.mjs';
import { NOT_FAKED, refused } from './lib/failure.mjs';

const connection = (client) => client.connection('github-dev');
const integration = (client) => client.integration('github');

const calls = {
  'GET /connections/:c/operations/:key': (client) => connection(client).operation('list-issues').get(),
  'POST /connections/:c/operations/:key/run': (client) => connection(client).operation('list-issues').run({ input: {} }),
  'GET /integrations/:i/operations': (client) => integration(client).getOperations(),
  'GET /integrations/:i/operations/:key': (client) => integration(client).getOperation('list-issues'),
};
for (const [row, call] of Object.entries(calls)) {
  scenario(`${row} says that it is not faked`, ({ client }) => refused(client, call, NOT_FAKED));
}
