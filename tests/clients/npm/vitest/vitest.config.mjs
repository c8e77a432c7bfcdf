import { defineConfig } from 'vitest/config'

const include = [process.env.SUITE ?? '*.test.ts']
export default defineConfig({ test: { globalSetup: 'membrane-mock/setup', include } })
