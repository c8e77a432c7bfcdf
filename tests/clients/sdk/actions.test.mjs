// Actions, their connection-level copies, action instances, runs.

import assert from 'node:assert/strict';
import * as sdk from '@membranehq/sdk';
import { byId, scenario } from './lib/world.mjs';
import { accept, page } from './lib/shape.mjs';

const Action = sdk.ActionApiResponse;
const Run = sdk.ActionRunResponse;
const github = { integrationKey: 'github' };
const request = { method: 'GET', path: '/suite/thing' };
const thing = { thing: 42 };

scenario('GET /actions without a scope lists universal actions only', async (world) => {
  const universal = await world.action({ key: 'suite-universal' });
  const bound = await world.action({ key: 'suite-bound', ...github });
  const { items } = accept(page(Action), await world.client.actions.find());
  assert.ok(byId(items).includes(universal.id));
  assert.ok(!byId(items).includes(bound.id));
  for (const action of items) assert.equal(action.layer, 'universal');
});

const scopes = {
  integrationKey: () => github,
  integrationId: ({ integrationId }) => ({ integrationId }),
  connectionKey: () => ({ connectionKey: 'github-dev' }),
  connectionId: ({ id }) => ({ connectionId: id }),
  externalAppId: ({ externalAppId }) => ({ externalAppId }),
  id: (_, action) => ({ id: action.id }),
  layer: () => ({ layer: 'integration' }),
  search: () => ({ search: 'SUITE-bound' }),
};
for (const [by, query] of Object.entries(scopes)) {
  scenario(`GET /actions by ${by} finds the actions of an integration`, async (world) => {
    const bound = await world.action({ key: 'suite-bound', ...github });
    const connection = await world.client.connection('github-dev').get();
    const found = await world.client.actions.find({ ...query(connection, bound), limit: 1000 });
    const action = accept(page(Action), found).items.find(({ id }) => id === bound.id);
    assert.ok(action, `${bound.id} in ${byId(found.items)}`);
    assert.equal(action.key, 'suite-bound');
    assert.equal(action.integrationKey, 'github');
    assert.equal(action.layer, 'integration');
  });
}

scenario('GET /actions page by page by findAll', async (world) => {
  const bound = await world.action(github);
  assert.ok(byId(await world.client.actions.findAll(github)).includes(bound.id));
});

scenario('POST /actions by explicit spec is READY at once', async ({ manager }) => {
  const inputSchema = { type: 'object', required: ['email'], properties: { email: { type: 'string' } } };
  const action = accept(
    Action,
    await manager.actions.create({
      key: 'create-lead',
      name: 'Create Lead',
      type: 'api-request-to-external-app',
      config: { request: { method: 'POST', path: '/suite/leads' } },
      inputSchema,
      ...github,
    }),
  );
  assert.equal(action.state, 'READY');
  assert.deepEqual(action.inputSchema, inputSchema);
});

scenario('POST /actions by intent is BUILDING, then READY', async ({ manager, client }) => {
  const action = accept(Action, await manager.actions.create({ intent: 'open a pull request', ...github }));
  assert.equal(action.state, 'BUILDING');
  const ready = accept(Action, await client.get(`/actions/${action.id}`, { wait: true, timeout: 30 }));
  assert.equal(ready.state, 'READY');
  assert.ok(ready.type && ready.config);
});

scenario('an action by intent names the agent session that builds it', async (world) => {
  const { manager, client } = world;
  await world.progress({ 'action.building': 'hold' });
  const { id, agentSessionId } = accept(Action, await manager.actions.create({ intent: 'open a pull request', ...github }));
  const session = () => manager.get(`/agent/sessions/${agentSessionId}`);
  const begun = accept(sdk.AgentSession, await session());
  assert.deepEqual([begun.status, begun.workspaceElementId], ['running', id]);
  await world.control('POST', `/actions/${id}/poke`, { event: 'finishBuilding' });
  assert.equal((await session()).status, 'completed');
  const ready = accept(Action, await client.action(id).get());
  assert.deepEqual([ready.state, ready.agentSessionId], ['READY', agentSessionId]);

  await manager.action(id).patch({ intent: 'close an issue' });
  const again = await manager.action(id).get();
  assert.deepEqual([again.state, again.agentSessionId === agentSessionId], ['BUILDING', false]);
  await world.control('POST', `/actions/${id}/poke`, { event: 'fail', error: 'no such thing' });
  assert.equal((await manager.get(`/agent/sessions/${again.agentSessionId}`)).status, 'failed');
  const plain = await manager.actions.create({ key: 'plain', name: 'Plain', type: 'run-javascript', config: { code: '' }, ...github });
  assert.equal(plain.agentSessionId, undefined);
});

