// The dashboard: what a newcomer does without curl, and what holds for all of its pages.

import assert from 'node:assert/strict';
import axe from 'axe-core';
import { scenario } from './lib/scenario.mjs';
import { mockOrigin } from './lib/world.mjs';

const home = (world) => `${mockOrigin()}/__mock/workspaces/${world.key}`;
/** Answers that are not 2xx are in the console of the browser, and belong to the story. */
const REFUSED = /Failed to load resource: the server responded with a status of 4/;

async function open(visit, address) {
  visit.page ??= await visit.context.newPage();
  visit.expectErrors(REFUSED);
  await visit.page.goto(address);
  return visit.page;
}

const section = (page, id) => page.locator(`#${id}`);
const toast = (page, words) => page.locator('.toast', { hasText: words }).first().waitFor();
const nav = (page, name) => page.getByRole('navigation', { name: 'Workspace' }).getByRole('link', { name }).click();

/** Makes a call with the form of a tenant's or connection's page, and gives what it shows. */
async function act(page, { connection, method, path, key, input }) {
  const form = section(page, 'act');
  if (connection) await form.getByLabel('Connection').selectOption(connection);
  if (key) await form.getByLabel('Action').fill(key);
  if (input) await form.getByLabel('Input').fill(JSON.stringify(input));
  if (method) await form.getByLabel('Method').fill(method);
  if (path) await form.getByLabel('Path').fill(path);
  const title = form.locator('.answer-title');
  const before = await form.evaluate((each) => (each.querySelector('.answer-title').textContent = ''));
  assert.equal(before, '');
  await form.getByRole('button', { name: 'Send' }).click();
  await page.waitForFunction(() => document.querySelector('#act .answer-title').textContent !== '');
  return title.textContent();
}

scenario('dashboard: a newcomer’s walk without curl', async ({ world, visit }) => {
  // Start.
  const page = await open(visit, `${mockOrigin()}/`);
  await page.getByRole('heading', { level: 1, name: 'membrane-mock is ready' }).waitFor();
  await page.goto(`${mockOrigin()}/__mock/`);
  await page.locator(`#workspace-${world.key} a`).first().click();
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();

  // Connect.
  await nav(page, 'Connections');
  await section(page, 'tenants').getByRole('link', { name: world.tenantKey, exact: true }).click();
  const tenantPage = page.url();
  await section(page, 'connect').getByLabel('App').selectOption('github');
  await section(page, 'connect').getByLabel('Connection key').fill('walk');
  await section(page, 'connect').getByRole('button', { name: 'Connect' }).click();
  await section(page, 'connections').getByRole('button', { name: 'Complete walk' }).click();
  await toast(page, 'The user connected.');
  await section(page, 'connections').getByRole('row', { name: /walk/ }).getByText('READY').waitFor();

  // Act.
  assert.equal(await act(page, { connection: 'walk', method: 'GET', path: '/user/repos' }), '200: it succeeded.');

  // Break it.
  await nav(page, 'Faults');
  await section(page, 'new').getByLabel('To the app').selectOption('github');
  await section(page, 'new').getByLabel('Status').fill('502');
  await section(page, 'new').getByLabel('Name').fill('walk outage');
  await section(page, 'new').getByRole('button', { name: 'Make fault' }).click();
  await section(page, 'rules').getByText('walk outage', { exact: true }).waitFor();
  await page.goto(tenantPage);
  assert.match(await act(page, { connection: 'walk', method: 'GET', path: '/user/repos' }), /^400: .*answered 502/);

  // Find the reason of the 400.
  await nav(page, 'Journal');
  await section(page, 'filter').getByLabel('Outcome').selectOption('Failed');
  await section(page, 'filter').getByLabel('To', { exact: true }).selectOption('The fake');
  await section(page, 'filter').getByRole('button', { name: 'Filter' }).click();
  const line = section(page, 'calls').locator('li').first();
  await line.locator('summary').click();
  await line.getByText(/answered 502/).first().waitFor();
  await line.getByRole('link', { name: 'Open call' }).click();
  await section(page, 'why').getByText('Why it is 400').waitFor();
  assert.match(await section(page, 'why').innerText(), /The fault\s+walk outage\s+broke it/);
  await section(page, 'exchanges').locator('summary').first().click();
  await section(page, 'exchanges').getByText('Answer of the app').waitFor();
  await section(page, 'why').getByRole('button', { name: 'Remove the fault walk outage' }).click();
  await toast(page, 'The fault is removed.');

  // The vendor takes the grant back; reconnect.
  await section(page, 'what').getByRole('link', { name: 'walk' }).click();
  await section(page, 'break').getByRole('button', { name: 'Do it Take grant back' }).click();
  await toast(page, 'Done: disconnect.');
  assert.match(await act(page, { method: 'GET', path: '/user/repos' }), /^400: Connection .*disconnected/);
  await section(page, 'move').getByRole('button', { name: 'Do it Reconnect' }).click();
  await section(page, 'waits').getByRole('button', { name: 'Complete walk' }).click();
  await page.locator('#title').getByText('READY').waitFor();
  await section(page, 'history').getByText('loseCredentials').waitFor();
  assert.equal(await act(page, { method: 'GET', path: '/user/repos' }), '200: it succeeded.');

  // Advance the clock.
  await nav(page, 'Clock');
  await section(page, 'now').getByRole('button', { name: 'Freeze' }).click();
  await section(page, 'now').getByText('stands still').waitFor();
  const { now } = await world.control('GET', '/clock');
  await section(page, 'now').getByRole('button', { name: '+1 h' }).click();
  await toast(page, 'The clock moved +1 h');
  const later = await world.control('GET', '/clock');
  assert.equal(Date.parse(later.now) - Date.parse(now), 3_600_000);
  await section(page, 'now').getByText(later.now.slice(11, 19)).waitFor();
});

