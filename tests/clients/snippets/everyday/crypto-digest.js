// snippet: sha-256 in hex
// input: {"text": "héllo"}
module.exports = async ({ input }) => {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(input.text))
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

// snippet: every digest
module.exports = async () => {
  const results = {}
  for (const name of ['SHA-1', 'SHA-256', 'SHA-384', 'SHA-512']) results[name] = Buffer.from(await crypto.subtle.digest(name, Buffer.from('abc'))).toString('base64')
  return results
}

// snippet: signature of a sorted query
// input: {"params": {"b": "2", "a": "x y"}, "secret": "s3cret"}
module.exports = async ({ input: { params, secret } }) => {
  const base = Object.keys(params).sort().map((key) => `${key}=${encodeURIComponent(params[key])}`).join('&')
  const digest = await crypto.subtle.digest({ name: 'SHA-1' }, new TextEncoder().encode(`${base}${secret}`))
  return { ...params, signature: Buffer.from(digest).toString('hex') }
}

// snippet: HMAC by hand
// input: {"key": "key", "message": "The quick brown fox jumps over the lazy dog"}
module.exports = async ({ input }) => {
  const sha = async (...parts) => Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.concat(parts)))
  const key = Buffer.alloc(64)
  key.write(input.key)
  const inner = await sha(key.map((byte) => byte ^ 0x36), Buffer.from(input.message))
  return (await sha(key.map((byte) => byte ^ 0x5c), inner)).toString('hex')
}

// snippet: shape of a UUID
module.exports = () => { const id = crypto.randomUUID(); return [id.length, id[14], /^[0-9a-f-]+$/.test(id), id !== crypto.randomUUID()] }

// snippet: random values fill the array
module.exports = () => { const bytes = new Uint8Array(32); return [crypto.getRandomValues(bytes) === bytes, bytes.length, (() => { try { crypto.getRandomValues(new Uint8Array(70000)) } catch (error) { return [error.name, error.code] } })()] }

// snippet: an unknown algorithm
module.exports = () => crypto.subtle.digest('MD5', new Uint8Array()).catch((error) => error.name)
