// snippet: base64 of text
module.exports = () => [btoa('hello'), atob('aGVsbG8='), btoa(String.fromCharCode(...new TextEncoder().encode('é😀')))]

// snippet: UTF-8 there and back
module.exports = () => { const bytes = new TextEncoder().encode('é€😀'); return [[...bytes], new TextDecoder().decode(bytes), new TextDecoder('utf-8').decode(new Uint8Array([0xff, 65]))] }

// snippet: percent encoding
module.exports = () => [encodeURIComponent("a b&c=d/é'()"), encodeURI('https://x.y/a b?q=é#h'), decodeURIComponent('%E2%82%AC%20'), (() => { try { decodeURIComponent('%') } catch (error) { return error.name } })()]

// snippet: form body
// input: {"grant_type": "client_credentials", "scope": "read write", "note": "a&b=c"}
module.exports = ({ input }) => new URLSearchParams(input).toString()

// snippet: query of a link header
// input: {"link": "<https://api.example.com/items?page=3&per_page=50>; rel=\"next\", <https://api.example.com/items?page=9>; rel=\"last\""}
module.exports = ({ input }) => Object.fromEntries(input.link.split(', ').map((part) => {
  const [, url, rel] = part.match(/<(.+)>; rel="(.+)"/)
  return [rel, new URL(url).searchParams.get('page')]
}))

// snippet: parts of a URL
module.exports = () => {
  const { protocol, host, hostname, port, pathname, search, hash, origin, username } = new URL('https://me@Example.com:8443/a/../b c?x=1&y=é#top')
  return { protocol, host, hostname, port, pathname, search, hash, origin, username, relative: new URL('../z?q', 'https://h.io/a/b/c').href }
}

// snippet: build a URL
module.exports = () => {
  const url = new URL('/v1/search', 'https://api.example.com')
  url.searchParams.set('q', 'name = "Ann & Bob"')
  url.searchParams.append('tag', 'a')
  url.searchParams.append('tag', 'b+c')
  url.hash = 'frag'
  return [url.toString(), url.searchParams.getAll('tag'), JSON.stringify({ url }), [...url.searchParams.keys()], url.searchParams.size]
}

// snippet: not a URL
module.exports = () => { try { new URL('nope') } catch (error) { return [error.name, URL.canParse('nope'), URL.canParse('a:b')] } }

// snippet: sort and filter parameters
module.exports = () => {
  const params = new URLSearchParams('utm_source=x&b=2&a=1&utm_medium=y&b=1')
  for (const name of [...params.keys()]) if (name.startsWith('utm_')) params.delete(name)
  params.sort()
  return [String(params), params.has('b', '1'), params.get('none'), Object.fromEntries(params)]
}

// snippet: typed arrays and DataView
module.exports = () => {
  const view = new DataView(new ArrayBuffer(8))
  view.setInt16(0, -2)
  view.setFloat32(4, 1.5, true)
  return [[...new Uint8Array(view.buffer)], view.getUint16(0), Array.from(new Float64Array([0.5, 2])), [...new Uint8ClampedArray([300, -5])], [...Uint8Array.from([3, 1, 2]).sort().subarray(1)]]
}
