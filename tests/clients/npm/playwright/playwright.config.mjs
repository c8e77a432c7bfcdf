// The configuration that a user of the package has; `SUITE` says which of the tests run.

import { defineConfig } from '@playwright/test'

export default defineConfig({
  globalSetup: 'membrane-mock/setup',
  testMatch: process.env.SUITE ?? '*.spec.mjs',
  reporter: 'line',
  outputDir: '../results',
  workers: 2,
  use: {
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
        '--disable-component-update', '--disable-sync'],
    },
  },
})
