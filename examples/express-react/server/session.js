import jwt from 'jsonwebtoken'

/**
 * The signed-in user. The session is fake: the cookie `user`, or the header `x-user`, is the user's key, unchecked.
 * Put your own sign-in here; all else in the backend only reads `request.user`.
 */
export function session(request, response, next) {
  const [, cookie] = /(?:^|;\s*)user=([^;]+)/.exec(request.get('cookie') ?? '') ?? []
  const key = request.get('x-user') ?? (cookie && decodeURIComponent(cookie))
  if (!key) return response.status(401).json({ code: 'signed_out', message: 'Sign in first.' })
  request.user = { key, name: nameOf(key) }
  next()
}

/** Signs a user in by name. The key is what the cookie and the tenant have. */
export function signIn(request, response) {
  const key = String(request.body?.name ?? '').trim().toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '')
  if (!key) return response.status(400).json({ code: 'invalid', message: 'Say who you are.' })
  response.cookie('user', key, { httpOnly: true, sameSite: 'lax' }).status(204).end()
}

export function signOut(request, response) {
  response.clearCookie('user').status(204).end()
}

/** The token by which Membrane knows the user: each user of the board is a tenant of the workspace. */
export function tenantToken({ workspaceKey, workspaceSecret }, { key, name }) {
  return jwt.sign({ workspaceKey, tenantKey: key, name }, workspaceSecret, { algorithm: 'HS512', expiresIn: '1h' })
}

function nameOf(key) {
  return key.split('-').map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(' ')
}
