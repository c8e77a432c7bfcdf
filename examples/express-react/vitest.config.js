import { defineConfig } from 'vitest/config'

// One mock for all workers; each test has a workspace of its own in it.
export default defineConfig({ test: { include: ['tests/backend/*.test.js'], globalSetup: 'membrane-mock/setup' } })
