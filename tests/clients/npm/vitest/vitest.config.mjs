// The configuration that a user of the package has; `SUITE` says which of the tests run.

import { defineConfig } from 'vitest/config'

const include = [process.env.SUITE ?? '*.test.ts']
export default defineConfig({ test: { globalSetup: 'membrane-mock/setup', include } })
