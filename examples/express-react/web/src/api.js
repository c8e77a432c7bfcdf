/** What the backend said went wrong: `code` is for the page, `message` for people. */
export class BackendError extends Error {
  constructor({ code, message }) {
    super(message)
    this.code = code
  }
}

async function call(method, path, body) {
  const response = await fetch(`/api${path}`, {
    method,
    ...(body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}),
  })
  const answer = response.status === 204 ? undefined : await response.json()
  if (!response.ok) throw new BackendError(answer)
  return answer
}

export const getSession = () => call('GET', '/session')
export const getRepositories = () => call('GET', '/repositories')
export const openIssue = (issue) => call('POST', '/issues', issue)
export const signIn = (name) => call('POST', '/sign-in', { name })
export const signOut = () => call('POST', '/sign-out')
