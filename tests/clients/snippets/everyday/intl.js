// snippet: thousands of an invoice
// input: {"amounts": [0, 999, 1234.5, -1234567.891, 0.1]}
module.exports = ({ input }) => input.amounts.map((amount) => [amount.toLocaleString('en-US'), amount.toLocaleString('de-DE'), amount.toLocaleString('fr-FR')])

// snippet: toLocaleString without arguments
module.exports = () => [(1234567.891).toLocaleString(), (12345678901234567890n).toLocaleString(), (0.1 + 0.2).toLocaleString(), NaN.toLocaleString()]

// snippet: prices in their currencies
// input: {"lines": [{"price": 1999.5, "currency": "USD"}, {"price": 1999.5, "currency": "EUR"}, {"price": 1999.5, "currency": "JPY"}, {"price": -3, "currency": "GBP"}, {"price": 7, "currency": "CHF"}]}
module.exports = ({ input }) => input.lines.map(({ price, currency }) => ['en-US', 'en-GB', 'de-DE', 'pt-BR'].map((locale) => new Intl.NumberFormat(locale, { style: 'currency', currency }).format(price)))

// snippet: whole dollars, and the code of the currency
module.exports = () => [
  (1234.5).toLocaleString('en-US', { style: 'currency', currency: 'USD', minimumFractionDigits: 0, maximumFractionDigits: 0 }),
  (1234.5).toLocaleString('en-US', { style: 'currency', currency: 'USD', currencyDisplay: 'code' }),
  (1).toLocaleString('en-US', { style: 'currency', currency: 'USD', currencyDisplay: 'name' }),
  (-5).toLocaleString('en-US', { style: 'currency', currency: 'USD', currencySign: 'accounting' }),
]

// snippet: percentages of a report
// input: {"won": 17, "total": 64}
module.exports = ({ input: { won, total } }) => [(won / total).toLocaleString('en-US', { style: 'percent' }), new Intl.NumberFormat('de-DE', { style: 'percent', minimumFractionDigits: 1 }).format(won / total), new Intl.NumberFormat('en-US', { style: 'percent', signDisplay: 'exceptZero' }).format(0.12)]

// snippet: two decimals, as money is rounded
module.exports = () => [1.005, 2.345, 10, 0.125, 1e21].map((value) => value.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 }))

// snippet: short numbers for a dashboard
module.exports = () => [0, 950, 1234, 15600, 999999, 2.5e6, 7.1e9].map((value) => Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 }).format(value))

// snippet: sizes of files
module.exports = () => [['byte', 1], ['byte', 512], ['kilobyte', 1.5], ['megabyte', 20]].map(([unit, size]) => new Intl.NumberFormat('en-US', { style: 'unit', unit, unitDisplay: 'long' }).format(size))

// snippet: no thousands separators, leading zeros
module.exports = () => [(1234567).toLocaleString('en-US', { useGrouping: false }), (7).toLocaleString('en-US', { minimumIntegerDigits: 3 }), (1234.5678).toLocaleString('en-US', { maximumSignificantDigits: 3 })]

// snippet: parts of a number
module.exports = () => new Intl.NumberFormat('de-DE', { style: 'currency', currency: 'EUR' }).formatToParts(-1234.5)

// snippet: reading numbers as a locale writes them
// input: {"text": "1.234.567,89"}
module.exports = ({ input }) => {
  const parts = new Intl.NumberFormat('de-DE').formatToParts(12345.6)
  const [group, decimal] = ['group', 'decimal'].map((type) => parts.find((part) => part.type === type).value)
  return Number(input.text.split(group).join('').replace(decimal, '.'))
}

// snippet: dates for people
// input: {"at": "2024-03-05T14:07:09Z"}
module.exports = ({ input }) => {
  const date = new Date(input.at)
  return ['en-US', 'en-GB', 'de-DE', 'fr-FR', 'es-ES', 'pt-BR'].map((locale) => [
    date.toLocaleDateString(locale, { timeZone: 'UTC' }),
    date.toLocaleDateString(locale, { timeZone: 'UTC', weekday: 'long', year: 'numeric', month: 'long', day: 'numeric' }),
    date.toLocaleDateString(locale, { timeZone: 'UTC', month: 'short', day: 'numeric' }),
  ])
}

// snippet: times for people
module.exports = () => {
  const date = new Date(Date.UTC(2024, 6, 4, 17, 5, 9))
  return [date.toLocaleTimeString('en-US', { timeZone: 'UTC' }), date.toLocaleTimeString('en-US', { timeZone: 'UTC', hour: '2-digit', minute: '2-digit' }), date.toLocaleTimeString('de-DE', { timeZone: 'UTC', hour: '2-digit', minute: '2-digit' }), date.toLocaleString('en-US', { timeZone: 'UTC' }), date.toLocaleString('en-GB', { timeZone: 'UTC', hour12: false })]
}

// snippet: the styles of DateTimeFormat
module.exports = () => ['full', 'long', 'medium', 'short'].map((style) => new Intl.DateTimeFormat('en-US', { dateStyle: style, timeStyle: style, timeZone: 'UTC' }).format(new Date('2024-01-15T09:30:00Z')))

