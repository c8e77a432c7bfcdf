// The client's own exported schemas as the judge of what the server answers.

import assert from 'node:assert/strict';
import * as sdk from '@membranehq/sdk';

/**
 * Fields the server adds to the client's schemas on purpose. The first line is the skill document's, the second is the
 * `/act` body that a run log keeps so that it can be replayed. Anything else unknown to the client is a misspelling.
 */
const EXTRA_FIELDS = [
  ...['layer', 'connectorKey', 'integrationId', 'details', 'code', 'actionRunId'],
  ...['action.api', 'action.input', 'action.connectionKey'],
];

/** Fails with the schema's own words unless `value` parses and has no field that the schema does not know. */
export function accept(schema, value, what = 'the answer') {
  const result = schema.safeParse(value);
  if (!result.success) {
    const issues = result.error.issues.map((issue) => `  ${issue.path.join('.') || '(whole)'}: ${issue.message}`);
    assert.fail(`${what} does not fit the client's schema:\n${issues.join('\n')}\n${excerpt(value)}`);
  }
  const strangers = [...unknownFields(value, result.data)].filter(
    (path) => !EXTRA_FIELDS.some((field) => path === field || path.endsWith(`.${field}`)),
  );
  assert.deepEqual(strangers, [], `${what} has fields that the client's schema does not know\n${excerpt(value)}`);
  return value;
}

/** The list page of an element. */
export const page = (item) => sdk.createPaginationResponseSchema(item);

/** Parsing strips what a schema does not know, so whatever is missing afterwards was unknown. */
function* unknownFields(value, parsed, path = '') {
  if (value === parsed || value === null || typeof value !== 'object') return;
  if (parsed === null || typeof parsed !== 'object') return;
  for (const [name, inner] of Object.entries(value)) {
    const at = path ? `${path}.${name}` : name;
    if (name in parsed) yield* unknownFields(inner, parsed[name], at);
    else yield at;
  }
}

function excerpt(value) {
  const text = JSON.stringify(value, null, 2) ?? String(value);
  return text.length > 4000 ? `${text.slice(0, 4000)}…` : text;
}
