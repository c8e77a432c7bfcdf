// The applications, bundled as a user's own build would do it, and kept in memory.

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const app = (name) => fileURLToPath(new URL(`../app/${name}`, import.meta.url));
const TYPES = { html: 'text/html; charset=utf-8', js: 'text/javascript; charset=utf-8', css: 'text/css; charset=utf-8' };

let files;

/** `{ 'sdk.html': { type, body }, … }` */
export function applicationFiles() {
  return (files ??= make());
}

async function make() {
  const { outputFiles } = await build({
    entryPoints: [app('sdk.js'), app('legacy.js'), app('react.jsx'), app('hooks.jsx'), app('playground.jsx')],
    outdir: app('.'),
    write: false,
    bundle: true,
    minify: true,
    platform: 'browser',
    format: 'iife',
    target: 'chrome120',
    jsx: 'automatic',
    keepNames: true,
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'error',
  });
  const made = {};
  for (const { path, text } of outputFiles) add(made, path.split('/').at(-1), text);
  for (const name of ['sdk.html', 'react.html', 'playground.html']) add(made, name, await readFile(app(name), 'utf8'));
  add(made, 'legacy.html', made['sdk.html'].body.replace('sdk.js', 'legacy.js'));
  add(made, 'hooks.html', made['react.html'].body.replace('react.js', 'hooks.js'));
  return made;
}

function add(made, name, body) {
  made[name] = { type: TYPES[name.split('.').at(-1)], body };
}
