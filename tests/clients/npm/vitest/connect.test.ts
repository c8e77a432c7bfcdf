// A user's suite: a workspace per test, also where tests run at the same time.

import { describe, expect, test } from 'membrane-mock/vitest'

describe('a product', () => {
  test('has a workspace that is named after its test', async ({ mock, workspace }) => {
    const { label } = await workspace.update({})
    expect(label).toContain('a product > has a workspace that is named after its test')
    expect(process.env.MEMBRANE_MOCK_CONTROL_URL).toBe(`${mock.url}/__mock`)
  })

  for (const nth of [1, 2, 3]) {
    test.concurrent(`shares nothing with the others (${nth})`, async ({ workspace }) => {
      expect((await workspace.tenants()).map(({ key }) => key)).toEqual(['demo-tenant'])
      const github = await workspace.tenant('ada').connect('github')
      expect(await github.state()).toBe('READY')
    })
  }
})
