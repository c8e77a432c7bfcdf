// The sandbox's own globals (src/sandbox/js), run in Node and compared with Node's. Needs no server:
//   node --test tests/clients/snippets/globals.test.mjs

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import vm from 'node:vm'

import { named, native, ours, outcome, same, source, TEXTS } from './lib.mjs'

// --- URLSearchParams -----------------------------------------------------------------------------------------------

const params = (label, run) =>
  test(label, () => same(label, run, URLSearchParams, ours.URLSearchParams))

describe('URLSearchParams', () => {
  const INITS = [
    ...TEXTS, '?a=1', '??a=1', 'a=1&b=2&a=3', '&&a&=b&c==d&', 'a=%E4%BD%A0', 'a=%FF%FE', 'a=%ED%A0%80', '%', '%2', '%2B+%20',
    'q=%EF%BB%BFx', 'a=%zz&b=%4', 'a+b=c+d', undefined, null, 5, true, 12n, {}, { a: 1, b: [1, 2], 'c d': null }, [],
    [['a', 'b'], ['a', 'c']], [new Set(['x', 'y'])], new Map([['k', 'v'], ['ü', '😀']]), new URLSearchParams('m=1&n=2'),
    { '\ud800': 1, '\udfff': 2 }, Object.create({ inherited: 1 }), () => {},
    [['a']], [['a', 'b', 'c']], [1], ['ab'], { [Symbol('s')]: 1 }, Symbol('s'), [null], { [Symbol.iterator]: 1 },
  ]
  for (const [at, init] of INITS.entries()) {
    test(`of ${at}: ${String(typeof init === 'object' ? JSON.stringify(init) : String(init)).slice(0, 40)}`, () => {
      for (const run of [(P) => [...new P(init)], (P) => new P(init).toString(), (P) => new P(init).size]) {
        same('init', run, URLSearchParams, ours.URLSearchParams, init && init[Symbol.iterator] === 1 ? named : undefined)
      }
    })
  }

  test('every byte, escaped and not', () => {
    for (let code = 0; code < 0x120; code++) {
      const char = String.fromCharCode(code)
      same(`code ${code}`, (P) => String(new P([[char, `x${char}`]])), URLSearchParams, ours.URLSearchParams)
      const escape = `%${code.toString(16).padStart(2, '0')}`
      same(escape, (P) => [...new P(`a${escape}=b${escape}`)], URLSearchParams, ours.URLSearchParams)
    }
  })

  const sample = (P) => new P('a=1&b=2&a=3&c=4&b=2')
  params('append', (P) => { const p = sample(P); p.append('z', '\ud800'); p.append(1, null); return String(p) })
  params('delete', (P) => { const p = sample(P); p.delete('a'); return String(p) })
  params('delete with a value', (P) => { const p = sample(P); p.delete('a', 3); p.delete('b', 'x'); return String(p) })
  params('get, getAll', (P) => [sample(P).get('a'), sample(P).get('x'), sample(P).getAll('b'), sample(P).getAll('x')])
  params('has', (P) => [sample(P).has('a'), sample(P).has('a', '3'), sample(P).has('a', '2'), sample(P).has('a', undefined)])
  params('set', (P) => { const p = sample(P); p.set('a', 9); p.set('n', 'new'); return String(p) })
  params('sort', (P) => { const p = new P('z=1&\u{1F308}=2&\uFB03=3&a=4&z=0&Z=5'); p.sort(); return String(p) })
  params('iterators', (P) => [[...sample(P)], [...sample(P).keys()], [...sample(P).values()], [...sample(P).entries()]])
  params('forEach', (P) => { const seen = []; sample(P).forEach(function (...args) { seen.push(args.slice(0, 2), this.x) }, { x: 1 }); return seen })
  params('iteration while it changes', (P) => {
    const p = sample(P); const seen = []
    for (const [name] of p) { seen.push(name); if (seen.length === 1) p.delete('b'); if (seen.length < 4) p.append('n', '1') }
    return seen
  })
  params('what it is', (P) => [Object.prototype.toString.call(new P()), JSON.stringify(sample(P)), `${sample(P)}`, P.name, P.length,
    Object.prototype.toString.call(new P().keys()), P.prototype[Symbol.iterator] === P.prototype.entries])
  for (const method of ['append', 'delete', 'get', 'getAll', 'has', 'set']) {
    test(`${method} without arguments`, () =>
      same(method, (P) => new P()[method](), URLSearchParams, ours.URLSearchParams, named))
  }
})

