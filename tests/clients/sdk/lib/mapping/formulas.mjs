// Formulas of every kind, and the conditions of filters. What is asked for is a kind of result (`want`); most of the
// time the formula gives that kind, else something that does not fit where it stands.

import { date, json, key, listed, mail, numeric, personName, scalar, text } from './values.mjs';
import { locator, path, stepsInto, spell } from './locators.mjs';

const OPERATORS = listed('is|isNot|oneOf|noneOf|contains|doesNotContain|lt|lte|gt|gte|isEmpty|isNotEmpty');
/** What an operator wants on either side, where it wants something. */
const COMPARED = {
  ...Object.fromEntries(['lt', 'lte', 'gt', 'gte'].map((operator) => [operator, ['number', 'number']])),
  ...Object.fromEntries(['oneOf', 'noneOf'].map((operator) => [operator, ['any', 'list']])),
  ...Object.fromEntries(['contains', 'doesNotContain'].map((operator) => [operator, ['text|list', 'text']])),
};
const OTHER_OPERATORS = listed('equals|IS|$is|is_not||matches|value');
const CONDITIONS = [
  ...listed('is|is_not|is_one_of|is_not_one_of|is_true|is_false|contains|does_not_contain|is_empty|is_not_empty'),
  ...listed('array_includes|array_does_not_include|less_than|less_than_or_equal|more_than|more_than_or_equal'),
];
const OTHER_CONDITIONS = ['isNot', 'matches', '', null, 1, 'IS'];
/** Fields that conditions read of all items of a list, or beyond a text. */
const THROUGH_LISTS = listed(
  'items.status|items.tags|items.name|items.id|items.owner.name|matrix|list|user.tags|$|text.length|text.0',
);
/** Fields with numbers, or with texts that begin with one. */
const NUMBERS = listed('number|user.age|items.price|list.length|zero|index|item.price');
/** Names that mean something else in a regular expression. */
const EXPRESSIONS = ['a.b', 'a*', '(', 'a|b', '[ab]', '\\w', '^', 'a$', 'a?', '+', 'a{2}', ')'];

/** Writes formulas that read `data`; inside `$iterate` a writer of its own reads the item. */
export class Formulas {
  constructor(random, data) {
    this.random = random;
    this.data = data;
  }

  /** Anything that can be evaluated, of at most `depth` formulas inside each other. */
  any(depth) {
    const { random } = this;
    if (depth <= 0) return this.leaf('any');
    return random.weighted([
      [0.7, () => this.leaf('any')],
      [6, () => this.one(depth)],
      [1.2, () => Object.fromEntries(random.several(0, 3, () => [key(random), this.any(depth - 1)]))],
      [0.8, () => random.several(0, 3, () => this.any(depth - 1))],
    ])();
  }

  /** Something that is `want`, most of the time. */
  operand(want, depth) {
    const { random } = this;
    if (random.chance(0.1)) return this.any(depth - 1);
    if (depth <= 0 || random.chance(0.4)) return this.leaf(want);
    return this.one(depth - 1, want);
  }

  /** A literal or a variable. */
  leaf(want) {
    return this.random.chance(0.5)
      ? this.literal(want)
      : { $var: this.random.chance(0.8) ? this.locatorOf(want) : locator(this.random, this.data) };
  }

  literal(want) {
    const { random } = this;
    switch (want) {
      case 'text':
        return text(random);
      case 'number':
        return numeric(random);
      case 'flag':
        return random.pick([true, false, true, false, null, 0, '', 'x']);
      case 'list':
        return random.chance(0.85) ? random.several(0, 4, () => json(random, 1)) : [];
      case 'object':
        return Object.fromEntries(random.several(0, 3, () => [key(random), json(random, 1)]));
      case 'name':
        return personName(random);
      case 'mail':
        return mail(random);
      case 'date':
        return date(random);
      default:
        return random.weighted([
          [5, () => scalar(random)],
          [2, () => json(random, 2)],
          [0.5, () => []],
          [0.5, () => ({})],
        ])();
    }
  }

