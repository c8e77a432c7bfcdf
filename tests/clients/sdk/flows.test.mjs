// Flows on three layers, flow instances, flow runs.

import assert from 'node:assert/strict';
import * as sdk from '@membranehq/sdk';
import { byId, errorOf, scenario } from './lib/world.mjs';
import { refused } from './lib/failure.mjs';
import { accept, page } from './lib/shape.mjs';

const Flow = sdk.FlowApiResponse;
const Instance = sdk.FlowInstanceApiResponse;
const Run = sdk.FlowRunApiResponse;
const NodeRun = sdk.FlowNodeRunRecordSchema;
const NodeOutput = sdk.FlowNodeRunOutputSchema;
const github = { integrationKey: 'github' };
const bad = { as: sdk.BadRequestError, status: 400 };
const absent = { as: sdk.BadRequestError, status: 404, key: 'not_found' };

const to = (key, filter) => ({ key, ...(filter && { filter }) });
const trigger = (...links) => ({ type: 'api-trigger', links });
const transform = (output, more) => ({ type: 'transform-data', config: { output }, ...more });
const script = (code, more) => ({ type: 'run-javascript', config: { code: `module.exports = ${code}` }, ...more });
const when = (place, test) => ({ $eval: { $var: place }, ...test });

/** The words that the trigger was given, as an object. */
const simple = { start: trigger(to('say')), say: transform({ words: { $var: 'input.start.text' } }) };

const make = ({ manager }, nodes = simple, more = github) =>
  manager.flows.create({ key: 'suite-flow', name: 'Suite flow', nodes, ...more });
const ofConnection = (client, query) => client.connection('github-dev').flow('suite-flow', query);
const instanceOf = (client) => client.flowInstance({ flowKey: 'suite-flow', connectionKey: 'github-dev', autoCreate: true });

/** Where a run stands when everything that is due is done. */
async function settled(world, { id }) {
  await world.settle();
  return accept(Run, await world.client.flowRun(id).get());
}

/** Makes a flow, runs it once, and waits for it. */
async function ran(world, nodes, input) {
  await make(world, nodes);
  const run = await settled(world, await ofConnection(world.client).run({ input }));
  return { run, output: await world.client.flowRun(run.id).getOutput() };
}

const stateOf = async ({ client }, { id }) => accept(Run, await client.flowRun(id).get()).state;
const poke = (world, { id }, event, error) => world.control('POST', `/flow-runs/${id}/poke`, { event, error });

// Flows

scenario('POST /flows makes a universal flow that lists show and filter', async (world) => {
  const { manager, client } = world;
  const flow = accept(Flow, await make(world, simple, { description: 'says words' }));
  assert.equal(flow.key, 'suite-flow');
  assert.equal(flow.enabled, true);
  assert.equal(flow.nodes.start.links[0].key, 'say');
  const bound = accept(Flow, await manager.flows.create({ key: 'suite-bound', name: 'Bound', ...github }));
  assert.equal(bound.integrationKey, 'github');

  const all = accept(page(Flow), await client.flows.find());
  assert.ok(byId(all.items).includes(flow.id) && !byId(all.items).includes(bound.id));
  assert.ok(byId(accept(page(Flow), await client.flows.find(github)).items).includes(bound.id));
  assert.deepEqual(byId(accept(page(Flow), await client.flows.find({ search: 'SUITE-flow' })).items), [flow.id]);
  assert.ok(byId(await client.flows.findAll()).includes(flow.id));
  await refused(client, () => client.flows.create({ key: 'mine', name: 'Mine' }), { as: sdk.BadRequestError, status: 403 });
});

