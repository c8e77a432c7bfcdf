// Notes which methods of a client a program calls and gets an answer of, and what they send. Each process writes what it
// saw, when it ends, into a file of the folder that CLIENT_CALLS names; without that nothing is noted.

import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { accessorsOf } from './reflect.mjs';

/** The call that goes on: its name, and what was sent for it. */
const current = new AsyncLocalStorage();

/** Begins to note what is called of the client. */
export function record(Client) {
  const folder = process.env.CLIENT_CALLS;
  if (!folder) return;
  const accessors = accessorsOf(Client);
  const calls = new Map();
  for (const { methods } of accessors.values()) {
    for (const [name, owner] of methods) watch(accessors, owner, name, calls);
  }
  subscribe('http.client.request.start', ({ request: { method, path } }) =>
    current.getStore()?.sent.push(`${method} ${path.split('?')[0]}`),
  );
  process.on('exit', () => writeFileSync(join(folder, `${process.pid}.json`), JSON.stringify([...calls.values()])));
}

/** Replaces a method where it is inherited from, once. What it calls in turn is not called by the program. */
function watch(accessors, owner, name, calls) {
  const property = Object.getOwnPropertyDescriptor(owner, name);
  const original = property.value;
  if (original.isWatched) return;
  const value = async function (...given) {
    const place = placeOf(accessors, this);
    if (place === undefined || current.getStore()) return original.apply(this, given);
    const call = { name: `${place}${name}()`, sent: [] };
    const answer = await current.run(call, () => original.apply(this, given));
    // Many calls differ in nothing.
    calls.set(JSON.stringify(call), call);
    return answer;
  };
  Object.defineProperty(owner, name, { ...property, value: Object.assign(value, { isWatched: true }) });
}

/** Where an accessor is reached: its class, or the one that a test's own class extends. */
function placeOf(accessors, { constructor }) {
  for (let at = constructor; at; at = Object.getPrototypeOf(at)) {
    if (accessors.has(at)) return accessors.get(at).place;
  }
  return undefined;
}

/** The methods that were answered, each with what it sent. */
export function recorded(folder) {
  const sent = new Map();
  for (const file of readdirSync(folder)) {
    for (const call of JSON.parse(readFileSync(join(folder, file), 'utf8'))) {
      sent.set(call.name, [...(sent.get(call.name) ?? []), ...call.sent]);
    }
  }
  return sent;
}
