// Tokens of HS256 with fixed claims: they carry no `exp`, so that the same token is in every recording.

import { createHmac } from 'node:crypto'

const ISSUED = Date.parse('2025-01-01T00:00:00Z') / 1000
const HASHES = { HS256: 'sha256', HS384: 'sha384', HS512: 'sha512' }

const encoded = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')

export function mint(claims, secret, alg = 'HS256') {
  const unsigned = `${encoded({ alg, typ: 'JWT' })}.${encoded({ iat: ISSUED, ...claims })}`
  return `${unsigned}.${createHmac(HASHES[alg], secret).update(unsigned).digest('base64url')}`
}
