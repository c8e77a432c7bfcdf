// A test with a workspace and a browser context of its own.

import { after, test } from 'node:test';
import { endSession } from './browser.mjs';
import { Visit } from './visit.mjs';
import { World } from './world.mjs';

after(endSession);

/** `body({ world, visit })`; the options are those of `World.fork` and `Visit.begin`. */
export function scenario(name, options, body = options) {
  const { mock, settings, ...visiting } = body === options ? {} : options;
  test(name, async () => {
    const world = await World.fork({ mock, settings });
    const visit = await Visit.begin(world, visiting);
    try {
      await body({ world, visit });
      visit.judge();
    } catch (error) {
      error.message += `\n\nWhere things stood:\n${await visit.story()}\n`;
      throw error;
    } finally {
      await visit.end();
      await world.drop();
    }
  });
}
