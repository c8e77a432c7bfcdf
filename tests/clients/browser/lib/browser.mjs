// One Chromium for all scenarios. Its own network log is the witness that nothing left this machine.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { serveApplication } from './server.mjs';

const ARGUMENTS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--no-proxy-server',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // One process for a page and its frames. Between two, a click goes to the page around a frame that was just shown,
  // and one that makes its frame vanish is never answered.
  '--disable-site-isolation-trials',
  // Pictures that move stand still, as the one that the client shows while it loads: it is drawn sixty times a second.
  // No text is checked for its spelling, for which Chromium fetches a dictionary from its maker.
  // The other settings are what playwright-core sets, which these take the place of.
  `--blink-settings=${[
    'imageAnimationPolicy=2',
    'spellCheckEnabledByDefault=false',
    'primaryHoverType=2',
    'availableHoverTypes=2',
    'primaryPointerType=4',
    'availablePointerTypes=4',
  ]}`,
  // What Chromium asks of its maker all the same goes to a closed port.
  '--component-updater=url-source=http://127.0.0.1:9/',
  // Its sign-in always has a process of its own, so that this is none of the hosts in use here.
  '--gaia-url=http://[::1]:9/',
  '--autofill-server-url=http://127.0.0.1:9/',
  '--gcm-checkin-url=http://127.0.0.1:9/',
  '--gcm-mcs-endpoint=http://127.0.0.1:9/',
  '--gcm-registration-url=http://127.0.0.1:9/',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
];
const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

export const isLoopback = (url) => !/^(https?|wss?):/.test(url) || LOOPBACK.has(new URL(url).hostname);

let started;

/** `{ browser, application }`, started on the first call. */
export function session() {
  return (started ??= start());
}

async function start() {
  const folder = await mkdtemp(join(tmpdir(), 'membrane-mock-browser-'));
  const netLog = join(folder, 'net-log.json');
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [...ARGUMENTS, `--log-net-log=${netLog}`],
    // A popup has to come out of a real click, as for everybody's users.
    ignoreDefaultArgs: ['--disable-popup-blocking'],
  });
  return { browser, application: await serveApplication(), folder, netLog };
}

/** Ends the browser and reads what it asked the network for. */
export async function endSession() {
  if (!started) return;
  const { browser, application, folder, netLog } = await started;
  started = undefined;
  await browser.close();
  application.close();
  const log = await readFile(netLog, 'utf8');
  await rm(folder, { recursive: true, force: true });
  const asked = new Set([...log.matchAll(/"url":"((?:https?|wss?):\/\/[^"]+)"/g)].map(([, url]) => url));
  assert.ok(asked.size > 0, 'the network log is empty');
  assert.deepEqual([...asked].filter((url) => !isLoopback(url)), [], 'requests that left this machine');
}
