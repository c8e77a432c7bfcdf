// Every hook of the React package: what it shows is what the workspace has, and each of its methods has its effect. The
// hooks are those that the package exports, the methods those that a hook gives.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { holdPage } from '../methods/page.mjs';
import { plant } from './lib/hooks.mjs';
import { scenario } from './lib/scenario.mjs';

const read = (file) => readFileSync(new URL(file, import.meta.url), 'utf8');
const PACKAGE = '@membranehq/react';

const GIVEN = 'gives what the provider above it was given';
const MENU = 'is a part of a menu of the package';

/** Hooks that ask the server for nothing. */
const ASK_NOTHING = {
  useIntegrationApp: GIVEN,
  useMembrane: GIVEN,
  useMembraneClient: GIVEN,
  useIntegrationAppConnection: GIVEN,
  useIntegrationAppIntegration: GIVEN,
  useIntegrationElementContext: GIVEN,
  useComboBox: MENU,
  useComboBoxDropdownContext: MENU,
  useComboBoxDropdownSearchContext: MENU,
  useDropdownStackContext: MENU,
  useNestedComboBox: MENU,
};
/** A hook that shows nothing by itself: where it is tested, and what it sends. */
const ELSEWHERE = { useElementsBackgroundSync: { file: 'react.test.mjs', sent: ['GET /sse/workspace'] } };
/** Methods that show a page, and where the client's are tested. */
const PAGES = { openConfiguration: 'ui-pages.test.mjs', openEditor: 'ui-pages.test.mjs' };

/** A hook on the page, and which of its methods were called. */
class Shown {
  #called = new Set();

  constructor(page, hook) {
    Object.assign(this, { page, hook });
  }

  /** Waits until it shows these ids, or these fields. */
  async shows(expected) {
    const given = [this.hook, expected];
    const isShown = ([hook, wanted]) => JSON.stringify(window.shown(hook, wanted)) === JSON.stringify(wanted);
    // What it shows instead tells more than that the wait was in vain.
    await this.page.waitForFunction(isShown, given).catch(() => {});
    assert.deepEqual(await this.page.evaluate((all) => window.shown(...all), given), expected);
  }

  call(method, ...given) {
    this.#called.add(method);
    return this.page.evaluate((all) => window.call(...all), [this.hook, method, given]);
  }

  sent() {
    return this.page.evaluate((hook) => window.sent(hook), this.hook);
  }

  async notCalled() {
    const methods = await this.page.evaluate((hook) => window.methods(hook), this.hook);
    return methods.filter((each) => !this.#called.has(each) && !(each in PAGES));
  }
}

scenario('every hook shows what there is, and its methods change it', { seed: 'none' }, async ({ world, visit }) => {
  const { rows, connectionId } = await plant(world);
  const page = await visit.open('hooks.html');
  const exported = await page.evaluate(() => window.hooks);
  const listed = [...rows.map(({ hook }) => hook), ...Object.keys(ASK_NOTHING), ...Object.keys(ELSEWHERE)];
  assert.deepEqual(listed.sort(), exported.sort());
  const elsewhere = Object.entries(ELSEWHERE);
  const tested = [...Object.entries(PAGES), ...elsewhere.map(([hook, { file }]) => [hook, file])];
  assert.deepEqual(tested.filter(([name, file]) => !read(file).includes(name)), []);

  // What was archived is read once more.
  visit.expectErrors(/Failed to load resource.*404/);
  await page.evaluate((all) => window.render(...all), [rows.map(({ check, ...row }) => row), connectionId]);
  const failures = {};
  const requests = elsewhere.map(([hook, { sent }]) => ({ hook, sent }));
  const play = async ({ hook, check }) => {
    const it = new Shown(page, hook);
    try {
      await check(it);
      assert.deepEqual(await it.notCalled(), [], 'methods that were not called');
      requests.push({ hook, sent: await it.sent() });
    } catch (error) {
      failures[hook] = error.message;
    }
  };
  // Lists come first: they would show what becomes of the elements of the others.
  for (const isList of [true, false]) await Promise.all(rows.filter((row) => row.isList === isList).map(play));
  assert.deepEqual(failures, {});

  const version = JSON.parse(read('package.json')).dependencies[PACKAGE];
  const shown = requests.map(({ hook, sent }) => ({ method: `${hook}()`, sent, shown: 'browser' }));
  await holdPage(PACKAGE, version, shown.sort((one, other) => (one.method < other.method ? -1 : 1)), 'hook');
});