describe('URL.searchParams', () => {
  const mine = (url) => ours.searchParamsOf(url)
  const theirs = (url) => url.searchParams
  const both = (label, run) => test(label, () => assert.deepEqual(run(mine), run(theirs)))

  both('writes to the URL', (of) => {
    const url = new URL('https://u:p@h.example/p?a=1#f')
    of(url).append('b', 'x y&z')
    of(url).set('a', 'ü')
    return url.href
  })
  both('reads what is assigned to the URL', (of) => {
    const url = new URL('https://h.example/?a=1')
    const kept = of(url)
    const seen = [kept.get('a')]
    url.search = '?b=2'
    seen.push(kept.get('a'), kept.get('b'), kept.size)
    url.href = 'https://other.example/?c=3'
    seen.push([...kept])
    kept.append('d', '4')
    seen.push(url.href)
    return seen
  })
  both('leaves the URL alone until it is changed', (of) => {
    const url = new URL('https://h.example/?a=~&b=%7e')
    const before = [String(of(url)), url.search]
    of(url).delete('nothing')
    return [before, url.search]
  })
  both('emptied, the question mark goes', (of) => {
    const url = new URL('https://h.example/?a=1')
    of(url).delete('a')
    return [url.href, of(url).size]
  })
  test('is the same object each time', () => {
    const url = new URL('https://h.example/?a=1')
    assert.equal(mine(url), mine(url))
    assert.throws(() => mine({}), TypeError)
  })
})

// --- crypto, performance ---------------------------------------------------------------------------------------------

