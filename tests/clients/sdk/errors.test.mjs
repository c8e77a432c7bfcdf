// What the client throws. It maps by the body's `type` alone and loses the status, so both are judged here.

import assert from 'node:assert/strict';
import * as sdk from '@membranehq/sdk';
import { errorOf, scenario } from './lib/world.mjs';
import { accept } from './lib/shape.mjs';
import { refused } from './lib/failure.mjs';

const NOBODY = '000000000000000000000000';
const api = { method: 'GET', path: '/suite/thing' };
const act = (body) => (client) => client.post('/act', body);
const bad = { as: sdk.BadRequestError, status: 400 };
const missing = { as: sdk.BadRequestError, status: 404, key: 'not_found' };

const asTenant = {
  'a connection that does not exist': [(client) => client.connection(NOBODY).get(), missing],
  'an integration that does not exist': [(client) => client.integration('nowhere').get(), { ...missing, message: /^integration not found/i }],
  'an action that does not exist': [(client) => client.action(NOBODY).get(), missing],
  'a run log that does not exist': [(client) => client.get(`/action-run-logs/${NOBODY}`), missing],
  'a manager\'s call with a tenant token': [
    (client) => client.actions.create({ key: 'k', name: 'n', type: 'run-javascript', config: {} }),
    { as: sdk.BadRequestError, status: 403, key: 'access_denied' },
  ],
  'a limit that is no number': [(client) => client.actions.find({ limit: 'many' }), bad],
};
for (const [what, [call, expected]] of Object.entries(asTenant)) {
  scenario(`${what} is a BadRequestError with status ${expected.status}`, ({ client }) => refused(client, call, expected));
}

// Every /act that could be read has a run id, also when it fails before anything was sent.
const runs = {
  'no dispatch field': [{ connectionKey: 'github-dev' }, bad],
  'two dispatch fields': [{ api, key: 'suite-action', connectionKey: 'github-dev' }, bad],
  'a field that /act does not know': [{ api, connectionKey: 'github-dev', conectionKey: 'x' }, { ...bad, message: /conectionKey/ }],
  'an unknown action key': [{ key: 'no-such-action', connectionKey: 'github-dev' }, { ...missing, message: /^no matching action/i }],
  'an unknown action id': [{ id: NOBODY, connectionKey: 'github-dev' }, missing],
  'an unknown connection': [{ api, connectionKey: 'no-such-connection' }, missing],
  'a snippet that throws': [
    { code: 'module.exports = () => { throw new Error("the suite threw this") }', connectionKey: 'github-dev' },
    { as: sdk.CustomCodeError, status: 400, message: /the suite threw this/ },
  ],
  'a snippet that is no JavaScript': [{ code: 'module.exports = (', connectionKey: 'github-dev' }, { as: sdk.CustomCodeError, status: 400 }],
};
for (const [what, [body, expected]] of Object.entries(runs)) {
  scenario(`/act with ${what} is a ${expected.as.name} and carries a run id`, async ({ client }) => {
    const { data } = await refused(client, act(body), expected);
    assert.equal(typeof data.actionRunId, 'string');
    const log = await client.get(`/action-run-logs/${data.actionRunId}`);
    accept(sdk.ActionRunLogRecordApiResponse, log);
    assert.equal(log.status, 'error');
    assert.equal(log.error.type, data.type);
  });
}

for (const dispatch of [{ api }, { code: 'module.exports = () => 1' }]) {
  scenario(`/act with ${Object.keys(dispatch)} and no connection to use is a BadRequestError`, async (world) => {
    const client = world.clientOf('newcomer');
    const { data } = await refused(client, act(dispatch), bad);
    assert.equal(typeof data.actionRunId, 'string');
  });
}

scenario('input that does not fit the schema is a BadRequestError that says where', async (world) => {
  const inputSchema = { type: 'object', required: ['title'], properties: { title: { type: 'string' } } };
  await world.action({ integrationKey: 'github', inputSchema });
  const { data } = await refused(world.client, act({ key: 'suite-action', connectionKey: 'github-dev', input: {} }), {
    ...bad,
    message: /title/,
  });
  assert.ok(data.data.errors.length > 0);
  assert.deepEqual(await world.requestsTo('github'), [], 'nothing was sent');
});

