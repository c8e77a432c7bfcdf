import { expect, test as base } from 'membrane-mock/playwright'

// Each test has a tenant of its own, who is the user that is signed in.
const test = base.extend({
  board: async ({ page, context, tenant }, use) => {
    const url = process.env.BOARD_URL
    await context.addCookies([{ name: 'user', value: tenant.key, url }])
    await use({ open: () => page.goto(url) })
  },
})

const button = (page, name) => page.getByRole('button', { name, exact: true })
const repositories = (page) => page.getByRole('listitem').getByRole('heading')
const ALL = ['acme/app', 'acme/website', 'mia-acme/dotfiles']

test('a user connects GitHub and sees their repositories', async ({ board, page, connect, tenant, workspace }) => {
  await board.open()
  await button(page, 'Connect GitHub').click()
  await connect(page, 'github', { account: 'ada@example.com' })
  await expect(repositories(page)).toHaveText(ALL)
  const calls = { operation: 'act', tenant: tenant.key, action: 'list-repositories' }
  await workspace.journal.verify({ calls, times: 1 })
})

test('a user denies access and may try again', async ({ board, page, connect }) => {
  await board.open()
  await button(page, 'Connect GitHub').click()
  await connect(page, 'github', { deny: true })
  const frame = page.frameLocator('iframe')
  await expect(frame.getByRole('alert')).toContainText('denied')
  await frame.getByRole('button', { name: 'Cancel' }).click()
  await expect(page.getByRole('alert')).toHaveText('GitHub was not connected. You can try again whenever you like.')

  await button(page, 'Connect GitHub').click()
  await connect(page, 'github')
  await expect(repositories(page)).toHaveText(ALL)
})

test('a user gives up', async ({ board, page, connect }) => {
  await board.open()
  await button(page, 'Connect GitHub').click()
  await connect(page, 'github', { cancel: true })
  await expect(page.getByRole('alert')).toContainText('GitHub was not connected.')
})

test('a user whose connection is lost connects again', async ({ board, page, connect, tenant, workspace }) => {
  const github = await tenant.connect('github')
  await board.open()
  await expect(repositories(page)).toHaveText(ALL)

  await github.break('disconnect')
  await button(page, 'Refresh').click()
  await expect(page.getByRole('heading', { name: 'Connect GitHub again' })).toBeVisible()

  await button(page, 'Connect again').click()
  await connect(page, 'github')
  await expect(repositories(page)).toHaveText(ALL)
  const connections = await workspace.connections({ tenant: tenant.key })
  expect(connections.map(({ id, state }) => ({ id, state }))).toEqual([{ id: github.id, state: 'READY' }])
})

test('a user whose access token has expired notices nothing', async ({ board, page, tenant }) => {
  const github = await tenant.connect('github')
  await github.expire()
  await board.open()
  await expect(repositories(page)).toHaveText(ALL)
})

test('a user waits while GitHub is down', async ({ board, page, tenant, workspace }) => {
  await tenant.connect('github')
  const down = { respond: { status: 503, body: { message: 'No server is available' } } }
  // The workspace is shared, so the fault is about the calls of this tenant alone.
  const outage = await workspace.fault({ on: { connector: 'github', tenant: tenant.key }, fault: down })
  await board.open()
  await expect(page.getByText('GitHub does not answer right now.')).toBeVisible()

  await outage.remove()
  await button(page, 'Try again').click()
  await expect(repositories(page)).toHaveText(ALL)
})

test('a user opens an issue', async ({ board, page, tenant }) => {
  await tenant.connect('github')
  await board.open()
  const website = page.getByRole('listitem').filter({ hasText: 'acme/website' })
  await website.getByRole('button', { name: 'New issue' }).click()
  await website.getByLabel('Title').fill('The logo is upside down')
  await website.getByRole('button', { name: 'Open issue' }).click()
  await expect(website.getByRole('status')).toHaveText('Opened #42 The logo is upside down')
})

test('a visitor signs in and out', async ({ page }) => {
  await page.goto(process.env.BOARD_URL)
  await page.getByLabel('Your name').fill('Ada Lovelace')
  await button(page, 'Sign in').click()
  await expect(button(page, 'Connect GitHub')).toBeVisible()
  await button(page, 'Sign out').click()
  await expect(page.getByLabel('Your name')).toBeVisible()
})
