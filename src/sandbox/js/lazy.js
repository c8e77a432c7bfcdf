// Installs the globals of the other files here, each file evaluated when one of its names is first read.
// From the host: `native.source(file)`, the text of a file; the rest of `native` is handed to the files.
//
// `install(native)` is for a fresh context, before the snippet runs. Put on `native` for the files: `need(name)`, one of
// the globals; `load(file)`, all that a file gives; `lazy(target, name, read)`.
((native) => {
  const { source } = native;
  // Not `eval`, whose code runs at half the speed in Boa.
  const { Function: Compiled } = globalThis;
  const evaluate = (text) => new Compiled(`return (${text}\n)`)();
  const { defineProperty } = Object;
  const files = {
    __proto__: null,
    'events.js': ['DOMException', 'Event', 'CustomEvent', 'EventTarget', 'AbortController', 'AbortSignal'],
    'globals.js': ['crypto', 'Crypto', 'SubtleCrypto', 'performance', 'Performance'],
    'urls.js': ['URLSearchParams'],
    'buffer.js': ['Buffer'],
    'intl.js': ['Intl'],
  };
  const loaded = { __proto__: null };
  const load = (file) => (loaded[file] ??= evaluate(source(file))(native));

  // The accessor stays: one that replaces itself breaks Boa, which remembers at each place in the code that there is
  // an accessor and then calls the value. A snippet may assign its own, as with any global.
  const lazy = (target, name, read) => {
    let value;
    let known = false;
    const set = (given) => {
      value = given;
      known = true;
    };
    const get = () => {
      if (!known) set(read());
      return value;
    };
    defineProperty(target, name, { __proto__: null, get, set, enumerable: false, configurable: true });
  };
  const home = { __proto__: null };
  for (const file in files) {
    for (const name of files[file]) {
      home[name] = file;
      lazy(globalThis, name, () => load(file)[name]);
    }
  }
  native.need = (name) => load(home[name])[name];
  native.load = load;
  native.lazy = lazy;

  // Methods that write as a locale does: in the files, they take `this` first.
  const method = (target, name, length, run) => {
    'use strict';
    const { [name]: value } = { [name](...args) { return run(this, ...args); } };
    defineProperty(value, 'length', { __proto__: null, value: length });
    defineProperty(target, name, { __proto__: null, value, writable: true, enumerable: false, configurable: true });
  };
  const { Array: { prototype: arrays }, Date: { prototype: dates }, TypeError: TheTypeError } = globalThis;
  const { join, map } = arrays;
  const { apply } = Reflect;
  method(Number.prototype, 'toLocaleString', 0, (...args) => load('intl-numbers.js').numberToLocaleString(...args));
  method(BigInt.prototype, 'toLocaleString', 0, (...args) => load('intl-numbers.js').bigIntToLocaleString(...args));
  method(dates, 'toLocaleString', 0, (...args) => load('intl-dates.js').dateToLocaleString(...args));
  method(dates, 'toLocaleDateString', 0, (...args) => load('intl-dates.js').dateToLocaleDateString(...args));
  method(dates, 'toLocaleTimeString', 0, (...args) => load('intl-dates.js').dateToLocaleTimeString(...args));
  method(String.prototype, 'localeCompare', 1, (self, that, ...args) => {
    if (self === undefined || self === null) throw new TheTypeError('String.prototype.localeCompare called on null or undefined');
    return load('intl-text.js').localeCompare(`${self}`, `${that}`, ...args);
  });
  method(arrays, 'toLocaleString', 0, (self, ...args) => {
    const texts = apply(map, self, [(value) => (value === undefined || value === null ? '' : value.toLocaleString(...args))]);
    return apply(join, texts, [',']);
  });

  lazy(Array, 'fromAsync', () => load('globals.js').fromAsync);
  defineProperty(URL.prototype, 'searchParams', {
    __proto__: null,
    enumerable: true,
    configurable: true,
    get() {
      return load('urls.js').searchParamsOf(this);
    },
  });
})
