/**
 * For Vitest: a workspace per test.
 *
 * ```ts
 * import { test } from 'membrane-mock/vitest'
 * test('syncs contacts', async ({ workspace }) => { … })
 * ```
 *
 * The workspace is named after the test, deleted after it, and its report is printed when the test fails. Each worker starts a
 * server of its own, unless `membrane-mock/setup` is a global set-up or the run is under `membrane-mock exec`.
 */
import { test as base } from 'vitest'
import { type Mock, sharedMock } from './mock.js'
import { told } from './report.js'
import type { Workspace } from './workspace.js'

/** What tests are given beside Vitest's own. */
export interface Given {
  /** The server, one for all tests of the worker. */
  mock: Mock
  /** The test's own workspace. */
  workspace: Workspace
}

export const test = base.extend<Given>({
  // Vitest reads which fixtures one needs from the pattern.
  // eslint-disable-next-line no-empty-pattern
  mock: async ({}, use) => {
    await use(await sharedMock())
  },
  workspace: async ({ mock, task }, use) => {
    const workspace = await mock.workspace({ label: nameOf(task) })
    await use(workspace)
    if (task.result?.state === 'fail') {
      const report = await told(workspace)
      if (report) console.error(report)
    }
    await workspace.delete()
  },
})

interface Named {
  name: string
  suite?: Named | undefined
}

/** The name of a test below those of the suites that it is in. */
function nameOf({ name, suite }: Named): string {
  const above = suite ? nameOf(suite) : ''
  return above ? `${above} > ${name}` : name
}

export const it = test
export { describe, expect, beforeEach, afterEach, beforeAll, afterAll, vi } from 'vitest'
