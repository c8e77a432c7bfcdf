// A test that fails: what it prints is held by `run.mjs`.

import { test } from 'membrane-mock/node-test'

test('asks for what no stub answers', async ({ workspace }) => {
  await workspace.tenant().act({ connectionKey: 'github-dev', api: { method: 'GET', path: '/usr' } })
})
