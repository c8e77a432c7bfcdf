// Data that formulas read: texts, numbers in every notation, names, mail addresses, dates, and variables made of them.

/** What is written between bars. */
export const listed = (text) => text.split('|');

const NUMBER = '#number ';

/** A number as the text of a case has it, where `JSON.stringify` would write it otherwise: `1.0`, `-0`, `1e2`. */
const written = (digits) => NUMBER + digits;

/** The JSON of a case, with numbers as they are `written`. */
export const toText = (value) =>
  JSON.stringify(value).replace(new RegExp(`"${NUMBER}([^"]*)"`, 'g'), (_, digits) => digits);

const NUMBERS = [
  ...listed('0|1|2|3|5|10|42|100|-1|-7|0.1|0.5|1.5|2.5|-2.25|99.99|1e-7|123456.789|1e21|1e20|-1e21|5e-324').map(Number),
  ...listed('1.7976931348623157e308|2147483648|9007199254740992|9007199254740994|1700000000000|1e-6|1.23e-18').map(
    Number,
  ),
  ...listed('0.30000000000000004|0.3333333333333333').map(Number),
  ...listed('1.0|-0|-0.0|1e2|1E3|10.50|1e+21|0.10|100e-2|1e-400').map(written),
  ...listed('9007199254740993|18446744073709551615|123456789012345678901234567890|-9223372036854775808').map(written),
];

const TEXTS = [
  ...listed(
    'a|A|b|abc|ABC|Hello World|hello|open|closed|won|lost|yes|true|false|null|undefined|NaN|Infinity|-Infinity',
  ),
  ...listed(
    '0|1|01|1.0|1.5|-0|+1|10|42| 5 |12abc|abc12|1e3|1e|.5|5.|0x10|0b11|1_000|1,2|a,b|,|[object Object]|[object',
  ),
  ...listed("$|$.a|$$|$&|$1|$'|$`|$<a>|{a}|{b}|{0}|{|}|\\|a.b|a[0]|\"|it's"),
  ...listed('ünïcode|straße|STRASSE|İstanbul|ΟΔΥΣΣΕΥΣ|οδυσσευς|Ångström|日本語|😀|a😀b|e\u0301|\u00e9'),
  ...['', ' ', 'line\nbreak', '\t', '\u00a05', '\ufeff7', '\u2028'],
];

const FIRST = listed(`Anna|Bo|Çelik|Jean-Luc|D'Arcy|Мария|李|J.|maria|OLGA|Zoë|X|"Bob"`);
const LAST = listed("Meyer|O'Neil|Smith-Jones|Øster|Núñez|van|Li|McDuff|ter|Иванова|B.|st");
const TITLES = listed('Mr.|mrs|Dr|Prof.|MISS|Rev.|Sr|Sra.|Mx|Judge|Hon.|Sir|M.r');
const SUFFIXES = listed('Jr.|jr|III|iv|PhD|Ph.D.|MD|Senior|V|i|Esq|M.A.|KC|Jr.,|2nd');
const COMPOUND = listed('van|von|de|de la|van der|St.|del|bin|Al|ten|DU|la|di|von und zu');
const NO_NAMES = listed('| |,|, |"|""|,Jr|Jr.|Jr., Bo|a,|,a|, a|" "|"a" "b c"');
const BLANKS = [' ', ' ', ' ', '  ', '\t', '\n', '\u00a0'];

