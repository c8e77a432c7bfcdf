// The cases of a run: calls of the mapping language's functions with arguments that chance makes.

import { Formulas } from './formulas.mjs';
import { bend, locator, path } from './locators.mjs';
import { Random } from './random.mjs';
import { locatorInto, schema, schemaOf, schemas } from './schemas.mjs';
import { json, key, listed, scalar, toText, variables } from './values.mjs';

const DEPTH = 5;

/** A world of variables, and a writer of formulas that read it. */
function world(random) {
  const data = random.chance(0.96)
    ? variables(random)
    : random.pick([null, null, [], {}, 'text', 5, [variables(random)]]);
  return { data, formulas: new Formulas(random, data) };
}

const depth = (random) => 1 + random.below(DEPTH);

/** A formula and what it reads; now and then nothing. */
function evaluation(random) {
  const { data, formulas } = world(random);
  const formula = formulas.any(depth(random));
  return random.chance(0.99) ? [formula, data] : [formula];
}

const TARGETS = listed('$.a|$.b|c|$.list[0]|$.list[1]|$.a.b|$.d.copied|$|$.missing|$.text|$.list|a.|$.a[');

/** An object in which places are copies of others. */
function copying(random) {
  const { data, formulas } = world(random);
  const names = ['a', 'b', 'c', 'd'];
  const target = () => random.pick([...TARGETS, null]);
  const copy = () => ({
    $copy: random.chance(0.9) ? target() : formulas.any(1),
    ...(random.chance(0.03) && { more: 1 }),
  });
  const value = () => (random.chance(0.3) ? copy() : formulas.any(1));
  const object = Object.fromEntries(names.map((name) => [name, value()]));
  if (random.chance(0.4)) object.list = random.several(1, 3, value);
  if (random.chance(0.3)) object.d = { copied: value(), [key(random)]: copy() };
  return [random.chance(0.95) ? object : random.chance(0.5) ? copy() : [object, copy()], data];
}

/** Where the variables of a formula are now: the same names, each moved below another place. */
function transformations(random, data) {
  if (data === null || typeof data !== 'object' || random.chance(0.35)) {
    return random.weighted([
      [6, () => ({ $var: path(random, data) })],
      [1, () => json(random, 1)],
      [0.3, () => ({ $plain: 1 })],
      [0.2, () => ({ $var: 5 })],
    ])();
  }
  if (Array.isArray(data)) return data.map((each) => transformations(random, each));
  return Object.fromEntries(
    Object.entries(data)
      .filter(() => random.chance(0.9))
      .map(([name, each]) => [name, transformations(random, each)]),
  );
}

/** The formula with places of it replaced. */
function changed(random, value, formulas) {
  if (random.chance(0.15)) return formulas.any(1);
  if (Array.isArray(value))
    return [
      ...value.map((each) => changed(random, each, formulas)),
      ...random.several(0, 1, () => scalar(random)),
    ].slice(random.below(2));
  if (value === null || typeof value !== 'object') return random.chance(0.7) ? value : scalar(random);
  const kept = Object.entries(value).filter(() => random.chance(0.85));
  return Object.fromEntries([
    ...kept.map(([name, each]) => [name, changed(random, each, formulas)]),
    ...random.several(0, 1, () => [key(random), scalar(random)]),
  ]);
}

function fields(random, data) {
  if (random.chance(0.03)) return random.pick([null, 'user', {}, 5]);
  return random.several(0, 4, () => locator(random, data));
}

/** A call of `make` with variables, and with a writer of formulas that read them. */
const reading = (make) => (random) => {
  const { data, formulas } = world(random);
  return make(random, data, formulas);
};

/** The argument, that is left away now and then. */
const mostly = (random, argument) => (random.chance(0.97) ? [argument] : []);

