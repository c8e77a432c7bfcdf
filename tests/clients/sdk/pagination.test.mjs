// Lists: `{items, cursor?}`, `cursor=0` is the start, no cursor on the last page, stable order, nothing lost between pages.

import assert from 'node:assert/strict';
import * as sdk from '@membranehq/sdk';
import { byId, scenario } from './lib/world.mjs';
import { accept, page } from './lib/shape.mjs';
import { refused } from './lib/failure.mjs';

const github = { integrationKey: 'github' };

/** Makes `count` actions on an integration of their own, so that the demo's actions do not count. */
async function actions({ manager }, count) {
  await manager.integrations.create({ key: 'suite-github', name: 'Suite GitHub', connectorKey: 'github' });
  const made = [];
  for (let n = 0; n < count; n += 1) {
    made.push(
      await manager.actions.create({
        key: `action-${n}`,
        name: `Action ${n}`,
        type: 'api-request-to-external-app',
        config: { request: { method: 'GET', path: `/suite/${n}` } },
        integrationKey: 'suite-github',
      }),
    );
  }
  return made;
}

/** The integration level alone: what lives on the integration made above. */
const scope = { integrationKey: 'suite-github', layer: 'integration' };

/** Every page of actions, from the first to the one without a cursor. */
async function walk(client, query) {
  const pages = [];
  let cursor;
  do {
    const answer = await client.actions.find({ ...query, cursor });
    accept(page(sdk.ActionApiResponse), answer);
    pages.push(answer);
    assert.ok(!answer.cursor || answer.cursor !== cursor, 'a cursor that repeats would loop for ever');
    cursor = answer.cursor;
  } while (cursor);
  return pages;
}

scenario('pages follow each other in the order of creation without gap or repeat', async (world) => {
  const made = await actions(world, 23);
  const pages = await walk(world.client, { ...scope, limit: 5 });
  assert.deepEqual(pages.map(({ items }) => items.length), [5, 5, 5, 5, 3]);
  assert.deepEqual(byId(pages.flatMap(({ items }) => items)), byId(made));
});

scenario('the last page has no cursor field, also when it is full', async (world) => {
  await actions(world, 10);
  const pages = await walk(world.client, { ...scope, limit: 5 });
  assert.equal(pages.length, 2);
  assert.equal(typeof pages[0].cursor, 'string');
  assert.ok(!('cursor' in pages[1]), JSON.stringify(pages[1].cursor));
});

scenario('cursor=0 is the start', async (world) => {
  await actions(world, 4);
  const first = await world.client.actions.find({ ...scope, limit: 3 });
  assert.deepEqual(await world.client.actions.find({ ...scope, limit: 3, cursor: '0' }), first);
});

scenario('an empty list is one page without a cursor', async ({ client }) => {
  const empty = accept(page(sdk.ActionApiResponse), await client.actions.find({ ...github, search: 'no such thing' }));
  assert.deepEqual(empty, { items: [] });
});

scenario('findAll reads more than its own page size of a thousand', async ({ manager }) => {
  const before = await manager.customers.findAll();
  const made = [];
  for (let batch = 0; batch < 21; batch += 1) {
    const names = Array.from({ length: 50 }, (_, n) => `tenant-${batch * 50 + n}`);
    made.push(...(await Promise.all(names.map((name) => manager.customers.create({ name, internalId: name })))));
  }
  const all = byId(await manager.customers.findAll());
  assert.equal(new Set(all).size, all.length, 'nothing twice');
  assert.deepEqual(all.toSorted(), byId([...before, ...made]).toSorted());
});

scenario('archiving between two pages skips nothing', async (world) => {
  const made = await actions(world, 12);
  const { client, manager } = world;
  const first = await client.actions.find({ ...scope, limit: 5 });
  // One that was read, the very one the cursor stands on, and one that is still to come.
  for (const gone of [made[0], made[4], made[7]]) await manager.action(gone.id).archive();
  const rest = [];
  let { cursor } = first;
  while (cursor) {
    const next = await client.actions.find({ ...scope, limit: 5, cursor });
    rest.push(...next.items);
    cursor = next.cursor;
  }
  const expected = byId(made.slice(5).filter((_, n) => n !== 2));
  assert.deepEqual(byId(rest), expected);
});

scenario('what is made between two pages comes at the end', async (world) => {
  const made = await actions(world, 6);
  const { client } = world;
  const { cursor } = await client.actions.find({ ...scope, limit: 5 });
  const late = await world.action({ key: 'late', integrationKey: 'suite-github' });
  const { items } = await client.actions.find({ ...scope, limit: 5, cursor });
  assert.deepEqual(byId(items), byId([made[5], late]));
});

scenario('run logs are paged newest first', async (world) => {
  await world.stub('github', 'GET', '/suite/thing', { json: {} });
  const action = await world.action(github);
  const runs = [];
  for (let n = 0; n < 5; n += 1) runs.unshift((await world.client.action(action.id).run()).actionRunId);
  const pages = [];
  let cursor;
  do {
    const answer = await world.client.get('/action-run-logs', { limit: 2, cursor });
    accept(sdk.FindActionRunLogsResponse, answer);
    pages.push(byId(answer.items));
    cursor = answer.cursor;
  } while (cursor);
  assert.deepEqual(pages, [runs.slice(0, 2), runs.slice(2, 4), runs.slice(4)]);
});

for (const path of ['/integrations', '/actions', '/connections', '/action-instances', '/action-run-logs']) {
  scenario(`${path} ignores what a React list adds to its query`, async ({ client }) => {
    const answer = await client.get(path, { hash: -1264902993, limit: 25 });
    assert.ok(Array.isArray(answer.items));
  });
}

for (const limit of [0, -1, 1001, 'many']) {
  scenario(`a limit of ${limit} is refused`, async ({ client }) => {
    await refused(client, () => client.connections.find({ limit }), { as: sdk.BadRequestError, status: 400, message: /limit/ });
  });
}

scenario('a limit of 1000 is allowed', async ({ client }) => {
  assert.equal((await client.connections.find({ limit: 1000 })).items.length, 2);
});