// The two addresses of an action

const addresses = {
  '/actions/:id': (action) => action.id,
  '/action?{sel}': (action) => ({ key: action.key, integrationKey: 'github' }),
};
for (const [address, selector] of Object.entries(addresses)) {
  const at = (client, action) => client.action(selector(action));

  scenario(`GET ${address} reads an action`, async (world) => {
    const action = await world.action(github);
    const read = accept(Action, await at(world.client, action).get());
    assert.equal(read.id, action.id);
    assert.equal(read.integration.key, 'github');
    assert.deepEqual(read.config, { request });
  });

  scenario(`PATCH ${address} merges`, async (world) => {
    const action = await world.action({ ...github, description: 'kept' });
    const patched = accept(Action, await at(world.manager, action).patch({ name: 'Create HubSpot contact' }));
    assert.equal(patched.name, 'Create HubSpot contact');
    assert.equal(patched.description, 'kept');
    assert.notEqual(patched.revision, action.revision);
  });

  scenario(`PUT ${address} replaces`, async (world) => {
    const action = await world.action({ ...github, description: 'goes away' });
    const { description: _, ...whole } = action;
    const replaced = accept(Action, await at(world.manager, action).put({ ...whole, name: 'Replaced' }));
    assert.equal(replaced.id, action.id);
    assert.equal(replaced.name, 'Replaced');
    assert.equal(replaced.description, undefined);
  });

  scenario(`DELETE ${address} archives`, async (world) => {
    const action = await world.action(github);
    await at(world.manager, action).archive();
    assert.ok(!byId((await world.client.actions.find(github)).items).includes(action.id));
    assert.ok((await world.client.action(action.id).get()).archivedAt);
  });

  scenario(`POST ${address} restore undoes an archive`, async (world) => {
    const action = await world.action(github);
    await world.manager.action(action.id).archive();
    const restored = accept(Action, await at(world.manager, action).restore());
    assert.equal(restored.id, action.id);
    assert.equal(restored.archivedAt, undefined);
  });

  scenario(`POST ${address} reset goes back to the universal parent`, async (world) => {
    const universal = await world.action({});
    const action = await world.action({ ...github, parentId: universal.id }, { ...request, path: '/suite/other' });
    const reset = accept(Action, await at(world.manager, action).reset());
    assert.equal(reset.id, action.id);
    assert.deepEqual(reset.config, { request });
  });

  scenario(`POST ${address} run takes its input wrapped`, async (world) => {
    await world.stub('github', 'POST', '/suite/notes', { json: { noted: true } }, { body: { text: 'hello' } });
    const action = await world.action(github, { method: 'POST', path: '/suite/notes', body: { text: { $var: '$.input.text' } } });
    const run = accept(Run, await at(world.client, action).run({ text: 'hello' }, { connectionKey: 'github-dev' }));
    assert.deepEqual(run.output, { noted: true });
    assert.ok(run.actionRunId);
  });

  scenario(`POST ${address} run works without input or options`, async (world) => {
    await world.stub('github', 'GET', request.path, { json: thing });
    const action = await world.action(github);
    assert.deepEqual(accept(Run, await at(world.client, action).run()).output, thing);
  });
}

scenario('POST /action/run tolerates a key that stands twice in the query', async (world) => {
  await world.stub('github', 'GET', request.path, { json: thing });
  const action = await world.action(github);
  const { id } = await world.client.connection('github-dev').get();
  const run = await world.client.action({ key: action.key, ...github }).run({}, { ...github, connectionId: id });
  assert.deepEqual(accept(Run, run).output, thing);
});

