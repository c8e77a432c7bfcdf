/**
 * For Jest: a workspace per test.
 *
 * ```js
 * import { useMembrane } from 'membrane-mock/jest'
 * const membrane = useMembrane()
 * test('syncs contacts', async () => { … membrane.workspace … })
 * ```
 *
 * The workspace is named after the test, deleted after it, and its report is printed when the test fails. Each worker starts a
 * server of its own, unless `membrane-mock/setup` is the global set-up or the run is under `membrane-mock exec`.
 */
import { type Mock, type WorkspaceOptions, sharedMock } from './mock.js'
import { told } from './report.js'
import type { Workspace } from './workspace.js'

type Hook = (body: () => Promise<void>, timeout?: number) => void

/** Those of Jest's globals that are used. */
interface Globals {
  beforeEach: Hook
  afterEach: Hook
  expect: { getState(): { currentTestName?: string } }
}

/** What a test is given. Both are there while a test runs. */
export interface Membrane {
  /** The server, one for all tests of the worker. */
  readonly mock: Mock
  /** The test's own workspace. */
  readonly workspace: Workspace
}

/** Gives each test of the file, or of the `describe` it is called in, a workspace of its own. */
export function useMembrane(options: WorkspaceOptions = {}): Membrane {
  const { beforeEach, afterEach, expect } = globalThis as unknown as Globals
  let mock: Mock | undefined
  let workspace: Workspace | undefined
  beforeEach(async () => {
    mock = await sharedMock()
    const label = expect.getState().currentTestName
    workspace = await mock.workspace({ ...(label === undefined ? {} : { label }), ...options })
  }, 60_000)
  afterEach(async () => {
    const made = workspace
    workspace = undefined
    if (!made) return
    if (hasFailed()) {
      const report = await told(made)
      if (report) console.error(report)
    }
    await made.delete()
  })
  const there = <T>(what: T | undefined): T => {
    if (what === undefined) throw new Error('this is there within a test alone')
    return what
  }
  return {
    get mock() {
      return there(mock)
    },
    get workspace() {
      return there(workspace)
    },
  }
}

/** Whether the test that runs has failed, as Jest's own runner knows; other runners do not tell. */
function hasFailed(): boolean {
  const symbol = Object.getOwnPropertySymbols(globalThis).find(({ description }) => description === 'JEST_STATE_SYMBOL')
  if (!symbol) return false
  const state = (globalThis as unknown as Record<symbol, { currentlyRunningTest?: { errors?: unknown[] } } | undefined>)[symbol]
  return (state?.currentlyRunningTest?.errors?.length ?? 0) > 0
}
