// Objects as people write them in snippets; each case runs here and in Node.

// snippet: spread, rest, computed keys
module.exports = () => {
  const { id, ...rest } = { id: 1, name: 'x', tags: [] }
  return { ...rest, [`id_${id}`]: true, get upper() { return rest.name.toUpperCase() } }
}

// snippet: entries, fromEntries, values
// input: {"a": 1, "b": 2}
module.exports = ({ input }) => Object.fromEntries(Object.entries(input).map(([key, value]) => [key.toUpperCase(), value * 10]))

// snippet: order of keys
module.exports = () => Object.keys({ b: 1, 2: 1, a: 1, 1: 1, '01': 1 })

// snippet: optional chaining and nullish
// input: {"user": {"address": null, "age": 0}}
module.exports = ({ input: { user } }) => {
  const settings = { retries: 0 }
  settings.retries ??= 5
  settings.delay ??= 100
  settings.name ||= 'none'
  return [user?.address?.city, user.age ?? 18, user.age || 18, user.missing?.(), user.missing?.[0].deep, settings]
}

// snippet: deep merge
module.exports = () => {
  const merge = (left, right) => Object.entries(right).reduce((all, [key, value]) => ({
    ...all, [key]: value && typeof value === 'object' && !Array.isArray(value) ? merge(all[key] ?? {}, value) : value,
  }), left)
  return merge({ a: { x: 1, y: 2 }, list: [1] }, { a: { y: 3, z: { deep: true } }, list: [2] })
}

// snippet: read a path
// input: {"data": {"items": [{"name": "first"}]}, "path": "data.items.0.name"}
module.exports = ({ input }) => input.path.split('.').reduce((value, key) => value?.[key], input)

// snippet: freeze, seal, descriptors
module.exports = () => {
  'use strict'
  const fixed = Object.freeze({ a: 1 })
  let error
  try { fixed.a = 2 } catch (thrown) { error = thrown.name }
  const hidden = Object.defineProperty({}, 'x', { value: 1 })
  return [error, Object.isFrozen(fixed), JSON.stringify(hidden), hidden.x, Object.getOwnPropertyNames(hidden), Object.hasOwn(hidden, 'x'), 'toString' in hidden]
}

// snippet: Proxy and Reflect
module.exports = () => {
  const defaults = new Proxy({ a: 1 }, { get: (target, key, self) => (Reflect.has(target, key) ? Reflect.get(target, key, self) : `no ${String(key)}`) })
  return [defaults.a, defaults.b, Reflect.ownKeys({ x: 1, [Symbol.iterator]: 2 }).length]
}

// snippet: structuredClone is deep
module.exports = () => {
  const original = { when: new Date(0), set: new Set([1]), nested: { list: [1] } }
  const copy = structuredClone(original)
  copy.nested.list.push(2)
  return [original.nested.list, copy.nested.list, copy.when, [...copy.set], copy.when instanceof Date]
}

// snippet: destructuring with defaults
// input: {"rows": [["a", 1], ["b"]], "meta": {"page": {"next": null}}}
module.exports = ({ input: { rows: [[first], [second, count = 7]], meta: { page: { next = 'none', size = 50 } = {} } } }) => {
  let [x, y] = [1, 2]
  ;[x, y] = [y, x]
  const sum = ({ a = 1, b = a + 1 } = {}, ...others) => a + b + others.length
  return { first, second, count, next, size, x, y, sums: [sum(), sum({ a: 5 }), sum({ b: 0 }, 1, 2)] }
}

// snippet: equality and types
module.exports = () => [typeof null, typeof undefined, typeof (() => 1), null == undefined, '' == 0, [] + {}, [1] == 1, Object.is(-0, 0), Object.is(NaN, NaN), void 0, typeof Symbol(), !!'0', +true, [] instanceof Object]

// snippet: a tree of 1,500 levels
module.exports = () => {
  let tree = { name: 'leaf', children: [] }
  for (let level = 1; level < 1500; level++) tree = { name: `n${level}`, children: [tree] }
  const depth = (node) => {
    let deepest = 0
    for (const child of node.children) deepest = Math.max(deepest, depth(child))
    return deepest + 1
  }
  const names = (node, all = []) => {
    all.push(node.name)
    node.children.forEach((child) => names(child, all))
    return all
  }
  const small = { children: [{ children: [] }, { children: [{ children: [] }] }] }
  const count = (node) => 1 + node.children.map(count).reduce((sum, n) => sum + n, 0)
  return [depth(tree), count(small), names({ name: 'a', children: [{ name: 'b', children: [] }] })]
}

// snippet: keys in the order of their names
// input: {"b": {"d": 1, "c": [{"z": 1, "y": 2}]}, "a": null}
module.exports = ({ input }) => {
  const ordered = (value) => {
    if (Array.isArray(value)) return value.map(ordered)
    if (value === null || typeof value !== 'object') return value
    return Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)).map(([key, item]) => [key, ordered(item)]))
  }
  return JSON.stringify(ordered(input))
}

// snippet: the global object has its two names
module.exports = () => {
  global.kept = 1
  const seen = [global === globalThis, kept, typeof global.setTimeout]
  delete globalThis.kept
  return [...seen, typeof kept]
}
