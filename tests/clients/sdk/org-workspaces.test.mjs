// The workspace as the console sees it: its record, its secret, tokens for it, its limits, and whose token it is.

import assert from 'node:assert/strict';
import * as sdk from '@membranehq/sdk';
import { refusal, refused } from './lib/failure.mjs';
import { payloadOf } from './lib/jwt.mjs';
import { accept } from './lib/shape.mjs';
import { scenario, World } from './lib/world.mjs';

// When it was archived is what every other record has.
const Workspace = sdk.OrgWorkspace.extend({
  archivedAt: sdk.BaseConnection.shape.archivedAt,
});
const bad = { as: sdk.BadRequestError, status: 400 };
const rejected = { as: sdk.BadRequestError, status: 401, key: 'not_authenticated' };
const denied = { as: sdk.BadRequestError, status: 403, key: 'access_denied', message: /only a manager token/ };
const absent = { as: sdk.BadRequestError, status: 404, key: 'not_found' };

const still = { clock: '2026-01-01T00:00:00Z' };
const read = async (world) => accept(Workspace, await world.manager.get(`/org-workspaces/${world.key}`));
const patch = ({ key, manager }, body) => manager.patch(`/org-workspaces/${key}`, body);
const limit = (value, unit = 'number') => ({ value, unit });

scenario('a workspace is listed and read, by id and by key', async (world) => {
  const { items } = await world.manager.get('/org-workspaces');
  const [own, ...others] = items;
  assert.deepEqual(others, [], 'a workspace sees itself alone');
  accept(Workspace, own);
  assert.deepEqual([own.key, own.name, own.apiBaseUri], [world.key, 'Demo', world.apiUri]);
  assert.equal(own.id, (await world.client.get('/org-workspace-id')).id);
  assert.deepEqual(items.map(({ secret }) => secret), [world.secret]);
  for (const selector of [own.id, own.key]) {
    assert.deepEqual(await world.manager.get(`/org-workspaces/${encodeURIComponent(selector)}`), own);
  }
  const found = async (query) => (await world.manager.get('/org-workspaces', query)).items.length;
  assert.equal(await found({ search: 'DEM' }), 1);
  assert.equal(await found({ search: world.key.toUpperCase() }), 1);
  assert.equal(await found({ search: 'another' }), 0);
  assert.equal(await found({ orgId: own.orgId, search: 'demo', limit: 5 }), 1);
  assert.equal(await found({ orgId: 'another' }), 0);
  for (const query of [{ limit: 0 }, { limit: 'x' }, { cursor: 'x' }]) {
    await refused(world.manager, (manager) => manager.get('/org-workspaces', query), { ...bad, message: /limit|cursor/ });
  }
});

scenario('name, picture and limits of a workspace are changed', async (world) => {
  const before = await read(world);
  const changed = { name: 'Ünser', logoUri: 'https://app.example/logo.svg', limits: { parallelFlowRuns: limit(3) } };
  assert.deepEqual(accept(Workspace, await patch(world, changed)), { ...before, ...changed });
  assert.deepEqual(await read(world), { ...before, ...changed });
  assert.equal((await world.manager.get(`/workspaces/${world.key}`)).logoUri, changed.logoUri);
  assert.equal((await world.control('GET', '')).name, 'Ünser');
  for (const body of [undefined, {}, { limits: {} }]) assert.deepEqual(await patch(world, body), { ...before, ...changed });
  const { logoUri, ...rest } = await patch(world, { logoUri: null });
  assert.equal(logoUri, undefined);
  // What is read-only comes back with a whole record.
  assert.deepEqual(await patch(world, { ...rest, id: 'other', key: 'other', orgId: 'other', createdAt: 'x' }), rest);
});