/** A person's name in one of the many ways that forms are filled in. */
export function personName(random) {
  const first = () => random.pick(FIRST);
  const maybe = (probability, list) => (random.chance(probability) ? [random.pick(list)] : []);
  const surname = () => [...maybe(0.3, COMPOUND), random.pick(LAST), ...maybe(0.1, LAST)];
  const given = () => [first(), ...maybe(0.3, FIRST)];
  const join = (words) => words.join(random.chance(0.8) ? ' ' : random.pick(BLANKS));
  const comma = () => random.pick([', ', ', ', ', ', ',', ' ,', ' , ', ',,', ', , ']);
  return random.weighted([
    [6, () => join([...maybe(0.35, TITLES), ...given(), ...surname(), ...maybe(0.35, SUFFIXES)])],
    [3, () => join(surname()) + comma() + join([...given(), ...maybe(0.3, SUFFIXES)])],
    [2, () => join([...given(), ...surname()]) + comma() + random.pick(SUFFIXES)],
    [1, () => join([...surname(), random.pick(SUFFIXES)]) + comma() + join(given())],
    [2, () => first()],
    [1, () => join([random.pick(TITLES), random.pick([...LAST, ...SUFFIXES])])],
    [1, () => `${join(given())} "${join([...surname(), ...surname()])}"`],
    [1, () => `"${join(given())}" ${random.pick(LAST)}`],
    [
      1,
      () =>
        join(random.several(1, 5, () => random.pick([...TITLES, ...SUFFIXES, ...COMPOUND, ...LAST, ',', '"', '.']))),
    ],
    [1, () => `${random.pick(BLANKS)}${join([...given(), ...surname()])}${random.pick(BLANKS)}`],
    [1, () => random.pick(NO_NAMES)],
  ])();
}

const MAILBOXES = listed('anna|bo.li|x+y|ünï|A');
const DOMAINS = listed('acme.test|mail.example|Ö.test|b');
const NO_MAIL = listed('|@|a@|@b|a@@b|a@b@c|none| a@b |"a@b"@c|a@b\n');

export const mail = (random) =>
  random.chance(0.75) ? `${random.pick(MAILBOXES)}@${random.pick(DOMAINS)}` : random.pick(NO_MAIL);

const two = (number) => String(number).padStart(2, '0');

/** A date that every reader of ISO 8601 has to read, or to refuse. */
function isoDate(random) {
  const year = random.pick([1970, 1994, 1999, 2000, 2001, 2023, 2024, 2100, 9999, '0000', '0001', '0099']);
  const month = random.chance(0.93) ? two(1 + random.below(12)) : random.pick(['00', '13', '99']);
  const day = random.chance(0.93) ? two(1 + random.below(28)) : random.pick(['00', '29', '30', '31', '32']);
  const date = random.weighted([
    [8, `${year}-${month}-${day}`],
    [1, `${year}-${month}`],
    [1, `${year}`],
    [1, `+00${year}-${month}-${day}`],
    [0.3, `+012345-${month}-${day}`],
    [0.3, `-000001-${month}-${day}`],
    [0.2, `-000000-${month}-${day}`],
  ]);
  if (random.chance(0.35)) return date;
  const time = random.chance(0.93)
    ? `${two(random.below(24))}:${two(random.below(60))}`
    : random.pick(['24:00', '24:01', '23:60', '99:99']);
  const seconds = random.weighted([
    [4, () => ''],
    [4, () => `:${two(random.below(60))}`],
    [0.3, () => ':60'],
    [3, () => `:${two(random.below(60))}.${random.pick(['1', '12', '123', '000', '123456', '999999999'])}`],
  ])();
  const zone = random.weighted([
    [4, ''],
    [6, 'Z'],
    [2, '+02:00'],
    [2, '-05:30'],
    [0.5, '+23:59'],
    [0.3, '+24:00'],
    [0.3, '-00:00'],
  ]);
  return `${date}T${time}${seconds}${zone}`;
}

const OTHER_DATES = [
  'Tue, 15 Nov 1994 08:12:31 GMT',
  'Tue, 15 Nov 1994 08:12:31 +0200',
  'Tue Nov 15 1994 08:12:31 GMT+0200',
  'Tue Nov 15 1994 08:12:31 GMT+0000 (Coordinated Universal Time)',
  'Tue Nov 15 1994',
  '15 Nov 1994 08:12:31 EST',
];

