// axe-core on every page of the mock, light and dark, and what holds for all of them.

import assert from 'node:assert/strict';
import axe from 'axe-core';
import { shade } from './lib/pages.mjs';
import { scenario } from './lib/scenario.mjs';
import { TOUR, goTo } from './lib/tour.mjs';

/** What does not depend on colours is looked at once. */
const ALL = {};
const COLOURS = { runOnly: { type: 'rule', values: ['color-contrast'] } };

/** What the user's system prefers, what the page was asked for, how it is drawn then, and the rules to hold against it. */
const LOOKS = [
  ['light', 'auto', 'light', ALL],
  ['dark', 'auto', 'dark', COLOURS],
  ['light', 'dark', 'dark', COLOURS],
  ['dark', 'light', 'light', COLOURS],
];

/** Only what is looked at leaves the page: all that axe tells of one is long. */
async function violations(page, rules) {
  const { found, passed } = await page.evaluate(async (given) => {
    const { violations, passes } = await window.axe.run(document, given);
    const told = ({ id, impact, help, nodes }) =>
      `${impact}: ${id}, ${help}: ${nodes.map(({ html }) => html).join(' | ').slice(0, 400)}`;
    return { found: violations.map(told), passed: passes.map(({ id }) => id) };
  }, rules);
  assert.ok(passed.includes('color-contrast'), 'no text was looked at');
  return found;
}

const setTheme = (page, theme) => page.evaluate((given) => { document.documentElement.dataset.theme = given; }, theme);

/** What a screen reader announces first, and what it needs to pronounce it. */
const frontMatter = (page) =>
  page.evaluate(() => ({
    title: document.title.length > 0,
    language: document.documentElement.lang,
    mains: document.querySelectorAll('main').length,
    headings: document.querySelectorAll('h1').length,
  }));

/** Hints that a screen reader does not read out with their field. */
const unspoken = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('.hint[id]')]
      .filter(({ id }) => !document.querySelector(`[aria-describedby~="${id}"]`))
      .map((hint) => hint.outerHTML),
  );

/** What sticks out to the right of a window of 360 pixels. */
async function tooWide(page, window) {
  await window.setViewportSize({ width: 360, height: 640 });
  await page.waitForFunction(() => innerWidth <= 360);
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    const out = [...document.querySelectorAll('body *')].filter((each) => each.getBoundingClientRect().right > clientWidth);
    return scrollWidth > clientWidth ? [`${scrollWidth} pixels`, ...out.map((each) => each.outerHTML.slice(0, 100))] : [];
  });
}

for (const stop of Object.keys(TOUR)) {
  scenario(`accessible: ${stop}`, async ({ world, visit }) => {
    const page = await goTo(stop, { world, visit, theme: 'auto' });
    const window = page.page?.() ?? page;
    await page.evaluate(axe.source);
    for (const [system, theme, drawn, rules] of LOOKS) {
      await window.emulateMedia({ colorScheme: system });
      await setTheme(page, theme);
      const look = `theme ${theme} on a ${system} system`;
      assert.equal(await shade(page), drawn, look);
      assert.deepEqual(await violations(page, rules), [], look);
    }
    assert.deepEqual(await frontMatter(page), { title: true, language: 'en', mains: 1, headings: 1 });
    assert.deepEqual(await unspoken(page), []);
    assert.deepEqual(await tooWide(page, window), []);
  });
}
