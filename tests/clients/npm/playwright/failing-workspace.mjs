import { test } from 'membrane-mock/playwright'

test('asks for what no stub answers, as a tenant that it names itself', async ({ workspace }) => {
  const ada = workspace.tenant('ada')
  await ada.connect('github', { key: 'code' })
  await ada.act({ connectionKey: 'code', api: { method: 'GET', path: '/usr' } })
})
