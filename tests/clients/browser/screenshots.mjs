// Pictures of every page of the mock, for people to look at:
//   membrane-mock exec -- node screenshots.mjs FOLDER [PAGE…]

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { endSession } from './lib/browser.mjs';
import { TOUR, goTo } from './lib/tour.mjs';
import { Visit } from './lib/visit.mjs';
import { World } from './lib/world.mjs';

const [folder, ...wanted] = process.argv.slice(2);
if (!folder) {
  console.error('usage: membrane-mock exec -- node screenshots.mjs FOLDER [PAGE…]');
  process.exit(2);
}
await mkdir(folder, { recursive: true });

/** A frame of another site is drawn by a process of its own, which may be late. */
const drawn = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

const SIZES = [{ width: 360, height: 800 }, { width: 1200, height: 900 }];
let missing = 0;

for (const stop of wanted.length > 0 ? wanted : Object.keys(TOUR)) {
  for (const viewport of SIZES) {
    for (const theme of ['light', 'dark']) {
      const name = `${stop}-${viewport.width}-${theme}.png`;
      const world = await World.fork();
      const visit = await Visit.begin(world, { viewport, colorScheme: theme });
      try {
        const page = await goTo(stop, { world, visit, theme });
        const window = page.page?.() ?? page;
        await window.setViewportSize(viewport);
        await drawn(page);
        await window.screenshot({ path: join(folder, name), fullPage: true, animations: 'disabled' });
        console.log(name);
      } catch (error) {
        missing += 1;
        console.error(`${name}: ${error.message.split('\n')[0]}`);
      } finally {
        await visit.end();
        await world.drop();
      }
    }
  }
}

await endSession();
process.exitCode = missing > 0 ? 1 : 0;
