// Operations of connectors: of an integration, of a connection, and in actions and flows.

import assert from 'node:assert/strict';
import * as sdk from '@membranehq/sdk';
import { scenario } from './lib/world.mjs';
import { refused } from './lib/failure.mjs';
import { accept } from './lib/shape.mjs';

const bad = { as: sdk.BadRequestError, status: 400 };
const absent = { as: sdk.BadRequestError, status: 404, key: 'not_found' };
const website = { owner: 'acme', repo: 'website' };
const operation = ({ client }, key = 'list-issues') => client.connection('github-dev').operation(key);

scenario('GET /integrations/:i/operations and …/:key say what the connector can do', async (world) => {
  const github = world.client.integration('github');
  const all = await github.getOperations();
  const listed = all.find(({ key }) => key === 'list-issues');
  assert.deepEqual([listed.name, typeof listed.description], ['List issues', 'string']);
  const spec = await github.getOperation('list-issues');
  assert.deepEqual(spec.inputSchema.required, ['owner', 'repo']);
  assert.equal(spec.outputSchema.type, 'array');
  assert.deepEqual(await operation(world).get(), spec, 'a connection has what its integration has');
  assert.deepEqual(await world.client.get('/connections/github-dev/operations'), all);
  assert.equal((await github.get()).hasOperations, true);
  await refused(world.client, () => github.getOperation('list-isues'), { ...absent, message: /did you mean `list-issues`/ });
});

scenario('POST /connections/:c/operations/:key/run calls the app and leaves no run log', async (world) => {
  const answer = accept(sdk.ConnectionOperationRunResponse, await operation(world).run({ input: website }));
  assert.ok(answer.output.length > 0 && answer.output.every(({ title }) => typeof title === 'string'));
  const [log] = answer.executionLogs;
  assert.deepEqual([log.type, log.request.method, log.status], ['api-request', 'GET', 200]);
  const [sent] = await world.requestsTo('github');
  assert.equal(sent.path, '/repos/acme/website/issues');
  assert.deepEqual((await world.client.get('/action-run-logs')).items, []);
});

scenario('an operation refuses a wrong input, an unknown key, and what its app refuses', async (world) => {
  const { client } = world;
  await refused(client, () => operation(world).run({ input: {} }), { ...bad, message: /"owner" is a required/ });
  await refused(client, () => operation(world).run(), bad);
  await refused(client, () => operation(world, 'fly').run({ input: {} }), absent);
  await world.stub('github', 'GET', '/repos/acme/website/issues', { status: 422, json: { message: 'no' } });
  const error = await refused(client, () => operation(world).run({ input: website }), { as: sdk.ActionRunError, status: 400 });
  assert.equal(error.data.data.response.status, 422);
});

scenario('a connector has operations of its own, as requests and as code', async (world) => {
  const { manager } = world;
  const operations = [
    {
      key: 'add',
      name: 'Add',
      type: 'run-javascript',
      inputSchema: { type: 'object', required: ['a', 'b'] },
      config: { code: 'module.exports = ({ input }) => { console.log("adding"); return { sum: input.a + input.b } }' },
      outputMapping: { $var: '$.output.sum' },
    },
  ];
  const connector = await manager.post('/connectors', { key: 'calc', name: 'Calc', type: 'proxy', operations });
  assert.deepEqual([connector.hasOperations, connector.operationsCount], [true, 1]);
  await manager.integrations.create({ key: 'calc', name: 'Calc', connectorKey: 'calc' });
  const made = await world.client.connections.create({ integrationKey: 'calc', key: 'mine' });
  assert.equal(made.state, 'READY');
  const add = world.client.connection('mine').operation('add');
  const { output, executionLogs } = await add.run({ input: { a: 2, b: 3 } });
  assert.equal(output, 5);
  assert.match(JSON.stringify(executionLogs), /adding/);

  const twice = { key: 'x', name: 'X', operations: [operations[0], operations[0]] };
  await refused(manager, () => manager.post('/connectors', twice), { ...bad, message: /`add` twice/ });
  const idle = { key: 'x', name: 'X', operations: [{ key: 'a', name: 'A' }] };
  await refused(manager, () => manager.post('/connectors', idle), { ...bad, message: /operations\[0\]\.config/ });
});

scenario('an action of the type connector-operation and a flow node run an operation', async (world) => {
  const { manager, client } = world;
  const config = { operationKey: 'list-issues', inputMapping: { owner: { $var: '$.input.who' }, repo: 'website' } };
  await manager.actions.create({ key: 'issues', integrationKey: 'github', type: 'connector-operation', config });
  const { output, actionRunId } = await client.connection('github-dev').action('issues').run({ who: 'acme' });
  assert.ok(output.length > 0);
  const log = await client.get(`/action-run-logs/${actionRunId}`);
  assert.deepEqual([log.status, log.name], ['success', 'Issues']);

  const lost = { key: 'lost', integrationKey: 'github', type: 'connector-operation', config: {} };
  await manager.actions.create(lost);
  const action = client.connection('github-dev').action('lost');
  await refused(client, () => action.run({}), { as: sdk.ConfigurationError, status: 400, message: /operationKey/ });

  const nodes = {
    start: { type: 'api-trigger', links: [{ key: 'issues' }] },
    issues: {
      type: 'integration-specific-operation',
      config: { operationKey: 'get-repository', inputMapping: { $var: '$.input' } },
    },
  };
  await manager.flows.create({ key: 'sync', name: 'Sync', integrationKey: 'github', nodes });
  const run = await client.connection('github-dev').flow('sync').run({ input: website });
  await world.settle();
  const outputs = await client.get(`/flow-runs/${run.id}/output/issues`);
  assert.equal(outputs[0].name, 'website');
});