const addresses = {
  '/flows/:id': (flow) => flow.id,
  '/flow?{sel}': (flow) => ({ key: flow.key, ...github }),
};
for (const [address, selector] of Object.entries(addresses)) {
  scenario(`${address} is read, patched, replaced, archived and restored`, async (world) => {
    const flow = await make(world);
    const [at, read] = [world.manager.flow(selector(flow)), world.client.flow(selector(flow))];
    assert.equal(accept(Flow, await read.get()).id, flow.id);

    const more = { nodes: { say: { name: 'Say' }, shout: transform('loud') } };
    const patched = accept(Flow, await at.patch(more));
    assert.deepEqual(Object.keys(patched.nodes).sort(), ['say', 'shout', 'start']);
    assert.equal(patched.nodes.say.name, 'Say');
    assert.deepEqual(patched.nodes.say.config, simple.say.config);
    assert.notEqual(patched.revision, flow.revision);
    const less = accept(Flow, await at.patch({ nodes: { shout: null } }));
    assert.deepEqual(Object.keys(less.nodes).sort(), ['say', 'start']);

    const put = accept(Flow, await at.put({ key: flow.key, name: 'Put', nodes: { only: trigger() } }));
    assert.equal(put.id, flow.id);
    assert.deepEqual(Object.keys(put.nodes), ['only']);

    await at.archive();
    assert.ok(!byId((await world.client.flows.find(github)).items).includes(flow.id));
    const restored = accept(Flow, await world.manager.flow(flow.id).restore());
    assert.equal(restored.archivedAt, undefined);
    assert.ok(byId((await world.client.flows.find(github)).items).includes(flow.id));
  });
}

scenario('POST /flows/:id/reset goes back to the universal parent', async (world) => {
  const universal = await make(world, simple, {});
  const bound = await make(world, { only: trigger() }, { ...github, parentId: universal.id });
  const reset = accept(Flow, await world.manager.flow(bound.id).reset());
  assert.equal(reset.id, bound.id);
  assert.deepEqual(reset.nodes.say.config, simple.say.config);
});

scenario('nodes that lead in a circle are refused', async (world) => {
  const circle = { a: trigger(to('b')), b: transform(1, { links: [to('a')] }) };
  await refused(world.manager, () => make(world, circle), bad);
  const flow = await make(world);
  const back = { nodes: { say: { links: [to('start')] } } };
  await refused(world.manager, () => world.manager.flow(flow.id).patch(back), bad);
  assert.equal((await world.client.flow(flow.id).get()).revision, flow.revision);
});

scenario('/integrations/:i/flows makes, lists and changes the flows of an integration', async ({ manager, client }) => {
  const { flows } = manager.integration('github');
  const flow = accept(Flow, await flows.create({ key: 'suite-flow', name: 'Suite flow', nodes: simple }));
  assert.equal(flow.integrationKey, 'github');
  const { items } = accept(page(Flow), await client.integration('github').flows.list({ search: 'suite-flow' }));
  assert.deepEqual(byId(items), [flow.id]);

  const at = manager.integration('github').flow('suite-flow');
  assert.equal(accept(Flow, await at.get()).id, flow.id);
  assert.equal(accept(Flow, await at.patch({ name: 'Patched' })).name, 'Patched');
  assert.equal(accept(Flow, await at.put({ key: 'suite-flow', name: 'Put', nodes: simple })).name, 'Put');
  await at.archive();
  assert.deepEqual((await client.integration('github').flows.list({ search: 'suite-flow' })).items, []);
});

scenario('POST /integrations/:i/flows/:key/reset goes back to the universal parent', async (world) => {
  const universal = await make(world, simple, {});
  const bound = await make(world, { only: trigger() }, { ...github, parentId: universal.id });
  const reset = accept(Flow, await world.manager.integration('github').flow('suite-flow').reset());
  assert.equal(reset.id, bound.id);
  assert.deepEqual(Object.keys(reset.nodes).sort(), ['say', 'start']);
  assert.deepEqual(accept(Flow, await world.client.integration('github').flow('suite-flow').get()).nodes, reset.nodes);
});

// Flow instances

scenario("/connections/:c/flows/:key is the connection's own version", async (world) => {
  const flow = await make(world);
  const at = ofConnection(world.client);
  const made = accept(Instance, await at.get({ autoCreate: true }));
  assert.notEqual(made.id, flow.id);
  assert.equal(made.flowId, flow.id);
  assert.equal(made.connectionId, (await world.client.connection('github-dev').get()).id);
  assert.equal(accept(Instance, await at.get()).id, made.id);
  assert.equal(accept(Instance, await at.create()).id, made.id);
  const { items } = accept(page(Flow), await world.client.connection('github-dev').flows.list({ search: 'suite' }));
  // As for actions: what applies at the connection, each key in the version that serves it.
  assert.deepEqual(items.map(({ id, layer }) => [id, layer]), [[made.id, 'connection']]);

  assert.equal(accept(Instance, await at.disable()).enabled, false);
  assert.equal(accept(Instance, await at.enable()).enabled, true);
  const mine = accept(Instance, await at.patch({ name: 'Mine', nodes: { say: { config: { output: 'mine' } } } }));
  assert.equal(mine.isCustomized, true);
  assert.deepEqual(mine.customized, { name: true, nodes: true });
  assert.equal(mine.nodes.say.isCustomized, true);
  assert.equal(accept(Instance, await at.setup()).id, made.id);

  const reset = accept(Instance, await at.reset());
  assert.equal(reset.name, 'Suite flow');
  assert.equal(reset.isCustomized, false);
  assert.deepEqual(reset.nodes.say.config, simple.say.config);
  await at.archive();
  assert.ok((await world.client.flowInstance(made.id).get()).archivedAt);
  assert.equal((await world.client.flow(flow.id).get()).archivedAt, undefined);
});

