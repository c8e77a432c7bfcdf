/**
 * For Playwright Test: a tenant per test, beside an app that was started once with one workspace's credentials.
 *
 * ```ts
 * import { expect, test } from 'membrane-mock/playwright'
 * test('connects GitHub', async ({ page, tenant, connect }) => { … await connect(page, 'github', { account: 'ada@example.com' }) })
 * ```
 */
import { type TestInfo, test as base } from '@playwright/test'
import { type Mock, sharedMock } from './mock.js'
import { type Choice, type PageLike, connectOn } from './pages.js'
import { type Wanted, lastOf, told } from './report.js'
import type { Tenant, Workspace } from './workspace.js'

/** What tests are given beside Playwright's own. */
export interface Given {
  /** The workspace that the app was told of: that of `MEMBRANE_WORKSPACE_KEY`. */
  workspace: Workspace
  /** A tenant that no other test has. */
  tenant: Tenant
  /** Goes the way of the pages on which a user connects an app. */
  connect: (page: PageLike, integration: string, choice?: Choice) => Promise<void>
}

/** What the tests of a worker share. */
export interface Shared {
  /** The server. */
  mock: Mock
}

/** How many characters of an attachment Playwright prints in a terminal. */
const PRINTED = 300

let tenants = 0

/** The tests that have a tenant, of which they report. */
const withTenant = new WeakSet<TestInfo>()

export const test = base.extend<Given, Shared>({
  mock: [
    // Playwright reads which fixtures one needs from the pattern.
    // eslint-disable-next-line no-empty-pattern
    async ({}, use) => {
      await use(await sharedMock())
    },
    { scope: 'worker' },
  ],
  workspace: async ({ mock }, use, info) => {
    const workspace = await mock.existing()
    const after = await lastOf(workspace)
    await use(workspace)
    // Calls of tests that ran beside this one are among them: a tenant's own are told apart.
    if (!withTenant.has(info)) await report(info, workspace, { after })
  },
  tenant: async ({ workspace }, use, info) => {
    tenants += 1
    const tenant = workspace.tenant(`${slug(info.title)}-${info.workerIndex}-${tenants}`, { name: info.title })
    withTenant.add(info)
    await use(tenant)
    await report(info, workspace, { tenant: tenant.key })
  },
  // eslint-disable-next-line no-empty-pattern
  connect: async ({}, use) => {
    await use(connectOn)
  },
})

/** Attaches to a test that failed what the workspace reports of it. */
async function report(info: TestInfo, workspace: Workspace, wanted: Wanted): Promise<void> {
  if (info.status === info.expectedStatus) return
  const text = await told(workspace, wanted)
  if (text) await info.attach('membrane-mock', { body: text, contentType: 'text/plain' })
  if (text.length > PRINTED) console.error(text)
}

/** A key of what people read. */
function slug(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '').slice(0, 40) || 'tenant'
}

export { expect } from '@playwright/test'
