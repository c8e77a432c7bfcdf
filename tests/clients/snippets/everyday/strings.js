// snippet: slug of a title
// input: {"title": "  Hello, Wörld & Friends! "}
module.exports = ({ input }) =>
  input.title.normalize('NFKD').replace(/[\u0300-\u036f]/g, '').toLowerCase().trim().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '')

// snippet: padding, repeating, trimming
module.exports = () => ['7'.padStart(3, '0'), 'ab'.padEnd(5, '.'), '-'.repeat(4), ' a '.trimStart(), ' a '.trimEnd(), '\ufeff\u00a0x'.trim()]

// snippet: capitalise each word
// input: {"name": "ada KING lovelace"}
module.exports = ({ input }) => input.name.split(' ').map((word) => word[0].toUpperCase() + word.slice(1).toLowerCase()).join(' ')

// snippet: template literals and tags
module.exports = () => {
  const bold = (parts, ...values) => parts.reduce((text, part, at) => `${text}${part}${at < values.length ? `*${values[at]}*` : ''}`, '')
  return [bold`Dear ${'Ann'}, you owe ${3 * 4} EUR`, String.raw`a\n${1}`, `multi
line`]
}

// snippet: code points and emoji
module.exports = () => ({
  length: '👩‍👩‍👧'.length, points: [...'a😀ü'].length, at: '😀'.codePointAt(0), from: String.fromCodePoint(128512, 65), units: '😀'.split('').length,
})

// snippet: search within text
module.exports = () => {
  const text = 'the quick brown fox, the end'
  return [text.indexOf('the', 1), text.lastIndexOf('the'), text.includes('fox'), text.startsWith('the'), text.endsWith('.'), text.at(-1), text.search(/o/)]
}

// snippet: slice and substring
module.exports = () => ['abcdef'.slice(-3, -1), 'abcdef'.substring(4, 1), 'abcdef'.slice(4, 1), 'abcdef'.substring(-2, 2), 'abcdef'.charAt(9)]

// snippet: replace with a function and replaceAll
module.exports = () => [
  'a-b-c'.replace('-', '+'), 'a-b-c'.replaceAll('-', '+'), 'x1y22'.replace(/\d+/g, (found, at) => `<${found}@${at}>`), 'cost'.replace('cost', '$& is $$5'),
]

// snippet: mask an e-mail address
// input: {"email": "customer@example.com"}
module.exports = ({ input: { email } }) => email.replace(/^(.)(.*)(.@)/, (_, first, middle, last) => first + '*'.repeat(middle.length) + last)

// snippet: comparing and sorting text by code units
module.exports = () => ['b', 'a', 'C', 'ä', 'Z', '10', '9'].sort().concat('a' < 'B' ? 'less' : 'more')