  /** A locator to what is `want` where the data has one. */
  locatorOf(want) {
    const { random } = this;
    const known = {
      text: ['$.text', '$.user.email', '$.user.address.city', 'text', '$.item.name', '$.parent.text', '$.blank'],
      number: ['$.number', '$.user.age', '$.list.length', '$.index', '$.item.price', '$.zero', '$.items[0].price'],
      flag: ['$.user.active', '$.no', '$.items.length', '$.nothing', '$.index'],
      list: listed(
        '$.list|$.items|$.matrix|$.user.tags|$.none|$.matrix[3]|$.item.tags|$.item.parts|$.parent.list|$.item',
      ),
      object: ['$.user', '$.items[0]', '$.empty', '$.user.address', '$.item', '$', '$.parent.user', '$.any'],
      name: ['$.who', '$.user.name', '$.item.owner.name', '$.parent.who'],
      mail: ['$.user.email', '$.item.owner.email', '$.parent.user.email'],
      date: ['$.when', '$.user.born', '$.parent.when'],
    }[want]?.filter(
      (each) => Object.hasOwn(this.data ?? {}, each.replace(/^\$\.?/, '').split(/[.[]/)[0]) || each === '$',
    );
    return known?.length && random.chance(0.7) ? random.pick(known) : spell(random, stepsInto(random, this.data));
  }

  /** One formula, in now and then odd surroundings. */
  one(depth, want = 'any') {
    const { random } = this;
    const kinds = Object.entries(OFTEN[want] ?? OFTEN.any).map(([kind, weight]) => [weight, kind]);
    const kind = random.weighted(kinds);
    const made = kind === 'eval' ? this.comparison(depth - 1) : { [`$${kind}`]: this[kind](depth - 1) };
    if (random.chance(0.95)) return made;
    const first = `$${kind}`;
    return random.pick([
      () => ({ ...made, [key(random)]: this.any(0) }),
      () => ({ [key(random)]: this.any(0), ...made }),
      () => ({ ...made, [random.pick(['1', '0', '7'])]: scalar(random) }),
      () => ({ ...made, $var: '$.text' }),
      () => ({ [random.pick(['$unknown', '$', '$VAR', '$ var', '$if', '$$var', 'var', '$evaluate'])]: made[first] }),
      () => ({ [first]: this.literal('any') }),
      () => ({ [first]: random.pick([null, true, 0, '', 'x', 5, [], {}, [null], [[]], { value: null }]) }),
    ])();
  }

  /** The list that `$and`, `$or`, `$firstNotEmpty`, `$mergeObjects` and `$concat` read. */
  list(want, depth) {
    const { random } = this;
    if (random.chance(0.06)) return this.operand('list', depth);
    return random.several(0, 4, () => (random.chance(0.1) ? null : this.operand(want, depth)));
  }

  concat(depth) {
    const { random } = this;
    const values = this.list('any', depth);
    if (random.chance(0.4)) return values;
    const delimiter = random.weighted([
      [2, () => ({})],
      [4, () => ({ delimiter: random.pick([', ', '-', '', ' ', '\n']) })],
      [1, () => ({ delimiter: this.operand('text', depth) })],
      [0.5, () => ({ delimiter: this.literal('any') })],
    ])();
    return random.chance(0.03) ? delimiter : { values, ...delimiter };
  }

  tpl(depth) {
    const { random } = this;
    const names = random.several(0, 3, () =>
      random.pick(['a', 'b', 'c', 'name', 'x y', '0', '1', '10', '', 'é', '-', 'a-b', '/']),
    );
    if (random.chance(0.03)) names.push(random.pick(EXPRESSIONS));
    const parts = random.several(0, 5, () =>
      random.pick([`{${random.pick([...names, 'a', 'b'])}}`, 'x', ' ', text(random), '{', '}', '{a}{b}', '{ a }', '$']),
    );
    const values = Object.fromEntries(names.map((name) => [name, this.operand('any', depth)]));
    return {
      ...(random.chance(0.97) && { template: random.chance(0.95) ? parts.join('') : this.any(depth) }),
      ...(random.chance(0.97) && {
        values: random.chance(0.95) ? values : random.pick([[text(random), { $var: '$.text' }], 'ab', null, 5, []]),
      }),
    };
  }

  map(depth) {
    const { random } = this;
    const value = this.operand('any', depth);
    const mapping = random.several(0, 3, () =>
      random.chance(0.01)
        ? random.pick([null, 'x', 5, []])
        : {
            from: random.chance(0.3) ? value : this.operand('any', depth),
            to: this.operand('any', depth),
            ...(random.chance(0.05) && { from: undefined }),
          },
    );
    return {
      ...(random.chance(0.97) && { value }),
      ...(random.chance(0.97) && { mapping: random.chance(0.97) ? mapping : this.any(depth) }),
      ...(random.chance(0.6) && { default: this.operand('any', depth) }),
    };
  }

  case(depth) {
    const { random } = this;
    const item = () =>
      random.chance(0.03)
        ? random.pick([null, 'x', 0, [], [1], true])
        : {
            ...(random.chance(0.95) && { filter: this.filter(depth) }),
            ...(random.chance(0.95) && { value: this.operand('any', depth) }),
          };
    const cases = random.several(0, 3, item);
    if (random.chance(0.3)) return cases;
    return {
      ...(random.chance(0.98) && { cases }),
      ...(random.chance(0.6) && { default: this.operand('any', depth) }),
    };
  }

  iterate(depth) {
    const { random, data } = this;
    const source = this.operand('list', depth);
    const read = data?.items ?? data?.item?.tags ?? data?.parent?.items ?? [];
    const sample = random.pick([
      ...(Array.isArray(read) ? read : []),
      ...(data?.list ?? []),
      data?.items?.[0],
      data?.matrix?.[1],
    ]);
    const inner = new Formulas(random, { item: sample, parent: data, index: 0 });
    const item = random.chance(0.05)
      ? { $formula: { a: { $var: random.pick(['$.item', '$.index', 'item.name']) }, b: inner.any(1) } }
      : inner.any(depth);
    return { ...(random.chance(0.98) && { source }), ...(random.chance(0.98) && { item }) };
  }

  comparison(depth) {
    const { random } = this;
    const operator = random.chance(0.94) ? random.pick(OPERATORS) : random.pick(OTHER_OPERATORS);
    if (random.chance(0.006)) return this.sameTwice();
    const [wanted, beside] = COMPARED[operator] ?? ['any', 'any'];
    const value = this.operand(random.pick(listed(wanted)), depth);
    if (random.chance(0.03)) return { $eval: value };
    const more = random.chance(0.02) && { [random.pick(OPERATORS)]: this.leaf('any') };
    return { $eval: value, [operator]: this.operandBeside(value, beside, depth), ...more };
  }

  /** One object on either side. */
  sameTwice() {
    const object = { $var: this.locatorOf(this.random.pick(['object', 'list'])) };
    return { $eval: object, [this.random.pick(['is', 'isNot'])]: object };
  }

  /** What a value is compared with: now and then equal to it, or holding it. */
  operandBeside(value, want, depth) {
    const { random } = this;
    if (!random.chance(0.3)) return this.operand(want, depth);
    // Two that read the same variable are one object for the client; what that changes has a cause of its own.
    const same = value?.$var === undefined || random.chance(0.1) ? value : this.literal('any');
    if (want === 'list') return [this.leaf('any'), same];
    return typeof same === 'string'
      ? random.pick([same, same.toUpperCase(), same.toLowerCase(), [...same].slice(1).join(''), ` ${same}`])
      : same;
  }

  /** The filter of a `$case` item: a formula, or a list of conditions as older ones had. */
  filter(depth) {
    const { random } = this;
    return random.weighted([
      [5, () => this.one(depth, 'flag')],
      [3, () => this.conditions()],
      [1, () => this.operand('flag', depth)],
      [1, () => this.any(depth)],
    ])();
  }

  conditions() {
    const { random } = this;
    if (random.chance(0.03)) return random.pick([[], {}, null, 'x', 5, [null], [5], [[]], true]);
    return random.several(1, random.chance(0.7) ? 1 : 3, () => this.condition());
  }

  condition() {
    const { random, data } = this;
    const operator = random.chance(0.96) ? random.pick(CONDITIONS) : random.pick(OTHER_CONDITIONS);
    const steps = stepsInto(random, data);
    // A path without its indices reads all items of a list.
    const through = random.chance(0.3) ? steps.filter((step) => typeof step !== 'number') : steps;
    const found =
      through === steps
        ? steps.reduce((at, step) => (typeof at === 'object' ? at?.[step] : undefined), data)
        : undefined;
    const field = random.weighted([
      [8, () => spell(random, through)],
      [1, () => path(random, data)],
      [1, () => random.pick(THROUGH_LISTS)],
      [operator?.includes?.('_than') ? 5 : 0, () => random.pick(NUMBERS)],
      [0.15, () => locator(random, data)],
    ])();
    const value = random.weighted([
      [2, () => scalar(random)],
      [2, () => found ?? null],
      [operator?.includes?.('_than') ? 8 : 0.2, () => numeric(random)],
      [
        operator?.endsWith?.('one_of') ? 8 : 0.2,
        () => random.several(0, 3, () => random.pick([text(random), found ?? 0])),
      ],
      [1, () => random.pick(['open', 'a', '', 1, 'o', null])],
      [0.5, () => json(random, 2)],
    ])();
    return { ...(random.chance(0.99) && { field }), operator, ...(random.chance(0.97) && { value }) };
  }

  /** The args of a formula that the engine itself has to answer, left with their variables filled in. */
  engineArgs(depth) {
    const { random } = this;
    return random.pick([
      () => ({ dataLinkTable: { key: 'contacts' }, recordId: this.operand('text', depth) }),
      () => ({ field: 'email', value: this.operand('any', depth) }),
      () => this.operand('any', depth),
      () => ({ type: random.pick(['data-collection', 'internal-data-schema', 'x']), key: this.operand('text', depth) }),
      () => this.any(depth),
    ])();
  }

  var() {
    return this.random.chance(0.4) ? this.locatorOf('any') : locator(this.random, this.data);
  }

  plain() {
    return this.random.chance(0.6) ? json(this.random, 2) : this.any(1);
  }

  formula(depth) {
    return this.random.chance(0.7) ? { a: this.leaf('any'), b: this.any(depth) } : this.any(depth);
  }

  copy(depth) {
    return this.random.chance(0.8) ? locator(this.random, this.data) : this.operand('text', depth);
  }

  record() {
    const id = this.random.pick([1, 'r-1', null, { $var: '$.text' }, [1], '', 0]);
    return this.random.pick([{ id }, { id, name: 'x' }, {}, null, 'r-1', [], { fields: {} }, { $var: '$.user' }, 5]);
  }

  firstNotEmpty = (depth) => this.list('any', depth);
  mergeObjects = (depth) => this.list('object', depth);
  and = (depth) => this.list('flag', depth);
  or = (depth) => this.list('flag', depth);
  firstName = (depth) => this.operand('name', depth);
  lastName = (depth) => this.operand('name', depth);
  domainFromEmail = (depth) => this.operand('mail', depth);
  extractDate = (depth) => this.operand('date', depth);
  extractTime = (depth) => this.operand('date', depth);
  lookup = (depth) => this.engineArgs(depth);
  findExternalRecordId = (depth) => this.engineArgs(depth);
  findAppRecordId = (depth) => this.engineArgs(depth);
  dataSchemaRef = (depth) => this.engineArgs(depth);
}

/** How often each kind of formula is made where something is wanted. */
const OFTEN = {
  any: {
    ...{
      var: 4,
      plain: 0.7,
      tpl: 2.5,
      concat: 2.5,
      map: 3,
      case: 3.5,
      iterate: 2.5,
      eval: 5,
      and: 1,
      or: 1,
      formula: 0.6,
    },
    ...{ firstNotEmpty: 1.2, mergeObjects: 1.2, firstName: 1.2, lastName: 1.2, extractDate: 0.5, extractTime: 0.5 },
    ...{ domainFromEmail: 0.8, record: 0.4, lookup: 0.3, findExternalRecordId: 0.3, findAppRecordId: 0.3 },
    ...{ dataSchemaRef: 0.3, copy: 0.15 },
  },
  text: { tpl: 3, concat: 3, map: 1, firstName: 1, lastName: 1, domainFromEmail: 1, var: 1, case: 0.5 },
  flag: { eval: 6, and: 2, or: 2, var: 1 },
  list: { iterate: 3, var: 2, firstNotEmpty: 1, plain: 0.5, case: 0.5 },
  object: { mergeObjects: 3, plain: 1, formula: 1, var: 1, case: 0.5 },
  name: { var: 2, concat: 2, tpl: 1, lastName: 1 },
  mail: { var: 2, concat: 1 },
  date: { var: 2, extractDate: 1, concat: 1 },
};
