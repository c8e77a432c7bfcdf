import { defineConfig, devices } from '@playwright/test'

// `CHROMIUM` names a browser that is installed already; without it Playwright's own is used.
const executablePath = process.env.CHROMIUM

export default defineConfig({
  testDir: 'tests/browser',
  globalSetup: './tests/browser/setup.js',
  outputDir: 'test-results',
  reporter: 'list',
  fullyParallel: true,
  use: {
    ...devices['Desktop Chrome'],
    launchOptions: executablePath ? { executablePath, args: ['--no-sandbox', '--disable-gpu'] } : {},
  },
})