for (const status of [404, 422, 500]) {
  scenario(`an external app that answers ${status} makes an ActionRunError holding its answer`, async (world) => {
    await world.stub('github', 'GET', api.path, { status, json: { message: 'the app says no' } });
    const { data } = await refused(world.client, act({ api, connectionKey: 'github-dev' }), {
      as: sdk.ActionRunError,
      status: 400,
    });
    assert.equal(typeof data.actionRunId, 'string');
    assert.equal(data.data.response.status, status);
    assert.deepEqual(data.data.response.data, { message: 'the app says no' });
  });
}

scenario('a key that is taken is a BadRequestError', async ({ manager }) => {
  await refused(manager, () => manager.integrations.create({ key: 'github', name: 'GitHub', connectorKey: 'github' }), {
    ...bad,
    key: 'already_exists',
  });
});

// Lost credentials

for (const [status, mock] of [[400, {}], [401, { disconnectedStatus: 401 }]]) {
  scenario(`lost credentials are a ConnectionError, with status ${status} on the wire`, { mock }, async (world) => {
    await world.poke('github-dev', 'loseCredentials');
    const { data } = await refused(world.client, act({ api, connectionKey: 'github-dev' }), { as: sdk.ConnectionError, status });
    assert.equal(data.code, 'CONNECTION_DISCONNECTED');
    assert.ok(['access_token_expired', 'connection_is_defunct'].includes(data.key), data.key);
    assert.equal(typeof data.actionRunId, 'string');
    assert.equal(data.data.connectorKey, 'github');
    assert.deepEqual(await world.requestsTo('github'), [], 'nothing was sent');
  });
}

// Below the client

scenario('JSON that cannot be read is a plain 400 without a run id', async (world) => {
  const answer = await world.curl('POST', '/act', { body: '{"api":', headers: { 'content-type': 'application/json' } });
  assert.equal(answer.status, 400);
  accept(sdk.ErrorDataSchema, answer.body);
  assert.equal(answer.body.type, 'bad_request');
  assert.equal(answer.body.actionRunId, undefined);
});

scenario('an address that does not exist is a typed error too', async ({ client }) => {
  const error = await errorOf(client.get('/integratoins'));
  assert.equal(error.isMembraneError, true, error.message);
  accept(sdk.ErrorDataSchema, error.data);
  // Whoever prints the error sees where the dashboard shows it.
  const page = await fetch(error.data.data.see, { headers: { accept: 'text/html' } });
  assert.equal(page.status, 200);
  assert.match(await page.text(), /integratoins/);
});

scenario('a server that is not there is the HTTP library\'s own error', async () => {
  const client = new sdk.MembraneClient({ apiUri: 'http://127.0.0.1:1', token: 'x.e30.y' });
  assert.equal((await errorOf(client.self.get())).isAxiosError, true);
});

// A field that looks like one that is known is refused, and what was not found is said where it is.

const lookAlikes = {
  '/data-sources': [{ dataSourceKey: 'k', name: 'X' }, 'key'],
  '/field-mappings': [{ fieldMappingKey: 'k', name: 'X' }, 'key'],
  '/app-event-types': [{ appEventTypeKey: 'k', name: 'X' }, 'key'],
  '/data-link-tables': [{ dataLinkTableKey: 'k', name: 'X' }, 'key'],
  '/actions': [{ typ: 'run-javascript', key: 'ab' }, 'type'],
  '/connections': [{ kye: 'z', connectorKey: 'stripe' }, 'key'],
  '/flows': [{ nam: 'X', key: 'ab' }, 'name'],
};
for (const [path, [body, meant]] of Object.entries(lookAlikes)) {
  scenario(`POST ${path} refuses ${Object.keys(body)[0]}, and makes nothing`, async ({ manager, client }) => {
    const { items: before } = await manager.get(path, { limit: 1000 });
    const by = path === '/connections' ? client : manager;
    await refused(by, () => by.post(path, body), { ...bad, message: new RegExp(`\`${Object.keys(body)[0]}\` is no field of ${path}; did you mean .*\`${meant}\``) });
    assert.equal((await manager.get(path, { limit: 1000 })).items.length, before.length);
  });
}

scenario('what is there only for another integration is named with it', async ({ client }) => {
  const elsewhere = { ...missing, message: /`list-contacts` is there only for the integration `hubspot`, `salesforce`; name that and no other, as `hubspot.list-contacts`/ };
  await refused(client, () => client.post('/act', { key: 'list-contacts', connectionKey: 'github-dev' }), elsewhere);
  await refused(client, () => client.get('/actions/github.list-contacts'), elsewhere);
  assert.equal((await client.get('/actions/hubspot.list-contacts')).integrationKey, 'hubspot');
});
