// snippet: every encoding of texts
module.exports = () => {
  const texts = ['', 'a', 'abc', 'héllo wörld', '日本語', '😀 smile', '\ud800', 'a\udc00b', 'x\ud83d', '\u0000\u0001\x7f\x80\xff', '\ufeffbom', 'a+b c&d=e?f#g', 'ä'.repeat(300)]
  return ['utf8', 'UTF-8', 'latin1', 'binary', 'ascii', 'utf16le', 'ucs2', 'ucs-2'].map((encoding) => texts.map((text) => [[...Buffer.from(text, encoding)], Buffer.byteLength(text, encoding)]))
}

// snippet: base64 and hex of texts that are none, too
module.exports = () => {
  const texts = ['', 'YWJj', 'YW Jj\r\nZGVm', 'YQ==', 'YQ=', 'YQ', 'YR==', 'Y', 'YQ==YQ==', 'a-_b', 'a+/b', '!!YWJj', '=YWJj', 'YWJj====', 'YWJ\n', 'YWJjZA==\n', '00ff7f', 'ABcd', 'abc', 'abxxcd', 'a', '0', 'é0', '__--++//']
  return ['base64', 'base64url', 'hex'].map((encoding) => texts.map((text) => [...Buffer.from(text, encoding)]))
}

// snippet: every encoding of bytes
module.exports = () => {
  const bytes = [[], [0], [255, 254, 253], [...Array(256).keys()], [0xe4, 0xbd], [0xf0, 0x9f, 0x98, 0x80, 0xff], [0, 0xd8, 0x41, 0], [0xed, 0xa0, 0x80, 0x41], [0xc0, 0x80], [0xef, 0xbb, 0xbf, 0x41]]
  // As code units, for half a surrogate pair has no JSON.
  const units = (text) => [...Array(text.length).keys()].map((at) => text.charCodeAt(at))
  return ['utf8', 'latin1', 'ascii', 'base64', 'base64url', 'hex', 'utf16le'].map((encoding) => bytes.map((list) => [units(Buffer.from(list).toString(encoding)), units(Buffer.from(list).subarray(1).toString(encoding)), units(Buffer.from(list).toString(encoding, 1, 3))]))
}

// snippet: a megabyte each way
module.exports = () => {
  const bytes = Buffer.alloc(1 << 20, Buffer.from([...Array(251).keys()]))
  return ['base64', 'base64url', 'hex', 'latin1', 'utf16le'].map((encoding) => [bytes.toString(encoding).length, Buffer.from(bytes.toString(encoding), encoding).equals(bytes)])
}

// snippet: forms read and written
module.exports = () => {
  const texts = ['?a=1', '??a=1', 'a=1&b=2&a=3', '&&a&=b&c==d&', 'a=%E4%BD%A0', 'a=%FF%FE', 'a=%ED%A0%80', '%', '%2', '%2B+%20', 'q=%EF%BB%BFx', 'a=%zz&b=%4', 'a+b=c+d', '\ud800=x\udfff', "!'()*~-._", 'ü=é€😀', '\u0000=\u007f', 'a\r\nb=c\td']
  return texts.map((text) => [[...new URLSearchParams(text)], String(new URLSearchParams(text)), String(new URLSearchParams([[text, text]]))])
}

// snippet: every escape of a form
module.exports = () => Array.from({ length: 256 }, (_, code) => {
  const escape = `%${code.toString(16).padStart(2, '0')}`
  return [...new URLSearchParams(`a${escape}=b${escape}`), String(new URLSearchParams([[String.fromCharCode(code), 'x']]))]
})

// snippet: atob and btoa of what is right and wrong
module.exports = () => ['YQ==', 'YR==', 'YR', 'YQ', 'YQ=', 'YQ===', 'Y', '=', '', ' ', 'YW=J', 'YW J\nj', 'YQ\u00a0', 'ā', 'ÿ'].map((text) => [atob, btoa].map((convert) => { try { return [...convert(text)].map((char) => char.charCodeAt(0)) } catch (error) { return [error.name, error.code, error.message] } }))

// snippet: digests of parts of memory
module.exports = async () => {
  const { buffer } = new Uint8Array([0, 1, 2, 3, 254, 255])
  const views = [buffer, new Uint8Array(buffer, 1, 3), new DataView(buffer, 2), new Uint16Array(buffer, 2, 1), Buffer.from(buffer).subarray(4), new Uint8Array()]
  return Promise.all(['SHA-1', 'SHA-256', 'SHA-384', 'SHA-512'].flatMap((name) => views.map(async (view) => Buffer.from(await crypto.subtle.digest(name, view)).toString('hex'))))
}
