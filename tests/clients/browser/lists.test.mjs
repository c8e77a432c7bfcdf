// Lists: they are searched, say how many there are, and show that there is more; and the pictures in them.

import assert from 'node:assert/strict';
import { scenario } from './lib/scenario.mjs';
import { at, button } from './lib/pages.mjs';

async function opened(visit, call, screen) {
  await visit.open();
  await visit.start(call);
  const page = await visit.iframe();
  await at(page, screen);
  await visit.shown();
  return page;
}
const catalog = (visit) => opened(visit, (membrane) => membrane.ui.connect({}), 'choose');
const main = (visit) => opened(visit, (membrane) => membrane.open(), 'integrations');

for (const [name, list, noun] of [['catalog', catalog, 'app'], ['integrations', main, 'integration']]) {
  scenario(`the list of the ${name} is searched by words, and says how many it has`, async ({ visit }) => {
    const page = await list(visit);
    const rows = page.getByRole('listitem');
    const all = await rows.count();
    const status = page.getByRole('status');
    assert.equal(await status.innerText(), `${all} ${noun}s.`);
    await page.getByLabel(/^Search/).fill('sheets goo');
    assert.equal(await rows.count(), 1);
    assert.equal(await status.innerText(), `1 of ${all} ${noun}s.`);
    await page.getByLabel(/^Search/).fill('zzzz');
    assert.equal(await rows.count(), 0);
    assert.match(await status.innerText(), new RegExp(`^No ${noun} is called “zzzz”`));
    await page.getByLabel(/^Search/).fill('');
    assert.equal(await rows.count(), all);
  });

  scenario(`the list of the ${name} scrolls within its page, and shows that it does`, async ({ visit }) => {
    const page = await list(visit);
    const looks = await page.getByRole('list').evaluate((each) => ({
      isLonger: each.scrollHeight > each.clientHeight,
      shadows: getComputedStyle(each).backgroundAttachment,
    }));
    assert.deepEqual(looks, { isLonger: true, shadows: 'local, local, scroll, scroll' });
  });
}

scenario('a logo of the seed is shown, one from elsewhere is not asked for, and drawn ones differ', async ({ world, visit }) => {
  const own = `data:image/svg+xml,${encodeURIComponent('<svg xmlns="http://www.w3.org/2000/svg"/>')}`;
  const change = (key, logoUri) => world.api('PATCH', `/integrations/${key}`, { logoUri }, world.managerToken);
  await change('gmail', own);
  await change('github', 'https://cdn.example/github.png');
  const page = await main(visit);
  const logo = (name) => page.getByRole('listitem').filter({ has: button(page, new RegExp(`onnect ${name}$`)) }).locator('img').getAttribute('src');
  assert.equal(await logo('Gmail'), own);
  assert.match(await logo('GitHub'), /\/logos\/github\.svg$/);
  const drawn = await page.locator('img').evaluateAll(async (all) => {
    const addresses = all.map(({ src }) => src).filter((src) => src.startsWith('http'));
    return Promise.all(addresses.map(async (address) => (await fetch(address)).text()));
  });
  assert.ok(drawn.length > 5);
  assert.equal(new Set(drawn).size, drawn.length);
});