/** How the arguments of each function are made. */
const CALLS = {
  buildValue: evaluation,
  buildData: (random) => (random.chance(0.6) ? copying(random) : evaluation(random)),
  resolveFormulas(random) {
    const [formula, ...rest] = evaluation(random);
    return [formula, ...rest.map((data) => ({ variables: data }))];
  },
  doesMatchFilter: reading((_, data, formulas) => [data, formulas.conditions()]),
  backwardCompatibleFilterMatch: reading((random, data, formulas) => [
    random.chance(0.5) ? formulas.conditions() : formulas.filter(3),
    data,
  ]),
  getValueAtLocator: reading((random, data) => [data, locator(random, data, 6)]),
  getValueByLocator: reading((random, data) => [data, locator(random, data, 6)]),
  setValueAtLocator(random) {
    const data = random.chance(0.5) ? json(random, 3) : variables(random);
    return [data, locator(random, data, 5), ...(random.chance(0.8) ? [json(random, 2)] : [])];
  },
  isValidLocator: reading((random, data) => [
    random.chance(0.4) ? locator(random, data, 3) : bend(random, path(random, data, 3)),
  ]),
  getSchemaByLocator(random) {
    const within = random.chance(0.8) ? schema(random, 4) : schemaOf(variables(random));
    return [within, random.chance(0.95) ? locatorInto(random, within) : locator(random, null)];
  },
  mergeSchemas: (random) => [random.chance(0.98) ? schemas(random) : random.pick([null, {}, 'x', ''])],
  createSchema: (random) => mostly(random, json(random, 4)),
  createCompoundSchema: (random) => [
    random.chance(0.97) ? random.several(0, 4, () => json(random, 3)) : random.pick([null, {}, 5, 'ab']),
  ],
  buildDataSchema: reading((random, data, formulas) => [
    formulas.any(depth(random)),
    ...mostly(random, random.chance(0.9) ? schemaOf(data) : schema(random, 3)),
  ]),
  getVariableLocators: reading((random, _, formulas) => [formulas.any(depth(random))]),
  pickFieldsFromValue: reading((random, data) => [data, fields(random, data)]),
  excludeFieldsFromValue: reading((random, data) => [data, fields(random, data)]),
  transformVars: reading((random, data, formulas) => [
    formulas.any(depth(random)),
    ...mostly(random, transformations(random, data)),
  ]),
  mergeWithFormulas: reading((random, _, formulas) => {
    const first = formulas.any(3);
    return [first, ...mostly(random, random.chance(0.8) ? changed(random, first, formulas) : formulas.any(3))];
  }),
};

/** How often each function is called. */
const OFTEN = {
  ...{ buildValue: 30, resolveFormulas: 15, buildData: 7, doesMatchFilter: 10, backwardCompatibleFilterMatch: 4 },
  ...{ buildDataSchema: 5, transformVars: 4, mergeSchemas: 4, setValueAtLocator: 4, getValueAtLocator: 4 },
  ...{
    getValueByLocator: 4,
    getSchemaByLocator: 3,
    isValidLocator: 3,
    pickFieldsFromValue: 3,
    excludeFieldsFromValue: 3,
  },
  ...{ getVariableLocators: 2, mergeWithFormulas: 2, createSchema: 2, createCompoundSchema: 2 },
};
const CHOICES = Object.entries(OFTEN).map(([call, weight]) => [weight, call]);

/** What every JavaScript object has by inheritance. */
export const INHERITED = Object.getOwnPropertyNames(Object.prototype);

/** `value` with one place in it, a name or a locator, that has an inherited name. */
function withInherited(random, value) {
  const name = random.pick(INHERITED);
  if (typeof value === 'string') return /^[$.\w]+$/.test(value) && random.chance(0.7) ? `${value}.${name}` : name;
  if (value === null || typeof value !== 'object') return name;
  const names = Object.keys(value);
  if (names.length === 0) return Array.isArray(value) ? [name] : { [name]: 1 };
  const chosen = random.pick(names);
  if (Array.isArray(value)) return value.with(Number(chosen), withInherited(random, value[chosen]));
  const renamed = random.chance(0.3) && (random.chance(0.5) && chosen.startsWith('$') ? `$${name}` : name);
  return Object.fromEntries(
    Object.entries(value).map(([each, inner]) =>
      each !== chosen ? [each, inner] : renamed ? [renamed, inner] : [each, withInherited(random, inner)],
    ),
  );
}

/** A case is the line that the program reads, and what is to be read in it. */
export const fromCall = (call) => {
  const line = toText(call);
  return { line, ...JSON.parse(line) };
};

/** Case `index` of the run that `seed` names; it depends on these two alone. */
export function caseAt(seed, index) {
  const random = new Random(seed, index);
  const call = random.weighted(CHOICES);
  const given = CALLS[call](random);
  return { index, ...fromCall({ call, arguments: random.chance(0.012) ? withInherited(random, given) : given }) };
}
