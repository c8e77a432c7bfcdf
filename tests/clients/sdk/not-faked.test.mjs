// Calls that the server does not fake. Each must say so loudly: 501, and by name.
// A call that starts to be faked moves from here to the file of its area.

import { scenario } from './lib/world.mjs';
import { NOT_FAKED, refused } from './lib/failure.mjs';

const calls = {
  'POST /workspaces': (client) => client.post('/workspaces', { name: 'Another' }),
  'GET /checkpoints': (client) => client.get('/checkpoints'),
  'GET /connected-products': (client) => client.get('/connected-products'),
};
for (const [row, call] of Object.entries(calls)) {
  scenario(`${row} says that it is not faked`, ({ manager }) => refused(manager, call, NOT_FAKED));
}
