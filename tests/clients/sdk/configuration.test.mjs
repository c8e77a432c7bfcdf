// The pages on which a person sets what an instance lets be set, as a browser asks for and sends them.

import assert from 'node:assert/strict';
import { scenario } from './lib/world.mjs';

const website = { owner: 'acme', repo: 'website' };
const decoded = (text) => text.replace(/&quot;/g, '"').replace(/&#(\d+);/g, (_, code) => String.fromCharCode(code)).replace(/&#x27;/g, "'").replace(/&amp;/g, '&');

/** The page of an instance, with its fields by label: the name in the form, the value and what there is to choose. */
async function opened(world, path, { token = world.tenantToken, form } = {}) {
  const address = `${world.apiUri.replace(/\/$/, '')}/embed/${path}${path.includes('?') ? '&' : '?'}token=${token}`;
  const sent = form && { method: 'POST', body: new URLSearchParams(form) };
  const response = await fetch(address, { headers: { accept: 'text/html' }, ...sent });
  const html = await response.text();
  const fields = {};
  for (const [, name, label, rest] of html.matchAll(/<label for="f-(s\d+)">(.*?)(?: \(optional\))?<\/label>([\s\S]*?)<\/div>/g)) {
    const options = [...rest.matchAll(/<option value="(.*?)"( selected)?>(.*?)<\/option>/g)].filter(([, value]) => value !== '');
    const choices = options.map(([, , , label]) => decoded(label));
    const typed = rest.match(/<input .* value="(.*?)"/)?.[1] ?? '';
    const selected = options.find(([, , isSelected]) => isSelected)?.[1] ?? typed;
    fields[decoded(label)] = { name, value: decoded(selected), ...(choices.length ? { choices } : {}) };
  }
  return { status: response.status, html, fields };
}

/** Sends the page's form as it is, but for what is set by label. */
async function saved(world, path, set) {
  const { fields } = await opened(world, path);
  const form = {};
  for (const [label, { name, value }] of Object.entries(fields)) form[name] = set[label] ?? value;
  return opened(world, path, { form });
}

scenario('a data source instance: its collection and the parameters of that', async (world) => {
  const { manager, client } = world;
  await manager.dataSources.create({ key: 'tasks', name: 'Tasks', collectionKey: 'issues', integrationKey: 'github' });
  const instance = () => client.connection('github-dev').dataSource('tasks');
  const { id } = await instance().create();
  const path = `data-source-instances/${id}/configuration`;
  const { status, fields } = await opened(world, path);
  assert.equal(status, 200);
  assert.deepEqual(Object.keys(fields), ['Collection', 'Owner', 'Repository']);
  assert.equal(fields.Collection.value, 'issues');
  assert.ok(fields.Collection.choices.includes('issues') && fields.Collection.choices.length > 1);

  const done = await saved(world, path, { Owner: 'acme', Repository: 'website' });
  assert.deepEqual([done.status, /data-screen="saved"/.test(done.html)], [200, true]);
  const set = await instance().get();
  assert.deepEqual([set.collectionKey, set.collectionParameters, set.isCustomized], ['issues', website, true]);
  const lacking = await saved(world, path, { Repository: '' });
  assert.deepEqual([lacking.status, /“Repository” is needed/.test(lacking.html)], [400, true]);
  assert.deepEqual((await instance().get()).collectionParameters, website);

  // Another collection has other parameters, so the page asks for those.
  const plain = await saved(world, path, { Collection: 'repositories', Owner: 'left behind' });
  assert.deepEqual([plain.status, /data-screen="saved"/.test(plain.html)], [200, true], plain.html);
  const other = await instance().get();
  assert.deepEqual([other.collectionKey, other.collectionParameters], ['repositories', undefined]);
  const back = await saved(world, path, { Collection: 'issues' });
  assert.deepEqual([back.status, /data-screen="configuration"/.test(back.html)], [200, true]);
  assert.deepEqual(back.fields, { ...fields, Owner: { name: 's1', value: '' }, Repository: { name: 's2', value: '' } });
  await saved(world, path, { Owner: 'acme', Repository: 'website' });
  assert.deepEqual((await instance().get()).collectionParameters, website);
});

scenario('a field mapping instance: which field each one is read from', async (world) => {
  const { manager, client } = world;
  await manager.dataSources.create({ key: 'tasks', name: 'Tasks', collectionKey: 'issues', collectionParameters: website });
  const properties = { title: { type: 'string', title: 'Headline' }, done: { type: 'string' }, fixed: { type: 'string' } };
  await manager.fieldMappings.create({
    key: 'tasks',
    name: 'Tasks',
    integrationKey: 'github',
    dataSourceKey: 'tasks',
    appSchema: { type: 'object', properties },
    importValue: { title: { $var: '$.title' }, done: { $concat: ['state: ', { $var: '$.state' }] }, fixed: 'here' },
    frozenImportFields: ['fixed'],
  });
  const instance = () => client.connection('github-dev').fieldMapping('tasks');
  const { id } = await instance().create();
  const path = `field-mapping-instances/${id}/configuration`;
  const { fields } = await opened(world, path);
  assert.deepEqual(Object.keys(fields), ['Headline', 'done'], 'what is frozen is not offered');
  assert.deepEqual([fields.Headline.value, fields.done.value], ['title', '(a formula)']);
  assert.ok(fields.Headline.choices.includes('body'));

  await saved(world, path, { Headline: 'body' });
  const { importValue } = await instance().get();
  assert.deepEqual(importValue.title, { $var: '$.body' });
  assert.deepEqual(importValue.done.$concat.length, 2, 'a formula that is left alone stays');
  assert.equal(importValue.fixed, 'here');
  const { output } = await manager.post(`/field-mappings/${id}/run`, { input: { fields: { body: 'Text', state: 'open' } } });
  assert.deepEqual(output, { title: 'Text', done: 'state: open', fixed: 'here' });
  await saved(world, path, { done: '' });
  assert.deepEqual(Object.keys((await instance().get()).importValue), ['title', 'fixed']);
});

scenario('a flow instance: whether it runs, and its parameters', async (world) => {
  const { manager, client } = world;
  const parametersSchema = {
    type: 'object',
    properties: {
      size: { type: 'integer', title: 'Size', description: 'How many at once' },
      mode: { type: 'string', enum: ['fast', 'safe'] },
      loud: { type: 'boolean' },
      board: { title: 'Board', referenceRecords: [{ id: 'b1', name: 'Launch' }, { id: 'b2', name: 'Ideas' }] },
    },
  };
  const nodes = { start: { type: 'api-trigger' } };
  await manager.flows.create({ key: 'sync', name: 'Sync', integrationKey: 'github', nodes, parametersSchema });
  const instance = () => client.connection('github-dev').flow('sync');
  const { id } = await instance().create();
  for (const page of ['configuration', 'editor']) {
    const path = `flow-instances/${id}/${page}`;
    const { fields, html } = await opened(world, path);
    assert.deepEqual(Object.keys(fields), ['Enabled', 'Size', 'mode', 'loud', 'Board']);
    assert.deepEqual([fields.mode.choices, fields.loud.choices], [['fast', 'safe'], ['yes', 'no']]);
    assert.deepEqual(fields.Board.choices, ['Launch', 'Ideas'], 'records go by their names');
    assert.match(html, /How many at once/);
    assert.doesNotMatch(html.replace(/action="[^"]*"/g, ''), new RegExp(world.tenantToken), 'no page carries a token');
  }
  const path = `flow-instances/${id}/configuration`;
  const wrong = await saved(world, path, { Size: 'many', mode: 'safe' });
  assert.deepEqual([wrong.status, wrong.fields.Size.value, wrong.fields.mode.value], [400, 'many', 'safe']);
  assert.match(wrong.html, /role="alert">.*must be a whole number, not/);
  assert.equal((await instance().get()).parameters, undefined, 'a wrong value changes nothing');

  await saved(world, path, { Enabled: 'no', Size: '7', mode: 'safe', loud: 'yes', Board: 'b2' });
  const set = await instance().get();
  assert.deepEqual([set.enabled, set.parameters], [false, { size: 7, mode: 'safe', loud: true, board: 'b2' }]);
  const other = await opened(world, path, { token: world.mint({ workspaceKey: world.key, tenantKey: 'somebody-else' }) });
  assert.equal(other.status, 404, 'what is another’s is not there');
});

scenario('one node of a flow instance: its name and the plain values of its config', async (world) => {
  const { manager, client } = world;
  const config = { title: 'Ship it', times: 2, loud: false, input: { $var: '$.start.id' } };
  const nodes = {
    start: { type: 'api-trigger', links: [{ key: 'tell' }] },
    tell: { type: 'run-javascript', name: 'Tell', config: { code: 'module.exports = ({ config }) => config.title', script: 'a\nb', ...config } },
  };
  await manager.flows.create({ key: 'sync', name: 'Sync', integrationKey: 'github', nodes });
  const instance = () => client.connection('github-dev').flow('sync');
  const { id } = await instance().create();
  const page = (nodeKey) => `flow-instances/${id}/configuration?nodeKey=${nodeKey}`;
  const { fields } = await opened(world, page('tell'));
  assert.deepEqual(Object.keys(fields), ['Name', 'code', 'title', 'times', 'loud']);
  assert.deepEqual([fields.Name.value, fields.title.value, fields.times.value, fields.loud.value], ['Tell', 'Ship it', '2', 'no']);
  assert.deepEqual(Object.keys((await opened(world, page('start'))).fields), ['Name']);

  const wrong = await saved(world, page('tell'), { times: 'twice', title: 'Lost' });
  assert.deepEqual([wrong.status, /“times” must be a number/.test(wrong.html)], [400, true]);
  assert.deepEqual((await instance().get()).nodes.tell.config.title, 'Ship it');
  const done = await saved(world, page('tell'), { Name: 'Shout', title: 'Ship now', times: '3', loud: 'yes' });
  assert.deepEqual([done.status, /data-screen="saved"/.test(done.html)], [200, true], done.html);
  const set = await instance().get();
  const { code, script } = nodes.tell.config;
  assert.deepEqual([set.nodes.tell.name, set.nodes.tell.config], ['Shout', { code, script, ...config, title: 'Ship now', times: 3, loud: true }]);
  assert.deepEqual([set.nodes.tell.type, set.nodes.start.links, set.isCustomized], ['run-javascript', [{ key: 'tell' }], true]);
  assert.deepEqual([set.nodes.tell.isCustomized, set.nodes.start.isCustomized], [true, undefined]);
  assert.equal((await manager.flow('sync').get({ integrationKey: 'github' })).nodes.tell.config.title, 'Ship it');

  const cleared = await saved(world, page('tell'), { Name: '', title: '' });
  assert.deepEqual([cleared.status, /data-screen="saved"/.test(cleared.html)], [200, true], cleared.html);
  const { tell } = (await instance().get()).nodes;
  assert.deepEqual([tell.name, tell.config.title, tell.config.times, tell.type], [undefined, undefined, 3, 'run-javascript']);

  const unknown = await opened(world, page('nope'));
  assert.deepEqual([unknown.status, /has no node `nope`; there are `start`, `tell`/.test(decoded(unknown.html))], [404, true]);
});

scenario('a page takes lists, objects and secrets as they are, and nothing that the schema refuses', async (world) => {
  const { manager, client } = world;
  const properties = {
    list: { type: 'array', title: 'List', items: { type: 'string' } },
    object: { type: 'object', title: 'Object' },
    either: { title: 'Either', anyOf: [{ type: 'number' }, { type: 'boolean' }] },
    few: { type: 'integer', title: 'Few', minimum: 1, maximum: 3, default: 2 },
    secret: { type: 'string', title: 'Secret', isSensitive: true, minLength: 3 },
    fixed: { type: 'string', title: 'Fixed', readOnly: true },
  };
  const parametersSchema = { type: 'object', required: ['list'], properties };
  const nodes = { start: { type: 'api-trigger' } };
  await manager.flows.create({ key: 'set', name: 'Set', integrationKey: 'github', nodes, parametersSchema });
  const at = client.connection('github-dev').flow('set');
  const { id } = await at.get({ autoCreate: true });
  const path = `flow-instances/${id}/configuration`;
  const { fields, html } = await opened(world, path);
  assert.ok(!('Fixed' in fields) && html.includes('type="password"') && html.includes('Default: 2.'), html);
  const good = { List: '["a","b"]', Object: '{"a": 1}', Either: '5', Few: '3', Secret: 'abcd' };
  assert.equal((await saved(world, path, good)).status, 200);
  const kept = { list: ['a', 'b'], object: { a: 1 }, either: 5, few: 3, secret: 'abcd' };
  assert.deepEqual((await at.get()).parameters, kept);
  assert.ok(!(await opened(world, path)).html.includes('abcd'), 'a secret is not shown');
  assert.equal((await saved(world, path, { Few: '1' })).status, 200);
  assert.deepEqual((await at.get()).parameters, { ...kept, few: 1 }, 'it stays when nothing is typed');
  for (const wrong of [{ List: '' }, { List: 'a' }, { Object: '{nope' }, { Few: '7' }, { Secret: 'ab' }]) {
    assert.equal((await saved(world, path, wrong)).status, 400, JSON.stringify(wrong));
  }
  assert.deepEqual((await at.get()).parameters, { ...kept, few: 1 });
  await manager.flow('set').archive();
  assert.equal((await opened(world, path)).status, 404);
});
