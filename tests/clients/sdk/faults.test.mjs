// What the client makes of faults: those an application handles by itself, and those that break the wire.

import assert from 'node:assert/strict';
import * as sdk from '@membranehq/sdk';
import { errorOf, lastStatus, scenario } from './lib/world.mjs';
import { goThrough } from './lib/hosted-page.mjs';
import { refused } from './lib/failure.mjs';

const user = { api: { method: 'GET', path: '/user' }, connectionKey: 'github-dev' };
const act = (client) => client.post('/act', user);
const frozen = { clock: '2030-01-01T00:00:00Z' };
/** A call that hangs fails its test by this, not the whole run. */
const PATIENCE = 20_000;

const fault = (world, rule) => world.control('POST', '/faults', rule);
const fired = async (world) => (await world.control('GET', '/faults')).items.map((rule) => rule.fired);

/** What a call ended in, within a time that no working call takes. */
async function ended(call) {
  let timer;
  const late = new Promise((resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no end within ${PATIENCE} ms`)), PATIENCE);
  });
  return Promise.race([call, late]).finally(() => clearTimeout(timer));
}

// Too many calls

/** An application's own patience: comes back when it is told to, and lets the workspace's time pass meanwhile. */
async function patiently(world, call, tries = 3) {
  const waited = [];
  for (;;) {
    try {
      return { value: await call(), waited };
    } catch (error) {
      const seconds = Number(error.response?.headers['retry-after']);
      if (waited.length === tries || !seconds) throw error;
      waited.push(seconds);
      await world.advance(seconds * 1000);
    }
  }
}

scenario('a rate limit is a BadRequestError with status 429, and is over when the header says', frozen, async (world) => {
  await fault(world, { on: { operation: 'act' }, fault: { rateLimit: { limit: 2, perMs: 10_000, retryAfter: true } } });
  await act(world.client);
  await act(world.client);

  await refused(world.client, act, { as: sdk.BadRequestError, status: 429, key: 'rate_limit_exceeded' });
  const answer = await world.curl('POST', '/act', { data: user });
  assert.equal(answer.status, 429);
  assert.equal(answer.headers.get('retry-after'), '5', 'the client keeps it to itself');
  await world.advance(5_000);

  await act(world.client);
  await refused(world.client, act, { as: sdk.BadRequestError, status: 429 });
  assert.equal((await world.client.connections.find()).items.length, 2, 'other calls are not limited');
});

scenario('an application that waits as long as it is told gets through', frozen, async (world) => {
  const busy = { status: 429, body: { message: 'slow down' }, headers: { 'retry-after': '30' } };
  await fault(world, { name: 'busy', on: { operation: 'act' }, until: '2030-01-01T00:01:00Z', fault: { respond: busy } });

  const { value, waited } = await patiently(world, () => act(world.client));

  assert.equal(value.output.login, 'mia-acme');
  assert.deepEqual(waited, [30, 30]);
  assert.deepEqual(await fired(world), [2]);
  const { items } = await world.control('GET', '/journal?operation=act');
  assert.deepEqual(items.map(({ at, status }) => [at.slice(11, 19), status]), [['00:00:00', 429], ['00:00:30', 429], ['00:01:00', 200]]);
});

scenario('an application that does not want to wait any longer has the error', frozen, async (world) => {
  await fault(world, { on: { operation: 'act' }, fault: { respond: { status: 429, body: {}, headers: { 'retry-after': '1' } } } });

  const error = await errorOf(patiently(world, () => act(world.client), 2));

  assert.equal(error.isAxiosError, true);
  assert.equal(error.response.status, 429);
  assert.deepEqual(await fired(world), [3]);
});

scenario('an app that limits its calls fails the run with its own answer', frozen, async (world) => {
  const limit = { rateLimit: { limit: 1, perMs: 60_000, retryAfter: true } };
  await world.settle();
  await fault(world, { on: { connector: 'github', path: '/user' }, fault: limit });
  await act(world.client);

  const { data } = await refused(world.client, act, { as: sdk.ActionRunError, status: 400 });

  assert.equal(data.data.response.status, 429);
  await world.advance(60_000);
  await act(world.client);
});

// Credentials

scenario('credentials that expire in between are refreshed, and the client notices nothing', async (world) => {
  await fault(world, { on: { operation: 'act', connection: 'github-dev' }, nth: 2, fault: 'expireCredentials' });

  for (let call = 0; call < 3; call += 1) assert.equal((await act(world.client)).output.login, 'mia-acme');

  assert.deepEqual(await fired(world), [1]);
  assert.equal((await world.client.connection('github-dev').get()).state, 'READY');
});

scenario('an application whose user connects again goes on where it was', async (world) => {
  const lost = { on: { operation: 'act', connection: 'github-dev' }, nth: 2 };
  await fault(world, [{ ...lost, fault: 'expireCredentials' }, { ...lost, fault: 'failRefresh' }]);

  const reconnected = [];
  async function actOrReconnect() {
    try {
      return await act(world.client);
    } catch (error) {
      if (!(error instanceof sdk.ConnectionError) || error.data.code !== 'CONNECTION_DISCONNECTED') throw error;
      const { connectionId } = error.data.data;
      const asked = await world.client.post('/connect', { connectionId });
      await goThrough(asked.clientAction.uiUrl);
      reconnected.push(connectionId);
      return act(world.client);
    }
  }
  for (let call = 0; call < 4; call += 1) assert.equal((await actOrReconnect()).output.login, 'mia-acme');

  const { id, state } = await world.client.connection('github-dev').get();
  assert.deepEqual({ state, reconnected }, { state: 'READY', reconnected: [id] });
});

scenario('a defunct connection is told from a lost one by its key', async (world) => {
  await fault(world, { on: { operation: 'act' }, times: 1, fault: 'markDefunct' });

  const { data } = await refused(world.client, act, { as: sdk.ConnectionError, status: 400, key: 'connection_is_defunct' });

  assert.equal((await world.client.connection(data.data.connectionId).get()).isDefunct, true);
});

// Building that never ends

scenario('a connector that is never built leaves the client to its own patience', async (world) => {
  await world.progress({ 'connection.building': 'hold' });
  const { id, state } = await world.client.post('/connect', { intent: 'connect my Frobnicator' });
  assert.equal(state, 'BUILDING');

  const looked = [];
  while (looked.length < 2) looked.push((await ended(world.client.connection(id).get({ wait: true, timeout: 1 }))).state);
  assert.deepEqual(looked, ['BUILDING', 'BUILDING'], 'a long-poll ends though nothing has happened');
  const impatient = await errorOf(world.client.get(`/connections/${id}`, { wait: true, timeout: 30 }, { timeout: 200 }));
  assert.equal(impatient.code, 'ECONNABORTED');

  await world.poke(id, 'finishBuilding');
  assert.equal((await world.client.connection(id).get()).state, 'CLIENT_ACTION_REQUIRED');
});

// The wire

const wire = {
  'is reset': ['reset', { code: 'ECONNRESET' }],
  'is closed before the answer': ['close', { code: 'ECONNRESET' }],
  'breaks off in the middle': ['truncate', { code: 'ERR_BAD_RESPONSE' }],
  'stalls after the headers': ['stall', { code: 'ERR_BAD_RESPONSE', timeout: 2_000 }],
};
const calls = {
  'a list': ['GET /connections', (client, options) => client.get('/connections', {}, options)],
  'an act': ['POST /act', (client, options) => client.post('/act', user, options)],
};
for (const [what, [name, { code, timeout }]] of Object.entries(wire)) {
  for (const [which, [route, call]] of Object.entries(calls)) {
    scenario(`${which} whose connection ${what} is the HTTP library's error, and the next one is well`, async (world) => {
      await fault(world, { on: { route }, times: 1, fault: name });

      const error = await ended(errorOf(call(world.client, { timeout })));

      assert.equal(error.isAxiosError, true, String(error));
      assert.equal(error.code, code, error.message);
      assert.equal(error.isMembraneError, undefined);
      const value = await ended(call(world.client, {}));
      assert.ok(value.items ?? value.output, 'the client goes on');
      assert.deepEqual(await fired(world), [1]);
    });
  }
}

