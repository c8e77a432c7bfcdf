// A test with a workspace and a browser context of its own. Those of all files run side by side in one browser.

import { availableParallelism } from 'node:os';
import { after, describe, test } from 'node:test';
import { endSession } from './browser.mjs';
import { Visit } from './visit.mjs';
import { World } from './world.mjs';

/** Twice as many as there are cores: the client itself waits for most of a second whenever it opens its iframe. */
const AT_ONCE = Math.min(2 * availableParallelism(), 8);
/** Every wait of a visit gives up long before. What a browser never answers ends here, and the others are still told. */
const LIMIT_MS = 300_000;

const planned = [];
let gathering = false;

/** `body({ world, visit })`; the options are those of `World.fork` and `Visit.begin`. */
export function scenario(name, options, body = options) {
  // Once the file has been read, which happens in one go.
  if (planned.length === 0 && !gathering) queueMicrotask(begin);
  planned.push({ name, options: body === options ? {} : options, body });
}

/** For more than one file: they are read until the function that this gives is called. */
export function gather() {
  gathering = true;
  return begin;
}

function begin() {
  describe('in a browser', { concurrency: AT_ONCE }, () => {
    after(endSession);
    for (const each of planned) test(each.name, { timeout: LIMIT_MS }, () => play(each));
  });
}

async function play({ options: { mock, settings, seed, ...visiting }, body }) {
  const world = await World.fork({ mock, settings, seed });
  const visit = await Visit.begin(world, visiting);
  try {
    await body({ world, visit });
    visit.judge();
  } catch (error) {
    const story = `\n\nWhere things stood:\n${await visit.story()}\n`;
    // A reporter shows one or the other.
    error.stack += story;
    error.message += story;
    throw error;
  } finally {
    await visit.end();
    await world.drop();
  }
}
