// Installs the globals of the other files here, each file evaluated when one of its names is first read.
// From the host: `native.source(file)`, the text of a file; the rest of `native` is handed to the files.
//
// `install(native)` is for a fresh context, before the snippet runs. `native.need(name)` is put on `native` for them.
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
