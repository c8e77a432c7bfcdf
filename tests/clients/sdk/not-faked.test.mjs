// Calls of the client that the server does not fake. Each must say so loudly: 501, and by name.
// A call that starts to be faked moves from here to the file of its area.

import { scenario } from './lib/world.mjs';
import { NOT_FAKED, refused } from './lib/failure.mjs';

const connection = (client) => client.connection('github-dev');
const collection = (client) => connection(client).dataCollection('issues', { repository: 'a' });
const integration = (client) => client.integration('github');

/** The seven element calls that a connection has per kind. */
const ofConnection = (list, one, path) => ({
  [`GET /connections/:c/${path}`]: (client) => connection(client)[list].list({ limit: 5 }),
  [`GET /connections/:c/${path}/:key`]: (client) => connection(client)[one]('k').get(),
  [`PUT /connections/:c/${path}/:key with no body`]: (client) => connection(client)[one]('k').create(),
  [`PATCH /connections/:c/${path}/:key`]: (client) => connection(client)[one]('k').patch({ name: 'n' }),
  [`DELETE /connections/:c/${path}/:key`]: (client) => connection(client)[one]('k').archive(),
  [`POST /connections/:c/${path}/:key/setup`]: (client) => connection(client)[one]('k').setup(),
  [`POST /connections/:c/${path}/:key/reset`]: (client) => connection(client)[one]('k').reset(),
});

/** The seven element calls that an integration has per kind; the writes need a manager. */
const ofIntegration = (list, one, path) => ({
  [`GET /integrations/:i/${path}`]: (client) => integration(client)[list].list({ limit: 5 }),
  [`POST /integrations/:i/${path}`]: (client) => integration(client)[list].create({ key: 'k', name: 'n' }),
  [`GET /integrations/:i/${path}/:key`]: (client) => integration(client)[one]('k').get(),
  [`PATCH /integrations/:i/${path}/:key`]: (client) => integration(client)[one]('k').patch({ name: 'n' }),
  [`PUT /integrations/:i/${path}/:key`]: (client) => integration(client)[one]('k').put({ name: 'n' }),
  [`DELETE /integrations/:i/${path}/:key`]: (client) => integration(client)[one]('k').archive(),
  [`POST /integrations/:i/${path}/:key/reset`]: (client) => integration(client)[one]('k').reset(),
});

const asTenant = {
  'GET /connections/:c/operations/:key': (client) => connection(client).operation('list-issues').get(),
  'POST /connections/:c/operations/:key/run': (client) => connection(client).operation('list-issues').run({ input: {} }),
  'GET /connections/:c/data/:key': (client) => collection(client).get(),
  'POST /connections/:c/data/:key/list': (client) => collection(client).list({ cursor: '' }),
  'POST /connections/:c/data/:key/find-by-id': (client) => collection(client).findById({ id: '1' }),
  'POST /connections/:c/data/:key/search': (client) => collection(client).search({ query: 'a' }),
  'POST /connections/:c/data/:key/match': (client) => collection(client).match({ query: {} }),
  'POST /connections/:c/data/:key/create': (client) => collection(client).create({ fields: {} }),
  'POST /connections/:c/data/:key/update': (client) => collection(client).update({ id: '1', fields: {} }),
  'POST /connections/:c/data/:key/delete': (client) => collection(client).delete({ id: '1' }),
  ...ofConnection('dataSources', 'dataSource', 'data-sources'),
  ...ofConnection('fieldMappings', 'fieldMapping', 'field-mappings'),
  'GET /integrations/:i/operations': (client) => integration(client).getOperations(),
  'GET /integrations/:i/operations/:key': (client) => integration(client).getOperation('list-issues'),
  'GET /integrations/:i/data': (client) => integration(client).getDataCollections(),
  'GET /integrations/:i/data/:key': (client) => integration(client).getDataCollection('issues'),
};

const asManager = {
  ...ofIntegration('dataSources', 'dataSource', 'data-sources'),
  ...ofIntegration('fieldMappings', 'fieldMapping', 'field-mappings'),
};

for (const [row, call] of Object.entries(asTenant)) {
  scenario(`${row} says that it is not faked`, ({ client }) => refused(client, call, NOT_FAKED));
}
for (const [row, call] of Object.entries(asManager)) {
  scenario(`${row} says that it is not faked`, ({ manager }) => refused(manager, call, NOT_FAKED));
}
