// The smallest case that still fails: parts of a failing one are left out for as long as it goes on to fail.

import { fromCall } from './cases.mjs';
import { evaluate } from './evaluate.mjs';

const ROUNDS = 40;

/** All that a value becomes by leaving out one part of it, or by putting a part in the place of the whole. */
function* simpler(value) {
  if (value === null || typeof value !== 'object') {
    const characters = typeof value === 'string' ? [...value] : [];
    if (characters.length > 1) yield* [characters.slice(1).join(''), characters.slice(0, -1).join('')];
    return;
  }
  yield* Object.values(value);
  yield null;
  for (const key of Object.keys(value)) {
    if (Array.isArray(value)) {
      yield value.toSpliced(Number(key), 1);
      for (const each of simpler(value[key])) yield value.with(Number(key), each);
    } else {
      const { [key]: part, ...rest } = value;
      yield rest;
      for (const each of simpler(part)) yield { ...value, [key]: each };
    }
  }
}

/** A case that fails, and is as small as could be found; `isAllowed` tells which are not to be come to. */
export async function smallest(failing, isAllowed) {
  let best = failing;
  for (let round = 0; round < ROUNDS; round++) {
    const { call, arguments: given } = JSON.parse(best.line);
    const candidates = given
      .flatMap((argument, place) => [...simpler(argument)].map((each) => given.with(place, each)))
      .map((each) => fromCall({ call, arguments: each }))
      .filter(({ line }) => line.length < best.line.length);
    const smaller = (await evaluate(candidates)).filter((each) => !each.agree && !isAllowed(each));
    if (smaller.length === 0) break;
    best = {
      ...smaller.reduce((least, each) => (each.line.length < least.line.length ? each : least)),
      index: failing.index,
    };
  }
  return best;
}