scenario('dashboard: a request without a stub is made a stub', async ({ world, visit }) => {
  await world.api('POST', '/act', { connectionKey: 'github-dev', api: { method: 'GET', path: '/orgs/acme/teams' } }).catch(() => {});
  const page = await open(visit, `${home(world)}/upstreams`);
  await section(page, 'unmatched').getByRole('link', { name: 'Make a stub of this' }).click();
  assert.equal(await section(page, 'new-stub').getByLabel('Path').inputValue(), '/orgs/acme/teams');
  await section(page, 'new-stub').getByLabel('JSON').fill('[{"name": "core"}]');
  await section(page, 'new-stub').getByRole('button', { name: 'Make stub' }).click();
  await section(page, 'stubs').getByText('own', { exact: true }).waitFor();
  const { output } = await world.api('POST', '/act', { connectionKey: 'github-dev', api: { method: 'GET', path: '/orgs/acme/teams' } });
  assert.deepEqual(output, [{ name: 'core' }]);
});

scenario('dashboard: errors are told at the field, and what was typed stays', async ({ world, visit }) => {
  const page = await open(visit, `${home(world)}/faults`);
  const form = page.locator('#fault-form');
  await form.getByLabel('Body').fill('{');
  await form.getByLabel('Name').fill('mine');
  await form.getByRole('button', { name: 'Make fault' }).click();
  const body = form.getByLabel('Body');
  assert.equal(await body.getAttribute('aria-invalid'), 'true');
  assert.match(await body.evaluate((each) => document.getElementById(each.getAttribute('aria-describedby').split(' ').at(-1)).textContent), /no JSON/);
  assert.equal(await body.evaluate((each) => each === document.activeElement), true);
  await body.fill('{}');
  // What the control API refuses: a rule that could never fit.
  await form.getByLabel('To the app').selectOption('github');
  await form.getByLabel('Operation').selectOption('act');
  await form.getByRole('button', { name: 'Make fault' }).click();
  await form.locator('.problem:not([hidden]), .error').first().waitFor();
  assert.equal(await form.getByLabel('Name').inputValue(), 'mine');
  assert.deepEqual((await world.control('GET', '/faults')).items, []);
  await form.getByLabel('Operation').selectOption('');
  await form.getByLabel('Fault', { exact: true }).selectOption('reset');
  assert.equal(await form.getByLabel('Status').isVisible(), false);
  await form.getByRole('button', { name: 'Make fault' }).click();
  await toast(page, 'The fault is made.');
  assert.equal((await world.control('GET', '/faults')).items[0].fault, 'reset');
});

