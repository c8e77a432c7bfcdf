// A page that an app has sent its user to, and one within a frame of the app's own page.

import { expect, test } from 'membrane-mock/playwright'

const begun = async (workspace, tenant, integrationKey) => {
  const { id, clientAction } = await tenant.post('/connect', { integrationKey })
  return { uri: clientAction.uiUrl, connection: workspace.connection(id) }
}

test('a user allows access', async ({ page, workspace, tenant, connect }) => {
  const { uri, connection } = await begun(workspace, tenant, 'github')
  await page.goto(uri)
  await connect(page, 'github', { account: 'ada@example.com' })
  await expect.poll(() => connection.state()).toBe('READY')
})

test('a user denies access', async ({ page, workspace, tenant, connect }) => {
  const { uri, connection } = await begun(workspace, tenant, 'github')
  await page.goto(uri)
  await connect(page, 'github', { deny: true })
  await expect(page.locator('body')).toContainText(/denied|access/i)
  expect(await connection.state()).toBe('CLIENT_ACTION_REQUIRED')
})

test('a user types a key', async ({ page, workspace, tenant, connect }) => {
  const { uri, connection } = await begun(workspace, tenant, 'stripe')
  await page.goto(uri)
  await connect(page, 'stripe', { fields: { 'Secret key': 'sk_test_1' } })
  await expect.poll(() => connection.state()).toBe('READY')
})

test('a user gives up', async ({ page, workspace, tenant, connect }) => {
  const { uri, connection } = await begun(workspace, tenant, 'stripe')
  await page.goto(uri)
  await connect(page, 'stripe', { cancel: true })
  expect(await connection.state()).not.toBe('READY')
})

test('a user allows access from a frame of the app', async ({ page, workspace, tenant, connect }) => {
  const { uri, connection } = await begun(workspace, tenant, 'github')
  await page.setContent(`<h1>An app</h1><iframe src="${uri}" style="width: 600px; height: 600px"></iframe>`)
  await connect(page, 'github')
  await expect.poll(() => connection.state()).toBe('READY')
})

test('tests have tenants of their own', async ({ tenant, workspace }) => {
  expect(await workspace.connections({ tenant: tenant.key }).catch(() => [])).toEqual([])
  expect(tenant.key).toMatch(/^tests-have-tenants-of-their-own-\d+-\d+$/)
})
