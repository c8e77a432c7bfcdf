// A workspace with elements of every kind, and what each hook of the React package shows of it and does to it.

import assert from 'node:assert/strict';
import { addBook, people } from '../../sdk/lib/book.mjs';

const KEYS = ['own', 'first', 'second'];
const kebab = (noun) => noun.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const ids = (items) => items.map(({ id }) => id);
/** What tells an element from others. */
const names = ({ id, key, name }) => ({ id, ...(key && { key }), name });

const caller = (world, token) => ({
  token,
  get: (path) => world.api('GET', path, undefined, token),
  post: (path, body = {}) => world.api('POST', path, body, token),
  patch: (path, body) => world.api('PATCH', path, body, token),
});

/**
 * Fills an empty workspace. Each row is a hook with its arguments, the token of its client, the name of what it gives,
 * and a check that is given the hook as it is on the page.
 */
export async function plant(world) {
  const tenant = caller(world, world.tenantToken);
  const manager = caller(world, world.managerToken);
  const rows = [];
  const add = (noun, given, check, { who = tenant, field = noun, isList = false } = {}) =>
    rows.push({ hook: `use${noun[0].toUpperCase()}${noun.slice(1)}`, given, token: who.token, field, check, isList });

  /** A list is what the API lists, page by page, and has what came meanwhile once it is read again. */
  async function list(noun, make, who = tenant) {
    const all = async () => ids((await who.get(`/${kebab(noun)}s?limit=100`)).items);
    const limit = (await all()).length - 1;
    assert.ok(limit > 1);
    const check = async (it) => {
      const before = await all();
      await it.shows(before.slice(0, limit));
      await it.call('loadMore');
      await it.shows(before);
      const { id } = await make('late');
      const after = await all();
      assert.ok(after.includes(id));
      await it.call('refresh');
      await it.shows(after);
    };
    add(`${noun}s`, [{ limit }], check, { who, isList: true });
  }

  /** An element is read again, changed and archived; before the end there is what else its kind does, and after it. */
  function element(noun, selector, own, { who = tenant, more, after }) {
    const at = `/${kebab(noun)}s/${own.id}`;
    const check = async (it) => {
      const isNamed = async (name) => {
        await it.shows({ id: own.id, name });
        assert.equal((await who.get(at)).name, name);
      };
      await it.shows(names(own));
      await who.patch(at, { name: 'Changed elsewhere' });
      await it.call('refresh');
      await isNamed('Changed elsewhere');
      await it.call('patch', { name: 'Patched' });
      await isNamed('Patched');
      await it.call('put', { ...(await who.get(at)), name: 'Put' });
      await isNamed('Put');
      await more?.(it, isNamed);
      await it.call('archive');
      assert.ok((await who.get(at)).archivedAt);
      await after?.(it);
    };
    add(noun, [selector], check, { who });
  }

  /** What managers make. Of a kind with layers, a version of the integration is looked at. */
  async function definitions(noun, options = {}) {
    const { fields = () => ({}), select = ({ id }) => id, isLayered, hasList = true, more } = options;
    const make = (key, place) =>
      manager.post(`/${kebab(noun)}s`, { key, name: `${key} ${noun}`, ...fields(key), ...place });
    const made = {};
    for (const key of KEYS) made[key] = await make(key);
    if (hasList) await list(noun, make, manager);
    const ofBook = { key: 'own', integrationKey: 'book' };
    const own = isLayered ? await make('own', { ...ofBook, parentId: made.own.id }) : made.own;
    element(noun, isLayered ? ofBook : select(own), own, { who: manager, more });
    return made;
  }

  /** Versions of a tenant, which the key of their parent names: it stands in the field `parent`. */
  async function instances(noun, parent, { isOfConnection = true, more } = {}) {
    const place = { [parent]: 'first', ...(isOfConnection && { connectionKey: 'my-book' }) };
    const make = (instanceKey) => tenant.post(`/${kebab(noun)}?${new URLSearchParams({ ...place, instanceKey })}`);
    const made = {};
    for (const key of KEYS) made[key] = await make(key);
    await list(noun, make);
    const after = async (it) => {
      const { id } = await it.call('create', { name: 'Made anew' });
      assert.notEqual(id, made.own.id);
      await it.shows({ id, name: 'Made anew' });
    };
    element(noun, { ...place, instanceKey: 'own' }, made.own, { more, after });
    return made;
  }

  /** Setting up changes nothing that is shown. */
  const setUp = async (it) => {
    await it.call('setup');
    assert.match((await it.sent()).join('\n'), /^POST .*\/setup\b/m);
  };
  const isSetUp = async (it, isNamed) => {
    await setUp(it);
    await isNamed('Put');
  };
  /** Back to what the parent says. */
  const isReset = (name) => async (it, isNamed) => {
    await it.call('reset');
    await isNamed(name);
  };
  const isSetUpAndReset = (name) => async (it, isNamed) => {
    await isSetUp(it, isNamed);
    await isReset(name)(it, isNamed);
  };

  // What tenants and managers have

  const book = await addBook(manager, tenant);
  const connect = (key) => tenant.post('/connections', { integrationKey: 'book', key, name: `${key} connection` });
  const own = await connect('own');
  await connect('first');
  await list('connection', connect);
  element('connection', own.id, own, {});
  await definitions('integration', { fields: () => ({ connectorKey: 'book' }) });
  await definitions('customer', { fields: (key) => ({ key: undefined, internalId: key }) });
  const byType = ({ type, key }) => ({ type, key });
  await definitions('screen', { fields: () => ({ type: 'integration' }), select: byType, hasList: false });
  await definitions('package');

  add('connectorSpec', ['book'], (it) => it.shows({ key: 'book', name: 'Book' }), { field: 'data' });
  const { integrationId } = book;
  const collection = { key: 'people', name: 'People' };
  add('dataCollectionSpec', [{ key: 'people', integrationId }], (it) => it.shows(collection));
  const reference = { $dataSchemaRef: { type: 'data-collection', key: 'people' } };
  add('dynamicDataSchema', [reference, {}], (it) => it.shows(people.fieldsSchema), { field: 'schema' });

  // Actions

  const code = 'module.exports = ({ input }) => ({ said: input.word })';
  const actions = await definitions('action', {
    fields: () => ({ type: 'run-javascript', config: { code } }),
    isLayered: true,
    more: isReset('own action'),
  });
  await instances('actionInstance', 'parentKey', {
    more: async (it, isNamed) => {
      assert.deepEqual((await it.call('run', { word: 'Hello' })).output, { said: 'Hello' });
      await isSetUpAndReset('first action')(it, isNamed);
    },
  });

  const action = `/actions/${actions.second.id}`;
  const isRead = async (it) => {
    await it.shows(names(actions.second));
    await manager.patch(action, { name: 'Changed elsewhere' });
    await it.call('mutate');
    await it.shows({ name: 'Changed elsewhere' });
  };
  add('membraneSWR', [action], isRead, { field: 'data' });
  const first = `/actions/${actions.first.id}`;
  const isExported = async (it) => {
    await it.shows({ key: 'first', name: 'first action' });
    await manager.patch(first, { description: 'Changed elsewhere' });
    await it.call('mutateCode');
    await it.shows({ description: 'Changed elsewhere' });
    await it.call('onCodeChange', { ...(await manager.get(`${first}/export`)), description: 'Put' });
    await it.shows({ description: 'Put' });
    assert.equal((await manager.get(first)).description, 'Put');
  };
  add('exportFieldsAsCode', ['actions', actions.first.id], isExported, { who: manager, field: 'code' });

  // Flows

  const said = { $var: 'input.start.word' };
  const nodes = {
    start: { type: 'api-trigger', links: [{ key: 'say' }] },
    say: { type: 'transform-data', config: { output: { said } } },
  };
  await definitions('flow', { fields: () => ({ nodes }), isLayered: true, more: isReset('own flow') });
  const run = (connection) => tenant.post(`/connections/${connection}/flows/second/run`, { input: { word: 'Hello' } });
  await run('my-book');
  await run('my-book');
  // The second begins once the first is over: were it held then, no later run of its connection would ever begin.
  await world.control('POST', '/clock/settle');
  // While it is held, other runs of its connection wait.
  await world.progress({ flowRun: 'hold' });
  const { id } = await run('first');
  // Whether it is held is asked when it begins.
  await world.control('POST', '/clock/settle');
  await world.progress({ flowRun: 'immediate' });
  await list('flowRun', () => run('my-book'));
  add('flowRun', [id], async (it) => {
    await it.shows({ id, name: 'second flow' });
    await tenant.post(`/flow-runs/${id}/stop`);
    await it.call('refresh');
    await it.shows({ id, state: 'stopped' });
  });
  await instances('flowInstance', 'flowKey', {
    more: async (it, isNamed) => {
      await it.call('disable');
      await it.shows({ enabled: false });
      await it.call('enable');
      await it.shows({ enabled: true });
      for (const method of ['run', 'startRun']) {
        const { id: started } = await it.call(method, { input: { word: method } });
        await world.control('POST', '/clock/settle');
        assert.deepEqual((await tenant.get(`/flow-runs/${started}/output`)).say, [{ said: method }]);
      }
      await isSetUpAndReset('first flow')(it, isNamed);
    },
  });

  // Data

  await definitions('dataSource', {
    fields: () => ({ collectionKey: 'people', udm: 'contacts' }),
    isLayered: true,
    more: isSetUpAndReset('own dataSource'),
  });
  const recordNames = ({ records }) => records.map(({ name }) => name);
  const sources = await instances('dataSourceInstance', 'dataSourceKey', {
    more: async (it, isNamed) => {
      assert.equal((await it.call('getCollection')).key, 'people');
      assert.deepEqual(recordNames(await it.call('listRecords', { filter: { team: 'red' } })), ['Ada', 'Cleo']);
      assert.deepEqual(recordNames(await it.call('findRecords', { query: { name: 'Ben' } })), ['Ben']);
      const fields = await it.call('unifiedFieldsToNative', { fullName: 'Dora' });
      assert.deepEqual(fields, { name: 'Dora' });
      const { id: record } = await it.call('createRecord', { fields });
      await it.call('updateRecord', { id: record, fields: { team: 'green' } });
      assert.equal((await it.call('findRecordById', record)).record.fields.team, 'green');
      await it.call('deleteRecord', record);
      assert.deepEqual(recordNames(await it.call('listRecords', { filter: { team: 'green' } })), []);
      await isSetUpAndReset('first dataSource')(it, isNamed);
    },
  });
  const isDescribed = async (it) => {
    await it.shows(collection);
    await tenant.patch(`/data-source-instances/${sources.second.id}`, { collectionKey: 'notes' });
    await it.call('refresh');
    await it.shows({ key: 'notes', name: 'Notes' });
  };
  add('dataSourceInstanceCollection', [sources.second], isDescribed, { field: 'collection' });

  await definitions('fieldMapping', { isLayered: true, more: isSetUpAndReset('own fieldMapping') });
  await instances('fieldMappingInstance', 'fieldMappingKey', { more: isSetUpAndReset('first fieldMapping') });
  await definitions('dataLinkTable', { isLayered: true });
  await instances('dataLinkTableInstance', 'dataLinkTableKey', {
    // The package gives the accessor's methods without the accessor, so that they fail before they ask for anything.
    more: async (it) => {
      await assert.rejects(it.call('findLinks'), /TypeError/);
      await assert.rejects(it.call('createLink', {}), /TypeError/);
      await assert.rejects(it.call('deleteLink', {}), /TypeError/);
    },
  });
  const byKey = ({ key }) => ({ key });
  await definitions('appDataSchema', { select: byKey });
  await instances('appDataSchemaInstance', 'appDataSchemaKey', { isOfConnection: false, more: isSetUp });

  // Events

  const ofTenant = { tenantIdFormula: { $var: 'tenant' } };
  const types = await definitions('appEventType', { fields: () => ofTenant, select: byKey });
  const address = `/webhooks/app-events/${types.second.webhookKey}`;
  // The first that is sent makes the tenant's subscription.
  const send = (word) => tenant.post(address, { tenant: world.tenantKey, word });
  for (const key of KEYS) await send(key);
  await list('appEvent', send);
  await instances('appEventSubscription', 'appEventTypeKey', { isOfConnection: false });

  const config = { type: 'data-record-created', dataSource: { collectionKey: 'people' } };
  const subscriptions = '/external-event-subscriptions';
  const subscribe = (name) => tenant.post(subscriptions, { connectionKey: 'first', name, config });
  const subscription = await subscribe('own');
  await subscribe('first');
  await subscribe('second');
  await list('externalEventSubscription', subscribe);
  add('externalEventSubscription', [subscription.id], async (it) => {
    const isPulled = async (expected) => {
      await it.call('pullEvents');
      const query = new URLSearchParams({ externalEventSubscriptionId: subscription.id });
      const { items } = await tenant.get(`/external-event-log-records?${query}`);
      assert.deepEqual(items.map(({ payload }) => payload.record.fields.name), expected);
    };
    const happens = (name) => tenant.post('/connections/first/data/people/create', { fields: { name } });
    await it.shows({ id: subscription.id, name: 'own', status: 'subscribed' });
    await tenant.patch(`${subscriptions}/${subscription.id}`, { name: 'Changed elsewhere' });
    await it.call('refresh');
    await it.shows({ name: 'Changed elsewhere' });
    await it.call('unsubscribe');
    await it.shows({ status: 'unsubscribed' });
    await it.call('subscribe');
    await it.shows({ status: 'subscribed' });
    await setUp(it);
    await it.shows({ status: 'subscribed' });
    await happens('Zoe');
    await isPulled(['Zoe']);
    await happens('Yan');
    await it.call('resubscribe');
    await isPulled(['Zoe']);
  });

  return { rows, connectionId: book.id };
}
