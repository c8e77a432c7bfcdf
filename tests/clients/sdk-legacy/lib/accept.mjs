// How an answer is judged by its shape. The client is not imported here, so that the browser suite, which has a copy of
// its own, can judge a connection too.

import assert from 'node:assert/strict';

export const text = (value) => typeof value === 'string' && value !== '';
export const texts = (...names) => Object.fromEntries(names.map((name) => [name, text]));

export const Connection = texts('id', 'name', 'userId', 'integrationId', 'createdAt', 'updatedAt');

/** A list page, or with `findAll` and the plain lists an array of these. */
export const page = (shape) => ({ items: (items) => list(shape)[''](items) });
export const list = (shape) => ({
  '': (items) => Array.isArray(items) && items.every((item) => accept(shape, item)),
});

/** Fails unless each field of the shape has what is declared; the field '' is the whole. */
export function accept(shape, value, what = 'the answer') {
  const wrong = Object.entries(shape).filter(([field, test]) => !test(field ? value?.[field] : value));
  const fields = wrong.map(([field]) => field || '(whole)');
  assert.deepEqual(fields, [], `${what} has these fields missing or wrong: ${JSON.stringify(value)}`);
  return true;
}
