// The sandbox's `Buffer`, run in Node and compared with Node's. Needs no server:
//   node --test tests/clients/snippets/buffer.test.mjs

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'

import { named, ours, same, TEXTS } from './lib.mjs'

const ENCODINGS = ['utf8', 'UTF-8', 'base64', 'base64url', 'hex', 'latin1', 'binary', 'ascii', 'utf16le', 'ucs2', undefined]
const BYTES = [[], [0], [255, 254, 253], [...Array(256).keys()], [0xe4, 0xbd], [0xf0, 0x9f, 0x98, 0x80, 0xff], [0, 0xd8, 0x41, 0]]
const buffers = (label, run, compared) =>
  test(label, () => same(label, run, Buffer, ours.Buffer, compared))

describe('Buffer', () => {
  for (const encoding of ENCODINGS) {
    test(`from text, as ${encoding}`, () => {
      const texts = [
        ...TEXTS, 'YWJj', 'YW Jj\r\nZGVm', 'YQ==', 'YQ=', 'YQ', 'Y', 'YQ==YQ==', 'a-_b', 'a+/b', '!!YWJj', '=YWJj', 'YWJj====',
        'ü YWJj', '00ff7f', 'ABcd', 'abc', 'abxxcd', 'a', 'é0', 'YWJ\n', 'YWJjZA==\n',
      ]
      // What is no base64 at all is skipped by Node, but beyond latin1 its lower byte counts: nobody needs that.
      for (const text of texts) {
        if (encoding?.startsWith('base64') && /[^\0-\xff]/.test(text)) continue
        same(JSON.stringify(text), (B) => B.from(text, encoding), Buffer, ours.Buffer)
      }
      for (const text of texts) same(`length of ${text}`, (B) => B.byteLength(text, encoding), Buffer, ours.Buffer,
        encoding?.startsWith('base64') ? () => 0 : undefined)
    })
    test(`to text, as ${encoding}`, () => {
      for (const bytes of BYTES) {
        for (const range of [[], [1], [1, 3], [-1, 2], [2, 1], [0, 1000], ['1', 2.7]]) {
          same(`${bytes} ${range}`, (B) => B.from(bytes).toString(encoding, ...range), Buffer, ours.Buffer)
        }
        same('of a part', (B) => B.from(bytes).subarray(1).toString(encoding), Buffer, ours.Buffer)
      }
    })
    test(`write, fill and indexOf, as ${encoding}`, () => {
      for (const text of ['', 'a', 'héllo', '日本', 'YWJj', 'ff00', '😀']) {
        for (let size = 0; size < 9; size++) {
          same(`write ${text} ${size}`, (B) => { const b = B.alloc(size, 7); return [b.write(text, encoding), [...b]] }, Buffer, ours.Buffer)
          same(`fill ${text} ${size}`, (B) => B.alloc(size, 7).fill(text, encoding), Buffer, ours.Buffer, named)
        }
      }
      same('indexOf', (B) => B.from('xxYWJjhéllo').indexOf('YWJj', 0, encoding === 'utf16le' || encoding === 'ucs2' ? 'utf8' : encoding), Buffer, ours.Buffer)
    })
  }

  const FROM = [
    [1, 2, 300, -1, '7', 'x', 1.9], new Uint8Array([1, 2]), new Uint16Array([258, 3]), new Float32Array([1.5]), Buffer.from('abc'),
    new ArrayBuffer(3), { length: 2, 0: 7, 1: '9' }, { type: 'Buffer', data: [1, 2] }, new String('abc'), new DataView(new ArrayBuffer(2)),
    { valueOf: () => 'text' }, { [Symbol.toPrimitive]: () => 'prim' }, { length: 'x' },
    5, null, undefined, true, {}, () => 1, Symbol('s'), 10n, new Map(),
  ]
  for (const [at, value] of FROM.entries()) buffers(`from ${at}`, (B) => B.from(value))
  const memory = new Uint8Array([1, 2, 3, 4, 5]).buffer
  buffers('from a part of memory', (B) => [[...B.from(memory, 1)], [...B.from(memory, 1, 2)], [...B.from(memory, 5)]])
  buffers('from beyond memory', (B) => B.from(memory, 6))
  buffers('from memory, too long', (B) => B.from(memory, 1, 9))
  test('from memory shares it, from an array does not', () => {
    const bytes = new Uint8Array(2)
    ours.Buffer.from(bytes.buffer)[0] = 9
    ours.Buffer.from(bytes)[1] = 9
    assert.deepEqual([...bytes], [9, 0])
  })
  for (const args of [[3], [3, 1], [5, 'abc'], [4, 'YQ==', 'base64'], [4, Buffer.from([1, 2])], [0, 'x'], [3, 'x', 'nope'], ['3'], [-1], [NaN], [2.5], [3, '']]) {
    buffers(`alloc(${JSON.stringify(args)})`, (B) => B.alloc(...args))
  }
  buffers('alloc is called by new as well', (B) => [[...new B(2)], [...new B('ab')], [...B([1])], [...B.of(1, 2)]])
  buffers('concat', (B) => [[], [B.from('a'), new Uint8Array([1])], [B.from('abc'), B.from('def')]].map((list) => [...B.concat(list)]))
  buffers('concat to a length', (B) => [[...B.concat([B.from('abc'), B.from('def')], 4)], [...B.concat([B.from('a')], 3)]])
  buffers('concat of no list', (B) => B.concat('x'))
  buffers('concat of no bytes', (B) => B.concat(['x']))
  buffers('isBuffer, isEncoding', (B) => [B.isBuffer(B.alloc(1)), B.isBuffer(new Uint8Array(1)), B.isBuffer('x'), B.isEncoding('HEX'), B.isEncoding('x'), B.isEncoding(1)])
  buffers('byteLength of others', (B) => [B.byteLength(new ArrayBuffer(3)), B.byteLength(new Uint16Array(2)), B.byteLength('é'), B.byteLength('é', 'x')])
  buffers('byteLength of a number', (B) => B.byteLength(5))
  buffers('an unknown encoding', (B) => B.from('a', 'nope'))
  buffers('to an unknown encoding', (B) => B.from('a').toString('nope'))
  buffers('compare', (B) => [['a', 'b'], ['b', 'a'], ['a', 'a'], ['a', 'ab'], ['', 'a']].map(([l, r]) => [B.compare(B.from(l), B.from(r)), B.from(l).compare(B.from(r))]))
  buffers('compare of parts', (B) => B.from('xabcx').compare(B.from('abc'), 0, 3, 1, 4))
  buffers('sorted', (B) => [B.from('b'), B.from('a')].sort(B.compare).map(String))
  buffers('equals', (B) => [B.from('a').equals(new Uint8Array([97])), B.from('a').equals(B.from('b')), B.from('a').equals(B.from('ab'))])
  buffers('equals a string', (B) => B.from('a').equals('a'))
  buffers('JSON', (B) => JSON.stringify({ b: B.from('héllo'), empty: B.alloc(0) }))
  for (const range of [[], [1], [-2], [1, -1], [3, 1], [0, 99], [-99, 2], ['1'], [1.9, 3.9]]) {
    buffers(`slice(${range})`, (B) => B.from('hello').slice(...range))
    buffers(`subarray(${range})`, (B) => B.from('hello').subarray(...range))
  }
  test('slice shares memory and is a Buffer', () => {
    const whole = ours.Buffer.from('abc')
    whole.slice(1)[0] = 90
    assert.equal(whole.toString(), 'aZc')
    assert.ok(ours.Buffer.isBuffer(whole.slice(1)) && ours.Buffer.isBuffer(whole.map((x) => x)) && whole instanceof Uint8Array && whole instanceof ours.Buffer)
  })
  buffers('copy', (B) => {
    const results = []
    for (const args of [[], [1], [1, 2], [0, 1, 3], [9], [0, 0, 99], [0, 5]]) {
      const target = B.alloc(4, 1)
      results.push([B.from('hello').copy(target, ...args), [...target]])
    }
    return results
  })
  buffers('copy from beyond', (B) => B.from('a').copy(B.alloc(1), 0, 5))
  buffers('write', (B) => [[], [1], [1, 2], [1, 'latin1'], [1, 2, 'hex'], ['hex']].map((args) => { const b = B.alloc(5); return [b.write('éabc', ...args), [...b]] }))
  buffers('write beyond', (B) => B.alloc(1).write('a', 2))
  buffers('write of no string', (B) => B.alloc(1).write(1))
  buffers('fill', (B) => [[0], [256 + 5], ['ab'], ['ab', 1], ['ab', 1, 4], [B.from([1, 2, 3]), 2], ['61', 'hex'], ['', 0], [true], ['é', 'latin1'], ['ab', 3, 2]].map((args) => [...B.alloc(5, 9).fill(...args)]))
  buffers('fill beyond', (B) => B.alloc(2).fill(1, 0, 3))
  for (const value of ['', 'l', 'lo', 'xyz', 108, 108 + 256, Buffer.from('ll'), new Uint8Array([111]), 'hello hello', 'hello hello!']) {
    for (const offset of [undefined, 0, 3, -1, -3, 99, -99, NaN, '2', null, 10]) {
      for (const method of ['indexOf', 'lastIndexOf', 'includes']) {
        if (method === 'lastIndexOf' && (offset === null || value === '' || value.length === 0)) continue
        test(`${method}(${value}, ${offset})`, () => same(`${method} ${value} ${offset}`, (B) => B.from('hello hello')[method](value, offset), Buffer, ours.Buffer))
      }
    }
  }
  buffers('indexOf of an object', (B) => B.from('a').indexOf({}))

  const VALUES = [0, 1, 127, 128, 255, 256, -1, -128, -129, 65535, 65536, -32769, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 33, -(2 ** 31) - 1, 1.7, NaN, '5', null]
  for (const kind of ['UInt8', 'Int8', 'UInt16LE', 'UInt16BE', 'Int16LE', 'Int16BE', 'UInt32LE', 'UInt32BE', 'Int32LE', 'Int32BE', 'FloatLE', 'DoubleBE']) {
    test(`read${kind}, write${kind}`, () => {
      for (const value of VALUES) {
        same(`write ${value}`, (B) => { const b = B.alloc(10); return [b[`write${kind}`](value, 1), [...b]] }, Buffer, ours.Buffer)
      }
      for (const bytes of BYTES) {
        for (const offset of [undefined, 0, 1, -1, 99, 0.5, 'a', null]) {
          same(`read ${bytes} ${offset}`, (B) => B.from(bytes)[`read${kind}`](offset), Buffer, ours.Buffer)
        }
      }
      assert.equal(ours.Buffer.prototype[`read${kind}`].name, `read${kind}`)
    })
  }
  buffers('BigInt', (B) => { const b = B.alloc(8); b.writeBigUInt64BE(2n ** 63n); return [b.readBigInt64BE(), b.readBigUInt64LE(), b.readUint8(0)] })

  test('a megabyte each way', () => {
    const bytes = randomBytes(1 << 20)
    for (const encoding of ['base64', 'base64url', 'hex', 'latin1', 'utf16le']) {
      const text = ours.Buffer.from(bytes).toString(encoding)
      assert.ok(text === bytes.toString(encoding), encoding)
      assert.ok(bytes.equals(ours.Buffer.from(text, encoding)), encoding)
    }
  })
})
