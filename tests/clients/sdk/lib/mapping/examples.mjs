// The data-mapping language by example: what each formula, operator and function makes of a few values.

/** What an example has for its result when the call is refused. */
export const FAILS = Symbol('fails');

const example = (title, call, given, result) => ({ title, call, given, result });

const DEAL = {
  title: 'Renewal',
  amount: 1200.5,
  stage: 'won',
  owner: { name: 'Dr. Anna van der Meer Jr.', email: 'anna@acme.test' },
  contacts: [
    { name: 'Bo Li', vip: true },
    { name: 'Cher', vip: false },
  ],
  tags: ['new', '', 'vip'],
  closedAt: '2024-03-05T23:30:00-02:00',
  note: null,
};

/** `formula` evaluated over DEAL. */
const value = (title, formula, result) => example(title, 'buildValue', [formula, DEAL], result);

/** `left` compared with `operand`. */
const holds = (title, left, operator, operand, result) =>
  value(`${operator}: ${title}`, { $eval: left, [operator]: operand }, result);

/** Whether DEAL has what one condition says. */
const matches = (title, field, operator, operand, result) =>
  example(`${operator}: ${title}`, 'doesMatchFilter', [DEAL, [{ field, operator, value: operand }]], result);

const VALUES = [
  value(
    'data stays, with the formulas in it evaluated',
    { name: { $var: '$.title' }, fixed: [1, null] },
    { name: 'Renewal', fixed: [1, null] },
  ),
  value(
    'an undefined property is dropped, and an object that is empty without it',
    { a: { b: { $var: '$.missing' } }, c: 1 },
    { c: 1 },
  ),
  value('an object or list that is empty in the template stays', { a: {}, b: [] }, { a: {}, b: [] }),
  value('a template of nothing but undefined values is undefined', { a: [{ $var: '$.missing' }] }, undefined),
  value('a name that no formula has is a property', { $unknown: { $var: '$.stage' } }, { $unknown: 'won' }),
  value(
    'only the first property makes an object a formula',
    { stage: 1, $var: '$.title' },
    { stage: 1, $var: '$.title' },
  ),

  value('$var: properties and indices', { $var: '$.contacts[1].name' }, 'Cher'),
  value('$var: `$.` may be left out', { $var: 'owner.email' }, 'anna@acme.test'),
  value('$var: the length of a list', { $var: '$.tags.length' }, 3),
  value('$var: null is a value, and is kept', { a: { $var: '$.note' } }, { a: null }),
  value('$var: an item that is empty, 0, false or null is undefined', { $var: '$.tags[1]' }, undefined),
  value('$var: a locator that cannot be read gives null', { $var: '$.tags[' }, null),
  value('$plain: its content is not evaluated', { $plain: { $var: '$.title' } }, { $var: '$.title' }),
  value(
    '$tpl: each {name} is replaced by its value, null by nothing',
    {
      $tpl: {
        template: '{what} at {amount}{none}',
        values: { what: { $var: '$.title' }, amount: { $var: '$.amount' }, none: null },
      },
    },
    'Renewal at 1200.5',
  ),
  value('$tpl: a {name} without a value stays', { $tpl: { template: '{what}', values: {} } }, '{what}'),
  value('$concat: joins values as texts', { $concat: [{ $var: '$.title' }, ' ', 2024] }, 'Renewal 2024'),
  value(
    '$concat: with a delimiter; null and empty texts are left out',
    { $concat: { values: [{ $var: '$.title' }, null, '', { $var: '$.stage' }], delimiter: ', ' } },
    'Renewal, won',
  ),
  value(
    '$map: the first that is equal by ==, so "1" is equal to 1',
    {
      $map: {
        value: '1',
        mapping: [
          { from: 1, to: 'one' },
          { from: '1', to: 'text' },
        ],
      },
    },
    'one',
  ),
  value(
    '$map: objects are compared by their content',
    { $map: { value: { a: [1] }, mapping: [{ from: { a: [1] }, to: 'same' }] } },
    'same',
  ),
  value(
    '$map: the default when none is equal',
    { $map: { value: { $var: '$.stage' }, mapping: [{ from: 'lost', to: 0 }], default: 50 } },
    50,
  ),
  value(
    '$case: the value of the first whose filter is true',
    {
      $case: {
        cases: [
          { filter: { $eval: { $var: '$.amount' }, gt: 2000 }, value: 'big' },
          { filter: { $eval: { $var: '$.amount' }, gt: 1000 }, value: 'mid' },
        ],
        default: 'small',
      },
    },
    'mid',
  ),
  value(
    '$case: a filter may be a list of conditions',
    { $case: [{ filter: [{ field: 'stage', operator: 'is', value: 'lost' }], value: 'no' }, { value: 'else' }] },
    'else',
  ),
  value(
    '$case: an undefined filter counts as true',
    { $case: [{ filter: { $var: '$.missing' }, value: 'first' }] },
    'first',
  ),
  value(
    '$iterate: one result for each item; `item` and `index` are its variables',
    { $iterate: { source: { $var: '$.contacts' }, item: { who: { $var: '$.item.name' }, at: { $var: '$.index' } } } },
    [
      { who: 'Bo Li', at: 0 },
      { who: 'Cher', at: 1 },
    ],
  ),
  value(
    '$iterate: `parent` has the variables outside',
    {
      $iterate: {
        source: { $var: '$.tags' },
        item: { $concat: [{ $var: '$.parent.stage' }, '-', { $var: '$.item' }] },
      },
    },
    ['won-new', 'won-', 'won-vip'],
  ),
  value(
    '$iterate: results that are false, 0, null or an empty text are left out',
    { $iterate: { source: { $var: '$.contacts' }, item: { $var: '$.item.vip' } } },
    [true],
  ),
  value(
    '$firstNotEmpty: the first that is not null; an empty text is not',
    { $firstNotEmpty: [{ $var: '$.note' }, { $var: '$.missing' }, '', 'x'] },
    '',
  ),
  value(
    '$mergeObjects: later properties win, and only objects count',
    { $mergeObjects: [{ a: 1, b: 1 }, null, 'x', { b: 2 }] },
    { a: 1, b: 2 },
  ),
  value('$and: null is left out', { $and: [true, null, { $eval: { $var: '$.stage' }, is: 'won' }] }, true),
  value('$and: of nothing but null it is undefined', { $and: [null, { $var: '$.missing' }] }, undefined),
  value('$or: an empty list is true', { $or: [0, '', []] }, true),
  value('$or: 0, false and an empty text are not', { $or: [0, '', false] }, false),
  value('$record: the id of the record', { $record: { id: 'r-1', name: 'A record' } }, 'r-1'),
  value('$firstName: without title, last name and suffix', { $firstName: { $var: '$.owner.name' } }, 'Anna'),
  value('$lastName: with its prefixes', { $lastName: { $var: '$.owner.name' } }, 'van der Meer'),
  value('$firstName: after the comma when the last name comes first', { $firstName: 'Meer, Anna Maria' }, 'Anna'),
  value('$firstName: undefined for a single word', { $firstName: 'Cher' }, undefined),
  value('$lastName: a single word is the last name', { $lastName: 'Cher' }, 'Cher'),
  value('$domainFromEmail: what follows the @', { $domainFromEmail: { $var: '$.owner.email' } }, 'acme.test'),
  value('$domainFromEmail: undefined unless there is one @', { $domainFromEmail: 'a@b@c' }, undefined),
  value('$extractDate: the date in UTC', { $extractDate: { $var: '$.closedAt' } }, '2024-03-06'),
  value('$extractTime: the time in UTC', { $extractTime: { $var: '$.closedAt' } }, '01:30:00'),
  value('$extractDate: undefined for a text that is no date', { $extractDate: 'soon' }, undefined),
  value(
    '$lookup: left to the engine, with its variables filled in',
    { $lookup: { email: { $var: '$.owner.email' } } },
    { $lookup: { email: 'anna@acme.test' } },
  ),
  value(
    '$findExternalRecordId: left to the engine',
    { $findExternalRecordId: { recordId: { $var: '$.stage' } } },
    { $findExternalRecordId: { recordId: 'won' } },
  ),
  value('$findAppRecordId: left to the engine', { $findAppRecordId: { $var: '$.stage' } }, { $findAppRecordId: 'won' }),
  value(
    '$dataSchemaRef: undefined, as there is no schema to look up',
    { $dataSchemaRef: { type: 'data-collection', key: 'deals' } },
    undefined,
  ),
  value('$copy: left as it is by buildValue', { $copy: '$.a' }, { $copy: '$.a' }),
  value(
    '$formula: a formula, with its variables filled in',
    { $formula: { $concat: [{ $var: '$.stage' }, '!'] } },
    { $concat: ['won', '!'] },
  ),
  example(
    '$copy: buildData replaces it by another part of the result',
    'buildData',
    [{ a: { b: { $var: '$.stage' } }, c: { $copy: '$.a.b' } }, DEAL],
    { a: { b: 'won' }, c: 'won' },
  ),
  example(
    '$copy: refuses to copy what has a $copy in it',
    'buildData',
    [{ a: { $copy: '$.b' }, b: { $copy: '$.c' } }, {}],
    FAILS,
  ),
  example(
    'resolveFormulas: evaluates as buildValue does',
    'resolveFormulas',
    [{ $concat: ['a', { $var: '$.b' }] }, { variables: { b: 1 } }],
    'a1',
  ),
  example(
    'resolveFormulas: a delimiter that is undefined is the text of it',
    'resolveFormulas',
    [{ $concat: { values: ['a', 'b'], delimiter: { $var: '$.missing' } } }, { variables: {} }],
    'aundefinedb',
  ),
  example(
    'resolveFormulas: a list of conditions as a filter always counts as true',
    'resolveFormulas',
    [{ $case: [{ filter: [{ field: 'b', operator: 'is', value: 2 }], value: 'held' }] }, { variables: { b: 1 } }],
    'held',
  ),
];

