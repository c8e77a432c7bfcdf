import { once } from 'node:events'
import { createServer } from 'node:http'
import { setupWith } from 'membrane-mock/setup'
import { createApp } from '../../server/app.js'
import { membraneSettings } from '../../server/settings.js'

/** Starts the mock, then the board beside it, once for all tests. The page was built before and is told the address. */
export default setupWith(async () => {
  const board = createServer(createApp(membraneSettings())).listen(0, '127.0.0.1')
  await once(board, 'listening')
  process.env.BOARD_URL = `http://127.0.0.1:${board.address().port}`
  return () => {
    board.closeAllConnections()
    board.close()
  }
})
