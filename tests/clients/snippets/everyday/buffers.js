// snippet: Buffer encodings
module.exports = () => ['utf8', 'hex', 'base64', 'base64url', 'latin1', 'ascii', 'utf16le'].map((encoding) => Buffer.from('Zażółć 😀?>').toString(encoding))

// snippet: Buffer from encoded text
module.exports = () => [Buffer.from('aGk_', 'base64').toString(), Buffer.from('68 69', 'hex').length, Buffer.from('e9', 'hex').toString('latin1'), Buffer.from('é', 'latin1'), Buffer.from([104, 105, 256]).toString('hex')]

// snippet: basic auth header
// input: {"user": "ann", "password": "pä:ss"}
module.exports = ({ input }) => ({ authorization: `Basic ${Buffer.from(`${input.user}:${input.password}`).toString('base64')}` })

// snippet: payload of a JWT
// input: {"token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhYmMiLCJuYW1lIjoiSsO8cmdlbiJ9.c2ln"}
module.exports = ({ input }) => JSON.parse(Buffer.from(input.token.split('.')[1], 'base64url').toString('utf8'))

// snippet: concat, slice, compare
module.exports = () => {
  const whole = Buffer.concat([Buffer.from('head'), Buffer.alloc(2, '-'), Buffer.from([116, 97, 105, 108])])
  const part = whole.slice(0, 4)
  part[0] = 72
  return [whole.toString(), Buffer.isBuffer(part), Buffer.compare(Buffer.from('a'), Buffer.from('b')), whole.indexOf('tail'), whole.includes('--'), whole.equals(Buffer.from(whole)), Buffer.byteLength('é😀'), whole]
}

// snippet: binary record
module.exports = () => {
  const record = Buffer.alloc(9)
  record.writeUInt8(7, 0)
  record.writeUInt16BE(513, 1)
  record.writeInt32LE(-5, 3)
  record.write('é', 7)
  return [record.toString('hex'), record.readUInt8(0), record.readUInt16LE(1), record.readInt32LE(3), record.toString('utf8', 7), [...record.entries()].length]
}

// snippet: Buffer errors
module.exports = () => [() => Buffer.from(5), () => Buffer.from('a', 'nope'), () => Buffer.alloc(2).readUInt32BE(0), () => Buffer.alloc(4).readUInt16BE(3), () => Buffer.alloc(1).writeUInt8(256)].map((work) => { try { work() } catch (error) { return [error.name, error.code, error.message] } })