// snippet: one formatter for many dates
// input: {"days": ["2024-01-01", "2024-02-29", "2024-12-31"]}
module.exports = ({ input }) => input.days.map((day) => new Date(day)).map(new Intl.DateTimeFormat('en-US', { month: 'short', day: '2-digit', year: 'numeric', timeZone: 'UTC' }).format)

// snippet: an ISO day out of the parts
module.exports = () => {
  const parts = new Intl.DateTimeFormat('en-US', { year: 'numeric', month: '2-digit', day: '2-digit', timeZone: 'UTC' }).formatToParts(new Date('2024-09-03T12:00:00Z'))
  const { year, month, day } = Object.fromEntries(parts.map(({ type, value }) => [type, value]))
  return `${year}-${month}-${day}`
}

// snippet: names of months and days
module.exports = () => ['en-US', 'de-DE', 'nl-NL', 'it-IT'].map((locale) => [
  Array.from({ length: 12 }, (_, month) => new Date(Date.UTC(2024, month, 1)).toLocaleString(locale, { month: 'short', timeZone: 'UTC' })),
  Array.from({ length: 7 }, (_, day) => new Date(Date.UTC(2024, 8, 1 + day)).toLocaleString(locale, { weekday: 'long', timeZone: 'UTC' })),
])

// snippet: a date that is none
module.exports = () => {
  const date = new Date('nonsense')
  let name
  try { new Intl.DateTimeFormat('en-US').format(date) } catch (error) { name = error.name }
  return [date.toLocaleDateString('en-US'), date.toLocaleString(), name]
}

// snippet: sorting names
// input: {"names": ["Zoë", "adam", "Émile", "Bob", "zoe", "Ängström", "eve", "bob", "Adam"]}
module.exports = ({ input }) => [[...input.names].sort((left, right) => left.localeCompare(right)), [...input.names].sort(), 'a'.localeCompare('b'), 'b'.localeCompare('a'), 'a'.localeCompare('a')]

// snippet: sorting versions and file names by number
module.exports = () => [['v1.10', 'v1.9', 'v1.2'].sort((left, right) => left.localeCompare(right, undefined, { numeric: true })), ['file10', 'File2', 'file1'].sort(new Intl.Collator('en', { numeric: true, sensitivity: 'base' }).compare)]

// snippet: equal but for case and accents
module.exports = () => [['resume', 'RÉSUMÉ'], ['a', 'A'], ['a', 'á'], ['a', 'b']].map(([left, right]) => ['base', 'accent', 'case', 'variant'].map((sensitivity) => left.localeCompare(right, 'en', { sensitivity }) === 0))

// snippet: plurals and ordinals
module.exports = () => {
  const suffixes = { one: 'st', two: 'nd', few: 'rd', other: 'th' }
  const [plural, ordinal] = [new Intl.PluralRules('en-US'), new Intl.PluralRules('en-US', { type: 'ordinal' })]
  return [0, 1, 2, 3, 4, 11, 12, 13, 21, 22, 103, 111].map((n) => `${n} ${{ one: 'item', other: 'items' }[plural.select(n)]}, ${n}${suffixes[ordinal.select(n)]}`)
}

// snippet: lists in a sentence
// input: {"tags": ["red", "green", "blue"]}
module.exports = ({ input: { tags } }) => [1, 2, 3].flatMap((count) => ['conjunction', 'disjunction'].map((type) => new Intl.ListFormat('en', { style: 'long', type }).format(tags.slice(0, count))))

// snippet: how long ago
module.exports = () => {
  const format = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })
  const units = [['year', 31536000], ['month', 2592000], ['day', 86400], ['hour', 3600], ['minute', 60], ['second', 1]]
  return [0, -1, -45, -3600, -86400, -200000, 86400, 2592000 * 3, -31536000 * 2].map((seconds) => {
    const [unit, size] = units.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 1]
    return format.format(Math.round(seconds / size), unit)
  })
}

// snippet: letters as people count them
module.exports = () => [[...new Intl.Segmenter('en', { granularity: 'grapheme' }).segment('cafe\u0301 👍🏽')].length, [...new Intl.Segmenter('en', { granularity: 'word' }).segment('Hello, big world')].filter((part) => part.isWordLike).map((part) => part.segment)]

// snippet: what was resolved
module.exports = () => {
  const { locale, currency, minimumFractionDigits } = new Intl.NumberFormat('de-DE', { style: 'currency', currency: 'eur' }).resolvedOptions()
  return [locale, currency, minimumFractionDigits, new Intl.DateTimeFormat('en-US', { timeZone: 'UTC' }).resolvedOptions().timeZone, Intl.NumberFormat.supportedLocalesOf(['de', 'en-GB']), typeof Intl]
}

// snippet: options that are wrong
module.exports = () => [{ style: 'currency' }, { style: 'currency', currency: 'EURO' }, { maximumFractionDigits: 200 }, { style: 'fancy' }].map((options) => { try { return (1).toLocaleString('en-US', options) } catch ({ name }) { return name } })

// snippet: arrays write each of theirs
module.exports = () => [[1234.5, null, undefined, 'x', [1e6]].toLocaleString('de-DE'), [new Date(0)].toLocaleString('en-US', { timeZone: 'UTC' })]