scenario('dashboard: a page follows what happens, and leaves alone what somebody does', async ({ world, visit }) => {
  await world.api('GET', '/integrations');
  const page = await open(visit, `${home(world)}/journal`);
  const first = section(page, 'calls').locator('li').last();
  await first.locator('summary').click();
  await section(page, 'filter').getByLabel('Path').fill('/typed');
  await world.api('GET', '/flows');
  await section(page, 'calls').getByText('/flows').first().waitFor();
  assert.equal(await first.locator('details').evaluate((each) => each.open), true);
  assert.equal(await section(page, 'filter').getByLabel('Path').inputValue(), '/typed');
  assert.equal(await page.evaluate(() => document.activeElement.name), 'path');
  await page.getByRole('button', { name: 'Live' }).click();
  assert.equal(await page.getByRole('button', { name: 'Live' }).getAttribute('aria-pressed'), 'false');
});

scenario('dashboard: everything is reached with the keyboard', async ({ world, visit }) => {
  await world.api('GET', '/integrations');
  const page = await open(visit, `${home(world)}/journal`);
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to content');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'content');
  await section(page, 'calls').locator('summary').first().focus();
  await page.keyboard.press('Enter');
  assert.equal(await section(page, 'calls').locator('details').first().evaluate((each) => each.open), true);
  const outline = await section(page, 'calls').locator('summary').first().evaluate((each) => getComputedStyle(each).outlineStyle);
  assert.equal(outline, 'solid', 'the focus is seen');
  // What is asked can be refused with Esc, and the focus comes back.
  const clear = section(page, 'calls').getByRole('button', { name: 'Clear' });
  await clear.focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.equal(await clear.evaluate((each) => each === document.activeElement), true);
  assert.ok((await world.control('GET', '/journal')).items.length > 0);
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').getByRole('button', { name: 'Clear' }).focus();
  await page.keyboard.press('Enter');
  await toast(page, 'The journal is empty.');
});

scenario('dashboard: without a script it can be read', async ({ world, visit }) => {
  await world.api('GET', '/integrations');
  visit.context = await visit.context.browser().newContext({ javaScriptEnabled: false });
  const page = await open(visit, `${home(world)}/journal`);
  await section(page, 'calls').locator('summary').first().click();
  await section(page, 'calls').getByText('Caller').first().waitFor();
  assert.equal(await page.getByRole('button', { name: 'Clear' }).isVisible(), false);
});

scenario('dashboard: a page that is not there is a page', async ({ world, visit }) => {
  visit.expectErrors(/404/);
  for (const path of ['/__mock/workspaces/nowhere/', `/__mock/workspaces/${world.key}/connections/nowhere`, '/nowhere']) {
    const page = await open(visit, mockOrigin() + path);
    await page.getByRole('heading', { level: 1, name: 'Not found' }).waitFor();
  }
});

// What holds for all pages

const COLOURS = { runOnly: { type: 'rule', values: ['color-contrast'] } };
const PAGES = ['', '/journal', '/journal?failed=1', '/runs', '/webhooks', '/connections', '/tenants/demo-tenant', '/connections/github-dev', '/elements', '/upstreams', '/upstreams/github', '/faults', '/scenarios', '/clock', '/snapshots', '/fidelity'];

async function violations(page, rules) {
  return page.evaluate(async (given) => {
    const { violations: found } = await window.axe.run(document, given);
    return found.map(({ id, impact, help, nodes }) => `${impact}: ${id}, ${help}: ${nodes.map(({ html }) => html).join(' | ').slice(0, 400)}`);
  }, rules);
}