scenario('/flow-instance?{sel} makes an instance when told to, and changes it', async (world) => {
  const flow = await make(world);
  const { id: connectionId } = await world.client.connection('github-dev').get();
  const byIntegration = { flowKey: 'suite-flow', ...github };
  await refused(world.client, (client) => client.flowInstance({ flowKey: 'suite-flow', connectionId }).get(), absent);
  const at = world.client.flowInstance({ flowKey: 'suite-flow', connectionId, autoCreate: true });
  const made = accept(Instance, await at.get());
  assert.equal(made.flowId, flow.id);
  assert.equal(made.connectionId, connectionId);
  assert.equal(accept(Instance, await world.client.flowInstance(byIntegration).get()).id, made.id);
  assert.equal(accept(Instance, await world.client.flowInstance(made.id).get()).id, made.id);

  assert.equal(accept(Instance, await at.disable()).enabled, false);
  assert.deepEqual(byId((await world.client.flowInstances.find({ connectionId, enabled: true })).items), []);
  assert.equal(accept(Instance, await at.enable()).enabled, true);
  assert.equal(accept(Instance, await at.patch({ name: 'Mine' })).name, 'Mine');
  assert.equal(accept(Instance, await at.setup()).id, made.id);
  const found = accept(page(Instance), await world.client.flowInstances.find({ connectionId, flowKey: 'suite-flow' }));
  assert.deepEqual(byId(found.items), [made.id]);
  await at.archive();
  assert.ok((await world.client.flowInstance(made.id).get()).archivedAt);
  await world.client.flowInstance(made.id).restore();
  assert.equal(accept(Instance, await world.client.flowInstance(made.id).get()).archivedAt, undefined);
});

scenario("PUT /connections/:c/flows/:key adds to the connection's own version", async (world) => {
  await make(world);
  const at = ofConnection(world.client);
  const made = accept(Instance, await at.create());
  const put = accept(Instance, await at.put({ name: 'Put', nodes: { more: transform('more') } }));
  assert.deepEqual([put.id, put.name, put.isCustomized], [made.id, 'Put', true]);
  assert.deepEqual(Object.keys(put.nodes).sort(), ['more', 'say', 'start']);
  assert.deepEqual(accept(Instance, await at.get()).nodes, put.nodes);
});

scenario('/flow-instance?{sel} is made, knows its id, is added to by PUT, and is archived by delete()', async (world) => {
  const { client } = world;
  const flow = await make(world);
  const selector = { flowKey: 'suite-flow', connectionKey: 'github-dev' };
  const made = accept(Instance, await client.flowInstance(selector).create({ name: 'Mine' }));
  assert.deepEqual([made.name, made.flowId], ['Mine', flow.id]);
  assert.equal(await client.flowInstance(selector).getId(), made.id);

  const at = client.flowInstance(made.id);
  const put = accept(Instance, await at.put({ name: 'Put', nodes: { more: transform('more') } }));
  assert.deepEqual([put.id, put.name], [made.id, 'Put']);
  assert.deepEqual(Object.keys(put.nodes).sort(), ['more', 'say', 'start']);
  assert.deepEqual(accept(Instance, await client.flowInstance(selector).get()).nodes, put.nodes);

  await at.delete();
  assert.ok(accept(Instance, await at.get()).archivedAt);
  assert.deepEqual((await client.flowInstances.find({ flowKey: 'suite-flow' })).items, []);
});