scenario('a workspace says what is wrong with a change of it', async (world) => {
  const before = await read(world);
  for (const [body, message] of [
    [{ name: 7 }, /`name` is text/],
    [{ name: null }, /`name` is text/],
    [{ limits: 7 }, /`limits` is an object/],
    [{ limits: [] }, /`limits` is an object/],
    [{ limits: { parallelFlowRun: limit(3) } }, /`parallelFlowRun` is no limit of a workspace; did you mean `parallelFlowRuns`\?/],
    [{ limits: { parallelFlowRuns: 7 } }, /`limits\.parallelFlowRuns` is \{value/],
    [[], /the body is wrong/],
    ['text', /the body is wrong/],
  ]) {
    const answer = await world.curl('PATCH', `/org-workspaces/${world.key}`, { token: world.managerToken, data: body });
    refusal(answer, { ...bad, message });
  }
  assert.deepEqual(await read(world), before);
});

scenario('limits of a workspace are merged, kept and shown', async (world) => {
  const set = async (limits) => accept(sdk.Workspace, await world.manager.patch(`/workspaces/${world.key}/limits`, limits)).limits;
  const some = { apiRequestsPerSecond: limit(5), fileUploadsMbPerHour: limit(9, 'Mb') };
  sdk.UpdateWorkspaceLimitsRequest.parse(some);
  assert.deepEqual(accept(sdk.WorkspaceLimitsSchema, await set(some)), some);
  const more = { apiRequestsPerSecond: { defaultValue: 6, unit: 'number' } };
  assert.deepEqual(await set(more), { ...some, ...more }, 'each limit as a whole');
  assert.deepEqual((await patch(world, { limits: { apiRequestsPerHour: limit(1) } })).limits, {
    ...{ ...some, ...more },
    apiRequestsPerHour: limit(1),
  });
  assert.deepEqual(await set({ fileUploadsMbPerHour: null, apiRequestsPerHour: null }), more);
  for (const nothing of [undefined, {}]) assert.deepEqual(await set(nothing), more);
  for (const [wrong, message] of [
    [[], /`limits` is an object/],
    ['text', /`limits` is an object/],
    [7, /`limits` is an object/],
    [{ parallelFlowRuns: limit(1), apiRequestsPerSecond: 5 }, /`limits\.apiRequestsPerSecond`/],
    [{ apiRequestsPerSecond: [5] }, /`limits\.apiRequestsPerSecond`/],
  ]) {
    const path = `/workspaces/${world.key}/limits`;
    refusal(await world.curl('PATCH', path, { token: world.managerToken, data: wrong }), { ...bad, message });
  }
  assert.deepEqual((await read(world)).limits, more);
  await refused(world.manager, (manager) => manager.patch('/workspaces/nope/limits', {}), { ...absent, message: /workspace not found: `nope`/ });
  // Nothing is held to them.
  await Promise.all(Array.from({ length: 10 }, () => world.client.self.get()));
});

scenario('a workspace is archived and restored', still, async (world) => {
  const before = await read(world);
  const at = `/org-workspaces/${world.key}`;
  const archived = accept(Workspace, await world.manager.delete(at));
  assert.deepEqual(archived, { ...before, archivedAt: '2026-01-01T00:00:00.000Z' });
  assert.deepEqual(await read(world), archived);
  for (let n = 0; n < 2; n += 1) assert.deepEqual(accept(Workspace, await world.manager.post(`${at}/restore`)), before);
  assert.deepEqual(await read(world), before);
});

scenario('a new secret is told, and the former one no longer signs', async (world) => {
  const former = { manager: world.manager, tenant: world.client };
  const { secret } = accept(
    sdk.RotateOrgWorkspaceSecretResponse,
    await world.manager.post(`/org-workspaces/${world.key}/rotate-secret`),
  );
  assert.notEqual(secret, world.secret);
  assert.match(secret, /^[0-9a-f]{64}$/);
  await refused(former.manager, (manager) => manager.get('/org-workspaces'), { ...rejected, message: /secret may have been rotated/ });
  await refused(former.tenant, (client) => client.self.get(), rejected);
  const shown = await world.control('GET', '');
  assert.deepEqual([shown.key, shown.secret], [world.key, secret]);
  const renewed = Object.assign(new World(), shown);
  assert.ok(!JSON.stringify(await renewed.manager.get('/workspaces')).includes(secret));
  assert.equal((await renewed.client.self.get()).internalId, world.tenantKey);
  const another = await renewed.manager.post(`/org-workspaces/${world.key}/rotate-secret`);
  assert.notEqual(another.secret, secret);
  await refused(renewed.manager, (manager) => manager.get('/org-workspaces'), rejected);

  await world.reset();
  assert.equal((await world.control('GET', '')).secret, world.secret);
  await former.tenant.self.get();
});

scenario('a token of the workspace is signed for a tenant, for managers or for nobody', async (world) => {
  const sign = async (body) => {
    if (body) sdk.GenerateWorkspaceAccessTokenRequest.parse(body);
    const answer = await world.manager.post(`/org-workspaces/${world.key}/access-token`, body);
    return accept(sdk.GenerateWorkspaceAccessTokenResponse, answer).token;
  };
  const whoIs = (token) => world.clientWith(token).self.get();
  const manages = (token) => world.clientWith(token).get('/org-workspaces');

  const anna = await sign({ tenantKey: 'anna', name: 'Anna', fields: { plan: 'pro', deep: [{ a: 1 }] } });
  const self = accept(sdk.TenantSelfResponse, await whoIs(anna));
  assert.deepEqual([self.internalId, self.name, self.fields], ['anna', 'Anna', { plan: 'pro', deep: [{ a: 1 }] }]);
  await refused(world.clientWith(anna), (client) => client.get('/org-workspaces'), denied);
  assert.equal((await whoIs(await sign({ tenantId: self.id }))).id, self.id);
  assert.equal((await whoIs(await sign({ tenantId: self.id, tenantKey: 'ben' }))).id, self.id, 'the id is of a tenant that there is');

  assert.equal((await manages(await sign({ isAdmin: true }))).items[0].key, world.key);
  const both = await sign({ isAdmin: true, tenantKey: 'anna' });
  await manages(both);
  assert.equal((await whoIs(both)).id, self.id);
  for (const body of [undefined, {}, { isAdmin: false }]) {
    const token = await sign(body);
    const { exp, ...claims } = payloadOf(token);
    assert.deepEqual(claims, { workspaceKey: world.key });
    await refused(world.clientWith(token), (client) => client.get('/org-workspaces'), denied);
  }
});

scenario('a token that cannot be signed is refused', async (world) => {
  const sign = (body) => world.manager.post(`/org-workspaces/${world.key}/access-token`, body);
  for (const [field, values] of Object.entries({
    isAdmin: ['true', 1, {}],
    tenantKey: [7, {}, true],
    tenantId: [7, []],
    name: [7, {}],
    fields: ['text', 7, []],
  })) {
    for (const value of values) {
      await refused(world.manager, () => sign({ [field]: value }), { ...bad, message: new RegExp(`\`${field}\``) });
    }
  }
  await refused(world.manager, () => sign({ tenantID: 'x' }), { ...bad, message: /`tenantId`/ });
  await refused(world.manager, () => sign({ tenantId: 'nobody' }), { ...absent, message: /tenant not found: `nobody`/ });
  await refused(world.manager, () => sign({ tenantId: world.tenantKey }), { ...absent, message: /tenant not found/ });
});

scenario('an account says whose token it is, and of which workspace', async (world) => {
  const account = accept(sdk.AccountResponse.extend({ workspace: Workspace }), await world.manager.get('/account'));
  assert.deepEqual(account.workspace, await read(world));
  assert.deepEqual([account.user.isAdmin, account.user.defaultWorkspaceId], [true, account.workspace.id]);
  const token = world.mint({ workspaceKey: world.key, isAdmin: true, tenantKey: 'anna', name: 'Anna' });
  const anna = (await world.clientWith(token).get('/account')).user;
  assert.deepEqual([anna.name, anna.id], ['Anna', (await world.clientWith(token).self.get()).id]);
  await refused(world.client, (client) => client.get('/account'), denied);
  refusal(await world.curl('GET', '/account', { token: null }), rejected);
});

scenario('all of it is for managers, and about their own workspace', async (world, t) => {
  const other = await World.fork();
  t.after(() => other.drop());
  const before = await read(other);
  const { id } = before;
  for (const [method, below] of [
    ['GET', ''],
    ['PATCH', ''],
    ['DELETE', ''],
    ['POST', '/restore'],
    ['POST', '/rotate-secret'],
    ['POST', '/access-token'],
  ]) {
    const call = (selector, token) => world.curl(method, `/org-workspaces/${selector}${below}`, { token });
    refusal(await call(world.key, world.tenantToken), denied);
    refusal(await call(world.key, null), rejected);
    for (const selector of [other.key, id, 'nope', '..%2F..', '%F0%9F%9A%80']) {
      refusal(await call(selector, world.managerToken), { ...absent, message: new RegExp(`this token belongs to \`${world.key}\``) });
    }
  }
  refusal(await world.curl('GET', '/org-workspaces'), denied);
  refusal(await world.curl('PATCH', `/workspaces/${world.key}/limits`), denied);
  refusal(await world.curl('PATCH', `/workspaces/${id}/limits`, { token: world.managerToken }), absent);
  assert.deepEqual(await read(other), before);
});

scenario('what was set of a workspace is copied, kept and dropped with it', still, async (world, t) => {
  const before = await read(world);
  const limits = { apiRequestsPerSecond: limit(5) };
  await patch(world, { name: 'Changed', limits });
  await world.manager.delete(`/org-workspaces/${world.key}`);
  const { id, key, secret, ...set } = await read(world);
  assert.deepEqual([set.name, set.limits, set.archivedAt], ['Changed', limits, '2026-01-01T00:00:00.000Z']);
  const snapshot = await world.control('POST', '/snapshots', { name: 'changed' });
  for (const from of [world.key, JSON.parse(await world.export()), snapshot.id]) {
    const copy = await World.fork({ from });
    t.after(() => copy.drop());
    const { id: other, key: its, secret: own, ...copied } = await read(copy);
    assert.equal(own, copy.secret);
    assert.deepEqual(copied, set);
    assert.notDeepEqual([other, its], [id, key]);
    await patch(copy, { name: 'Of the copy' });
  }
  await world.manager.post(`/org-workspaces/${world.key}/restore`);
  await world.control('POST', `/snapshots/${snapshot.id}/restore`);
  assert.deepEqual(await read(world), { id, key, secret, ...set });
  await world.reset();
  assert.deepEqual(await read(world), before);
});
