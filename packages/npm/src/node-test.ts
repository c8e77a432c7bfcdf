/**
 * For `node:test`: a workspace per test.
 *
 * ```js
 * import { test } from 'membrane-mock/node-test'
 * test('syncs contacts', async ({ workspace }) => { … })
 * ```
 *
 * The workspace is named after the test, deleted after it, and its report is printed with the test when that fails.
 */
import { type TestContext, test as nodeTest } from 'node:test'
import { type Mock, type WorkspaceOptions, sharedMock } from './mock.js'
import { told } from './report.js'
import type { Workspace } from './workspace.js'

/** What a test is given. */
export interface Given {
  /** The server, one for all tests of the process. */
  mock: Mock
  /** The test's own workspace. */
  workspace: Workspace
}

/** A test's body; `t` is the context of `node:test`. */
export type Body = (given: Given, t: TestContext) => unknown

/** Options of `node:test`, and what the workspace is made of. */
export interface Options {
  concurrency?: number | boolean
  only?: boolean
  signal?: AbortSignal
  skip?: boolean | string
  timeout?: number
  todo?: boolean | string
  workspace?: WorkspaceOptions
}

/** A test with a workspace of its own. */
export function test(name: string, body: Body): Promise<void>
export function test(name: string, options: Options, body: Body): Promise<void>
export async function test(name: string, options: Options | Body, last?: Body): Promise<void> {
  const [{ workspace: made, ...rest }, body] = typeof options === 'function' ? [{} as Options, options] : [options, last]
  if (!body) throw new TypeError('a test has a body')
  await nodeTest(name, rest, async (t) => {
    const mock = await sharedMock()
    const workspace = await mock.workspace({ label: name, ...made })
    try {
      await body({ mock, workspace }, t)
    } catch (error) {
      const report = await told(workspace)
      if (report) t.diagnostic(report)
      // That there is no server to delete it from is not why the test failed.
      await workspace.delete().catch(() => undefined)
      throw error
    }
    await workspace.delete()
  })
}
