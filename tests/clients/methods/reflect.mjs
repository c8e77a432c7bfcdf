// The methods of a client, found by reflection: whatever its accessors have that ends in a promise. A method is named as
// a user writes it, without arguments and without the client itself: `connection().action().run()`.

/** What stands for every key and id. */
export const ANY = '{id}';
const TOKEN = `${btoa('{}')}.${btoa('{}')}.none`;

/** A client that sends nothing: it tells `note` what it would, and answers itself. */
function silent(Client, note) {
  const client = new Client({ token: TOKEN, apiUri: 'http://api', uiUri: 'http://ui' });
  const opened = (method, path) => {
    note(method, path);
    throw new Error('there is no window');
  };
  return Object.assign(client, {
    makeApiRequest: async (method, { url }) => (note(method, url), { id: ANY, items: [], state: 'completed' }),
    getEmbedUri: async (page, _, { embedMode } = {}) =>
      opened('GET', `${embedMode === 'isolated-embed' ? embedMode : 'embed'}/${page}`),
    getScreensPostData: async (page) => opened('POST', `screens/${page}`),
  });
}

/** Getters and methods by name, those of the class itself before those that it inherits. */
function membersOf(accessor) {
  const members = new Map();
  for (let at = Object.getPrototypeOf(accessor); at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const [name, { get, value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (name !== 'constructor' && !members.has(name)) members.set(name, { owner: at, get, value });
    }
  }
  return members;
}

const isAccessor = (value) => typeof value === 'object' && !['Object', 'Array'].includes(value?.constructor.name);

/** What a method that is not async gives; the helpers among them want arguments that make sense, or fail. */
function given(accessor, name) {
  try {
    return accessor[name](ANY);
  } catch {
    return undefined;
  }
}

/**
 * All accessors that can be reached from the client, by their class: the place of each, and its methods with what they
 * are inherited from. What is `hidden` is none.
 */
export function accessorsOf(Client, hidden = [], note = () => {}) {
  const found = new Map();
  const ways = [['', silent(Client, note)]];
  for (const [place, accessor] of ways) {
    if (found.has(accessor.constructor)) continue;
    const methods = new Map();
    found.set(accessor.constructor, { place, accessor, methods });
    for (const [name, { owner, get, value }] of membersOf(accessor)) {
      const isAsync = value?.constructor.name === 'AsyncFunction';
      const result = get || isAsync ? undefined : given(accessor, name);
      if (isAsync || result instanceof Promise) {
        if (!hidden.includes(name)) methods.set(name, owner);
        continue;
      }
      const reached = get ? accessor[name] : result;
      if (isAccessor(reached)) ways.push([`${place}${name}${get ? '' : '()'}.`, reached]);
    }
  }
  return found;
}

/** The names of all methods. */
export const namesOf = (accessors) =>
  [...accessors.values()]
    .flatMap(({ place, methods }) => [...methods.keys()].map((name) => `${place}${name}()`))
    .sort();

/** What a method would send, without what comes after an answer of the server's or in a window. */
export async function requestsOf(Client, hidden, wanted) {
  let sent = [];
  const accessors = accessorsOf(Client, hidden, (method, path) => sent.push(`${method} /${path}`.replace('//', '/')));
  for (const { place, accessor, methods } of accessors.values()) {
    const name = [...methods.keys()].find((each) => `${place}${each}()` === wanted);
    if (!name) continue;
    sent = [];
    await accessor[name](ANY).catch(() => {});
    return sent;
  }
  return [];
}
