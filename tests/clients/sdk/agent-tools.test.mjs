// What agents search with: apps of the catalog and of the workspace, and what the web is said to have.

import assert from 'node:assert/strict';
import * as sdk from '@membranehq/sdk';
import { NOT_FAKED, refusal, refused } from './lib/failure.mjs';
import { scenario, World } from './lib/world.mjs';

const bad = { as: sdk.BadRequestError, status: 400 };

const searchApps = ({ client }, body) => client.post('/agent/tools/search-apps', body);
const keys = async (world, body) => (await searchApps(world, body)).items.map(({ key }) => key);
const webSearch = async ({ client }, body) => (await client.post('/agent/tools/websearch', body)).results;

scenario('apps are searched, as their list has them', async (world) => {
  const { items } = await searchApps(world, { query: 'HubSpot' });
  assert.deepEqual(items, (await world.client.get('/external-apps', { search: 'hubspot' })).items);
  assert.deepEqual(items.map(({ key }) => key), ['hubspot']);
  assert.ok((await keys(world, { query: 'hub' })).includes('github'));
  assert.deepEqual(await keys(world, { query: 'nobody has this: ü🚀' }), []);

  assert.equal((await keys(world, { query: 'a' })).length, 10, 'ten are enough where nobody says how many');
  const all = await keys(world, { query: 'a', limit: 1000 });
  assert.ok(all.length > 10);
  assert.deepEqual(await keys(world, { query: 'a', limit: 2 }), all.slice(0, 2));
  assert.deepEqual(await keys(world, { query: 'a', limit: null }), all.slice(0, 10));
});

scenario('apps of the workspace’s own are found as well', async (world, t) => {
  await world.manager.post('/external-apps', { key: 'wolpertinger', name: 'Wolpertinger' });
  assert.deepEqual(await keys(world, { query: 'wolper' }), ['wolpertinger']);
  const other = await World.fork();
  t.after(() => other.drop());
  assert.deepEqual(await keys(other, { query: 'wolper' }), []);
});

scenario('the web has what the workspace says that it has', async (world) => {
  assert.deepEqual(await webSearch(world, { query: 'crm api' }), [], 'nothing is asked outside');
  const [docs, blog] = [{ title: 'Docs', url: 'https://docs.example.com' }, { title: 'Blog', text: 'ü' }];
  await world.configure({ mock: { webSearch: { 'CRM API': [docs, blog], slack: ['just text', 7] } } });
  assert.deepEqual(await webSearch(world, { query: 'The crm api of HubSpot' }), [docs, blog]);
  assert.deepEqual(await webSearch(world, { query: 'crm api', limit: 1 }), [docs]);
  assert.deepEqual(await webSearch(world, { query: 'SLACK or crm api?' }), [docs, blog, 'just text', 7]);
  for (const query of ['crm', 'api crm', '']) assert.deepEqual(await webSearch(world, { query }), []);
  await world.configure({ mock: { webSearch: { 'CRM API': null } } });
  assert.deepEqual(await webSearch(world, { query: 'slack crm api' }), ['just text', 7]);
});

for (const path of ['/agent/tools/search-apps', '/agent/tools/websearch']) {
  scenario(`POST ${path} says what is wrong with a search`, async (world) => {
    for (const [body, message] of [
      [undefined, /missing field `query`/],
      [{}, /missing field `query`/],
      [{ q: 'hub' }, /`query`/],
      [{ query: 7 }, /`query`/],
      [{ query: null }, /`query`/],
      [{ query: ['hub'] }, /`query`/],
      [{ query: 'hub', limit: -1 }, /`limit`/],
      [{ query: 'hub', limit: 1.5 }, /`limit`/],
      [{ query: 'hub', limit: '1' }, /`limit`/],
    ]) {
      await refused(world.client, (client) => client.post(path, body), { ...bad, message });
    }
    const raw = { body: '{"query', headers: { 'content-type': 'application/json' } };
    refusal(await world.curl('POST', path, raw), { ...bad, message: /not valid JSON/ });
    refusal(await world.curl('POST', path, { token: null, data: { query: 'hub' } }), { status: 401, key: 'not_authenticated' });
    refusal(await world.curl('GET', path), { status: 405, message: /it takes POST/ });
    const huge = await world.client.post(path, { query: 'x'.repeat(100_000) });
    assert.deepEqual(Object.values(huge), [[]]);
  });
}

scenario('other tools of agents say that they are not faked', ({ client }) =>
  refused(client, () => client.post('/agent/tools/write-code', { query: 'hub' }), NOT_FAKED),
);

scenario('what the web has is copied, kept and dropped with the workspace', async (world, t) => {
  const mock = { webSearch: { crm: [{ title: 'Docs' }] } };
  await world.configure({ mock });
  for (const from of [world.key, JSON.parse(await world.export())]) {
    const copy = await World.fork({ from });
    t.after(() => copy.drop());
    assert.deepEqual(await webSearch(copy, { query: 'crm' }), [{ title: 'Docs' }]);
  }
  const other = await World.fork({ mock });
  t.after(() => other.drop());
  assert.deepEqual(await webSearch(other, { query: 'crm' }), [{ title: 'Docs' }]);
  await world.reset();
  assert.deepEqual(await webSearch(world, { query: 'crm' }), []);
});
