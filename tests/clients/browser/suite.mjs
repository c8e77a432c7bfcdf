// The whole suite in one process, so that the scenarios of all files share one browser.
// One file alone: membrane-mock exec -- node --test FILE

import { readdirSync } from 'node:fs';
import { gather } from './lib/scenario.mjs';

const begin = gather();
const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.test.mjs')).sort();
for (const file of files) await import(`./${file}`);
begin();
