import { ActionRunError, ConnectionError, MembraneClient } from '@membranehq/sdk'
import { tenantToken } from './session.js'

/** What the interface shows instead of a list; `code` picks the picture, `message` is for people. */
export class Trouble extends Error {
  constructor(status, code, message) {
    super(message)
    Object.assign(this, { status, code })
  }
}

/** GitHub as one user sees it, through the user's own connection. */
export class GitHub {
  #membrane

  constructor(settings, user) {
    this.#membrane = new MembraneClient({ apiUri: settings.apiUri, token: tenantToken(settings, user) })
  }

  async repositories() {
    const connectionId = await this.#connectionId()
    const action = this.#membrane.connection(connectionId).action('list-repositories')
    const { output } = await told(action.run({ perPage: 50 }))
    return output.map((repository) => ({
      name: repository.full_name,
      url: repository.html_url,
      description: repository.description,
      language: repository.language,
      stars: repository.stargazers_count,
      issues: repository.open_issues_count,
      private: repository.private,
    }))
  }

  async openIssue({ repository, title, body }) {
    const connectionId = await this.#connectionId()
    const request = { method: 'POST', path: `/repos/${repository}/issues`, body: { title, body } }
    const { output } = await told(this.#membrane.post('/act', { connectionId, api: request }))
    return { number: output.number, title: output.title, url: output.html_url }
  }

  /** A connection that was begun and never finished is none. */
  async #connectionId() {
    const { items } = await told(this.#membrane.connections.find({ integrationKey: 'github' }))
    const connection = items.find(({ state }) => state !== 'CLIENT_ACTION_REQUIRED')
    if (!connection) throw new Trouble(409, 'not_connected', 'GitHub is not connected.')
    return connection.id
  }
}

/** Says in the board's words what went wrong at Membrane or at GitHub. */
async function told(call) {
  try {
    return await call
  } catch (error) {
    if (error instanceof ConnectionError) throw new Trouble(409, 'connect_again', 'GitHub no longer lets the board in.')
    const status = error instanceof ActionRunError ? error.data.data?.response?.status : undefined
    if (status >= 500) throw new Trouble(502, 'github_down', 'GitHub does not answer right now.')
    if (status >= 400) throw new Trouble(422, 'github_refused', 'GitHub refused this.')
    throw error
  }
}