scenario('POST /actions/:id/run on a universal action goes through the connection it is given', async (world) => {
  await world.stub('github', 'GET', request.path, { json: thing });
  const universal = await world.action({ key: 'suite-universal' });
  const run = await world.client.action(universal.id).run({}, { connectionKey: 'github-dev' });
  assert.deepEqual(accept(Run, run).output, thing);
});

// Copies of a connection

const copyOf = (world, query) => world.client.connection('github-dev').action('suite-action', query);

scenario('GET /connections/:c/actions lists what the connection can run', async (world) => {
  const action = await world.action(github);
  const { items } = accept(page(Action), await world.client.connection('github-dev').actions.list({ search: 'suite' }));
  assert.deepEqual(items.map(({ key }) => key), [action.key]);
});

scenario('GET /connections/:c/actions/:a makes the connection\'s copy when told to', async (world) => {
  const action = await world.action(github);
  const copy = accept(Action, await copyOf(world).get({ autoCreate: true }));
  assert.notEqual(copy.id, action.id);
  assert.equal(copy.connectionId, (await world.client.connection('github-dev').get()).id);
  assert.equal(copy.parentId, action.id);
  assert.deepEqual(copy.config, { request });
  assert.equal(accept(Action, await copyOf(world).get()).id, copy.id);
});

scenario('GET /connections/:c/actions/:a keeps instances apart by instanceKey', async (world) => {
  await world.action(github);
  const one = accept(Action, await copyOf(world, { instanceKey: 'one' }).get({ autoCreate: true }));
  const two = accept(Action, await copyOf(world, { instanceKey: 'two' }).get({ autoCreate: true }));
  assert.notEqual(one.id, two.id);
  assert.equal(one.instanceKey, 'one');
});

scenario('PUT /connections/:c/actions/:a with no body makes the copy', async (world) => {
  const action = await world.action(github);
  const copy = accept(Action, await copyOf(world).create());
  assert.equal(copy.parentId, action.id);
});

scenario('PUT /connections/:c/actions/:a with a body replaces the copy', async (world) => {
  await world.action(github);
  const copy = await copyOf(world).create();
  const replaced = accept(Action, await copyOf(world).put({ ...copy, name: 'Mine' }));
  assert.equal(replaced.id, copy.id);
  assert.equal(replaced.name, 'Mine');
});

scenario('PATCH and DELETE /connections/:c/actions/:a change and archive the copy alone', async (world) => {
  const action = await world.action(github);
  await copyOf(world).create();
  assert.equal(accept(Action, await copyOf(world).patch({ name: 'Mine' })).name, 'Mine');
  await copyOf(world).archive();
  assert.equal((await world.client.action(action.id).get()).name, 'Suite action');
});

for (const operation of ['setup', 'reset']) {
  scenario(`POST /connections/:c/actions/:a/${operation} answers the copy`, async (world) => {
    await world.action(github);
    const copy = await copyOf(world).create();
    assert.equal(accept(Action, await copyOf(world)[operation]()).id, copy.id);
  });
}

scenario('POST /connections/:c/actions/:a/run takes the input itself as its body', async (world) => {
  await world.stub('github', 'POST', '/suite/notes', { json: { noted: true } }, { body: { text: 'hello' } });
  await world.action(github, { method: 'POST', path: '/suite/notes', body: { text: { $var: '$.input.text' } } });
  const run = accept(Run, await copyOf(world).run({ text: 'hello' }));
  assert.deepEqual(run.output, { noted: true });
  const log = await world.client.get(`/action-run-logs/${run.actionRunId}`);
  assert.deepEqual(log.input, { text: 'hello' });
});

scenario('POST /connections/:c/actions/:a/run takes an empty body', async (world) => {
  await world.stub('github', 'GET', request.path, { json: thing });
  await world.action(github);
  assert.deepEqual(accept(Run, await copyOf(world).run()).output, thing);
});