scenario('POST /flow-instances makes an instance of a flow at a connection', async (world) => {
  const flow = await make(world);
  const { id: connectionId } = await world.client.connection('github-dev').get();
  const create = (more) => world.client.flowInstances.create({ flowId: flow.id, connectionId, ...more });
  const one = accept(Instance, await create({ instanceKey: 'one', name: 'One' }));
  const two = accept(Instance, await create({ instanceKey: 'two', enabled: false }));
  assert.notEqual(one.id, two.id);
  assert.equal(one.name, 'One');
  assert.equal(one.instanceKey, 'one');
  assert.equal(two.enabled, false);
  assert.equal(accept(Instance, await ofConnection(world.client, { instanceKey: 'one' }).get()).id, one.id);
});

scenario('an instance takes over its latest flow, and is reset in parts', async (world) => {
  const flow = await make(world);
  const at = instanceOf(world.client);
  const own = transform('mine');
  await at.patch({ name: 'Mine', nodes: { say: own } });
  const later = { start: { links: [to('say'), to('more')] }, say: transform('later'), more: transform('more') };
  const { revision } = await world.manager.flow(flow.id).patch({ nodes: later });

  const latest = accept(Instance, await at.updateToLatestFlow());
  assert.equal(latest.flowRevision, revision);
  assert.equal(latest.name, 'Mine');
  assert.deepEqual(latest.nodes.more.config, later.more.config);
  assert.deepEqual(latest.nodes.say.config, own.config, 'what the tenant changed stays');

  const node = accept(Instance, await at.reset({ nodes: { say: true } }));
  assert.deepEqual(node.nodes.say.config, later.say.config);
  assert.equal(node.name, 'Mine');
  assert.deepEqual(node.customized, { name: true, nodes: false });
  assert.equal(accept(Instance, await at.reset({ name: true })).name, 'Suite flow');
});

// Runs

scenario('flowInstance.run() resolves with the completed run', async (world) => {
  const flow = await make(world);
  const at = instanceOf(world.client);
  const seen = [];
  const run = accept(Run, await at.run({ input: { text: 'hello' }, onUpdate: ({ state }) => seen.push(state) }));
  assert.equal(run.state, 'completed');
  assert.equal(seen[0], 'queued');
  assert.equal(run.flowInstanceId, (await at.get()).id);
  assert.equal(run.connectionFlowId, run.flowInstanceId);
  assert.equal(run.flowId, flow.id);
  assert.equal(run.startNodeKey, 'start');
  assert.deepEqual(run.input, { text: 'hello' });
  assert.equal(run.launchedBy.type, 'api-trigger');
  assert.equal(run.nodes.say.state, 'completed');
  assert.ok(run.endTime >= run.startTime);
  assert.deepEqual((await world.client.flowRun(run.id).getOutput()).say, [{ words: 'hello' }]);
});

scenario('flowInstance.run() rejects with what failed', async (world) => {
  await make(world, { start: trigger(to('break')), break: script("() => { throw new Error('it broke') }") });
  const error = await errorOf(instanceOf(world.client).run());
  const [, id, why] = /^Flow run (\S+) failed: (.*)$/s.exec(error.message) ?? [];
  assert.match(String(why), /break.*it broke/s, error.message);
  const run = accept(Run, await world.client.flowRun(id).get());
  assert.equal(run.state, 'failed');
  assert.equal(run.errors[0].type, 'flow_run');
  assert.equal(run.nodes.break.state, 'failed');
  assert.equal(run.nodes.break.erroredRuns, 1);
  const { items } = accept(page(NodeRun), await world.client.flowRun(id).getNodeRuns('break', { limit: 1 }));
  assert.equal(items[0].status, 'failed');
  assert.match(items[0].errors[0].message, /it broke/);
});

