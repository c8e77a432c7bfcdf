// snippet: map, filter, reduce
// input: {"items": [{"n": 1, "on": true}, {"n": 2, "on": false}, {"n": 3, "on": true}]}
module.exports = ({ input }) => input.items.filter((item) => item.on).map((item) => item.n * 2).reduce((sum, n) => sum + n, 0)

// snippet: sort by several keys, stably
module.exports = () => [['b', 2], ['a', 2], ['c', 1], ['d', 1]].sort((left, right) => left[1] - right[1]).map(([name]) => name).join('')

// snippet: numbers sort as text by default
module.exports = () => [[10, 9, 1, undefined, 100].sort(), [10, 9, 1].sort((a, b) => b - a), [3, 1, 2].toSorted(), [1, 2, 3].toReversed(), [1, 2, 3].with(1, 9), [1, 2, 3].toSpliced(0, 2, 'x')]

// snippet: find and its relatives
module.exports = () => {
  const list = [5, 12, 8, 130, 44]
  return [list.find((n) => n > 10), list.findIndex((n) => n > 100), list.findLast((n) => n > 10), list.findLastIndex((n) => n > 500), list.some((n) => n > 100), list.every(Number.isInteger), list.includes(8), [NaN].includes(NaN), [NaN].indexOf(NaN)]
}

// snippet: flat and flatMap
module.exports = () => [[1, [2, [3, [4]]]].flat(), [1, [2, [3, [4]]]].flat(Infinity), ['a b', 'c'].flatMap((text) => text.split(' '))]

// snippet: splice, slice, concat, fill, copyWithin
module.exports = () => {
  const list = [1, 2, 3, 4, 5]
  const removed = list.splice(1, 2, 'x', 'y', 'z')
  return [list, removed, list.slice(-2), [].concat(1, [2], [[3]]), Array(3).fill(0), [1, 2, 3, 4].copyWithin(0, 2), Array.from({ length: 3 }, (_, at) => at ** 2), Array.of(7)]
}

// snippet: chunks of a list
// input: {"size": 3}
module.exports = ({ input: { size } }) => {
  const ids = [...Array(8).keys()]
  return ids.reduce((chunks, id, at) => (at % size ? chunks[chunks.length - 1].push(id) : chunks.push([id]), chunks), [])
}

// snippet: holes, undefined and JSON
module.exports = () => [[1, , 3].length, [1, , 3], [undefined, null, () => 1, Symbol('s'), NaN], 1 in [1, , 3], [, 'a'].findIndex((x) => x === undefined)]

// snippet: unique values in order
module.exports = () => [[...new Set([3, 1, 3, 2, 1])], ['a', 'b', 'a'].filter((value, at, all) => all.indexOf(value) === at)]

// snippet: zip, transpose, cartesian
module.exports = () => {
  const rows = [[1, 2, 3], [4, 5, 6]]
  return { columns: rows[0].map((_, at) => rows.map((row) => row[at])), pairs: ['a', 'b'].flatMap((l) => [1, 2].map((n) => l + n)) }
}

// snippet: array iteration protocols
module.exports = () => {
  const out = []
  for (const [at, value] of ['a', 'b'].entries()) out.push(at, value)
  for (const at in ['x', 'y']) out.push(at)
  ;['p'].forEach((value, at, all) => out.push(value, at, all.length))
  return [out, [1, 2, 3].reduceRight((text, n) => text + n, ''), [3, 4].keys().next(), Array.isArray(out), [1, [2, [null, undefined]]].toString(), [1, 2].join('-')]
}

// snippet: sort with a comparator that contradicts itself
module.exports = () => {
  const list = Array.from({ length: 2000 }, (_, n) => n)
  const shuffled = list.sort(() => Math.random() - 0.5)
  const copy = list.toSorted((left, right) => (Math.random() < 0.5 ? right - left : left - right))
  return [shuffled === list, list.length, list.reduce((sum, n) => sum + n), new Set(list).size, copy.length, copy.reduce((sum, n) => sum + n)]
}

// snippet: sort with an answer that is always the same, or no number
module.exports = () => [-1, 1, 0, NaN, true, 'x', '-1', undefined, null].map((answer) => Array.from({ length: 40 }, (_, n) => n * 7 % 40).sort(() => answer).join())

// snippet: sort with half a comparator
module.exports = () => {
  const list = [5, 3, 9, 1, 7, 3, 8, 2, 2, 6, 4, 0]
  return [list.toSorted((left, right) => left > right), list.toSorted((left, right) => left < right), list.toSorted((left, right) => (left < right ? -1 : 0)), list.toSorted((left, right) => ({ valueOf: () => right - left }))]
}

// snippet: toSorted leaves the list as it is
module.exports = () => {
  const list = ['b', 'a', 'c']
  const sorted = list.toSorted()
  return [list, sorted, list.toSorted((left, right) => right.localeCompare(left)), sorted === list, list.sort() === list, list]
}

// snippet: records keep their order where the key is the same
module.exports = () => {
  const records = Array.from({ length: 300 }, (_, id) => ({ id, group: id * 31 % 7, name: `n${id * 17 % 11}` }))
  return records.sort((left, right) => left.group - right.group || (left.name < right.name ? -1 : left.name > right.name ? 1 : 0)).map(({ id }) => id).join()
}

// snippet: holes and undefined in sort
module.exports = () => {
  const list = [3, , undefined, 1, , 2]
  const copies = [list.toSorted(), list.toSorted((left, right) => right - left)]
  const seen = []
  list.sort((left, right) => { seen.push(left, right); return left - right })
  return [copies.map((copy) => [copy.length, Object.keys(copy).length, copy.map(String)]), list.length, Object.keys(list), 3 in list, 4 in list, seen.includes(undefined), list.join('|')]
}

// snippet: the usual order is that of code units
module.exports = () => [['é', 'z', 'Z', 'a', '10', '9', '', '😀', '\uffff'].sort(), [true, null, 'm', 10, 9, [2], { toString: () => 'k' }, -1, 1n].sort().map(String)]

// snippet: what sort refuses
module.exports = () => [
  () => [2, 1].sort(null), () => [2, 1].toSorted('name'), () => Object.freeze([2, 1]).sort(), () => Object.freeze([2, 1]).toSorted(),
  () => [3, 2, 1].sort(() => { throw new RangeError('no') }), () => [2, 1].sort(() => 1n), () => [Symbol('s'), 1].sort(), () => Array.prototype.sort.call(null),
].map((run) => { try { return run() } catch (error) { return error.name } })

// snippet: sort of what is like an array, and of typed arrays
module.exports = () => {
  const like = { length: 4, 0: 'c', 2: 'a', 3: 'b', other: true }
  return [
    Array.prototype.sort.call(like) === like, like, Array.prototype.toSorted.call('cab'), Array.prototype.sort.length, Array.prototype.toSorted.name,
    [...new Uint8Array([3, 1, 20]).sort()], [...new Uint8Array([3, 1, 20]).sort((left, right) => right - left)], [...new Float64Array([0.5, -1, 3]).toSorted((left, right) => right - left)],
    new Int16Array(200).map((_, at) => at).sort(() => Math.random() - 0.5).length,
  ]
}

// snippet: sort of ten thousand
module.exports = () => {
  const list = Array.from({ length: 10000 }, (_, n) => n * 7919 % 10007)
  const sorted = list.toSorted((left, right) => left - right)
  return [sorted.every((n, at) => at === 0 || sorted[at - 1] < n), sorted[0], sorted.at(-1)]
}
