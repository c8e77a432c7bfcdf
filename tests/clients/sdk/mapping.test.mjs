// The data-mapping language: what the client's own functions make of formulas, conditions, locators and schemas is what
// the program makes of them. Cases come from a seed; MAPPING_SEED names another one, MAPPING_CASES how many.
//
// A case that is told of can be asked again by itself: its line is what `membrane-mock mapping` reads.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { caseAt, fromCall } from './lib/mapping/cases.mjs';
import { CAUSES, causeOf } from './lib/mapping/causes.mjs';
import { evaluate } from './lib/mapping/evaluate.mjs';
import { EXAMPLES, FAILS } from './lib/mapping/examples.mjs';
import { EXPRESSIONS, ORDER } from './lib/mapping/expressions.mjs';
import { smallest } from './lib/mapping/smaller.mjs';

const SEED = Number(process.env.MAPPING_SEED ?? 1);
const CASES = Number(process.env.MAPPING_CASES ?? 24_000);
/** What one cause may explain, of all cases. */
const FEW = 0.01;
/** How many failing cases of one function are told of. */
const TOLD = 3;

const told = ({ index, line, client, program }) =>
  `case ${index}: ${line}\n  client:  ${JSON.stringify(client)}\n  program: ${JSON.stringify(program)}`;

const byLength = (a, b) => a.line.length - b.line.length;

/** The smallest of each function's cases. */
const leastOfEach = (cases) =>
  [...new Set(cases.map(({ call }) => call))].flatMap((call) =>
    cases
      .filter((each) => each.call === call)
      .sort(byLength)
      .slice(0, TOLD),
  );

test('what the program makes of a case is what the client makes of it', async (t) => {
  const cases = await evaluate(Array.from({ length: CASES }, (_, index) => caseAt(SEED, index)));

  const disagreeing = cases.filter(({ agree }) => !agree);
  const byCause = new Map(CAUSES.map((cause) => [cause, 0]));
  const failing = [];
  for (const each of disagreeing) {
    const cause = causeOf(each);
    if (cause) byCause.set(cause, byCause.get(cause) + 1);
    else failing.push(each);
  }
  t.diagnostic(`${cases.length} cases of seed ${SEED}`);
  for (const [{ cause }, count] of byCause) t.diagnostic(`${count} differ by this cause: ${cause}`);

  if (failing.length) {
    const shrunk = [];
    for (const each of leastOfEach(failing)) shrunk.push(await smallest(each, causeOf));
    const lines = [...new Map(shrunk.sort(byLength).map((each) => [each.line, told(each)])).values()];
    assert.fail(`${failing.length} cases of seed ${SEED} differ, the smallest first:\n${lines.join('\n')}`);
  }
  for (const [{ cause }, count] of byCause) {
    assert.ok(count > 0, `no case has this cause any more: ${cause}`);
    assert.ok(count <= cases.length * FEW, `${count} cases have this cause, which are too many: ${cause}`);
  }
});

test('the language by examples', async (t) => {
  const cases = EXAMPLES.map(({ call, given, result }) => ({ ...fromCall({ call, arguments: given }), result }));
  const evaluated = await evaluate(cases);

  for (const [index, { title, result }] of EXAMPLES.entries()) {
    await t.test(title, () => {
      const { client, program } = evaluated[index];
      for (const answer of [client, program]) {
        if (result === FAILS) assert.ok('error' in answer, `an error was expected, not ${JSON.stringify(answer)}`);
        else assert.deepEqual(answer, result === undefined ? {} : { value: result });
      }
    });
  }
});

test('an expression of JSONata comes to what it does for the client', async () => {
  const line = (expression) =>
    JSON.stringify({ call: 'buildValue', arguments: [{ value: { $jsonata: expression }, stays: 1 }, ORDER] });
  const cases = await evaluate(EXPRESSIONS.map((expression) => ({ line: line(expression), expression })));

  const differing = cases.filter(({ agree }) => !agree);
  assert.deepEqual(
    differing.map(({ expression, client, program }) => ({ expression, client, program })),
    [],
  );
});