scenario('POST /flow-runs begins where it is told, with the meta of its caller', async (world) => {
  const start = transform({ $var: 'input.n' });
  await make(world, { one: trigger(to('say')), two: trigger(), say: start });
  const { id: flowInstanceId } = await instanceOf(world.client).get();
  const { flowRuns } = world.client;
  await refused(world.client, () => flowRuns.create({ flowInstanceId }), bad);
  await refused(world.client, () => flowRuns.create({ flowInstanceId, nodeKey: 'none' }), bad);
  await refused(world.client, () => flowRuns.create({ input: {} }), bad);
  await refused(world.client, () => flowRuns.create({ flowInstanceId: 'none' }), absent);

  const first = { flowInstanceId, startNodeKey: 'two', input: { n: 1 }, meta: { why: 'suite' } };
  const run = accept(Run, await flowRuns.create(first));
  assert.equal(run.state, 'queued');
  assert.deepEqual(run.meta, { why: 'suite' });
  assert.equal((await settled(world, run)).startNodeKey, 'two');
  assert.deepEqual(Object.keys(await world.client.flowRun(run.id).getOutput()), ['two']);
  const other = await settled(world, await instanceOf(world.client).startRun({ nodeKey: 'say', input: { n: 2 } }));
  assert.equal(other.startNodeKey, 'say');
  assert.deepEqual(await world.client.flowRun(other.id).getOutput(), { say: [2] });
});

scenario("a run's input is held against the trigger's schema", async (world) => {
  const inputSchema = { type: 'object', required: ['text'], properties: { text: { type: 'string' } } };
  await make(world, { ...simple, start: { ...simple.start, config: { inputSchema } } });
  const flow = ofConnection(world.client);
  for (const input of [undefined, {}, { text: 7 }]) {
    await refused(world.client, () => flow.run({ input }), { ...bad, message: /the input of flow `Suite flow`.*text/ });
  }
  assert.deepEqual((await world.client.flowRuns.find()).items, []);
  assert.equal((await settled(world, await flow.run({ input: { text: 'words' } }))).state, 'completed');
});

scenario('connection.flow().run() makes the instance; the run is listed and repeated', async (world) => {
  const { client } = world;
  const flow = await make(world);
  const first = accept(Run, await ofConnection(client).run({ input: { text: 'again' }, meta: { n: 1 } }));
  assert.equal(first.state, 'queued');
  assert.equal((await settled(world, first)).state, 'completed');
  const { id: instance, connectionId } = await ofConnection(client).get();
  assert.equal(first.flowInstanceId, instance);

  const second = accept(Run, await client.flowRun(first.id).repeat());
  assert.notEqual(second.id, first.id);
  assert.equal(second.flowInstanceId, instance);
  await settled(world, second);
  assert.deepEqual(await client.flowRun(second.id).getOutput(), await client.flowRun(first.id).getOutput());

  const find = async (query) => byId(accept(sdk.FindFlowRunsResponse, await client.flowRuns.find(query)).items);
  const both = [second.id, first.id];
  assert.deepEqual(await find(), both);
  for (const query of [{ flowId: flow.id }, { connectionFlowId: instance }, { connectionId }, { state: 'completed' }]) {
    assert.deepEqual(await find(query), both, JSON.stringify(query));
  }
  assert.deepEqual(await find({ state: 'failed' }), []);
  const top = accept(sdk.FindFlowRunsResponse, await client.flowRuns.find({ limit: 1 }));
  assert.deepEqual(byId(top.items), [second.id]);
  assert.deepEqual(await find({ limit: 1, cursor: top.cursor }), [first.id]);
});

scenario('what each node took and gave is shown, node by node', async (world) => {
  const { run } = await ran(world, simple, { text: 'hello' });
  const at = world.client.flowRun(run.id);
  const [start] = accept(page(NodeRun), await at.getNodeRuns('start')).items;
  const [say, ...rest] = accept(page(NodeRun), await at.getNodeRuns('say', { limit: 1 })).items;
  assert.deepEqual(rest, []);
  const [from] = start.outputs;
  assert.deepEqual(from.downstreamRuns, [{ runId: say.id, nodeKey: 'say' }]);
  assert.deepEqual(say.upstreamRuns, [{ nodeKey: 'start', runId: start.id, outputId: from.id }]);
  assert.deepEqual(say.input.start, { text: 'hello' });
  assert.deepEqual(accept(NodeRun, await at.getNodeRun('say', say.id)), say);

  const [given] = accept(page(NodeOutput), await at.getNodeOutputs('say', { limit: 1 })).items;
  assert.deepEqual(JSON.parse(given.data), { words: 'hello' });
  assert.deepEqual(accept(NodeOutput, await at.getNodeOutput('say', given.id)), given);
  assert.deepEqual(await world.client.get(`/flow-runs/${run.id}/output/say`), [{ words: 'hello' }]);
  for (const call of [() => at.getNodeRun('say', 'none'), () => at.getNodeOutput('say', 'none'), () => at.getNodeRuns('none')]) {
    await refused(world.client, call, absent);
  }
});

