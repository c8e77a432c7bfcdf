// Holds what a suite has called against all that its client has.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { holdPage } from './page.mjs';
import { recorded } from './record.mjs';
import { accessorsOf, namesOf, requestsOf } from './reflect.mjs';

const BROWSER = new URL('../browser/', import.meta.url);

/**
 * A client's methods. `notCalled` has those that no test calls, each with its reason; `inBrowser` those that the
 * browser suite calls, each with a file and the call in it. `fromPage` is what goes to the server from a page's form or
 * event stream.
 */
export function judge({ name, version, Client, exported, hidden, notCalled, inBrowser, fromPage }) {
  const folder = process.env.CLIENT_CALLS;
  assert.ok(folder, 'CLIENT_CALLS is not set: start the suite as `membrane-mock exec -- npm test`');
  const accessors = accessorsOf(Client, hidden);
  const names = namesOf(accessors);
  const answered = recorded(folder);
  const listed = { ...notCalled, ...inBrowser };

  test('every accessor that the client exports is reached, or adds nothing to one that is', () => {
    const classes = Object.values(exported).filter((each) => /(Accessor|Client|Proxy|UI)$/.test(each?.name));
    const reached = [...accessors.keys()];
    const isCovered = (each) =>
      reached.some((one) => one === each || one.prototype instanceof each || (isBelow(each, one) && addsNothing(each)));
    assert.deepEqual(classes.filter((each) => !isCovered(each)), []);
  });

  test('every method is called and answered, or is listed', () => {
    assert.deepEqual(names.filter((each) => !answered.has(each) && !(each in listed)), []);
  });

  test('what is listed is a method, and is not called', () => {
    assert.deepEqual(Object.keys(listed).filter((each) => answered.has(each) || !names.includes(each)), []);
    assert.deepEqual(Object.keys(notCalled).filter((each) => each in inBrowser), []);
  });

  test('what is listed for the browser is called there', () => {
    const isCalled = ([file, call]) => readFileSync(new URL(file, BROWSER), 'utf8').includes(call);
    assert.deepEqual(Object.values(inBrowser).filter((each) => !isCalled(each)), []);
  });

  test('docs/client-methods.md says so', async () => {
    const rows = [];
    for (const method of names) {
      const shown = answered.has(method) ? 'works' : method in inBrowser && 'browser';
      const sent = answered.get(method) ?? (await requestsOf(Client, hidden, method));
      rows.push({ method, shown, sent: [...sent, ...(fromPage[method] ?? [])] });
    }
    await holdPage(name, version, rows);
  });
}

const isBelow = (each, one) => each.prototype instanceof one;
const addsNothing = (each) => Object.getOwnPropertyNames(each.prototype).length === 1;