const OPERATORS = [
  holds('"1" equals 1', '1', 'is', 1, true),
  holds('two lists are never equal', [], 'is', [], false),
  holds('null equals undefined', { $var: '$.missing' }, 'isNot', null, false),
  holds('the list has the value', { $var: '$.stage' }, 'oneOf', ['won', 'lost'], true),
  holds('"1" does not equal 1 in a list', '1', 'oneOf', [1], false),
  holds('true when the operand is no list', 'a', 'noneOf', 'a', true),
  holds('texts in upper or lower case', { $var: '$.title' }, 'contains', 'NEW', true),
  holds('an item of a list', { $var: '$.tags' }, 'contains', 'vip', true),
  holds('true for null', { $var: '$.note' }, 'doesNotContain', 'x', true),
  holds('compares the numbers that texts begin with', '12 apples', 'lt', '13', true),
  holds('false when there is no number', 'apples', 'lte', 13, false),
  holds('greater', { $var: '$.amount' }, 'gt', 1200, true),
  holds('equal', { $var: '$.amount' }, 'gte', '1200.5', true),
  holds('0 is not empty', 0, 'isEmpty', null, false),
  holds('an object without properties is', {}, 'isEmpty', null, true),
  holds('false is not empty', false, 'isNotEmpty', null, true),
  value('$eval: true without an operator', { $eval: false }, true),
  value('$eval: true with an unknown operator', { $eval: 1, equals: 2 }, true),
];