// One after the other

scenario('one run of a connection goes on at a time, and is completed when told to', async (world) => {
  await world.progress({ flowRun: 'hold' });
  await make(world);
  const first = await ofConnection(world.client).run({ input: { text: 'first' } });
  const second = await ofConnection(world.client).run({ input: { text: 'second' } });
  assert.equal((await settled(world, first)).state, 'running');
  assert.equal(await stateOf(world, second), 'queued');
  const { message } = await errorOf(world.client.flowRun(first.id).repeat());
  assert.match(message, /running/);

  await poke(world, first, 'complete');
  assert.equal(await stateOf(world, first), 'completed');
  assert.deepEqual((await world.client.flowRun(first.id).getOutput()).say, [{ words: 'first' }]);
  assert.equal((await settled(world, second)).state, 'running');
  await poke(world, second, 'fail', 'no luck');
  const failed = accept(Run, await world.client.flowRun(second.id).get());
  assert.equal(failed.state, 'failed');
  assert.match(failed.errors[0].message, /no luck/);
});

scenario('a stopped run is over, and the next one has its turn', async (world) => {
  await world.progress({ flowRun: 'hold' });
  await make(world);
  const runs = [];
  for (const text of ['going on', 'waiting', 'last']) runs.push(await ofConnection(world.client).run({ input: { text } }));
  const [going, waiting, last] = runs;
  await world.settle();
  await world.client.flowRun(waiting.id).stop();
  assert.equal(await stateOf(world, waiting), 'stopped');
  assert.equal(await stateOf(world, going), 'running');
  await world.client.flowRun(going.id).stop();
  assert.equal((await settled(world, last)).state, 'running');
  const stopped = accept(Run, await world.client.flowRun(going.id).get());
  assert.equal(stopped.state, 'stopped');
  assert.ok(stopped.endTime);
  assert.deepEqual(await world.client.flowRun(going.id).getOutput(), {});
});

scenario('progress fails a run with a reason', async (world) => {
  await world.progress({ flowRun: { fail: { error: 'planned' } } });
  await make(world);
  const run = await settled(world, await ofConnection(world.client).run({}));
  assert.equal(run.state, 'failed');
  assert.match(run.errors[0].message, /planned/);
});

scenario("another tenant sees neither the run nor the instance", async (world) => {
  await make(world);
  const run = await settled(world, await ofConnection(world.client).run({ input: { text: 'mine' } }));
  const other = world.clientOf('somebody-else');
  const at = other.flowRun(run.id);
  const calls = [() => at.get(), () => at.stop(), () => at.getOutput(), () => at.getNodeRuns('say'), () => at.repeat()];
  calls.push(() => other.flowInstance(run.flowInstanceId).get(), () => other.flowInstance(run.flowInstanceId).startRun());
  for (const call of calls) await refused(other, call, absent);
  assert.deepEqual((await other.flowRuns.find()).items, []);
  assert.deepEqual((await other.flowInstances.find()).items, []);
  assert.equal(accept(Run, await world.manager.flowRun(run.id).get()).id, run.id);
});

// What nodes do

scenario("links' filters choose the way", async (world) => {
  const nodes = {
    start: trigger(to('big', when('input.start.n', { gt: 10 })), to('small', when('input.start.n', { lte: 10 }))),
    big: transform('big'),
    small: transform('small'),
  };
  const { run, output } = await ran(world, nodes, { n: 11 });
  assert.equal(run.state, 'completed');
  assert.deepEqual(output.big, ['big']);
  assert.equal(output.small, undefined);
  const other = await settled(world, await ofConnection(world.client).run({ input: { n: 1 } }));
  assert.deepEqual(await world.client.get(`/flow-runs/${other.id}/output/small`), ['small']);
  assert.deepEqual(await world.client.get(`/flow-runs/${other.id}/output/big`), []);
});

