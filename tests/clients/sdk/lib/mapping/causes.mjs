// Why the program may answer otherwise than the client. A cause is told by what is in the case, and by what the client
// reads as dates in it, not by the answers.

import { INHERITED } from './cases.mjs';
import { all, has, texts, under } from './within.mjs';

const IS_INHERITED = new RegExp(`\\b(${INHERITED.join('|')})\\b`);
const EXPRESSION = /[\\^$.*+?()[\]{}|]/;
const SAMENESS = ['is', 'isNot', 'oneOf', 'noneOf', 'contains', 'doesNotContain'];
/** Dates that every JavaScript engine reads: ISO 8601, and what `Date` prints. */
const ISO_DAY = /^(?!-000000)([+-]\d{6}|\d{4})(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$/;
const ISO_TIME = /^\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?$/;
const PRINTED_DATE = /^\w{3},? \w+ \w+ \d{4}( \d\d:\d\d:\d\d GMT.*)?$/;
const isIso = (text) => {
  const [day, time = '00:00', ...more] = text.split('T');
  return ISO_DAY.test(day) && ISO_TIME.test(time) && more.length === 0;
};
const isNonstandard = (text) => !Number.isNaN(Date.parse(text)) && !isIso(text) && !PRINTED_DATE.test(text);

const isFarAway = (text) => Math.abs(Date.parse(text)) > Date.parse('9999-12-31T23:59:59.999Z');

/** The variables that are read within a value, by the name that their locators begin with. */
const rootsOf = (value) => under('$var', value ?? null).map((locator) => /^\$?\.?([^.[]*)/.exec(locator)[1]);

/** Names that lead to what has another name too: all of it, an item, what is outside. */
const HAS_OTHERS = ['', 'item', 'parent'];

/** Whether it is an `$eval` that compares what may be parts of one variable. */
function mayCompareOneObject(each) {
  const values = rootsOf(each?.$eval);
  const operands = SAMENESS.flatMap((operator) => rootsOf(each?.[operator]));
  const [value, operand] = [values, operands].map((roots) => roots.some((root) => HAS_OTHERS.includes(root)));
  if (value || operand) return values.length > 0 && operands.length > 0;
  return values.some((root) => operands.includes(root));
}

/** All the causes that there are. */
export const CAUSES = [
  {
    cause: 'The client finds what every JavaScript object inherits, under names that the data does not have.',
    explains: ({ arguments: given }) => texts(given).some((text) => IS_INHERITED.test(text)),
  },
  {
    cause:
      'Operands that are one and the same object are equal for the client; objects of the program have no identity.',
    explains: ({ arguments: given }) => [...all(given)].some(mayCompareOneObject),
  },
  {
    cause: "`$formula` replaces its variables in place for the client: all items of `$iterate` get the first one's.",
    explains: ({ arguments: given }) => under('$iterate', given).some((args) => has('$formula', args?.item ?? null)),
  },
  {
    cause: 'The names in `$tpl` are regular expressions for the client.',
    explains: ({ arguments: given }) =>
      under('$tpl', given).some((args) => Object.keys(args?.values ?? {}).some((name) => EXPRESSION.test(name))),
  },
  {
    cause: 'The client reads dates that are in no standard format, and years after 9999.',
    explains: ({ dates }) => dates.some((text) => isNonstandard(text) || isFarAway(text)),
  },
  {
    cause: 'A case that is null has no schema for the client, which fails.',
    explains: ({ call, arguments: given }) =>
      call === 'buildDataSchema' &&
      under('$case', given).some((args) => [args, args?.cases].some((list) => Array.isArray(list) && list.includes(null))),
  },
  {
    cause: 'The client takes a list of steps for a locator.',
    explains: (each) => locatorsOf(each).some(Array.isArray),
  },
];

/** Which argument of a function is a locator. */
const LOCATED = {
  getValueAtLocator: [1],
  getValueByLocator: [1],
  setValueAtLocator: [1],
  getSchemaByLocator: [1],
  isValidLocator: [0],
};

/** What stands in a case where a locator should. */
const locatorsOf = ({ call, arguments: given }) => [
  ...(LOCATED[call] ?? []).map((place) => given[place]),
  ...(call.endsWith('FieldsFromValue') && Array.isArray(given[1]) ? given[1] : []),
  ...['$var', 'field'].flatMap((name) => under(name, given)),
  // A formula in its place may come to a list.
  ...under('$copy', given).map((locator) => (locator !== null && typeof locator === 'object' ? [] : locator)),
];

/** The first cause that a case has; none for most. */
export const causeOf = (each) => CAUSES.find(({ explains }) => explains(each));
