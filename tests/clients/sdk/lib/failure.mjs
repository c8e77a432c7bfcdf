// What a failing call must look like to a user of the client.

import assert from 'node:assert/strict';
import * as sdk from '@membranehq/sdk';
import { errorOf, lastStatus } from './world.mjs';
import { accept } from './shape.mjs';

/** Runs a call that must fail, and judges class, HTTP status, key, message and the shape of the body. */
export async function refused(client, call, { as, status, key, message }) {
  const error = await errorOf(call(client));
  // `constructor` and not `instanceof`: the client derives classes from BadRequestError that it never makes.
  assert.equal(error.constructor, as, `got ${error.constructor.name}: ${error.message}`);
  assert.equal(lastStatus(client), status, error.message);
  assert.equal(error.isMembraneError, true);
  assert.equal(error.message, error.data.message);
  if (key !== undefined) assert.equal(error.data.key, key);
  if (message) assert.match(error.message, message);
  accept(sdk.ErrorDataSchema, error.data, 'the error body');
  return error;
}

export const NOT_FAKED = { as: sdk.InternalError, status: 501, message: /membrane-mock/ };

/** Judges what a call by plain HTTP answered that must fail. */
export function refusal({ status, body }, { status: wanted, key, message }) {
  assert.equal(status, wanted, JSON.stringify(body));
  accept(sdk.ErrorDataSchema, body, 'the error body');
  if (key !== undefined) assert.equal(body.key, key);
  if (message) assert.match(body.message, message);
}
