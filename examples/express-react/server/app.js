import { fileURLToPath } from 'node:url'
import express from 'express'
import { GitHub, Trouble } from './github.js'
import { session, signIn, signOut, tenantToken } from './session.js'

const built = fileURLToPath(new URL('../dist', import.meta.url))

/** The board. What it knows of Membrane is an argument, so that a test gives each app a workspace of its own. */
export function createApp(membrane) {
  const app = express()
  app.disable('x-powered-by')
  app.use(express.json())
  app.post('/api/sign-in', signIn)
  app.post('/api/sign-out', signOut)
  app.use('/api', session)

  // The browser learns here where Membrane is, so one build serves every environment.
  app.get('/api/session', ({ user }, response) => {
    response.set('cache-control', 'no-store')
    response.json({ apiUri: membrane.apiUri, token: tenantToken(membrane, user), user })
  })

  app.get('/api/repositories', async ({ user }, response) => {
    response.json({ repositories: await new GitHub(membrane, user).repositories() })
  })

  app.post('/api/issues', async ({ user, body }, response) => {
    const { repository, title } = body ?? {}
    const isComplete = /^[\w.-]+\/[\w.-]+$/.test(repository) && typeof title === 'string' && title.trim()
    if (!isComplete) throw new Trouble(400, 'invalid', 'An issue needs a repository and a title.')
    response.status(201).json(await new GitHub(membrane, user).openIssue(body))
  })

  app.use('/api', () => {
    throw new Trouble(404, 'not_found', 'There is nothing here.')
  })
  app.use(express.static(built))
  app.use(failed)
  return app
}

/** Express knows a handler of errors by its four parameters. */
function failed(error, request, response, next) {
  if (response.headersSent) return next(error)
  if (error instanceof Trouble) return response.status(error.status).json({ code: error.code, message: error.message })
  console.error(error)
  response.status(500).json({ code: 'failed', message: 'Something went wrong on our side.' })
}
