import { createApp } from './app.js'
import { membraneSettings } from './settings.js'

const port = Number(process.env.PORT ?? 3000)
createApp(membraneSettings()).listen(port, '127.0.0.1', (error) => {
  if (error) throw error
  console.log(`Repo board: http://localhost:${port}`)
})
