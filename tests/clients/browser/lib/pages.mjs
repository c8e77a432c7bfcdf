// What a user does on the mock's pages. `where` is a window or an iframe.

import assert from 'node:assert/strict';
import { closed } from './visit.mjs';

export const GO_ON = /^(Connect|Reconnect)\b/;
export const GIVE_UP = /^(Cancel|Close)$/;

/** Waits for one of these screens and tells which it is. Every one of them must own up to being a mock. */
export async function at(where, ...screens) {
  const main = where.locator(screens.map((screen) => `main[data-screen="${screen}"]`).join(', '));
  await main.waitFor();
  assert.match(await where.locator('body').innerText(), /\bmock\b/i, 'the page does not say that it is a mock');
  return main.getAttribute('data-screen');
}

export const button = (where, name) => where.getByRole('button', { name });

/** A click after which the window may be gone at once. */
async function pressed(page, name) {
  await button(page, name).click().catch((error) => {
    if (!page.isClosed()) throw error;
  });
}

/** At the vendor: says who they are, and allows or denies. */
export async function consent(vendor, { account = 'ann@example.com', press = 'Allow' } = {}) {
  await at(vendor, 'vendor');
  await vendor.getByRole('textbox', { name: /^Another account/ }).fill(account);
  await pressed(vendor, press);
}

/** The vendor's window, opened by the click on Connect in the iframe. */
export async function vendorWindow(visit, where) {
  await at(where, 'connect', 'problem');
  // As soon as a person could.
  if (where.parentFrame?.()) await visit.steady();
  return visit.windowFrom(() => button(where, /^(Connect|Reconnect|Try again)\b/).click());
}

/** From the iframe's connect page through the vendor's window, until that has closed itself. */
export async function authorize(visit, where, choice) {
  const vendor = await vendorWindow(visit, where);
  await consent(vendor, choice);
  await closed(vendor);
}

/** The same in one window: to the vendor, which is where `client.connect()` may lead at once. */
export async function reachVendor(page) {
  if ((await at(page, 'connect', 'vendor')) === 'connect') await button(page, GO_ON).click();
  await at(page, 'vendor');
}

/** Starts the call and goes with its popup to the vendor. */
export async function popupAtVendor(visit, call, argument) {
  const popup = await visit.windowFrom(() => visit.start(call, argument));
  await reachVendor(popup);
  return popup;
}

/** Has the application leave its page, for the mock and then for `redirectUri`, which is what the call is given. */
export async function leave(visit, call, redirectUri) {
  await visit.prepare(call, redirectUri);
  await visit.page.locator('#start').click();
}

/** Leaves, and comes back after the vendor: gives the query of the address. */
export async function thereAndBack(visit, call, choice, back = `${visit.home}/sdk.html`) {
  const { page } = visit;
  await leave(visit, call, `${back}?kept=1&two=a%20b`);
  await reachVendor(page);
  await consent(page, choice);
  await page.waitForURL((url) => url.href.startsWith(`${back}?`));
  const query = new URL(page.url()).searchParams;
  assert.equal(query.get('kept'), '1');
  assert.equal(query.get('two'), 'a b');
  return query;
}

/** Leaves by the button that gives up, which ends the call with null. */
export async function givesUp(visit, where) {
  await button(where, GIVE_UP).click();
  assert.equal(await visit.value(), null);
  await visit.tidy();
}

/** Fills a form for keys: `{ 'Secret key': 'sk_test_1' }`. */
export async function fillKeys(where, values) {
  await at(where, 'form');
  for (const [label, value] of Object.entries(values)) await where.getByLabel(label).fill(value);
  await button(where, GO_ON).click();
}

/** What the page complains of: an alert, or the one thing that a page of bad news says. */
export async function complaint(where) {
  const said = where.locator('[role=alert], main[data-screen="problem"] [role=status]').filter({ hasText: /\S/ }).first();
  await said.waitFor();
  return said.innerText();
}

/** How the page is drawn: `dark`, `light`, or how bright it is otherwise. */
export async function shade(where) {
  const brightness = await where.evaluate(() => {
    // The app is seen around the page where that is in a frame.
    const [red, green, blue] = getComputedStyle(document.querySelector('main')).backgroundColor.match(/[\d.]+/g).map(Number);
    return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
  });
  if (brightness < 0.3) return 'dark';
  return brightness > 0.7 ? 'light' : brightness;
}
