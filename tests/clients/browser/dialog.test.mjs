// Pages over the app: the app stays to be seen, Esc gives up, and waiting for the vendor looks like waiting.

import assert from 'node:assert/strict';
import { scenario } from './lib/scenario.mjs';
import { at, authorize, button, complaint, consent, vendorWindow } from './lib/pages.mjs';
import { closed } from './lib/visit.mjs';

const connect = (membrane, options) => membrane.ui.connect(options);

/** A page in the client's frame that has the keyboard. */
async function opened(visit, call, argument, screen) {
  await visit.open();
  await visit.start(call, argument);
  const page = await visit.iframe();
  await at(page, screen);
  await visit.shown();
  await page.waitForFunction(() => document.hasFocus());
  return page;
}

/** The colour of the window's corner, as it is drawn. */
async function corner(page) {
  const picture = (await page.screenshot({ clip: { x: 0, y: 0, width: 4, height: 4 }, animations: 'disabled' })).toString('base64');
  return page.evaluate(async (png) => {
    const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob());
    const canvas = new OffscreenCanvas(4, 4).getContext('2d');
    canvas.drawImage(image, 0, 0);
    return [...canvas.getImageData(1, 1, 1, 1).data].slice(0, 3);
  }, picture);
}

for (const [theme, system] of [['light', 'light'], ['dark', 'light'], ['light', 'dark'], ['dark', 'dark'], ['auto', 'dark']]) {
  scenario(`the app is seen, dimmed, around a page: theme ${theme} on a ${system} system`, { colorScheme: system }, async ({ visit }) => {
    await opened(visit, connect, { integrationKey: 'gmail', theme }, 'connect');
    await visit.page.evaluate(() => { document.documentElement.style.background = 'rgb(0 200 0)'; });
    const [red, green, blue] = await corner(visit.page);
    assert.ok(green > 60 && green < 140 && red < 40 && blue < 40, `${red} ${green} ${blue}`);
  });
}

const left = {
  connect: [connect, { integrationKey: 'gmail' }],
  form: [connect, { integrationKey: 'stripe' }],
  choose: [connect, {}],
  integrations: [(membrane) => membrane.open(), {}],
  connection: [async (membrane) => membrane.ui.connection({ connectionId: (await membrane.connection('github-dev').get()).id }), {}],
};
for (const [screen, [call, argument]] of Object.entries(left)) {
  scenario(`Esc leaves the page ${screen}, and the client hears of it`, async ({ visit, world }) => {
    const before = await world.connections();
    const page = await opened(visit, call, argument, screen);
    await page.locator('main').press('Escape');
    assert.equal((await visit.value()) ?? null, null);
    await visit.tidy();
    assert.deepEqual((await world.connections()).map(({ id }) => id), before.map(({ id }) => id), 'nothing is left behind');
  });
}

scenario('Esc leaves a page of a problem', async ({ visit }) => {
  visit.expectErrors(/Failed to load resource.*404/);
  const page = await opened(visit, connect, { integrationKey: 'no-such-app' }, 'problem');
  await page.locator('main').press('Escape');
  assert.equal(await visit.value(), null);
  await visit.tidy();
});

scenario('Esc leaves a page where no key was pressed before: it has the keyboard', async ({ visit }) => {
  await opened(visit, connect, { integrationKey: 'gmail' }, 'connect');
  await visit.page.keyboard.press('Escape');
  assert.equal(await visit.value(), null);
  await visit.tidy();
});

scenario('Esc empties a search first', async ({ visit }) => {
  const page = await opened(visit, connect, {}, 'choose');
  const search = page.getByLabel('Search apps');
  await search.fill('gmail');
  await search.press('Escape');
  assert.equal(await search.inputValue(), '');
  assert.equal(await visit.isPending(), true);
  await search.press('Escape');
  assert.equal(await visit.value(), null);
});

scenario('an editor among the content of the app has no backdrop, and Esc does not take it away', async ({ world, visit }) => {
  const { flow } = await world.elements();
  await visit.open();
  await visit.start((membrane, id) => membrane.flowInstance(id).embedEditor({ mountTargetSelector: 'h1' }), flow);
  const page = await visit.iframe();
  await at(page, 'configuration');
  await visit.shown();
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgba(0, 0, 0, 0)');
  await page.locator('main').press('Escape');
  await button(page, 'Cancel').click();
  await visit.value();
  await visit.tidy();
});

scenario('waiting for the vendor: the page says so, opens its window again, and goes on', async ({ world, visit }) => {
  const page = await opened(visit, connect, { integrationKey: 'gmail' }, 'connect');
  const vendor = await vendorWindow(visit, page);
  await at(page, 'waiting');
  await page.getByRole('heading', { name: 'Waiting for Gmail' }).waitFor();
  assert.match(await page.getByRole('status').innerText(), /window of Gmail is open/);
  assert.equal(await page.getByText('It asks for').isVisible(), false);
  await at(vendor, 'vendor');
  await vendor.evaluate(() => { document.title = 'left'; });
  await button(page, 'Open again').click();
  await vendor.waitForFunction(() => document.title !== 'left');
  await consent(vendor);
  await world.connected(await visit.value(), { integrationKey: 'gmail' });
});

scenario('the vendor\'s window closed by hand: the page says so', async ({ world, visit }) => {
  const page = await opened(visit, connect, { integrationKey: 'gmail' }, 'connect');
  const vendor = await vendorWindow(visit, page);
  await at(page, 'waiting');
  await vendor.close();
  await at(page, 'connect');
  assert.match(await complaint(page), /window of Gmail was closed/);
  await authorize(visit, page);
  await world.connected(await visit.value(), { integrationKey: 'gmail' });
});

scenario('Esc while the vendor is waited for gives up, and closes its window', async ({ world, visit }) => {
  const page = await opened(visit, connect, { integrationKey: 'gmail' }, 'connect');
  const vendor = await vendorWindow(visit, page);
  await at(vendor, 'vendor');
  await page.locator('main').press('Escape');
  await closed(vendor);
  assert.equal(await visit.value(), null);
  await world.notConnected('gmail');
});

scenario('a window that the browser blocks: the page says what to do', async ({ visit }) => {
  const page = await opened(visit, connect, { integrationKey: 'gmail' }, 'connect');
  await page.evaluate(() => { window.open = () => null; });
  await button(page, 'Connect').click();
  assert.match(await complaint(page), /blocked the window of Gmail\. Allow windows for this site/);
  await at(page, 'connect');
});

scenario('a page leads to what the dashboard has of it', async ({ world, visit }) => {
  const { id } = await world.connection('github-dev');
  const page = await opened(visit, (membrane, connectionId) => membrane.ui.connection({ connectionId }), id, 'connection');
  const dashboard = await visit.windowFrom(() => page.getByRole('link', { name: /in the dashboard/ }).click());
  await dashboard.getByRole('heading', { level: 1, name: /github-dev|GitHub/ }).waitFor();
  assert.match(dashboard.url(), new RegExp(`/__mock/workspaces/${world.key}/connections/${id}$`));
});