const CONDITIONS = [
  matches('"1200.5" equals 1200.5', 'amount', 'is', '1200.5', true),
  matches('one item that matches is enough', 'contacts.name', 'is', 'Cher', true),
  matches('one item that differs is enough', 'contacts.name', 'is_not', 'Cher', true),
  matches('the operand has the value', 'stage', 'is_one_of', ['won'], true),
  matches('true when the operand is no list', 'stage', 'is_not_one_of', 'won', true),
  matches('whatever is truthy', 'title', 'is_true', undefined, true),
  matches('false alone, not null', 'note', 'is_false', undefined, false),
  matches('upper and lower case differ, unlike in $eval', 'title', 'contains', 'NEW', false),
  matches('false when there is no value, unlike in $eval', 'missing', 'does_not_contain', 'x', false),
  matches('the value has the operand', 'tags', 'array_includes', 'vip', true),
  matches('true when the value is no list', 'stage', 'array_does_not_include', 'won', true),
  matches('smaller', 'amount', 'less_than', 1200.6, true),
  matches('equal', 'amount', 'less_than_or_equal', 1200.5, true),
  matches('not when equal', 'amount', 'more_than', 1200.5, false),
  matches('equal', 'amount', 'more_than_or_equal', 1200.5, true),
  matches('there is no value', 'missing', 'is_empty', undefined, true),
  matches('a list with items', 'tags', 'is_not_empty', undefined, true),
  matches('a condition with an unknown operator is passed over', 'stage', 'resembles', 'lost', true),
  matches('a field that cannot be read is refused', 'tags[', 'is', 1, FAILS),
  example(
    'a filter that is a formula gives the value of it',
    'backwardCompatibleFilterMatch',
    [{ $var: '$.stage' }, DEAL],
    'won',
  ),
  example('an undefined filter is true', 'backwardCompatibleFilterMatch', [{ $var: '$.missing' }, DEAL], true),
];

