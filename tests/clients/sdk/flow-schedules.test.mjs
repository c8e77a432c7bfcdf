// Flows that schedules launch, on the workspace's clock.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as sdk from '@membranehq/sdk';
import { World, scenario } from './lib/world.mjs';
import { refused } from './lib/failure.mjs';
import { startServer } from './lib/server.mjs';
import { accept } from './lib/shape.mjs';

const Run = sdk.FlowRunApiResponse;
const still = { clock: '2026-01-15T08:30:00Z' };
const HOUR = 60 * 60 * 1000;

const nodes = (config) => ({
  each: { type: 'schedule-trigger', config, links: [{ key: 'said' }] },
  said: { type: 'transform-data', config: { output: { by: { $var: '$.flow.key' } } } },
});

/** A flow at GitHub with a schedule, and its instance on the demo's connection. */
async function scheduled({ manager, client }, config, more) {
  await manager.flows.create({ key: 'suite-clock', name: 'Clock', nodes: nodes(config), integrationKey: 'github', ...more });
  return client.connection('github-dev').flow('suite-clock').get({ autoCreate: true });
}

/** When runs began, oldest first; each is over and was launched by its schedule. */
async function begun({ client }, flow) {
  const { items } = await client.flowRuns.find({ flowInstanceId: flow.id });
  const runs = items.map((item) => accept(Run, item)).reverse();
  for (const run of runs) {
    assert.deepEqual([run.state, run.launchedBy.type, run.startNodeKey], ['completed', 'schedule-trigger', 'each']);
  }
  return runs.map((run) => run.startTime);
}

scenario('a cron expression launches a flow at its moments, in its time zone', still, async (world) => {
  const flow = await scheduled(world, { schedule: { cron: '0 9 * * 1-5', timezone: 'Europe/Berlin' } });
  assert.deepEqual(await begun(world, flow), []);
  await world.advance(24 * HOUR);
  assert.deepEqual(await begun(world, flow), ['2026-01-16T08:00:00.000Z']);
  await world.advance(4 * 24 * HOUR);
  const week = ['2026-01-16', '2026-01-19'].map((day) => `${day}T08:00:00.000Z`);
  assert.deepEqual((await begun(world, flow)).slice(0, 2), week, 'none on a weekend');
});

scenario('an interval counts from when the instance is made, changed or enabled', still, async (world) => {
  const flow = await scheduled(world, { intervalSeconds: 3600 });
  const instance = world.client.flowInstance(flow.id);
  await world.advance(2.5 * HOUR);
  assert.deepEqual(await begun(world, flow), ['2026-01-15T09:30:00.000Z', '2026-01-15T10:30:00.000Z']);

  await instance.patch({ name: 'Renamed' });
  await world.advance(HOUR / 2);
  assert.equal((await begun(world, flow)).at(-1), '2026-01-15T11:30:00.000Z', 'a change of something else moves nothing');

  await instance.disable();
  await world.advance(5 * HOUR);
  assert.equal((await begun(world, flow)).length, 3, 'disabled');
  await instance.enable();
  await world.advance(HOUR);
  assert.equal((await begun(world, flow)).at(-1), '2026-01-15T17:30:00.000Z');

  await instance.patch({ nodes: { each: { config: { intervalMinutes: 10 } } } });
  await world.advance(HOUR / 6);
  assert.equal((await begun(world, flow)).at(-1), '2026-01-15T17:40:00.000Z');
  const [{ input }] = (await world.client.flowRuns.find({ flowInstanceId: flow.id })).items;
  assert.deepEqual(input, { triggeredAt: '2026-01-15T17:40:00.000Z' });
  await instance.archive();
  await world.advance(HOUR);
  assert.equal((await begun(world, flow)).length, 5, 'archived');
});

