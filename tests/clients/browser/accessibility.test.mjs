// axe-core on every page of the mock, light and dark.

import assert from 'node:assert/strict';
import axe from 'axe-core';
import { scenario } from './lib/scenario.mjs';
import { TOUR, goTo } from './lib/tour.mjs';

const BAD = ['serious', 'critical'];

async function violations(page) {
  const { violations: found } = await page.evaluate(async (source) => {
    if (!window.axe) (0, eval)(source);
    return window.axe.run(document, { resultTypes: ['violations'] });
  }, axe.source);
  return found
    .filter(({ impact }) => BAD.includes(impact))
    .map(({ id, impact, help, nodes }) => `${impact}: ${id}, ${help}: ${nodes.map(({ html }) => html).join(' | ').slice(0, 400)}`);
}

/** What a screen reader announces first, and what it needs to pronounce it. */
const frontMatter = (page) =>
  page.evaluate(() => ({
    title: document.title.length > 0,
    language: document.documentElement.lang,
    mains: document.querySelectorAll('main').length,
    headings: document.querySelectorAll('h1').length,
  }));

for (const stop of Object.keys(TOUR)) {
  scenario(`accessible: ${stop}`, async ({ world, visit }) => {
    const page = await goTo(stop, { world, visit, theme: 'auto' });
    const windowOf = page.page?.() ?? page;
    for (const colorScheme of ['light', 'dark']) {
      await windowOf.emulateMedia({ colorScheme });
      assert.deepEqual(await violations(page), [], colorScheme);
    }
    assert.deepEqual(await frontMatter(page), { title: true, language: 'en', mains: 1, headings: 1 });
  });
}

for (const stop of ['connect', 'form', 'choose', 'agent-session']) {
  scenario(`accessible with theme dark asked for: ${stop}`, async ({ world, visit }) => {
    const page = await goTo(stop, { world, visit, theme: 'dark' });
    assert.deepEqual(await violations(page), []);
  });
}

for (const stop of ['connect', 'form', 'choose', 'problem-unknown', 'connection', 'vendor', 'main', 'configuration', 'agent-session']) {
  scenario(`fits a window of 360 pixels: ${stop}`, { viewport: { width: 360, height: 640 } }, async ({ world, visit }) => {
    const page = await goTo(stop, { world, visit });
    const { scrollWidth, clientWidth } = await page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      return { scrollWidth, clientWidth };
    });
    assert.ok(scrollWidth <= clientWidth, `${scrollWidth} pixels wide in ${clientWidth}`);
  });
}
