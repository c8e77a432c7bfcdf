// `URLSearchParams`, and what `URL.prototype.searchParams` needs: `searchParamsOf(url)`.
// From the host: `native.readForm(text)`, a list of pairs, and `native.writeForm(pairs)`, a text.
//
// Delete when a release of the engine's runtime has them: https://github.com/boa-dev/boa/issues/4743, of which 0.22 lacks
// the fix.
((native) => {
  const { ownKeys, getOwnPropertyDescriptor } = Reflect;
  const { readForm, writeForm } = native;
  const { TypeError: TheTypeError } = globalThis;
  const { iterator, toStringTag } = Symbol;
  const { create, defineProperty } = Object;
  const iteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf([][iterator]()));
  const search = typeof URL === 'function' && getOwnPropertyDescriptor(URL.prototype, 'search');
  const getSearch = (url) => search.get.call(url);
  const setSearch = (url, text) => search.set.call(url, text);

  /** What WebIDL calls a USVString: lone surrogates become U+FFFD. A symbol throws. */
  const text = (value) => `${value}`.toWellFormed();

  // --- what the constructor takes ---

  const coded = (code, message) => defineProperty(new TheTypeError(message), 'code', {
    __proto__: null, value: code, writable: true, enumerable: true, configurable: true,
  });
  const badTuple = () => coded('ERR_INVALID_TUPLE', 'Each query pair must be an iterable [name, value] tuple');
  const ofSequence = (sequence) => {
    const pairs = [];
    for (const item of sequence) {
      if (item === null || (typeof item !== 'object' && typeof item !== 'function') || !item[iterator]) throw badTuple();
      const pair = [...item];
      if (pair.length !== 2) throw badTuple();
      pairs.push([text(pair[0]), text(pair[1])]);
    }
    return pairs;
  };
  const ofRecord = (record) => {
    const found = new Map();
    for (const key of ownKeys(record)) {
      if (getOwnPropertyDescriptor(record, key)?.enumerable) found.set(text(key), text(record[key]));
    }
    return [...found];
  };
  const pairsOf = (init) => {
    if (init === undefined || init === null) return [];
    if (typeof init === 'object' || typeof init === 'function') {
      const method = init[iterator];
      if (method === undefined || method === null) return ofRecord(init);
      if (typeof method !== 'function') throw coded('ERR_ARG_NOT_ITERABLE', 'Query pairs must be iterable');
      return ofSequence(init);
    }
    const query = text(init);
    return readForm(query[0] === '?' ? query.slice(1) : query);
  };

  // --- the class ---

  const needs = (given, ...names) => {
    if (given >= names.length) return;
    const quoted = names.map((name) => `"${name}"`).join(' and ');
    throw coded('ERR_MISSING_ARGS', `The ${quoted} argument${names.length > 1 ? 's' : ''} must be specified`);
  };
  let bind;

  class URLSearchParams {
    #pairs;
    /** The URL that these are the parameters of, and its `search` when it was last looked at. */
    #url;
    #seen;

    static {
      bind = (url) => {
        const params = new URLSearchParams();
        params.#url = url;
        return params;
      };
    }

    constructor(init = undefined) {
      this.#pairs = pairsOf(init);
    }

    /** The pairs, read again when somebody assigned to the URL meanwhile. */
    #read() {
      if (this.#url !== undefined) {
        const now = getSearch(this.#url);
        if (now !== this.#seen) {
          this.#seen = now;
          this.#pairs = readForm(now.slice(1));
        }
      }
      return this.#pairs;
    }

    #write(pairs) {
      this.#pairs = pairs;
      if (this.#url !== undefined) {
        setSearch(this.#url, writeForm(pairs));
        this.#seen = getSearch(this.#url);
      }
    }

    static #iterate(params, pick) {
      // Throws for what is none.
      params.#pairs;
      let at = 0;
      const walk = create(iteratorPrototype, {
        next: {
          __proto__: null,
          value: () => {
            const pairs = params.#read();
            return at < pairs.length ? { value: pick(pairs[at++]), done: false } : { value: undefined, done: true };
          },
        },
        [toStringTag]: { __proto__: null, value: 'URLSearchParams Iterator' },
      });
      return walk;
    }

    get size() {
      return this.#read().length;
    }

    append(name, value) {
      needs(arguments.length, 'name', 'value');
      this.#write([...this.#read(), [text(name), text(value)]]);
    }

    delete(name, value = undefined) {
      needs(arguments.length, 'name');
      const [key, wanted] = [text(name), value === undefined ? undefined : text(value)];
      this.#write(this.#read().filter((pair) => pair[0] !== key || (wanted !== undefined && pair[1] !== wanted)));
    }

    get(name) {
      needs(arguments.length, 'name');
      const key = text(name);
      return this.#read().find((pair) => pair[0] === key)?.[1] ?? null;
    }

    getAll(name) {
      needs(arguments.length, 'name');
      const key = text(name);
      return this.#read().filter((pair) => pair[0] === key).map((pair) => pair[1]);
    }

    has(name, value = undefined) {
      needs(arguments.length, 'name');
      const [key, wanted] = [text(name), value === undefined ? undefined : text(value)];
      return this.#read().some((pair) => pair[0] === key && (wanted === undefined || pair[1] === wanted));
    }

    set(name, value) {
      needs(arguments.length, 'name', 'value');
      const [key, wanted] = [text(name), text(value)];
      const pairs = this.#read();
      const first = pairs.findIndex((pair) => pair[0] === key);
      if (first < 0) return this.#write([...pairs, [key, wanted]]);
      this.#write(pairs.flatMap((pair, at) => (at === first ? [[key, wanted]] : pair[0] === key ? [] : [pair])));
    }

    sort() {
      // By code units, as `<` compares; the sort is stable.
      this.#write([...this.#read()].sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0)));
    }

    forEach(callback, receiver = undefined) {
      this.#read();
      if (typeof callback !== 'function') {
        throw coded('ERR_INVALID_ARG_TYPE', 'The "callback" argument must be of type function.');
      }
      for (let at = 0; at < this.#read().length; at++) {
        const [name, value] = this.#pairs[at];
        callback.call(receiver, value, name, this);
      }
    }

    entries() {
      return URLSearchParams.#iterate(this, ([name, value]) => [name, value]);
    }

    keys() {
      return URLSearchParams.#iterate(this, ([name]) => name);
    }

    values() {
      return URLSearchParams.#iterate(this, ([, value]) => value);
    }

    toString() {
      return writeForm(this.#read());
    }
  }
  const { prototype } = URLSearchParams;
  defineProperty(prototype, iterator, {
    __proto__: null, value: prototype.entries, writable: true, configurable: true,
  });
  defineProperty(prototype, toStringTag, { __proto__: null, value: 'URLSearchParams', configurable: true });

  const bound = new WeakMap();
  const searchParamsOf = (url) => {
    // Throws for what is no URL, as the accessor has to.
    getSearch(url);
    let params = bound.get(url);
    if (params === undefined) {
      params = bind(url);
      bound.set(url, params);
    }
    return params;
  };

  return { URLSearchParams, searchParamsOf };
})
