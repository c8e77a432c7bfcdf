// The chaos walk: the client's day under random faults on all routes and on the apps' side. Whatever breaks, the
// server stays up, answers in its envelope, keeps every record legal, and keeps workspaces apart; and it all happens
// again when the same seed is walked again, or its story is played.
//
// CHAOS_RUNS=200 walks more seeds than 25; CHAOS_SEED=17 walks that one alone.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as sdk from '@membranehq/sdk';
import { takeWalk, tellingOf } from './lib/chaos.mjs';

const { CHAOS_RUNS = '25', CHAOS_SEED } = process.env;
const seeds = CHAOS_SEED ? [Number(CHAOS_SEED)] : Array.from({ length: Number(CHAOS_RUNS) }, (_, index) => index + 1);
// The client's list lacks the last two.
const STATES = [...sdk.ConnectionApiResponse.shape.state.unwrap().options, 'DISCONNECTED', 'ERROR'];
/** Ids of connections that other walks have made. */
const strangers = new Set();

describe('chaos', { concurrency: 4 }, () => {
  for (const seed of seeds) {
    test(`seed ${seed}`, async (t) => {
      const first = await walked(t, seed, 'first');
      const again = await walked(t, seed, 'again');
      const played = await walked(t, seed, 'played', first.story.fired);
      judged(first, () => {
        assert.deepEqual(tellingOf(again), tellingOf(first), 'the same seed breaks the same calls');
        assert.deepEqual(tellingOf(played), tellingOf(first), 'a story that is played breaks the same calls');
      });
    });
  }
});

async function walked(t, seed, label, fired) {
  const walk = await takeWalk(seed, label, fired);
  t.after(() => walk.world.drop());
  const facts = await gather(walk);
  judged(walk, () => check(walk, facts));
  for (const id of walk.ids) strangers.add(id);
  return walk;
}

/** A failure says how to have it again. */
function judged(walk, checks) {
  try {
    checks();
  } catch (error) {
    const said = { seed: walk.seed, rules: walk.rules, fired: tellingOf(walk), steps: walk.steps };
    error.message += `\n\nCHAOS_SEED=${walk.seed}: ${JSON.stringify(said, null, 2)}`;
    throw error;
  }
}

/** Everything there is afterwards, with the faults gone. */
async function gather({ world, ids }) {
  const journal = await world.journal();
  await world.control('DELETE', '/faults');
  await world.settle();
  const { manager } = world;
  const every = async (path) => (await manager.get(path, { limit: 1000, includeArchived: true })).items;
  const ask = (path) => world.curl('GET', path, { token: world.managerToken });
  const runs = new Map();
  for (const { actionRunId } of actsOf(journal)) {
    runs.set(actionRunId, (await ask(`/action-run-logs/${actionRunId}`)).body);
  }
  const foreign = [...strangers].filter((id) => !ids.includes(id)).slice(-10);
  return {
    journal,
    runs,
    health: await (await fetch(`${process.env.MEMBRANE_MOCK_CONTROL_URL}/health`)).json(),
    connections: await every('/connections'),
    actions: (await every('/actions')).concat(await every('/integrations/github/actions')),
    tenants: await every('/customers'),
    logs: await every('/action-run-logs'),
    foreign: await Promise.all(foreign.map(async (id) => (await ask(`/connections/${id}`)).status)),
  };
}

const actsOf = (journal) => journal.filter(({ operation, actionRunId }) => operation === 'act' && actionRunId);

function check({ name, strange }, { health, journal, runs, connections, actions, tenants, logs, foreign }) {
  assert.equal(health.status, 'ok');
  assert.deepEqual(strange, []);
  journal.forEach(checkAnswer);
  connections.forEach(checkConnection);

  // Nothing here is another workspace's.
  const keys = [...connections, ...actions].map(({ key }) => key).concat(tenants.map(({ internalId }) => internalId));
  assert.deepEqual(keys.filter((key) => key?.startsWith('chaos-') && !key.startsWith(name(''))), []);
  const known = new Set(connections.map(({ id }) => id));
  for (const { connectionId } of logs) assert.ok(!connectionId || known.has(connectionId), `a run of ${connectionId}`);
  assert.deepEqual(foreign.filter((status) => status !== 404), [], 'connections of other workspaces are not found');

  for (const { actionRunId, status } of actsOf(journal)) {
    assert.equal(runs.get(actionRunId).id, actionRunId, `run ${actionRunId} is in the log`);
    assert.equal(runs.get(actionRunId).status, status === 200 ? 'success' : 'error');
  }
}

function checkAnswer({ side, status, faults, operation, path, method }, index, journal) {
  if (side !== 'api' || faults || status < 500 || status === 501) return;
  // A proxy passes on what the app said, or that it said nothing.
  const asked = journal.slice(0, index).findLast((entry) => entry.side === 'upstream');
  assert.ok(operation === 'proxy' && asked?.faults, `${method} ${path} was answered ${status}, and no fault broke it`);
}

function checkConnection(connection) {
  const { key, state, connected, disconnected, clientAction, error, isDefunct, archivedAt } = connection;
  const shown = JSON.stringify({ key, state, connected, disconnected, clientAction, error, isDefunct, archivedAt });
  assert.ok(STATES.includes(state), shown);
  assert.equal(connected, !disconnected, shown);
  assert.equal(state === 'CLIENT_ACTION_REQUIRED', clientAction?.uiUrl !== undefined, shown);
  assert.equal(isDefunct, error?.key === 'connection_is_defunct', shown);
  if (state === 'READY') assert.ok(connected && !error, shown);
  // While its user reconnects, an old connection goes on working.
  if (connected) assert.ok(['READY', 'CLIENT_ACTION_REQUIRED', 'BUILDING'].includes(state), shown);
  if (['DISCONNECTED', 'ERROR', 'SETUP_FAILED', 'CONFIGURATION_ERROR'].includes(state)) assert.ok(error?.message, shown);
  // All that was due is done.
  if (!archivedAt) assert.ok(!['BUILDING', 'DISCONNECTING'].includes(state), shown);
}
