// Bundles what programs may `require`: Jest reads no modules unless Node is told to.

import { build } from 'esbuild'

await build({
  entryPoints: ['src/index.ts', 'src/jest.ts', 'src/setup.ts'],
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  // What a module knows of itself, by what a script knows.
  define: { 'import.meta.url': 'own_address' },
  banner: { js: "const own_address = require('node:url').pathToFileURL(__filename).href" },
})
