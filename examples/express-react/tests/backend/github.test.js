import { MembraneClient } from '@membranehq/sdk'
import { describe, expect, test as base } from 'membrane-mock/vitest'
import request from 'supertest'
import { createApp } from '../../server/app.js'
import { membraneSettings } from '../../server/settings.js'

// The app of each test is told of the test's own workspace, and Ada is signed in.
const test = base.extend({
  board: async ({ workspace }, use) => {
    const app = createApp(membraneSettings(workspace.env))
    await use({
      get: (path) => request(app).get(path).set('cookie', 'user=ada'),
      post: (path, body) => request(app).post(path).set('cookie', 'user=ada').send(body),
      signedOut: (path) => request(app).get(path),
    })
  },
  ada: async ({ workspace }, use) => {
    await use(workspace.tenant('ada'))
  },
})

const statuses = async (workspace) => (await workspace.requests('github')).map(({ status }) => status)

describe('the session', () => {
  test('tells the browser where Membrane is and who it is', async ({ board, workspace }) => {
    const { body } = await board.get('/api/session').expect(200)
    expect(body.apiUri).toBe(workspace.apiUri)
    expect(body.user).toEqual({ key: 'ada', name: 'Ada' })

    const self = await new MembraneClient({ apiUri: body.apiUri, token: body.token }).self.get()
    expect(self).toMatchObject({ internalId: 'ada', name: 'Ada' })
  })

  test('is needed', async ({ board }) => {
    const { body } = await board.signedOut('/api/repositories').expect(401)
    expect(body.code).toBe('signed_out')
  })
})

describe('repositories', () => {
  test('come through the connection of the user, in one call', async ({ board, ada, workspace }) => {
    await ada.connect('github')
    const { body } = await board.get('/api/repositories').expect(200)
    expect(body.repositories.map(({ name }) => name)).toEqual(['acme/app', 'acme/website', 'mia-acme/dotfiles'])

    const calls = { operation: 'act', tenant: 'ada', integration: 'github', action: 'list-repositories' }
    await workspace.journal.verify({ calls, times: 1 })
  })

  test('are not there before GitHub is connected', async ({ board, ada, workspace }) => {
    await workspace.tenant('ben').connect('github')
    await ada.connect('github', { pending: true })
    const { body } = await board.get('/api/repositories').expect(409)
    expect(body.code).toBe('not_connected')
    await workspace.journal.verify({ calls: { operation: 'act' }, times: 0 })
  })

  test('are there when the access token has expired, and nobody notices', async ({ board, ada, workspace }) => {
    const github = await ada.connect('github')
    await github.expire()
    const { body } = await board.get('/api/repositories').expect(200)
    expect(body.repositories).toHaveLength(3)
    expect(await statuses(workspace)).toEqual([401, 200])
  })

  test('need GitHub connected again when the connection is lost', async ({ board, ada }) => {
    const github = await ada.connect('github')
    await github.break('disconnect')
    const { body } = await board.get('/api/repositories').expect(409)
    expect(body).toEqual({ code: 'connect_again', message: 'GitHub no longer lets the board in.' })
    expect(await github.state()).toBe('DISCONNECTED')

    await ada.post('/connect', { connectionId: github.id })
    await github.complete()
    await board.get('/api/repositories').expect(200)
  })

  test('have to wait while GitHub is down', async ({ board, ada, workspace }) => {
    await ada.connect('github')
    const down = { respond: { status: 503, body: { message: 'No server is available' } } }
    const fault = await workspace.fault({ on: { connector: 'github' }, times: 1, fault: down })
    const { body } = await board.get('/api/repositories').expect(502)
    expect(body).toEqual({ code: 'github_down', message: 'GitHub does not answer right now.' })
    expect((await fault.standing()).fired).toBe(1)

    await board.get('/api/repositories').expect(200)
    expect(await statuses(workspace)).toEqual([503, 200])
  })
})

describe('issues', () => {
  test('are opened in the repository that was named', async ({ board, ada, workspace }) => {
    await ada.connect('github')
    const issue = { repository: 'acme/website', title: 'The logo is upside down' }
    const { body } = await board.post('/api/issues', issue).expect(201)
    expect(body).toMatchObject({ number: 42, title: 'The logo is upside down' })

    const [sent] = await workspace.requests('github')
    expect(sent).toMatchObject({ method: 'POST', path: '/repos/acme/website/issues' })
  })

  test('need a title', async ({ board, workspace }) => {
    await board.post('/api/issues', { repository: 'acme/website', title: ' ' }).expect(400)
    await workspace.journal.verify({ calls: { operation: 'act' }, times: 0 })
  })

  test('may be refused by GitHub', async ({ board, ada, workspace }) => {
    await ada.connect('github')
    await workspace.stub('github', {
      request: { method: 'POST', path: '/repos/acme/website/issues' },
      respond: { status: 410, json: { message: 'Issues are disabled for this repo' } },
    })
    const { body } = await board.post('/api/issues', { repository: 'acme/website', title: 'Hello' }).expect(422)
    expect(body.code).toBe('github_refused')
  })
})
