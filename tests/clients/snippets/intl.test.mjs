// The sandbox's own `Intl` (src/sandbox/js/intl/*.js), run in Node and compared with Node's. Needs no server:
//   TZ=UTC node --test tests/clients/snippets/intl.test.mjs
//
// The texts are those of Node 20 with ICU 78. What differs on purpose is under `What differs`.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { named, native as host, outcome, same, source } from './lib.mjs'

process.env.TZ = 'UTC'

const files = {}
const native = {
  ...host,
  load: (file) => (files[file] ??= (0, eval)(source(file))(native)),
}
const { Intl: mine } = native.load('intl/intl.js')
const { localeCompare } = native.load('intl/text.js')
const { numberToLocaleString, bigIntToLocaleString } = native.load('intl/numbers.js')
const dates = native.load('intl/dates.js')

const LOCALES = ['en-US', 'en-GB', 'de-DE', 'fr-FR', 'es-ES', 'pt-BR', 'nl-NL', 'it-IT']
const each = (lists, run) => {
  for (const list of lists) run(list)
}
const label = (...values) => values.map((value) => (typeof value === 'bigint' ? `${value}n` : JSON.stringify(value))).join(' ')
const both = (values, run) => same(label(...values), run, Intl, mine, named)
/** By `format` and by its parts, which have their own spaces. */
const formats = (Class, locale, options, value) => both([Class, locale, options, value], (I) => {
  const format = new I[Class](locale, options)
  return [format.format(value), format.formatToParts(value)]
})

// --- numbers -----------------------------------------------------------------------------------------------------------

const NUMBERS = [
  0, -0, 1, -1, 2, 5, 9.5, 12, 99.5, 100, 999, 999.5, 1000, -1234.5, 1234.5678, 12345, 99999.995, 123456.789, 999999, 1e6, -1234567.891,
  1.5e9, 1e12, 1e15, 1e21, 1.2345e25, 0.1, 0.5, 0.05, 0.005, 0.125, 0.123, 1.005, 1.015, 2.5, 3.5, -2.5, 1e-7, 5e-324, 0.1 + 0.2,
  1.7976931348623157e308, NaN, Infinity, -Infinity, 2 ** 53, 123456789012345680000,
]
const ODD_NUMBERS = [12345678901234567890n, -5n, 0n, '12345.678', '-0.5', '1e3', ' 7 ', 'x', '', null, undefined, true, new Date(5), '123456789012345678901.5']

