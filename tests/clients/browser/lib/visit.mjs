// A user in front of the application: one browser context, everything it asked for, and what the client's call came to.

import assert from 'node:assert/strict';
import { isLoopback, session } from './browser.mjs';
import { plantApplication } from './server.mjs';
import { mockOrigin } from './world.mjs';

/** How long anything may take to appear, on a machine that has other things to do. */
const PATIENCE = Number(process.env.BROWSER_PATIENCE_MS ?? 60_000);
const CONTAINER = '#__integration-app-container';
const IFRAME = '#__integration-app-popup';
/** Where the client itself puts the token in the address. */
const TOKEN_IN_ADDRESS = /^\/(embed|isolated-embed|sse|connection-popup)\b/;

export class Visit {
  requests = [];
  answers = [];
  errors = [];
  #expected = [];

  /** `origin` is the application's: `cross` or `same` as the mock's. */
  static async begin(world, { origin = 'cross', colorScheme, viewport, severed } = {}) {
    const { browser, application } = await session();
    const visit = new Visit();
    visit.world = world;
    visit.context = await browser.newContext({ colorScheme, viewport });
    visit.context.setDefaultTimeout(PATIENCE);
    visit.#watch();
    visit.home = origin === 'same' ? await plantApplication(visit.context, mockOrigin()) : application.origin;
    if (severed) await visit.context.addInitScript(() => { if (window.opener) window.opener = null; });
    return visit;
  }

  #watch() {
    this.context.on('request', (request) => this.requests.push(request));
    this.context.on('response', (response) => this.answers.push(response));
    this.context.on('weberror', (error) => this.errors.push(error.error().message));
    this.context.on('console', (message) => {
      if (message.type() === 'error') this.errors.push(`${message.text()} (${address(message.location().url)})`);
    });
  }

  /** Console errors that belong to the story. */
  expectErrors(pattern) {
    this.#expected.push(pattern);
  }

  /** The application, with this token. */
  async open(file = 'sdk.html', { token = this.world.tenantToken, ...more } = {}) {
    const page = (this.page ??= await this.context.newPage());
    const settings = new URLSearchParams({ token, apiUri: mockOrigin(), ...more });
    await page.goto(`${this.home}/${file}#${settings}`);
    return page;
  }

  // A call of the client

  /** Has the user's next click make this call. `call` runs in the page, with the client and the argument. */
  prepare(call, argument) {
    return this.page.evaluate(([source, given]) => window.prepare(source, given), [call.toString(), argument]);
  }

  /** The same, and clicks. */
  async start(call, argument) {
    await this.prepare(call, argument);
    await this.page.locator('#start').click();
    await this.page.waitForFunction(() => window.outcome.status !== 'prepared');
  }

  /** What the call ended in; waits for it. */
  async outcome() {
    await this.page.waitForFunction(() => !['prepared', 'pending'].includes(window.outcome.status));
    return this.page.evaluate(() => window.outcome);
  }

  async value() {
    const { status, value, error } = await this.outcome();
    assert.equal(status, 'resolved', `the call was rejected: ${JSON.stringify(error)}`);
    return value;
  }

  async rejection() {
    const { status, value, error } = await this.outcome();
    assert.equal(status, 'rejected', `the call gave ${JSON.stringify(value)}`);
    return error;
  }

  isPending() {
    return this.page.evaluate(() => window.outcome.status === 'pending');
  }

  // Windows

  /** The mock's page in the client's own iframe. */
  async iframe() {
    const element = await this.page.waitForSelector(IFRAME, { state: 'attached' });
    return element.contentFrame();
  }

  /** The window that this opens. */
  async windowFrom(action) {
    const [window] = await Promise.all([this.context.waitForEvent('page'), action()]);
    return window;
  }

  /** Windows that would close themselves stay, for whoever wants to look at them. */
  keepWindows() {
    return this.context.addInitScript(() => { window.close = () => {}; });
  }

  /** The client has taken its iframe away, and everything that came with it. */
  async tidy() {
    await this.page.locator(CONTAINER).waitFor({ state: 'detached' });
    assert.equal(await this.page.evaluate(() => document.body.className), '');
  }

  /** The page shook hands: the loader is gone and no complaint is shown. */
  async shown() {
    await this.page.locator(`${CONTAINER}:not(.__integration-app-container__loader)`).waitFor();
    assert.equal(await this.page.locator('#__integration-app-timeout-message').count(), 0);
  }

  /** The same, and the iframe stands still: a click on something in it goes where it is aimed. */
  async steady() {
    await this.shown();
    await this.page.waitForFunction((selector) => {
      const { x, y, width, height } = document.querySelector(selector).getBoundingClientRect();
      const [before, now] = [window.stoodAt, [x, y, width, height].join()];
      window.stoodAt = now;
      return before === now && width > 0;
    }, IFRAME);
  }

  // What it asked for

  to(method, path) {
    return this.requests.filter((each) => each.method() === method && new URL(each.url()).pathname === path);
  }

  /** The fields of the one form posted there. */
  form(path) {
    const posted = this.to('POST', path);
    assert.equal(posted.length, 1, `POST ${path}`);
    assert.equal(posted[0].headers()['content-type'], 'application/x-www-form-urlencoded');
    return Object.fromEntries(new URLSearchParams(posted[0].postData()));
  }

  /** What must hold at the end of every visit. */
  judge() {
    const urls = this.requests.map((each) => each.url());
    assert.deepEqual(urls.filter((url) => !isLoopback(url)), [], 'requests beyond loopback');
    const leaking = urls.filter((url) => {
      const { pathname, search } = new URL(url);
      return search.includes(this.world.tenantToken) && !TOKEN_IN_ADDRESS.test(pathname);
    });
    assert.deepEqual(leaking, [], 'addresses with the token in them');
    const surprises = this.errors.filter((error) => !this.#expected.some((pattern) => pattern.test(error)));
    assert.deepEqual(surprises, [], 'errors in the console');
  }

  /** Where everything stood, for whoever has to find out why a test failed. */
  async story() {
    const lines = [];
    for (const frame of this.context.pages().flatMap((page) => page.frames())) {
      const text = await frame.evaluate(() => document.body?.innerText ?? '').catch(() => '(gone)');
      lines.push(`  ${address(frame.url())}: ${text.replace(/\s+/g, ' ').slice(0, 300)}`);
    }
    for (const answer of this.answers.filter((each) => each.status() >= 400)) {
      lines.push(`  ${answer.status()} ${answer.request().method()} ${address(answer.url())}`);
    }
    return [...lines, ...this.errors.map((error) => `  console: ${error}`)].join('\n');
  }

  end() {
    return this.context.close();
  }
}

const address = (url) => (URL.canParse(url) ? new URL(url).origin + new URL(url).pathname : url);

/** Waits until a window has closed itself. */
export async function closed(page) {
  if (!page.isClosed()) await page.waitForEvent('close');
}
