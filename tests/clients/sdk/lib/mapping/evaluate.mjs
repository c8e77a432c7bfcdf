// One call of the mapping language, evaluated by the client's own functions and by the program.
//
// An answer is `{value}`, `{}` when the result is undefined, or `{error}`; what is in it went through JSON.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { isDeepStrictEqual } from 'node:util';
import * as sdk from '@membranehq/sdk';
import { program } from '../server.mjs';

const answerOf = (value) => {
  const json = JSON.stringify(value);
  return json === undefined ? {} : { value: JSON.parse(json) };
};

/** The client's answer, and the texts that it read as dates. It changes its arguments, so it gets its own. */
async function byClient({ line }) {
  const { call, arguments: given } = JSON.parse(line);
  const { parse } = Date;
  const dates = [];
  Date.parse = (text) => {
    dates.push(String(text));
    return parse(text);
  };
  try {
    return { client: answerOf(await sdk[call](...given)), dates };
  } catch (error) {
    return { client: { error: String(error) }, dates };
  } finally {
    Date.parse = parse;
  }
}

async function byClientEach(cases) {
  const answers = [];
  for (const each of cases) answers.push(await byClient(each));
  return answers;
}

/** The program's answers to the cases, in one run of it. */
async function byProgram(cases) {
  const child = spawn(program(), ['mapping'], { stdio: ['pipe', 'pipe', 'inherit'] });
  // A program that ends early reads no more; then there are fewer answers, which is told below.
  child.stdin.on('error', () => {});
  child.stdin.end(cases.map(({ line }) => `${line}\n`).join(''));
  const [answers] = await Promise.all([text(child.stdout), once(child, 'close')]);
  const lines = answers.split('\n').slice(0, -1);
  assert.equal(lines.length, cases.length, `the program did not answer each line; its last answer: ${lines.at(-1)}`);
  return lines.map((line) => {
    const { error, ...answer } = JSON.parse(line);
    return error === undefined ? answerOf(answer.value) : { error: `${error.type}: ${error.message}` };
  });
}

/** The cases with both answers, and whether they agree; the texts of errors need not be the same. */
export async function evaluate(cases) {
  const [programs, clients] = await Promise.all([byProgram(cases), byClientEach(cases)]);
  return cases.map((each, index) => {
    const [program, { client, dates }] = [programs[index], clients[index]];
    const agree = 'error' in client ? 'error' in program : isDeepStrictEqual(client, program);
    return { ...each, client, program, dates, agree };
  });
}