/** Something of every sort, so that no page is empty. */
async function furnish(world) {
  await world.fault({ name: 'down', on: { connector: 'hubspot' }, fault: { respond: { status: 503 } } });
  const calls = [
    { key: 'list-contacts', connectionKey: 'hubspot-prod' },
    { connectionKey: 'github-dev', api: { method: 'GET', path: '/user/repos' } },
    { connectionKey: 'github-dev', api: { method: 'GET', path: '/nothing/here' } },
  ];
  for (const call of calls) await world.api('POST', '/act', call).catch(() => {});
  await world.api('POST', '/connect', { integrationKey: 'notion' });
  await world.control('POST', '/snapshots', { name: 'begun' });
  await world.control('POST', '/scenarios/vendor-outage/start', { parameters: { connector: 'stripe' } });
  const flow = { key: 'suite', name: 'Suite', nodes: { start: { type: 'api-trigger' } }, integrationKey: 'github' };
  await world.api('POST', '/flows', flow, world.managerToken);
  await world.api('PATCH', `/workspaces/${world.key}`, { webhookUri: 'http://127.0.0.1:9/' }, world.managerToken);
  await world.api('POST', '/connections/github-dev/flows/suite/run', { input: {} });
  await world.control('PUT', '/clock', { mode: '2030-01-01T00:00:00Z' });
}

scenario('dashboard: each page is accessible, in both themes and narrow', async ({ world, visit }) => {
  await furnish(world);
  const { items } = await world.control('GET', '/journal');
  const run = items.find((each) => each.actionRunId && each.status === 400);
  const all = [`${mockOrigin()}/`, `${mockOrigin()}/__mock/`, ...PAGES.map((path) => `${home(world)}${path || '/'}`), `${home(world)}/journal/${run.seq}`, `${home(world)}/runs/${run.actionRunId}`];
  for (const address of all) {
    const where = address.slice(mockOrigin().length);
    await visit.page?.setViewportSize({ width: 1280, height: 800 });
    const page = await open(visit, address);
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
    await page.evaluate(axe.source);
    // What is folded is looked at too.
    await page.evaluate(() => [...document.querySelectorAll('details')].slice(0, 3).forEach((each) => (each.open = true)));
    assert.deepEqual(await violations(page, {}), [], where);
    await page.emulateMedia({ colorScheme: 'dark' });
    assert.deepEqual(await violations(page, COLOURS), [], `${where}, dark`);
    await page.setViewportSize({ width: 360, height: 640 });
    assert.deepEqual(await violations(page, {}), [], `${where}, narrow`);
    const wide = await page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      const out = [...document.querySelectorAll('main *, .bar *')].filter((each) => each.getBoundingClientRect().right > clientWidth + 1);
      return scrollWidth > clientWidth ? out.map((each) => each.outerHTML.slice(0, 100)) : [];
    });
    assert.deepEqual(wide, [], `${where}, narrow`);
    assert.deepEqual(await page.evaluate(() => ['main', 'h1'].map((each) => document.querySelectorAll(each).length)), [1, 1], where);
    const twice = await page.evaluate(() => [...document.querySelectorAll('[id]')].map(({ id }) => id).filter((id, index, ids) => ids.indexOf(id) !== index));
    assert.deepEqual(twice, [], `${where}: ids that are there twice`);
  }
});

scenario('dashboard: of 10,000 calls of the journal a page has 100, and lays out those that are seen', async ({ world, visit }) => {
  for (let made = 0; made < 10_000; made += 50) await Promise.all(Array.from({ length: 50 }, () => world.api('GET', '/self')));
  const page = await open(visit, `${home(world)}/journal`);
  const rows = section(page, 'calls').locator('.lines > li');
  assert.equal(await rows.count(), 100);
  const visibility = await rows.evaluateAll((all) => all.map((each) => getComputedStyle(each).contentVisibility));
  assert.deepEqual([...new Set(visibility)], ['auto']);
  const newest = await rows.first().getAttribute('id');
  await page.getByRole('link', { name: 'Older' }).click();
  await page.getByRole('link', { name: 'Newest' }).waitFor();
  const older = await rows.first().getAttribute('id');
  assert.ok(Number(older.slice(5)) < Number(newest.slice(5)));
});
