// Schemas of data, and locators into them.

import { bent, spell } from './locators.mjs';
import { key } from './values.mjs';

const TYPES = ['string', 'number', 'integer', 'boolean', 'object', 'array', 'null'];

/** What else a schema says. */
const DETAILS = [
  ...[['a'], ['b', 'a', 'id'], 'a'].map((required) => ({ required })),
  ...['A', 'B', ''].map((title) => ({ title })),
  { format: 'date' },
  { enum: ['a', 'b'] },
  { default: { a: [1] } },
  { readOnly: true },
  { minLength: 1 },
];

/** What is no schema, or an odd one. */
const ODD = [
  ...[null, false, '', 0, true, 'x', 5, [], ['a']],
  ...[null, 'date', 5, {}, ['object']].map((type) => ({ type })),
  ...[null, [], 'ab'].map((properties) => ({ type: 'object', properties })),
  ...[[], true].map((items) => ({ type: 'array', items })),
  { anyOf: null },
  { anyOf: [null, { type: 'string' }] },
];

/** A schema, well-formed most of the time, of at most `depth` levels. */
export function schema(random, depth) {
  const details = random.chance(0.3) ? random.pick(DETAILS) : {};
  const type = depth <= 0 ? random.pick(TYPES.slice(0, 4)) : random.pick(TYPES);
  return random.weighted([
    [6, () => ({ type, ...details, ...inside(random, type, depth) })],
    [3, () => ({ type: 'object', ...details, ...inside(random, 'object', depth) })],
    [0.6, () => ({ type: [type], ...details, ...inside(random, type, depth) })],
    [0.8, () => ({ type: random.several(0, 3, () => random.pick(TYPES)), ...details, ...inside(random, type, depth) })],
    [1, () => ({ anyOf: depth > 0 ? random.several(0, 3, () => schema(random, depth - 1)) : [], ...details })],
    [0.7, () => ({ ...details })],
    [0.7, () => ({ ...details, ...inside(random, type, depth) })],
    [0.5, () => random.pick(ODD)],
  ])();
}

function inside(random, type, depth) {
  if (depth <= 0) return {};
  if (type === 'object') {
    const properties = Object.fromEntries(random.several(0, 3, () => [key(random), schema(random, depth - 1)]));
    const required = random.several(0, 3, () => key(random));
    return { ...(random.chance(0.9) && { properties }), ...(random.chance(0.3) && { required }) };
  }
  return type === 'array' && random.chance(0.85) ? { items: schema(random, depth - 1) } : {};
}

/** Schemas that are merged: of all kinds, or all of one. */
export function schemas(random) {
  const type = random.chance(0.5) ? random.pick(['object', 'object', 'array', 'string', 'number']) : undefined;
  return random.several(0, 4, () =>
    type ? { type, ...random.pick(DETAILS), ...inside(random, type, 3) } : schema(random, 3),
  );
}

/** The schema that describes `value`. */
export function schemaOf(value) {
  if (value === null) return {};
  if (Array.isArray(value)) return { type: 'array', ...(value.length && { items: schemaOf(value[0]) }) };
  if (typeof value !== 'object') return { type: typeof value };
  return {
    type: 'object',
    properties: Object.fromEntries(Object.entries(value).map(([name, each]) => [name, schemaOf(each)])),
  };
}

/** A locator to what `within` describes, most of the time. */
export function locatorInto(random, within) {
  const steps = [];
  let at = within;
  while (steps.length < 4 && random.chance(0.75)) {
    const names = Object.keys(at?.properties ?? {});
    if (names.length && random.chance(0.95)) steps.push(random.pick(names));
    else if (at?.items && random.chance(0.95)) steps.push(random.below(3));
    else if (random.chance(0.2)) steps.push(random.pick(['a', 0, 'length']));
    else break;
    at = typeof steps.at(-1) === 'number' ? at?.items : at?.properties?.[steps.at(-1)];
  }
  return bent(random, spell(random, steps));
}
