// `Intl`, whose classes are in files of their own (`intl/numbers.js`, `intl/dates.js`, `intl/text.js`), and what those
// share: locales and options. English, German, French, Spanish, Italian, Dutch, Portuguese; anything else is `en-US`.
// And `toLocaleString` for `Array`.
// From the host: `native.load(file)`, see `runtime/lazies.rs`.
//
// Delete when the engine's own `Intl`, which is behind its feature `intl`, passes `tests/clients/snippets/intl.test.mjs`:
// https://github.com/boa-dev/boa/issues/3710.
((native) => {
  const { load } = native;
  const { RangeError: TheRangeError, TypeError: TheTypeError, Object: TheObject, Number: TheNumber } = globalThis;
  const { defineProperty, create } = TheObject;
  // The accessor stays: one that replaces itself breaks the engine's inline caches, which remember where the getter was
  // although it is gone (boa_engine 0.22, `get_by_name`; no issue is known). Delete when the
  // getter of `tests/clients/snippets/KNOWN.md` gives in the sandbox what it gives in Node.
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
  const { isArray, from } = Array;
  const { floor } = Math;
  const { toStringTag } = Symbol;

  const supported = [
    'en', 'en-US', 'en-GB', 'de', 'de-DE', 'fr', 'fr-FR', 'es', 'es-ES', 'it', 'it-IT', 'nl', 'nl-NL', 'pt', 'pt-BR',
  ];
  const wellFormed = /^(?:[a-z]{2,3}|[a-z]{5,8})(?:-[a-z]{4})?(?:-(?:[a-z]{2}|\d{3}))?(?:-(?:[a-z\d]{5,8}|\d[a-z\d]{3}))*(?:-[a-z\d](?:-[a-z\d]{1,8})+)*$/i;
  // `EN-latn-us` is `en-Latn-US`; what follows a single letter (`-u-nu-latn`) is lower case.
  const canonical = (tag) => {
    if (!wellFormed.test(tag)) throw new TheRangeError('Incorrect locale information provided');
    let extended = false;
    return tag.toLowerCase().split('-').map((part, at) => {
      extended ||= part.length === 1;
      if (at === 0 || extended) return part;
      if (part.length === 2) return part.toUpperCase();
      return part.length === 4 && !(part[0] >= '0' && part[0] <= '9') ? part[0].toUpperCase() + part.slice(1) : part;
    }).join('-');
  };
  const requested = (locales) => {
    if (locales === undefined) return [];
    if (locales === null) throw new TheTypeError('Cannot convert undefined or null to object');
    const found = [];
    for (const tag of typeof locales === 'string' ? [locales] : isArray(locales) ? locales : from(locales)) {
      if (typeof tag !== 'string' && (typeof tag !== 'object' || tag === null)) {
        throw new TheTypeError('Language ID should be string or object.');
      }
      const known = canonical(`${tag}`);
      if (!found.includes(known)) found.push(known);
    }
    return found;
  };
  const match = (tag) => {
    for (let name = tag; name; name = name.slice(0, name.lastIndexOf('-'))) {
      if (supported.includes(name)) return name;
      if (!name.includes('-')) return undefined;
    }
    return undefined;
  };
  /** The locale that is used, and the key of its texts: the language, or `en-GB`. */
  const resolve = (locales) => {
    let locale;
    for (const tag of requested(locales)) if ((locale = match(tag))) break;
    locale ??= 'en-US';
    return { locale, key: locale === 'en-GB' ? locale : locale.slice(0, 2) };
  };

  /** The readers of options for a class of that name. */
  const reader = (owner, given) => {
    if (given === null) throw new TheTypeError('Cannot convert undefined or null to object');
    const options = given === undefined ? create(null) : TheObject(given);
    return {
      text(name, values, fallback) {
        const value = options[name];
        if (value === undefined) return fallback;
        const text = `${value}`;
        if (values && !values.includes(text)) {
          throw new TheRangeError(`Value ${text} out of range for ${owner} options property ${name}`);
        }
        return text;
      },
      flag: (name, fallback) => (options[name] === undefined ? fallback : !!options[name]),
      number(name, least, most, fallback) {
        if (options[name] === undefined) return fallback;
        const value = TheNumber(options[name]);
        if (!(value >= least && value <= most)) throw new TheRangeError(`${name} value is out of range.`);
        return floor(value);
      },
      raw: (name) => options[name],
    };
  };

  /** What all classes have. Those that JavaScript lets be called without `new` are `callable`. */
  const finish = (Class, name, callable) => {
    defineProperty(Class.prototype, toStringTag, { __proto__: null, value: `Intl.${name}`, configurable: true });
    const supportedLocalesOf = (locales) => requested(locales).filter(match);
    defineProperty(Class, 'supportedLocalesOf', {
      __proto__: null, value: supportedLocalesOf, writable: true, configurable: true,
    });
    if (!callable) return Class;
    const both = new Proxy(Class, { __proto__: null, apply: (target, self, args) => new Class(...args) });
    defineProperty(Class.prototype, 'constructor', {
      __proto__: null, value: both, writable: true, configurable: true,
    });
    return both;
  };

  const Intl = {};
  defineProperty(Intl, toStringTag, { __proto__: null, value: 'Intl', configurable: true });
  defineProperty(Intl, 'getCanonicalLocales', {
    __proto__: null, value: (locales) => requested(locales), writable: true, configurable: true,
  });
  const homes = {
    __proto__: null,
    'intl/numbers.js': ['NumberFormat', 'PluralRules', 'RelativeTimeFormat'],
    'intl/dates.js': ['DateTimeFormat'],
    'intl/text.js': ['Collator', 'ListFormat', 'Segmenter'],
  };
  for (const file in homes) for (const name of homes[file]) lazy(Intl, name, () => load(file)[name]);

  const arrayToLocaleString = (self, ...args) => {
    const texts = from(self, (value) => (value === undefined || value === null ? '' : value.toLocaleString(...args)));
    return texts.join(',');
  };

  return { Intl, arrayToLocaleString, resolve, reader, finish };
})
