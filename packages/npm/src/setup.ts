/**
 * One server for all workers, as the `globalSetup` of Vitest or Jest, or that of Playwright: `globalSetup: 'membrane-mock/setup'`.
 *
 * What it exports to the environment is what `membrane-mock exec` does, so an app that is started in the tests finds it too.
 */
import { startMock } from './mock.js'

export default async function setup(): Promise<() => Promise<void>> {
  // The server of `membrane-mock exec` is there already.
  if (process.env.MEMBRANE_MOCK_CONTROL_URL) return async () => {}
  const mock = await startMock()
  const workspace = await mock.existing()
  Object.assign(process.env, workspace.env, { MEMBRANE_MOCK_CONTROL_URL: `${mock.url}/__mock` })
  return async () => {
    delete process.env.MEMBRANE_MOCK_CONTROL_URL
    await mock.stop()
  }
}

/**
 * A global set-up that starts an app too, once the server is there, and stops it first. `start` finds the address and the
 * credentials in the environment, and answers what stops the app.
 *
 * It is for Playwright, whose own `webServer` starts before any global set-up: `export default setupWith(async () => { … })`.
 */
export function setupWith(start: (env: NodeJS.ProcessEnv) => Promise<() => unknown>): () => Promise<() => Promise<void>> {
  return async () => {
    const stopMock = await setup()
    try {
      const stopApp = await start(process.env)
      return async () => {
        await stopApp()
        await stopMock()
      }
    } catch (error) {
      await stopMock()
      throw error
    }
  }
}
