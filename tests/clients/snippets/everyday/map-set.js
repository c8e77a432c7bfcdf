// snippet: count words
// input: {"text": "a b a c b a"}
module.exports = ({ input }) => {
  const counts = new Map()
  for (const word of input.text.split(' ')) counts.set(word, (counts.get(word) ?? 0) + 1)
  return [...counts].sort(([, left], [, right]) => right - left)
}

// snippet: sets by hand
module.exports = () => {
  const [left, right] = [new Set([1, 2, 3]), new Set([2, 3, 4])]
  return { both: [...left].filter((n) => right.has(n)), either: [...new Set([...left, ...right])], only: [...left].filter((n) => !right.has(n)), size: left.size }
}

// snippet: object keys in maps, and JSON of them
module.exports = () => {
  const key = {}
  const map = new Map([[key, 1], [NaN, 2], ['1', 3], [1, 4]])
  map.delete('1')
  return [map.get(key), map.get(NaN), map.get({}), map.size, JSON.stringify({ map, set: new Set([1]) }), [...map.values()], map.has(1)]
}

// snippet: WeakMap for private notes
module.exports = () => { const notes = new WeakMap(); const key = {}; notes.set(key, 'n'); return [notes.get(key), notes.has({}), new WeakSet([key]).has(key)] }

// snippet: changed while it is walked
module.exports = () => { const set = new Set([1, 2]); const seen = []; for (const n of set) { seen.push(n); if (n < 4) set.add(n + 2); set.delete(1) } return seen }