// Action instances: always the singular address, even with an id

const instanceOf = (world) => world.client.actionInstance({ parentKey: 'suite-action', ...github, autoCreate: true });

scenario('GET /action-instances lists the copies of connections', async (world) => {
  await world.action(github);
  const instance = await instanceOf(world).get();
  const { items } = accept(page(Action), await world.client.actionInstances.find({ connectionKey: 'github-dev' }));
  assert.ok(byId(items).includes(instance.id));
});

scenario('GET /action-instance?{sel} makes an instance when told to, and finds it by id', async (world) => {
  const action = await world.action(github);
  const instance = accept(Action, await instanceOf(world).get());
  assert.equal(instance.parentId, action.id);
  assert.equal(accept(Action, await world.client.actionInstance(instance.id).get()).id, instance.id);
});

scenario('POST /action-instance?{sel} makes an instance', async (world) => {
  const action = await world.action(github);
  const selector = { parentKey: 'suite-action', connectionKey: 'github-dev' };
  const instance = accept(Action, await world.client.actionInstance(selector).create({ name: 'Mine' }));
  assert.equal(instance.name, 'Mine');
  assert.equal(instance.parentId, action.id);
});

scenario('PATCH, PUT, DELETE and restore /action-instance?{sel} work on the instance', async (world) => {
  await world.action(github);
  const made = await instanceOf(world).get();
  const instance = world.client.actionInstance(made.id);
  assert.equal(accept(Action, await instance.patch({ name: 'Patched' })).name, 'Patched');
  assert.equal(accept(Action, await instance.put({ ...made, name: 'Put' })).name, 'Put');
  await instance.archive();
  assert.ok((await instance.get()).archivedAt);
  await instance.restore();
  assert.equal(accept(Action, await instance.get()).archivedAt, undefined);
});

for (const operation of ['setup', 'reset']) {
  scenario(`POST /action-instance/${operation}?{sel} is accepted`, async (world) => {
    await world.action(github);
    const { id } = await instanceOf(world).get();
    await world.client.actionInstance(id)[operation]();
    assert.equal(accept(Action, await world.client.actionInstance(id).get()).id, id);
  });
}

scenario('POST /action-instance/run?{sel} takes the input itself as its body', async (world) => {
  await world.stub('github', 'POST', '/suite/notes', { json: { noted: true } }, { body: { text: 'hello' } });
  await world.action(github, { method: 'POST', path: '/suite/notes', body: { text: { $var: '$.input.text' } } });
  const run = accept(Run, await instanceOf(world).run({ text: 'hello' }));
  assert.deepEqual(run.output, { noted: true });
});

// What runs leave behind

scenario('GET /action-run-logs lists runs, newest first, and filters them', async (world) => {
  await world.stub('github', 'GET', request.path, { json: thing });
  const action = await world.action(github);
  const { id: connectionId } = await world.client.connection('github-dev').get();
  const first = await world.client.action(action.id).run();
  const second = await world.client.action(action.id).run();
  await world.client.post('/act', { key: 'nothing-here', connectionKey: 'github-dev' }).catch(() => {});

  const find = async (query) => byId(accept(sdk.FindActionRunLogsResponse, await world.client.get('/action-run-logs', query)).items);
  const runs = [second.actionRunId, first.actionRunId];
  assert.deepEqual(await find({ status: 'success' }), runs);
  assert.deepEqual(await find({ connectionId, status: 'success' }), runs);
  assert.equal((await find({ status: 'error' })).length, 1);
  assert.equal((await find({})).length, 3);
});

scenario('a run log holds the /act body that replays it', async (world) => {
  await world.stub('github', 'GET', request.path, { json: thing });
  const { actionRunId } = await world.client.post('/act', { api: request, connectionKey: 'github-dev', meta: { why: 'suite' } });
  const { action } = await world.client.get(`/action-run-logs/${actionRunId}`);
  assert.deepEqual(action.api, request);
  const replayed = accept(Run, await world.client.post('/act', action));
  assert.deepEqual(replayed.output, thing);
});
