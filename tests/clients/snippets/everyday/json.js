// snippet: what a result becomes
module.exports = () => ({ date: new Date(0), undef: undefined, fn() {}, nan: NaN, inf: -Infinity, zero: -0, big: 2 ** 53, nested: [undefined, { toJSON: () => 'own' }], text: 'é\u2028"\\' })

// snippet: stringify with a replacer and indent
module.exports = () => [JSON.stringify({ a: 1, secret: 2, list: [1, { secret: 3 }] }, (key, value) => (key === 'secret' ? undefined : value), 2), JSON.stringify({ a: 1, b: 2 }, ['b']), JSON.stringify([1], null, '--')]

// snippet: parse with a reviver
module.exports = () => JSON.parse('{"when": "2024-01-01T00:00:00.000Z", "n": [1, 2]}', (key, value) => (key === 'when' ? new Date(value).getTime() : value))

// snippet: bad JSON is a SyntaxError
module.exports = () => ['{', '', "{'a': 1}", '[1,]', 'undefined'].map((text) => { try { return JSON.parse(text) } catch (error) { return error.name } })

// snippet: a cycle is a TypeError
module.exports = () => { const loop = {}; loop.self = loop; try { JSON.stringify(loop) } catch (error) { return error.name } }

// snippet: escapes and lone surrogates
module.exports = () => [JSON.stringify('\u0007\b\n\u007f\ud800'), JSON.parse('"\\u00e9\\ud83d\\ude00\\/"'), JSON.stringify({ '\n': '\t' })]

// snippet: JSON within JSON
// input: {"payload": "{\"ids\":[1,2],\"more\":\"{\\\"deep\\\":true}\"}"}
module.exports = ({ input }) => { const { ids, more } = JSON.parse(input.payload); return { ids, deep: JSON.parse(more).deep } }

// snippet: numbers in JSON
module.exports = () => JSON.parse('[1.0, 1e3, -0.5, 12345678901234567890, 0.1e-6]').map(String)

// snippet: nothing at all
module.exports = () => {}

// snippet: nested a hundred times
module.exports = () => {
  let value = 1
  for (let level = 0; level < 100; level++) value = level % 2 ? [value] : { v: value }
  const text = JSON.stringify(value)
  const depth = (item) => (typeof item === 'object' ? 1 + depth(Object.values(item)[0]) : 0)
  return [text.length, depth(JSON.parse(text)), JSON.stringify(JSON.parse(text)) === text]
}

// snippet: holes, and rows sorted before they are written
// input: {"rows": [{"id": 3, "at": "2024-03-01"}, {"id": 1, "at": "2024-01-05"}, {"id": 2, "at": "2024-01-05"}]}
module.exports = ({ input }) => [JSON.stringify([3, , 1].sort()), JSON.stringify([3, , 1].toSorted()), JSON.stringify(input.rows.toSorted((left, right) => left.at.localeCompare(right.at)))]
