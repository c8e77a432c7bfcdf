// snippet: named groups
module.exports = () => {
  const { groups: { year, month } } = '2024-05-06'.match(/(?<year>\d{4})-(?<month>\d\d)/)
  return [year, month, '2024-05'.replace(/(?<y>\d+)-(?<m>\d+)/, '$<m>/$<y>')]
}

// snippet: matchAll with positions
// input: {"text": "a@x.org, b@y.example and c"}
module.exports = ({ input }) => [...input.text.matchAll(/[\w.]+@([\w.]+\w)/g)].map((match) => [match[0], match[1], match.index])

// snippet: look-around
module.exports = () => ['price: $42, €7'.match(/(?<=[$€])\d+/g), 'foobar foobaz'.match(/foo(?!bar)\w+/g), 'a1b2'.split(/(?=[a-z])/), '5km 6m'.match(/\d+(?=m)/)?.[0]]

// snippet: flags
module.exports = () => ['A\nb'.match(/^b$/m)?.[0], /a.c/s.test('a\nc'), 'ÀÉ'.match(/\p{Lu}/gu), /\u{1f600}/u.test('😀'), 'aBc'.replace(/b/i, '-'), /(a)(?<n>b)?/d.exec('xab').indices[0]]

// snippet: sticky and lastIndex
module.exports = () => {
  const token = /\s*(?:(\d+)|([-+*/()]))/y
  const tokens = []
  for (let match; (match = token.exec('12 + (3*4)')); ) tokens.push(match[1] ?? match[2])
  return [tokens, token.lastIndex]
}

// snippet: split keeps groups
module.exports = () => ['a1b22c'.split(/(\d+)/), 'a,b;c'.split(/[,;]/), 'abc'.split(''), 'a,b,c'.split(',', 2), ''.split(','), ''.split('')]

// snippet: escape a pattern
// input: {"word": "1.5 (a+b)?"}
module.exports = ({ input }) => {
  const escaped = input.word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return [escaped, new RegExp(escaped).test(`x${input.word}y`), String(/a.b/gi), /x/g.flags]
}

// snippet: validate common shapes
module.exports = () => ['ann@example.org', 'no', '+49 30 1234', '2024-13-01', '550e8400-e29b-41d4-a716-446655440000'].map((text) => [
  /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text), /^\+?[\d\s-]{7,}$/.test(text), /^\d{4}-(0[1-9]|1[0-2])-\d\d$/.test(text), /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text),
])

// snippet: a bad pattern throws
module.exports = () => { try { return new RegExp('(') } catch (error) { return error.name } }