const LOCATORS = [
  example(
    'a backslash escapes dots and brackets in a name',
    'getValueAtLocator',
    [{ 'a.b': { 'c[0]': 1 } }, '$.a\\.b.c\\[0]'],
    1,
  ),
  example('empty brackets are index 0', 'getValueAtLocator', [{ list: [7] }, 'list[]'], 7),
  example('an index is read as JavaScript reads numbers', 'getValueAtLocator', [{ list: [7, 8] }, '$.list[ 0x1 ]'], 8),
  example('getValueAtLocator gives an item that is 0', 'getValueAtLocator', [[0], '$[0]'], 0),
  example('getValueByLocator, which $var uses, does not', 'getValueByLocator', [[0], '$[0]'], undefined),
  example('getValueAtLocator reads nothing from null', 'getValueAtLocator', [null, '$'], undefined),
  example('getValueByLocator reads null itself', 'getValueByLocator', [null, '$'], null),
  example(
    'a locator that begins with a bracket reads the property with the empty name first',
    'getValueAtLocator',
    [{ '': ['x'] }, '[0]'],
    'x',
  ),
  example('an index is not negative', 'isValidLocator', ['$.list[-1]'], false),
  example('an index may have a fraction', 'isValidLocator', ['$.list[1.5]'], true),
  example('setting makes objects and lists on the way', 'setValueAtLocator', [{}, 'a.b[1].c', 1], {
    a: { b: [null, { c: 1 }] },
  }),
  example('setting undefined removes the item', 'setValueAtLocator', [{ list: [1, 2, 3] }, 'list[1]'], {
    list: [1, 3],
  }),
  example('only fields that are there are picked', 'pickFieldsFromValue', [DEAL, ['stage', 'owner.email', 'missing']], {
    stage: 'won',
    owner: { email: 'anna@acme.test' },
  }),
  example('fields are excluded', 'excludeFieldsFromValue', [{ a: 1, b: { c: 2, d: 3 } }, ['a', 'b.c']], {
    b: { d: 3 },
  }),
];

const SCHEMAS = [
  example(
    'the schema of a property of an item',
    'getSchemaByLocator',
    [{ type: 'array', items: { type: 'object', properties: { a: { type: 'string' } } } }, '$[3].a'],
    { type: 'string' },
  ),
  example(
    'a property without a schema gives null',
    'getSchemaByLocator',
    [{ type: 'object', properties: {} }, '$.a'],
    null,
  ),
  example(
    'an integer and a number are a number; details of both are kept',
    'mergeSchemas',
    [[{ type: 'integer', title: 'A' }, { type: 'number' }]],
    { type: 'number', title: 'A' },
  ),
  example('types without details become a list of types', 'mergeSchemas', [[{ type: 'string' }, { type: 'null' }]], {
    type: ['null', 'string'],
  }),
  example('types with details become anyOf', 'mergeSchemas', [[{ type: 'string', format: 'date' }, { type: 'null' }]], {
    anyOf: [{ type: 'null' }, { type: 'string', format: 'date' }],
  }),
  example(
    'properties and required ones of objects are united',
    'mergeSchemas',
    [
      [
        { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] },
        { type: 'object', properties: { b: {} }, required: ['b'] },
      ],
    ],
    { type: 'object', properties: { a: { type: 'string' }, b: {} }, required: ['a', 'b'] },
  ),
  example('the schema of a value', 'createSchema', [{ a: 1, b: [1.5, null], c: null }], {
    type: 'object',
    properties: { a: { type: 'integer' }, b: { type: 'array', items: { type: 'number' } }, c: {} },
  }),
  example('the schema of several values', 'createCompoundSchema', [[1, 'a', [true]]], {
    anyOf: [{ type: ['integer', 'string'] }, { type: 'array', items: { type: 'boolean' } }],
  }),
  example(
    'the schema of what a formula will give',
    'buildDataSchema',
    [
      { a: { $var: '$.b' }, c: { $and: [] }, d: 1 },
      { type: 'object', properties: { b: { type: 'string', title: 'B' } } },
    ],
    {
      type: 'object',
      properties: { a: { type: 'string', title: 'B' }, c: { type: 'boolean' }, d: { type: 'number' } },
    },
  ),
];

const REWRITTEN = [
  example(
    'the locators of $var in a template',
    'getVariableLocators',
    [{ a: { $concat: ['x', { $var: '$.b' }] }, 'c.d': { $var: '$.e' } }],
    ['$.a.$concat[1]', '$.c\\.d'],
  ),
  example(
    'the locators of $var in an $iterate are those of its source',
    'getVariableLocators',
    [{ $iterate: { source: { $var: '$.list' }, item: { $var: '$.item' } } }],
    ['$.$iterate.source'],
  ),
  example(
    'variables are renamed',
    'transformVars',
    [{ a: { $var: '$.user.name' } }, { user: { $var: '$.account.owner' } }],
    { a: { $var: '$.account.owner.name' } },
  ),
  example('variables without a new name are dropped', 'transformVars', [{ a: { $var: '$.gone' }, b: 1 }, {}], { b: 1 }),
  example(
    'objects are merged, formulas replaced',
    'mergeWithFormulas',
    [
      { a: { b: 1 }, c: { $var: '$.x' } },
      { a: { d: 2 }, c: { $plain: 1 } },
    ],
    { a: { b: 1, d: 2 }, c: { $plain: 1 } },
  ),
];

export const EXAMPLES = [...VALUES, ...OPERATORS, ...CONDITIONS, ...LOCATORS, ...SCHEMAS, ...REWRITTEN];