describe('crypto', () => {
  const { crypto: mine } = ours
  const rejected = async (promise) => {
    try {
      return await promise
    } catch ({ name, code, message }) {
      return { name, code, message }
    }
  }

  test('digest', async () => {
    const view = new DataView(new Uint8Array([1, 2, 3, 4]).buffer, 1, 2)
    const inputs = [new ArrayBuffer(0), new Uint8Array([255, 0, 254]), new Uint16Array([513, 65279]), view, Buffer.from('héllo'), 'text', undefined]
    for (const algorithm of ['SHA-1', 'sha-256', { name: 'SHA-384' }, 'SHA-512', 'MD5', 'SHA256', 5]) {
      for (const data of inputs) {
        // Node takes strings for some algorithms although the standard does not.
        if (typeof data === 'string' && algorithm !== 'SHA-1') continue
        const [left, right] = [await rejected(mine.subtle.digest(algorithm, data)), await rejected(crypto.subtle.digest(algorithm, data))]
        assert.deepEqual(left, right, `${JSON.stringify(algorithm)} ${data}`)
      }
    }
  })

  test('randomUUID', () => {
    assert.match(mine.randomUUID(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    assert.notEqual(mine.randomUUID(), mine.randomUUID())
  })

  test('getRandomValues', () => {
    const array = new Uint32Array(64)
    assert.equal(mine.getRandomValues(array), array)
    assert.ok(array.some((value) => value > 0))
    for (const bad of [[], new Float32Array(2), new Uint8Array(65537), null, new DataView(new ArrayBuffer(2)), 'x']) {
      same(String(bad).slice(0, 20), (c) => c.getRandomValues(bad), crypto, mine, bad === null || typeof bad === 'string' ? ({ value }) => value : undefined)
    }
    const part = new Uint8Array(8)
    mine.getRandomValues(part.subarray(2, 4))
    assert.deepEqual([...part.subarray(4)], [0, 0, 0, 0])
    mine.getRandomValues(new Uint8Array(65536))
  })

  test('performance', () => {
    const before = ours.performance.now()
    assert.ok(ours.performance.now() >= before)
    assert.ok(Math.abs(ours.performance.timeOrigin - performance.timeOrigin) < 1000)
  })
})

// --- events ------------------------------------------------------------------------------------------------------------

const WEB = { DOMException, Event, EventTarget, AbortController, AbortSignal }
const events = (label, run) => test(label, async () => assert.deepEqual(await run(ours), await run(WEB)))
const told = ({ name, message, code }) => ({ name, message, code })

describe('DOMException', () => {
  events('its properties', ({ DOMException: E }) =>
    [new E(), new E('m'), new E('m', 'AbortError'), new E('m', 'Made up'), new E('m', { name: 'DataCloneError', cause: 5 }), new E(5, 'TimeoutError')]
      .map((e) => [told(e), String(e), e.cause, e instanceof Error, Object.prototype.toString.call(e), JSON.stringify(e), e instanceof E]))
  events('its constants', ({ DOMException: E }) => [E.ABORT_ERR, E.DATA_CLONE_ERR, new E().QUOTA_EXCEEDED_ERR])
  test('the code of every name', () => {
    for (const name of ['IndexSizeError', 'HierarchyRequestError', 'WrongDocumentError', 'InvalidCharacterError', 'NoModificationAllowedError',
      'NotFoundError', 'NotSupportedError', 'InUseAttributeError', 'InvalidStateError', 'SyntaxError', 'InvalidModificationError', 'NamespaceError',
      'InvalidAccessError', 'TypeMismatchError', 'SecurityError', 'NetworkError', 'AbortError', 'URLMismatchError', 'QuotaExceededError', 'TimeoutError',
      'InvalidNodeTypeError', 'DataCloneError', 'EncodingError', 'OperationError', '']) {
      assert.equal(new ours.DOMException('', name).code, new DOMException('', name).code, name)
    }
  })
  test('has a stack', () => assert.match(new ours.DOMException('m').stack, /globals\.test/))
})

describe('AbortController', () => {
  events('abort', ({ AbortController: C }) => {
    const controller = new C()
    const seen = [controller.signal.aborted, controller.signal.reason]
    controller.signal.onabort = (event) => seen.push('on', event.type, event.target === controller.signal)
    controller.signal.addEventListener('abort', () => seen.push('listener'))
    controller.signal.addEventListener('abort', { handleEvent(event) { seen.push('object', this !== undefined, event.type) } }, { once: true })
    controller.abort()
    controller.abort('again')
    return [...seen, controller.signal.aborted, told(controller.signal.reason), controller.signal === controller.signal]
  })
  events('abort with a reason', ({ AbortController: C }) => {
    const controller = new C()
    controller.abort({ why: 1 })
    try {
      controller.signal.throwIfAborted()
    } catch (error) {
      return error
    }
  })
  events('abort(null) keeps null', ({ AbortSignal: S }) => [S.abort(null).reason, S.abort(5).reason, told(S.abort().reason), S.abort().aborted])
  events('throwIfAborted of one that is not', ({ AbortController: C }) => new C().signal.throwIfAborted())
  events('removeEventListener', ({ AbortController: C }) => {
    const controller = new C()
    const seen = []
    const listener = () => seen.push(1)
    controller.signal.addEventListener('abort', listener)
    controller.signal.addEventListener('abort', listener)
    controller.signal.removeEventListener('abort', listener)
    controller.signal.onabort = () => seen.push(2)
    controller.signal.onabort = () => seen.push(3)
    controller.abort()
    return seen
  })
  events('timeout', ({ AbortSignal: S }) => new Promise((resolve) => {
    const hold = setTimeout(() => {}, 1000)
    const signal = S.timeout(5)
    signal.onabort = () => { clearTimeout(hold); resolve([told(signal.reason), signal.aborted]) }
  }))
  events('any', ({ AbortSignal: S, AbortController: C }) => {
    const [first, second] = [new C(), new C()]
    const seen = []
    const any = S.any([first.signal, second.signal])
    const nested = S.any([any])
    any.onabort = () => seen.push('any', nested.aborted)
    nested.onabort = () => seen.push('nested')
    second.signal.onabort = () => seen.push('source', any.aborted)
    second.abort('r')
    first.abort('later')
    return [...seen, any.reason, nested.reason, S.any([]).aborted, S.any([S.abort(1), S.abort(2)]).reason]
  })
  events('no constructor', ({ AbortSignal: S }) => outcome(() => new S()))
  events('a promise that is given up', ({ AbortController: C }) => {
    const controller = new C()
    const work = new Promise((resolve, reject) => {
      controller.signal.addEventListener('abort', () => reject(controller.signal.reason), { once: true })
    })
    controller.abort()
    return work.catch(told)
  })
})

describe('EventTarget', () => {
  events('dispatches', ({ EventTarget: T, Event: E }) => {
    const target = new T()
    const seen = []
    target.addEventListener('x', function (event) { seen.push('a', this === target, event.currentTarget === target, event.eventPhase) })
    target.addEventListener('x', (event) => { seen.push('b'); event.preventDefault(); event.stopImmediatePropagation() }, { once: true })
    target.addEventListener('x', () => seen.push('c'))
    target.addEventListener('x', null)
    const event = new E('x', { cancelable: true })
    return [target.dispatchEvent(event), event.defaultPrevented, event.target === target, event.currentTarget, target.dispatchEvent(new E('x')), seen]
  })
  events('a signal removes the listener', ({ EventTarget: T, Event: E, AbortController: C }) => {
    const [target, controller, seen] = [new T(), new C(), []]
    target.addEventListener('x', () => seen.push(1), { signal: controller.signal })
    target.dispatchEvent(new E('x'))
    controller.abort()
    target.dispatchEvent(new E('x'))
    return seen
  })
  events('subclasses', ({ EventTarget: T, Event: E }) => {
    class Door extends T { open() { return this.dispatchEvent(new E('open')) } }
    const door = new Door()
    let opened = 0
    door.addEventListener('open', () => opened++)
    return [door.open(), opened]
  })
  for (const [label, run] of [['no listener', ({ EventTarget: T }) => new T().addEventListener('x')], ['no type', ({ Event: E }) => new E()]]) {
    events(label, (web) => outcome(() => run(web)))
  }
  test('a CustomEvent has its detail', () => assert.deepEqual(new ours.CustomEvent('x', { detail: [1] }).detail, [1]))
})