/** Dates that only this engine's own reader, not its standard, makes something of. */
const LOOSE_DATES = [
  ...listed('2024-1-5|2024/01/05|1/5/2024|01/05/24|Jan 5, 2024|5 January 2024|January 5 2024 3:04 PM|2024-01-05Z'),
  ...listed('2024-01-05 10:20|2024-01-05 10:20:30|2024-01-05T10:20:30+0200|2024-01-05t10:20z| 2024-01-05|5|13|99'),
  ...listed('on 5|(x) 2024|20240105|Jan 2024|12:30|2024-01-05 (noted)|2024-01-05T10:20:30,5Z'),
];
const NO_DATES = listed('|today|soon|-|2024-W01|2024-001|T10:20|now|Monday');

export const date = (random) =>
  random.weighted([
    [10, () => isoDate(random)],
    [1, () => random.pick(OTHER_DATES)],
    [0.6, () => random.pick(LOOSE_DATES)],
    [1, () => random.pick(NO_DATES)],
  ])();

export const text = (random) => random.pick(TEXTS);
export const number = (random) => random.pick(NUMBERS);

/** Texts that begin with a number, some with a blank before it, and a few that do not. */
const NUMERIC = listed(
  '12abc|1,2|1.5.2| 5 |1e3|1e|.5|5.|-7x|+1|0x10|1_000|007|Infinity|-Infinityx|3 4|--1|e5|.|-|\u00a05',
);

/** A number, or a text that may be read as one. */
export const numeric = (random) => (random.chance(0.6) ? number(random) : random.pick(NUMERIC));

export const scalar = (random) =>
  random.weighted([
    [4, () => text(random)],
    [3, () => number(random)],
    [1.5, () => random.chance(0.5)],
    [1, () => null],
    [0.3, () => personName(random)],
    [0.2, () => mail(random)],
  ])();

const KEYS = [
  ...listed('a|b|c|id|name|value|item|key|x y|a.b|c[0]|d\\e|ключ||0|1|10|01|-1|A|$x|length|type|]|\\'),
  ...listed('4294967294|4294967295|é|😀|a\nb|\\\n'),
];

export const key = (random) => random.pick(random.chance(0.6) ? KEYS.slice(0, 6) : KEYS);

/** Any JSON, of at most `depth` levels. */
export function json(random, depth) {
  if (depth <= 0 || random.chance(0.45)) return scalar(random);
  if (random.chance(0.5)) return random.several(0, 3, () => json(random, depth - 1));
  return Object.fromEntries(random.several(0, 3, () => [key(random), json(random, depth - 1)]));
}

const product = (random) => ({
  id: random.pick([1, 2, 3, '1', 'p-1', written('2.0')]),
  name: text(random),
  price: numeric(random),
  status: random.pick(['open', 'closed', 'won', null]),
  tags: random.several(0, 3, () => random.pick(['a', 'b', 'A', '', null, 1])),
  ...(random.chance(0.5) && { owner: { name: personName(random), email: mail(random) } }),
  ...(random.chance(0.3) && { parts: random.several(0, 2, () => ({ id: scalar(random), sizes: [1, 0, null] })) }),
});

/** What a formula is evaluated against; the names are the same ones each time, what stands there varies. */
export function variables(random) {
  return {
    user: {
      name: personName(random),
      email: mail(random),
      age: numeric(random),
      active: random.pick([true, false, null, 'true', 1]),
      born: date(random),
      tags: random.several(0, 4, () => text(random)),
      address: {
        city: text(random),
        'zip.code': '12345',
        'lines[0]': text(random),
        'a\\b': 1,
        deep: { er: json(random, 2) },
      },
      manager: null,
    },
    items: random.several(0, 3, () => product(random)),
    list: random.several(0, 5, () => scalar(random)),
    matrix: [[1, 2], [3, [4, 5]], [], [null, 0, '', false]],
    empty: {},
    none: [],
    nothing: null,
    zero: 0,
    no: false,
    blank: '',
    text: text(random),
    number: numeric(random),
    when: date(random),
    who: personName(random),
    any: json(random, 3),
    'a.b': { 'c[0]': scalar(random) },
    '': { '': scalar(random) },
    0: scalar(random),
    ключ: scalar(random),
  };
}