scenario('an act whose answer was lost has been carried out all the same', async (world) => {
  await fault(world, { on: { operation: 'act' }, times: 1, fault: 'truncate' });

  await ended(errorOf(act(world.client)));

  assert.equal((await world.requestsTo('github')).length, 1);
  assert.equal((await world.client.get('/action-run-logs')).items.length, 1);
});

scenario('an act that is reset before its answer has not been carried out', async (world) => {
  await fault(world, { on: { operation: 'act' }, times: 1, fault: 'reset' });

  await ended(errorOf(act(world.client)));

  assert.deepEqual(await world.requestsTo('github'), []);
});

scenario('an answer that is no JSON is not taken for a list', async (world) => {
  await fault(world, { on: { route: 'GET /connections' }, times: 1, fault: 'malformedJson' });

  // The HTTP library hands on what it cannot parse as text, and the client does not look.
  const value = await ended(world.client.connections.find());

  assert.equal(lastStatus(world.client), 200);
  assert.equal(typeof value, 'string');
  assert.throws(() => JSON.parse(value), SyntaxError);
  assert.equal((await world.client.connections.find()).items.length, 2);
});

scenario('an answer that comes in pieces is whole in the end', async (world) => {
  const whole = await world.client.connections.find();
  await fault(world, { on: { route: 'GET /connections' }, fault: { dribble: { bytes: 500, everyMs: 1 } } });

  assert.deepEqual(await ended(world.client.connections.find()), whole);
});

for (const name of ['reset', 'close', 'truncate']) {
  scenario(`an app whose connection breaks (${name}) is an ActionRunError with a run to look into`, async (world) => {
    await fault(world, { on: { connector: 'github' }, times: 1, fault: name });

    const { data } = await ended(refused(world.client, act, { as: sdk.ActionRunError, status: 400 }));

    const log = await world.client.get(`/action-run-logs/${data.actionRunId}`);
    assert.equal(log.status, 'error');
    await act(world.client);
  });
}

// Errors of the engine

const families = {
  bad_request: sdk.BadRequestError,
  connection: sdk.ConnectionError,
  configuration: sdk.ConfigurationError,
  concurrency: sdk.ConcurrencyError,
  internal: sdk.InternalError,
  action_run: sdk.ActionRunError,
  custom_code: sdk.CustomCodeError,
  insufficient_credit: sdk.InsufficientCreditsError,
};
for (const [type, as] of Object.entries(families)) {
  scenario(`an error of type ${type} on cue is the client's ${as.name}`, async (world) => {
    await fault(world, { name: 'on cue', on: { operation: 'act' }, fault: { error: { type, message: 'so it is' } } });

    await refused(world.client, act, { as, status: type === 'internal' ? 500 : 400, message: /^so it is$/ });
  });
}
