import { test } from 'membrane-mock/playwright'

test('asks for what no stub answers', async ({ tenant }) => {
  await tenant.connect('github', { key: 'code' })
  const ask = (path) => tenant.act({ connectionKey: 'code', api: { method: 'GET', path } })
  // More than Playwright prints of an attachment.
  for (const path of ['/one', '/two', '/three', '/four', '/five']) await ask(path).catch(() => undefined)
  await ask('/usr')
})