describe('NumberFormat', () => {
  const DECIMALS = [
    undefined, {}, { maximumFractionDigits: 0 }, { maximumFractionDigits: 2 }, { minimumFractionDigits: 2 }, { minimumFractionDigits: 2, maximumFractionDigits: 2 },
    { minimumFractionDigits: 5 }, { minimumIntegerDigits: 3 }, { maximumSignificantDigits: 3 }, { minimumSignificantDigits: 4 },
    { minimumSignificantDigits: 2, maximumSignificantDigits: 5 }, { maximumSignificantDigits: 3, maximumFractionDigits: 5 },
    { useGrouping: false }, { useGrouping: true }, { useGrouping: 'always' }, { useGrouping: 'min2' }, { useGrouping: 'false' },
    { maximumFractionDigits: 20 }, { trailingZeroDisplay: 'stripIfInteger', minimumFractionDigits: 2 },
    { notation: 'compact' }, { notation: 'compact', maximumFractionDigits: 1 }, { notation: 'compact', minimumFractionDigits: 1, maximumFractionDigits: 2 },
    { notation: 'compact', maximumSignificantDigits: 3 },
  ]
  const STYLED = [
    { style: 'percent' }, { style: 'percent', maximumFractionDigits: 1 }, { style: 'percent', minimumFractionDigits: 2 },
    ...['USD', 'EUR', 'GBP', 'JPY', 'CHF', 'CAD', 'AUD', 'INR', 'BRL', 'CNY', 'SEK', 'MXN', 'KWD', 'XYZ'].map((currency) => ({ style: 'currency', currency })),
    { style: 'currency', currency: 'USD', currencyDisplay: 'code' }, { style: 'currency', currency: 'CAD', currencyDisplay: 'narrowSymbol' },
    { style: 'currency', currency: 'usd', maximumFractionDigits: 0 }, { style: 'currency', currency: 'USD', minimumFractionDigits: 0 },
    { style: 'currency', currency: 'EUR', currencySign: 'accounting' }, { style: 'currency', currency: 'USD', notation: 'compact' },
    { style: 'currency', currency: 'CHF', currencySign: 'accounting', signDisplay: 'always' },
  ]
  for (const locale of LOCALES) {
    test(`decimals in ${locale}`, () => each(DECIMALS, (options) => each(NUMBERS, (value) => formats('NumberFormat', locale, options, value))))
    test(`styles in ${locale}`, () => each(STYLED, (options) => each(NUMBERS, (value) => formats('NumberFormat', locale, options, value))))
  }
  test('signs', () => each(['auto', 'always', 'never', 'exceptZero', 'negative'], (signDisplay) => each(LOCALES, (locale) => {
    each([5, -5, 0, -0, 0.001, -0.001, NaN, Infinity, -Infinity], (value) => {
      formats('NumberFormat', locale, { signDisplay, maximumFractionDigits: 2 }, value)
      formats('NumberFormat', locale, { signDisplay, style: 'currency', currency: 'EUR' }, value)
      formats('NumberFormat', locale, { signDisplay, style: 'percent' }, value)
    })
  })))
  test('rounding', () => each(['ceil', 'floor', 'expand', 'trunc', 'halfCeil', 'halfFloor', 'halfExpand', 'halfTrunc', 'halfEven'], (roundingMode) => {
    each([...NUMBERS, 0.15, 0.25, -0.15, -0.25, 0.96, 0.0001, -0.0001], (value) => {
      formats('NumberFormat', 'en', { roundingMode, maximumFractionDigits: 1 }, value)
      formats('NumberFormat', 'en', { roundingMode, maximumSignificantDigits: 2 }, value)
    })
  }))
  test('which digits count', () => each(['auto', 'morePrecision', 'lessPrecision'], (roundingPriority) => each(NUMBERS, (value) => {
    formats('NumberFormat', 'en', { roundingPriority, maximumFractionDigits: 2, maximumSignificantDigits: 3 }, value)
  })))
  test('names of currencies', () => each(['USD', 'EUR', 'GBP', 'JPY', 'CHF', 'CAD', 'AUD', 'INR', 'BRL', 'CNY', 'XYZ'], (currency) => each([0, 1, 5, 1.5, -2], (value) => {
    formats('NumberFormat', 'en', { style: 'currency', currency, currencyDisplay: 'name' }, value)
    formats('NumberFormat', 'en', { style: 'currency', currency, currencyDisplay: 'name', maximumFractionDigits: 0 }, value)
  })))
  test('units', () => each(['bit', 'byte', 'kilobyte', 'megabyte', 'gigabyte', 'percent', 'millisecond', 'second', 'minute', 'hour', 'day', 'week', 'month', 'year',
    'centimeter', 'meter', 'kilometer', 'mile', 'gram', 'kilogram', 'liter', 'celsius', 'degree', 'kilometer-per-hour', 'mile-per-hour'], (unit) => {
    each(['short', 'narrow', 'long'], (unitDisplay) => each([0, 1, 5, -1, 1234.5], (value) => formats('NumberFormat', 'en', { style: 'unit', unit, unitDisplay }, value)))
  }))
  test('long compact numbers', () => each(['en-US', 'en-GB'], (locale) => each(NUMBERS, (value) => {
    formats('NumberFormat', locale, { notation: 'compact', compactDisplay: 'long' }, value)
  })))
  test('values of other types', () => each(ODD_NUMBERS, (value) => each(LOCALES, (locale) => formats('NumberFormat', locale, { maximumFractionDigits: 4 }, value))))
  test('what it resolves', () => each([...DECIMALS, ...STYLED, { signDisplay: 'never' }], (options) => each(LOCALES, (locale) => {
    both([locale, options], (I) => new I.NumberFormat(locale, options).resolvedOptions())
  })))
  const BAD = [
    { style: 'money' }, { style: 'currency' }, { style: 'currency', currency: 'US' }, { style: 'currency', currency: 5 }, { maximumFractionDigits: 101 }, { maximumFractionDigits: -1 },
    { minimumFractionDigits: 5, maximumFractionDigits: 2 }, { minimumIntegerDigits: 0 }, { maximumSignificantDigits: 22 }, { maximumSignificantDigits: 'x' },
    { minimumSignificantDigits: 5, maximumSignificantDigits: 2 }, { notation: 'x' }, { signDisplay: 'x' }, { currencyDisplay: 'x' }, { style: 'unit' }, null,
    { style: 'unit', unit: 'parsec' }, { useGrouping: 'x' }, { roundingMode: 'x' },
  ]
  test('what it refuses', () => each(BAD, (options) => both([options], (I) => new I.NumberFormat('en', options).format(1))))
  test('Number and BigInt', () => {
    each([undefined, 'de', ['fr', 'en'], []], (locales) => each([undefined, { style: 'percent' }], (options) => each(NUMBERS, (value) => {
      assert.equal(numberToLocaleString(value, locales, options), value.toLocaleString(locales, options))
      assert.equal(bigIntToLocaleString(12345n, locales, options), (12345n).toLocaleString(locales, options))
    })))
    assert.throws(() => numberToLocaleString('5'), TypeError)
    assert.equal(numberToLocaleString(new Number(1234)), '1,234')
  })
})

