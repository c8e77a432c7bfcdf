/** What a user does on the hosted pages, in a browser that Playwright drives; `playwright-core` is enough. */

/** As much of Playwright's locator as is used. */
export interface LocatorLike {
  click(): Promise<void>
  fill(value: string): Promise<void>
  waitFor(): Promise<void>
  getAttribute(name: string): Promise<string | null>
  innerText(): Promise<string>
}

/** As much of Playwright's page or frame as is used. */
export interface FrameLike {
  locator(selector: string): LocatorLike
  url(): string
}

/** As much of Playwright's page as is used. */
export interface PageLike extends FrameLike {
  frames(): FrameLike[]
  waitForEvent(event: 'popup'): Promise<PageLike>
  waitForEvent(event: 'close'): Promise<unknown>
  isClosed(): boolean
}

/** What the user decides. */
export interface Choice {
  /** The account that consents; the workspace's usual one when absent. */
  account?: string
  /** The user denies access at the vendor. */
  deny?: boolean
  /** The user gives up before the vendor is reached. */
  cancel?: boolean
  /** What is typed into a form of keys, by its labels. */
  fields?: Record<string, string>
}

const SCREENS = 'main[data-screen="connect"], main[data-screen="form"], main[data-screen="vendor"]'

/** The hosted page: the window itself, or a frame in it. */
async function hosted(page: PageLike, integration: string): Promise<FrameLike> {
  const inFrame = page.locator('iframe').waitFor().then(
    () => page.frames().find((frame) => frame !== page && /\/(connect|embed|isolated-embed)\b/.test(frame.url())),
    () => undefined,
  )
  const itself = page.locator(SCREENS).waitFor().then(() => page as FrameLike, () => undefined)
  const found = await Promise.race([itself, inFrame]) ?? (await itself) ?? (await inFrame)
  if (!found) throw new Error(`no page to connect ${integration} came up in this window, nor in a frame of it`)
  return found
}

/**
 * Goes the way of the hosted pages, once the app has opened them in this window, or in a frame of it.
 *
 * A frame's vendor is a window of its own; this ends when it has closed itself.
 */
export async function connectOn(page: PageLike, integration: string, choice: Choice = {}): Promise<void> {
  const where = await hosted(page, integration)
  const main = where.locator(SCREENS)
  await main.waitFor()
  const screen = await main.getAttribute('data-screen')
  const press = (at: FrameLike, action: string) => at.locator(`button[name="action"][value="${action}"]`).click()
  if (choice.cancel && screen !== 'vendor') return press(where, 'cancel')
  if (screen === 'form') {
    for (const [label, value] of Object.entries(choice.fields ?? {})) await where.locator(`label:has-text("${label}") + *`).fill(value)
    return press(where, 'connect')
  }
  if (screen === 'vendor') return atVendor(page, where, choice)
  if (where === page) {
    await press(where, 'connect')
    await page.locator('main[data-screen="vendor"]').waitFor()
    return atVendor(page, page, choice)
  }
  const [vendor] = await Promise.all([page.waitForEvent('popup'), press(where, 'connect')])
  await vendor.locator('main[data-screen="vendor"]').waitFor()
  const closed = vendor.waitForEvent('close')
  await atVendor(vendor, vendor, choice)
  if (!vendor.isClosed()) await closed
}

/** At the vendor: says who they are, and allows or denies. The window may be gone at once. */
async function atVendor(page: PageLike, where: FrameLike, { account, deny }: Choice): Promise<void> {
  if (account !== undefined) await where.locator('#account').fill(account)
  await where.locator(`button[name="action"][value="${deny ? 'deny' : 'allow'}"]`).click().catch((error: unknown) => {
    if (!page.isClosed()) throw error
  })
}
