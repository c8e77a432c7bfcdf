import { test } from 'membrane-mock/node-test'

test('stops the server and fails', async ({ mock }) => {
  await mock.stop()
  throw new Error('the reason')
})