describe('PluralRules', () => {
  test('cardinal and ordinal', () => each(LOCALES, (locale) => each(['cardinal', 'ordinal'], (type) => {
    each([...Array(130).keys(), 0.5, 1.5, 1.0001, 111, 112, 800, 1000, 1e6, 2e6, 1e6 + 1, NaN, Infinity, -1, -2], (value) => {
      both([locale, type, value], (I) => new I.PluralRules(locale, { type }).select(value))
    })
  })))
  test('with decimals', () => each([0, 1, 2], (value) => both([value], (I) => new I.PluralRules('en', { minimumFractionDigits: 1 }).select(value))))
  test('what it resolves', () => each(['en', 'de'], (locale) => each([undefined, { type: 'ordinal' }], (options) => {
    same(locale, (I) => { const r = new I.PluralRules(locale, options).resolvedOptions(); r.pluralCategories.sort(); return r }, Intl, mine)
  })))
  test('what it refuses', () => both(['x'], (I) => new I.PluralRules('en', { type: 'x' })))
})

describe('RelativeTimeFormat', () => {
  test('every unit', () => each(['en-US', 'en-GB'], (locale) => each(['long', 'short', 'narrow'], (style) => each(['always', 'auto'], (numeric) => {
    each(['second', 'minute', 'hour', 'day', 'week', 'month', 'quarter', 'year', 'days', 'years'], (unit) => {
      each([-1234, -2, -1.5, -1, -0, 0, 1, 1.5, 2, 10, 1e6], (value) => both([locale, style, numeric, value, unit], (I) => {
        const format = new I.RelativeTimeFormat(locale, { style, numeric })
        return [format.format(value, unit), format.formatToParts(value, unit)]
      }))
    })
  }))))
  test('what it refuses', () => each([[1, 'fortnight'], [NaN, 'day'], [1], [Infinity, 'day']], (args) => both(args, (I) => new I.RelativeTimeFormat('en').format(...args))))
  test('what it resolves', () => both([], (I) => new I.RelativeTimeFormat('en', { numeric: 'auto' }).resolvedOptions()))
})

// --- dates -------------------------------------------------------------------------------------------------------------

const MOMENTS = [
  '2024-03-05T14:07:09.045Z', '2024-01-01T00:00:00Z', '2023-12-31T23:59:59.999Z', '2024-02-29T12:00:00Z', '2024-09-21T01:02:03.4Z', '1999-07-04T09:30:00Z',
  '2024-06-11T11:11:11Z', '2024-08-17T13:00:00Z', '0099-05-07T05:06:07Z', '2024-10-02T10:00:00Z', '2024-04-13T00:30:00Z', '2024-11-04T21:45:59Z',
].map((text) => new Date(text))