scenario('what falls due while the connection is archived is passed over', still, async (world) => {
  const flow = await scheduled(world, { intervalSeconds: 3600 });
  const { id } = await world.client.connection('github-dev').archive();
  await world.advance(3 * HOUR);
  assert.deepEqual(await begun(world, flow), []);
  await world.client.post(`/connections/${id}/restore`);
  await world.advance(HOUR);
  assert.deepEqual(await begun(world, flow), ['2026-01-15T12:30:00.000Z']);
});

scenario('a fork and a snapshot keep their schedules', still, async (world, t) => {
  const flow = await scheduled(world, { cron: '0 * * * *' });
  const { id } = await world.control('POST', '/snapshots', { name: 'before' });
  await world.advance(HOUR);
  assert.equal((await begun(world, flow)).length, 1);
  await world.control('POST', `/snapshots/${id}/restore`);
  assert.deepEqual(await begun(world, flow), []);
  const fork = await World.fork({ from: world.key });
  t.after(() => fork.drop());
  for (const each of [world, fork]) {
    await each.advance(HOUR);
    assert.deepEqual(await begun(each, flow), ['2026-01-15T09:00:00.000Z']);
  }
});

scenario('a flow above connections waits for nothing, and a schedule that is wrong is refused', still, async (world) => {
  const { manager } = world;
  const make = (config) => (client) =>
    client.flows.create({ key: 'suite-wrong', name: 'Wrong', nodes: nodes(config) });
  const no = (config, message) => refused(manager, make(config), { as: sdk.BadRequestError, status: 400, message });
  await no({ cron: 'every day' }, /`nodes\.each\.config`.*`every day` is no cron expression/);
  await no({ schedule: { cron: '0 9 * * *', timezone: 'Mars/North' } }, /Mars\/North/);
  await no({ intervalSeconds: 1 }, /`intervalSeconds` is 1; it is 60 or more/);
  await make({ intervalSeconds: 60 })(manager);
  await world.advance(HOUR);
  assert.deepEqual((await manager.flowRuns.find()).items, []);
});

scenario('each of many instances is launched at each of its moments', still, async (world) => {
  const flow = await scheduled(world, { intervalSeconds: 6 * 3600 });
  const { id } = await world.client.connection('github-dev').get();
  const keys = Array.from({ length: 40 }, (_, nth) => `nth-${nth}`);
  for (const instanceKey of keys) await world.client.connection(id).flow('suite-clock', { instanceKey }).create();
  await world.advance(24 * HOUR);
  const { items } = await world.client.get('/flow-runs', { limit: 1000 });
  const wanted = ['15T14', '15T20', '16T02', '16T08'].map((hour) => `2026-01-${hour}:30:00.000Z`);
  const instances = new Set(items.map(({ flowInstanceId }) => flowInstanceId));
  assert.equal(instances.size, keys.length + 1);
  for (const instance of instances) assert.deepEqual(await begun(world, { id: instance }), wanted);
  assert.ok(instances.has(flow.id));
});

scenario('a server that starts again from its file goes on with schedules', async (_, t) => {
  const at = await mkdtemp(join(tmpdir(), 'schedules-'));
  t.after(() => rm(at, { recursive: true }));
  const start = async () => {
    const server = await startServer('--database', join(at, 'world.db'));
    t.after(server.stop);
    const { items: [known] } = await (await fetch(`${server.url}/__mock/workspaces`)).json();
    return { ...server, world: Object.assign(new World(), known) };
  };
  const clocked = async ({ url, world }, path, body) => {
    const answer = await fetch(`${url}/__mock/workspaces/${world.key}/clock${path}`, {
      method: path ? 'POST' : 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    assert.ok(answer.ok, await answer.text());
  };
  const first = await start();
  await clocked(first, '', { mode: still.clock });
  const flow = await scheduled(first.world, { intervalSeconds: 3600 });
  await clocked(first, '/advance', { ms: HOUR / 2 });
  await first.stop();
  const second = await start();
  await clocked(second, '/advance', { ms: HOUR });
  assert.deepEqual(await begun(second.world, flow), ['2026-01-15T09:30:00.000Z']);
});
