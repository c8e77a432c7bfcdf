// Locators: paths to what is there, in every spelling, and such as lead nowhere or cannot be read.

import { listed } from './values.mjs';

const ESCAPED = /[\\[\].]/g;

function spellName(random, name) {
  const escaped = name.replace(ESCAPED, '\\$&');
  return random.chance(0.95) ? escaped : random.chance(0.5) ? name : escaped.replace(/^[a-z]/, '\\$&');
}

function spellIndex(random, index) {
  if (random.chance(0.85)) return `[${index}]`;
  if (index === 0 && random.chance(0.3)) return random.pick(['[]', '[ ]', '[-0]']);
  return random.pick([
    `[ ${index} ]`,
    `[0x${index.toString(16)}]`,
    `[${index}.0]`,
    `[${index}.]`,
    `[0${index}]`,
    `[${index}e0]`,
    `[+${index}]`,
    `.${index}`,
    `[\t${index}]`,
    `[0b${index.toString(2)}]`,
    `[${index}e-0]`,
  ]);
}

export function spell(random, steps) {
  const path = steps
    .map((step) => (typeof step === 'number' ? spellIndex(random, step) : `.${spellName(random, step)}`))
    .join('');
  if (path.startsWith('.') && path.length > 1 && !/^\.[$.[]/.test(path) && random.chance(0.25)) return path.slice(1);
  return `$${path}`;
}

const isObject = (value) => value !== null && typeof value === 'object';

/** A name or an index that `at` has, most of the time. */
function stepFrom(random, at) {
  if (random.chance(0.06)) return random.pick(['missing', 'length', 'a', '0', 0, 1, 7, '', 'name', 'item']);
  if (Array.isArray(at)) {
    const isItem = at.length && !random.chance(0.1);
    return isItem ? random.below(at.length) : random.pick(['length', '0', '1', 'id', 'name', 0, 3]);
  }
  const names = isObject(at) ? Object.keys(at) : [];
  return random.pick(names.length ? names : ['a', 'length', '0', 0]);
}

/** The names and indices on the way to something in `data`, most of the time; else past its end, or beside it. */
export function stepsInto(random, data, most = 4) {
  if (random.chance(0.02)) return [];
  const steps = [];
  let at = data;
  while (steps.length < most && (steps.length === 0 || random.chance(isObject(at) ? 0.6 : 0.08))) {
    const step = stepFrom(random, at);
    steps.push(step);
    at = at?.[step];
  }
  return steps;
}

const ENDINGS = [
  ...listed('.|..|[|]|[-1]|[1.5]|[a]|[]|[ 1 ]|[0x1]|[0]a|\\|[Infinity]|[NaN]|[1][0]|["a"]|[1_0]|[.5]|[*]'),
  ...listed('[0].length|.length|\\.|\\[0]'),
];
const BEGINNINGS = listed('$| |.|$.|[0].|[0]');

/** The locator with something at an end of it, or one character other. */
export function bend(random, path) {
  if (random.chance(0.5)) return path + random.pick(ENDINGS);
  if (random.chance(0.3)) return random.pick(BEGINNINGS) + path.replace(/^\$/, random.pick(['', '$', '@']));
  const characters = [...path];
  const other = random.pick(['.', '[', ']', '\\', '$', ' ', '']);
  return characters.toSpliced(random.below(characters.length + 1), random.below(2), other).join('');
}

const ODD = [
  ...listed('|$|$.|$..|$$|$a|[0]|.|..|[|]|[]|$[]|$[0]|$[|$]|\\|a]b|$.a]b|a\\|$.a\\.b|$.a\\\\.b|$.\\[0]'),
  ...[null, 0, 5, true, false, {}, { $var: '$.text' }],
];

/** Locators that were read already, as the client has them, and some that look like it. */
const READ = [
  [],
  [{ type: 'object_property', propertyName: 'user' }],
  [
    { type: 'object_property', propertyName: 'list' },
    { type: 'array_item', index: 0 },
  ],
  [{ type: 'array_item', index: '0' }],
  [{ type: 'other', propertyName: 'user' }],
  ['a'],
  [null],
];

/** The locator as it is, most of the time. */
export const bent = (random, straight) => (random.chance(0.92) ? straight : bend(random, straight));

/** A text that is most of the time a locator into `data`. */
export const path = (random, data, most) => bent(random, spell(random, stepsInto(random, data, most)));

/** A locator into `data`, most of the time; else something that stands where one should. */
export function locator(random, data, most) {
  if (random.chance(0.95)) return path(random, data, most);
  return random.pick(random.chance(0.96) ? ODD : READ);
}
