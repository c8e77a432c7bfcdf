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
