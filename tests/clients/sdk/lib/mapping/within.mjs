// What stands anywhere within a value.

/** Every value within, itself first. */
export function* all(value) {
  yield value;
  if (isObject(value)) for (const each of Object.values(value)) yield* all(each);
}

const isObject = (value) => value !== null && typeof value === 'object';

/** All texts, and the names of properties. */
export const texts = (value) =>
  [...all(value)]
    .flatMap((each) => (isObject(each) && !Array.isArray(each) ? Object.keys(each) : [each]))
    .filter((each) => typeof each === 'string');

/** What is under a name, wherever it is. */
export const under = (name, value) =>
  [...all(value)].filter((each) => isObject(each) && Object.hasOwn(each, name)).map((each) => each[name]);

/** Whether a formula of that kind is within. */
export const has = (name, value) => under(name, value).length > 0;