scenario('a filter lets pass or ends the way', async (world) => {
  const nodes = {
    start: trigger(to('only')),
    only: { type: 'filter', config: { filter: when('input.start.kind', { is: 'good' }) }, links: [to('end')] },
    end: transform('passed'),
  };
  const { output } = await ran(world, nodes, { kind: 'good' });
  assert.deepEqual(output.end, ['passed']);
  const run = await settled(world, await ofConnection(world.client).run({ input: { kind: 'bad' } }));
  assert.equal(run.state, 'completed');
  const { items } = accept(page(NodeRun), await world.client.flowRun(run.id).getNodeRuns('only', { limit: 5 }));
  assert.deepEqual(items.map(({ status, outputs }) => [status, outputs]), [['skipped', []]]);
  assert.equal(run.nodes.end, undefined);
});

for (const type of ['for-each', 'for-each-v2']) {
  scenario(`${type} gives what its nodes gave for each item`, async (world) => {
    const nodes = {
      start: trigger(to('each')),
      each: { type, config: { items: { $var: 'input.start.numbers' }, rootNodeKey: 'double' }, links: [to('end')] },
      double: script('({ input }) => input.each.item * 2'),
      end: transform({ $var: 'input.each' }),
    };
    const { run, output } = await ran(world, nodes, { numbers: [1, 2, 3] });
    assert.equal(run.state, 'completed', JSON.stringify(run.errors));
    assert.deepEqual(output.double, [2, 4, 6]);
    assert.deepEqual(output.each, [{ double: [2, 4, 6] }]);
    assert.deepEqual(output.end, [{ double: [2, 4, 6] }]);
    assert.equal(run.nodes.double.runs, 3);
    const outputs = await world.client.flowRun(run.id).getNodeOutputs('double', { limit: 2 });
    assert.deepEqual(accept(page(NodeOutput), outputs).items.map(({ data }) => data), ['2', '4']);
    assert.ok(outputs.cursor);
  });
}

scenario('with onError continue the way goes on, by filters that see the error', async (world) => {
  const nodes = {
    start: trigger(to('break')),
    break: script("() => { throw new Error('it broke') }", {
      onError: 'continue',
      links: [to('bad', when('error', { isNotEmpty: true })), to('good', when('error', { isEmpty: true }))],
    }),
    bad: transform('handled'),
    good: transform('nothing happened'),
  };
  const { run, output } = await ran(world, nodes);
  assert.equal(run.state, 'completed', JSON.stringify(run.errors));
  assert.deepEqual(output.bad, ['handled']);
  assert.equal(output.good, undefined);
  const [broken] = accept(page(NodeRun), await world.client.flowRun(run.id).getNodeRuns('break', { limit: 1 })).items;
  assert.match(broken.errors[0].message, /it broke/);
});

scenario("nodes call the app and run actions through the flow's connection", async (world) => {
  const text = { $var: 'input.start.text' };
  await world.stub('github', 'POST', '/suite/notes', { json: { noted: 1 } }, { body: { text: 'hello' } });
  await world.stub('github', 'POST', '/suite/things', { json: { made: 2 } }, { body: { text: 'hello' } });
  await world.action(github, { method: 'POST', path: '/suite/things', body: { text: { $var: '$.input.text' } } });
  const request = { method: 'POST', path: '/suite/notes', body: { text } };
  const nodes = {
    start: trigger(to('note')),
    note: { type: 'api-request-to-external-app', config: { request }, links: [to('act')] },
    act: { type: 'run-action', config: { actionKey: 'suite-action', input: { text } }, links: [to('sum')] },
    sum: script('({ input }) => input.note.noted + input.act.made'),
  };
  const { run, output } = await ran(world, nodes, { text: 'hello' });
  assert.equal(run.state, 'completed', JSON.stringify(run.errors));
  assert.deepEqual(output.note, [{ noted: 1 }]);
  assert.deepEqual(output.act, [{ made: 2 }]);
  assert.deepEqual(output.sum, [3]);
  const [log] = (await world.client.get('/action-run-logs')).items;
  assert.deepEqual(log.input, { text: 'hello' });
});

scenario('POST /flow-instances/:id changes one, as the older document has it', async (world) => {
  await make(world);
  const { id } = await ofConnection(world.client).get({ autoCreate: true });
  const changed = accept(Instance, await world.client.post(`/flow-instances/${id}`, { enabled: false }));
  assert.deepEqual([changed.id, changed.enabled], [id, false]);
  await refused(world.client, () => world.client.post('/flow-instances/nobody', { enabled: false }), absent);
});