describe('DateTimeFormat', () => {
  const STYLES = ['full', 'long', 'medium', 'short']
  const D = 'numeric'
  const FIELDS = [
    {}, undefined, ...['long', 'short', 'narrow', D, '2-digit'].map((month) => ({ month })), { day: D }, { day: '2-digit' }, { year: D }, { year: '2-digit' },
    ...['long', 'short', 'narrow'].map((weekday) => ({ weekday })),
    { year: D, month: 'long' }, { year: D, month: 'short' }, { year: D, month: '2-digit' }, { year: D, month: D }, { year: '2-digit', month: 'short' },
    { month: 'long', day: D }, { month: 'short', day: D }, { month: '2-digit', day: '2-digit' }, { month: D, day: D }, { month: 'short', day: '2-digit' },
    { year: D, month: 'long', day: D }, { year: D, month: 'short', day: D }, { year: D, month: 'short', day: '2-digit' }, { year: D, month: D, day: D },
    { year: D, month: '2-digit', day: '2-digit' }, { year: '2-digit', month: '2-digit', day: '2-digit' }, { year: '2-digit', month: D, day: D },
    { year: D, month: D, day: '2-digit' }, { year: D, month: '2-digit', day: D }, { year: D, month: 'narrow', day: D },
    { weekday: 'long', year: D, month: 'long', day: D }, { weekday: 'short', year: D, month: 'short', day: D }, { weekday: 'short', year: D, month: D, day: D },
    { weekday: 'short', month: 'short', day: D }, { weekday: 'long', month: 'long', day: D }, { weekday: 'short', month: D, day: D },
    { weekday: 'long', day: D }, { weekday: 'short', day: D }, { weekday: 'long', year: D }, { weekday: 'long', month: 'long' }, { year: D, day: D },
    { hour: D }, { hour: '2-digit' }, { hour: D, minute: '2-digit' }, { hour: '2-digit', minute: '2-digit' }, { hour: D, minute: D, second: D },
    { minute: D }, { minute: '2-digit' }, { second: D }, { minute: '2-digit', second: '2-digit' }, { fractionalSecondDigits: 3 },
    { second: D, fractionalSecondDigits: 2 }, { hour: D, minute: D, second: D, fractionalSecondDigits: 3 },
    { hour: D, hour12: true }, { hour: D, hour12: false }, { hour: D, minute: D, hour12: true }, { hour: D, minute: D, hour12: false },
    { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }, { hour: D, minute: D, hourCycle: 'h12' }, { hour: D, minute: D, hourCycle: 'h11' },
    { hour: D, minute: D, timeZoneName: 'short' }, { hour: D, minute: D, timeZoneName: 'long' }, { timeZoneName: 'short' }, { timeZoneName: 'long' },
    { hour: D, minute: D, timeZoneName: 'shortOffset' }, { hour: D, minute: D, timeZoneName: 'longOffset' },
    { year: D, month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' },
    { year: D, month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false },
    { year: D, month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' },
    { year: D, month: 'long', day: D, hour: D, minute: '2-digit' }, { year: D, month: 'short', day: D, hour: D, minute: '2-digit' },
    { month: 'short', day: D, hour: D, minute: '2-digit' }, { month: D, day: D, hour: D, minute: D }, { weekday: 'long', hour: D, minute: '2-digit' },
    { weekday: 'long', hour: D }, { weekday: 'short', hour: D, minute: D, hour12: true }, { day: D, hour: D },
    { weekday: 'short', year: D, month: 'long', day: D, hour: D, minute: '2-digit', timeZoneName: 'short' },
    { era: 'short', year: D, month: 'short', day: D }, { era: 'long', year: D }, { era: 'short', year: D, month: 'long' },
    ...['Etc/GMT-2', 'Etc/GMT+5'].flatMap((timeZone) => [{ timeZone }, { timeZone, hour: D, minute: D, timeZoneName: 'short' }, { timeZone, timeStyle: 'full' }, { timeZone, dateStyle: 'short', timeStyle: 'long' }]),
    ...STYLES.flatMap((dateStyle) => [{ dateStyle }, { timeStyle: dateStyle }, { timeStyle: dateStyle, hour12: true }, { timeStyle: dateStyle, hour12: false }, { timeStyle: dateStyle, hourCycle: 'h23' }]),
    ...STYLES.flatMap((dateStyle) => STYLES.map((timeStyle) => ({ dateStyle, timeStyle }))),
  ]
  const ofAll = FIELDS
  for (const locale of LOCALES) {
    // See what differs.
    const FIELDS = ofAll.filter((options) => !(locale === 'de-DE' && options?.weekday && options.hour12))
    test(`in ${locale}`, () => each(FIELDS, (options) => each(MOMENTS, (value) => formats('DateTimeFormat', locale, options, value))))
    // V8 takes the letters of ` de ` for fields.
    const resolvable = FIELDS.filter((options) => !(/es|pt/.test(locale) && ['long', 'short'].includes(options?.month)))
    test(`resolved in ${locale}`, () => each(resolvable, (options) => both([locale, options], (I) => new I.DateTimeFormat(locale, options).resolvedOptions())))
    test(`methods of Date in ${locale}`, () => {
      for (const [name, run] of [['toLocaleString', dates.toLocaleString], ['toLocaleDateString', dates.toLocaleDateString], ['toLocaleTimeString', dates.toLocaleTimeString]]) {
        each(FIELDS, (options) => each(MOMENTS, (date) => assert.deepEqual(
          named(outcome(() => run(date, locale, options))), named(outcome(() => date[name](locale, options))), label(name, locale, options, date),
        )))
      }
    })
  }
  test('names of every month and day', () => each(LOCALES, (locale) => each([...Array(12).keys()], (month) => {
    const date = new Date(Date.UTC(2023, month, month + 1))
    each(['long', 'short', 'narrow'], (width) => each([{ month: width }, { month: width, day: D }, { weekday: width }, { weekday: width, month: 'long', day: D }], (options) => {
      formats('DateTimeFormat', locale, options, date)
    }))
  })))
  test('before Christ', () => each(LOCALES, (locale) => each([new Date(-62198755200000), new Date(-1e14), new Date(-8.64e15), new Date(8.64e15)], (date) => {
    each([{}, { era: 'short' }, { year: D, month: 'long', day: D, era: 'long' }], (options) => formats('DateTimeFormat', locale, options, date))
  })))
  test('zones that are UTC', () => each(['UTC', 'utc', 'GMT', 'Etc/UTC', 'Etc/GMT', 'Zulu', 'Universal'], (timeZone) => {
    both([timeZone], (I) => [new I.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone, new I.DateTimeFormat('en', { timeZone, timeStyle: 'long' }).format(0)])
  }))
  // Their names are compared in the sandbox, by `everyday/zones.js`.
  test('places', () => each(['Europe/Berlin', 'America/New_York', 'america/st_johns', 'Asia/Katmandu', 'Australia/Lord_Howe', 'Pacific/Apia'], (timeZone) => {
    const turns = ['1850-01-01T00:00:00Z', '2024-03-31T00:59:59Z', '2024-03-31T01:00:00Z', '2024-10-27T00:59:59Z', '2024-10-27T01:00:00Z', '2011-12-30T12:00:00Z', '2500-07-01T00:00:00Z']
    each([...MOMENTS, ...turns.map((text) => new Date(text))], (date) => each(LOCALES, (locale) => {
      each([{}, { dateStyle: 'full' }, { hour: D, minute: D, second: D, timeZoneName: 'shortOffset' }, { timeZoneName: 'longOffset' }, { weekday: 'short', hour: D }], (options) => {
        formats('DateTimeFormat', locale, { timeZone, ...options }, date)
      })
    }))
    both([timeZone], (I) => new I.DateTimeFormat('en', { timeZone }).resolvedOptions())
  }))
  test('values', () => each([0, 1e12, new Date(5), '5', 'x', NaN, null, 8.64e15 + 1, Infinity, 1.9, -1.9, true], (value) => both([value], (I) => new I.DateTimeFormat('en').format(value))))
  test('what it refuses', () => each([{ month: 'x' }, { dateStyle: 'x' }, { dateStyle: 'short', month: 'long' }, { fractionalSecondDigits: 4 }, { hourCycle: 'h25' }, { timeZone: 'Mars/Base' }, { timeZone: '' }, null], (options) => {
    both([options], (I) => new I.DateTimeFormat('en', options).format(0))
  }))
  test('an invalid date, and what is none', () => {
    assert.equal(dates.toLocaleString(new Date(NaN)), 'Invalid Date')
    assert.throws(() => dates.toLocaleString({}), TypeError)
  })
  test('now', () => assert.match(new mine.DateTimeFormat().format(), /^\d+\/\d+\/\d{4}$/))
})

// --- texts -------------------------------------------------------------------------------------------------------------

const WORDS = [
  '', ' ', 'a', 'A', 'b', 'B', 'z', 'Z', 'ä', 'Ä', 'á', 'à', 'â', 'å', 'ã', 'æ', 'ae', 'af', 'ß', 'ss', 'SS', 'ø', 'o', 'oz', 'ł', 'l', 'lz', 'é', 'e', 'ez', 'É', 'ç', 'c', 'n', 'ñ', 'ñu', 'nz', 'nu',
  'résumé', 'resume', 'Resume', 'Résumé', 'resumes', 'cote', 'coté', 'côte', 'côté', 'co-op', 'coop', 'co op', 'CO-OP', 'a b', 'ab', 'a-b', 'a_b', 'a.b', 'a,b', 'a!', '1', '2', '10', '02', '010', 'a1', 'a2', 'a10', 'a02',
  'item 9', 'item 10', 'Item 9', 'v1.10', 'v1.9', '$5', '€5', '5', '#1', '@x', '(a)', '[a]', '"a"', "'a'", 'a+b', 'a=b', 'a<b', 'a~', 'Zürich', 'Zurich', 'zürich', 'Zuzu', 'Ångström', 'Angstrom', 'São', 'Sao', 'sap',
  'naïve', 'naive', 'Ünder', 'under', 'Œuvre', 'oeuvre', 'þorn', 'zz', 'đ', 'd', 'дом', 'Дом', 'да', 'ωmega', 'alpha', 'αλφα', '日本', '月', 'あ', 'い', '한국', '가', '😀', '😁', 'a😀', 'a\u0301', 'A\u030a', 'e\u0301', 'o\u0308', 'ö', 'Ö', 'ı', 'i', 'iz',
  'tab\tx', 'tab x', 'hyphen\u00ad', 'hyphen', 'ﬁ', 'fi', 'fj', '…', 'š', 's', 't', 'ž', 'ř', 'ů', 'ş', 'ğ', 'İ', 'x\u200by', 'xy', 'xz', 'foo', 'foobar', 'Foo', 'FOO', 'fOo',
]

describe('Collator', () => {
  const OPTIONS = [
    undefined, { numeric: true }, { sensitivity: 'base' }, { sensitivity: 'accent' }, { sensitivity: 'case' }, { sensitivity: 'variant' }, { caseFirst: 'upper' },
    { ignorePunctuation: true }, { numeric: true, sensitivity: 'base' },
  ]
  for (const options of OPTIONS) {
    test(`every pair of words with ${JSON.stringify(options)}`, () => each(['en', 'de', 'es', 'fr'], (locale) => {
      const [left, right] = [new mine.Collator(locale, options).compare, new Intl.Collator(locale, options).compare]
      // A ligature differs from its letters by more than case.
      const words = options?.caseFirst || options?.sensitivity === 'case' ? WORDS.filter((word) => word !== 'ﬁ') : WORDS
      each(words, (one) => each(words, (other) => assert.equal(left(one, other), right(one, other), label(locale, one, other))))
    }))
  }
  test('every ASCII character', () => {
    const all = [...Array(128).keys()].map((code) => `x${String.fromCharCode(code)}`)
    each(all, (one) => each(all, (other) => assert.equal(localeCompare(one, other), one.localeCompare(other), label(one, other))))
  })
  test('the letters of Latin-1 and what is beyond', () => {
    const all = [...Array(0x180 - 0xa0).keys()].map((code) => String.fromCharCode(code + 0xa0)).filter((char) => !/[\u0149µĸĿŀ¹²³¼½¾ªº\xa0¯-¸Ĳĳĸ]/.test(char))
    each(all, (one) => each([...all, 'a', 'e', 'n', 's', 'z', 'Z'], (other) => assert.equal(localeCompare(one, other), one.localeCompare(other), label(one, other))))
  })
  test('sorting', () => {
    assert.deepEqual([...WORDS].sort(localeCompare), [...WORDS].sort((one, other) => one.localeCompare(other)))
    assert.deepEqual([...WORDS].sort(new mine.Collator('en', { numeric: true }).compare), [...WORDS].sort(new Intl.Collator('en', { numeric: true }).compare))
  })
  test('what it resolves', () => each(OPTIONS, (options) => both([options], (I) => new I.Collator('de', options).resolvedOptions())))
  test('what it refuses', () => both(['x'], (I) => new I.Collator('en', { sensitivity: 'x' })))
})

describe('ListFormat', () => {
  const LISTS = [[], ['a'], ['a', 'b'], ['a', 'b', 'c'], ['a', 'b', 'c', 'd'], ['uno', 'otro'], ['padre', 'hijo'], ['x', 'y', 'Irene'], new Set(['s', 't'])]
  test('every kind', () => each(LOCALES, (locale) => each(['conjunction', 'disjunction', 'unit'], (type) => each(['long', 'short', 'narrow'], (style) => {
    if (type === 'unit' && !locale.startsWith('en')) return
    each(LISTS, (list) => formats('ListFormat', locale, { type, style }, list))
  }))))
  test('what it refuses', () => each([[1], [null], 5], (list) => both([list], (I) => new I.ListFormat('en').format(list))))
  test('what it resolves', () => both([], (I) => new I.ListFormat('en', { type: 'disjunction' }).resolvedOptions()))
})

describe('Segmenter', () => {
  const TEXTS = ['héllo', 'e\u0301a', '👨‍👩‍👧 ok', '🇩🇪🇫🇷', '👍🏽!', 'a\r\nb', '', 'one two, three', "it's 3.14 now", 'x_y z']
  test('graphemes and words', () => each(['grapheme', 'word'], (granularity) => each(TEXTS, (text) => {
    both([granularity, text], (I) => [...new I.Segmenter('en', { granularity }).segment(text)].map((part) => ({ ...part })))
  })))
})

// --- all of them -------------------------------------------------------------------------------------------------------

describe('locales', () => {
  const LISTS = [undefined, 'en', 'EN-us', 'de', ['nl', 'en'], [], 'en-GB-u-nu-latn', 'x', 'en_US', '', null, 5, ['de', 5], [['x']], 'de-', 'german', {}]
  test('which are refused', () => each(LISTS, (list) => both([list], (I) => new I.NumberFormat(list).format(1.5))))
  test('canonical ones', () => each([...LISTS, 'zh-hant-tw', 'SR-LATN-rs'], (list) => both([list], (I) => I.getCanonicalLocales(list))))
  test('supported ones', () => each(['NumberFormat', 'DateTimeFormat', 'Collator'], (name) => each([['en', 'de-DE'], 'fr', undefined, ['tlh', 'es'], 'en_US'], (list) => {
    both([name, list], (I) => I[name].supportedLocalesOf(list))
  })))
  test('what they are', () => each(['NumberFormat', 'DateTimeFormat', 'Collator', 'PluralRules', 'ListFormat', 'RelativeTimeFormat', 'Segmenter'], (name) => {
    both([name], (I) => [Object.prototype.toString.call(new I[name]()), I[name].name, new I[name]() instanceof I[name], new I[name]().constructor === I[name]])
    both([name], (I) => I[name]() instanceof I[name])
    both([name], (I) => { class Own extends I[name] { more() { return 1 } } return [new Own().more(), new Own() instanceof I[name]] })
  }))
  test('functions that are passed on', () => {
    both([], (I) => [1234.5, 2].map(new I.NumberFormat('de').format))
    both([], (I) => [0, 1e12].map(new I.DateTimeFormat('en').format))
    both([], (I) => ['b', 'a', 'C'].sort(new I.Collator().compare))
  })
})

describe('What differs', () => {
  const differs = (run, ours) => {
    assert.deepEqual(run(mine), ours)
    assert.notDeepEqual(outcome(() => run(Intl)).value, ours)
  }
  test('other languages and other regions', () => {
    differs((I) => new I.NumberFormat('sv-SE').format(1234.5), '1,234.5')
    differs((I) => new I.NumberFormat('sv-SE').resolvedOptions().locale, 'en-US')
    differs((I) => new I.NumberFormat('de-CH').resolvedOptions().locale, 'de')
    differs((I) => new I.NumberFormat('en-IN').format(1234567), '1,234,567')
    differs((I) => new I.DateTimeFormat('en-CA').format(0), '1/1/1970')
    differs((I) => new I.RelativeTimeFormat('de').format(-1, 'day'), '1 day ago')
    differs((I) => new I.NumberFormat('ar-u-nu-arab').format(1), '1')
  })
  test('zones: offsets are known, as in newer versions of Node; generic names of places are not', () => {
    differs((I) => new I.DateTimeFormat('en', { timeZone: '+02:00', timeStyle: 'long' }).format(0), '2:00:00 AM GMT+2')
    differs((I) => new I.DateTimeFormat('en', { timeZone: '-05:30', timeStyle: 'short' }).format(0), '6:30 PM')
assert.throws(() => new mine.DateTimeFormat('en', { timeZone: 'Europe/Berlin', timeZoneName: 'longGeneric' }), { name: 'RangeError', message: /^membrane-mock: .*longGeneric of Europe\/Berlin/ })
  })
  test('German days of the week before twelve hours, `Etc/GMT+0`', () => {
    differs((I) => new I.DateTimeFormat('de', { weekday: 'short', hour: 'numeric', hour12: true }).format(0), 'Do, 0 AM')
    differs((I) => new I.DateTimeFormat('en', { timeZone: 'Etc/GMT+0', timeStyle: 'long' }).format(0), '12:00:00 AM UTC')
  })
  test('what is not known says so', () => {
    for (const options of [{ style: 'unit', unit: 'acre' }, { notation: 'scientific' }, { roundingIncrement: 5 }]) {
      assert.throws(() => new mine.NumberFormat('en', options), { name: 'RangeError', message: /^membrane-mock: / })
    }
    assert.throws(() => new mine.NumberFormat('de', { style: 'unit', unit: 'hour' }), RangeError)
    assert.throws(() => new mine.NumberFormat('de', { notation: 'compact', compactDisplay: 'long' }), RangeError)
    assert.throws(() => new mine.DateTimeFormat('en', { hour: 'numeric', dayPeriod: 'short' }), RangeError)
    assert.throws(() => new mine.Segmenter('en', { granularity: 'sentence' }), RangeError)
  })
  test('names of currencies are English', () => differs((I) => new I.NumberFormat('de', { style: 'currency', currency: 'USD', currencyDisplay: 'name' }).format(1), '1,00 USD'))
  test('what is absent', () => {
    assert.deepEqual(Object.getOwnPropertyNames(mine).sort(), [
      'Collator', 'DateTimeFormat', 'ListFormat', 'NumberFormat', 'PluralRules', 'RelativeTimeFormat', 'Segmenter', 'getCanonicalLocales',
    ])
    assert.equal(mine.DateTimeFormat.prototype.formatRange ?? mine.NumberFormat.prototype.formatRange, undefined)
  })
})
