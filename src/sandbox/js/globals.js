// `crypto`, `performance`, `setImmediate`, and `fromAsync` for `Array`.
// From the host: `native.digest(algorithm, base64)` and `native.random(count)`, both as base64; `native.now()` in ms;
// `native.need(name)`, another of these lazy globals as it was before the snippet could replace it.
((native) => {
  const { digest, random, now, need } = native;
  const { atob: fromBase64, btoa: toBase64, Array: TheArray, ArrayBuffer: TheArrayBuffer, Date: TheDate } = globalThis;
  const { Uint8Array: Bytes, Uint16Array: Units, TypeError: TheTypeError, Object: TheObject } = globalThis;
  const { setTimeout: later, clearTimeout: never } = globalThis;
  const { asyncIterator, iterator, toStringTag } = Symbol;
  const { defineProperty, getPrototypeOf, getOwnPropertyDescriptor } = Object;
  const { isView } = TheArrayBuffer;
  const { apply, construct } = Reflect;
  const { min, max, trunc } = Math;
  const { MAX_SAFE_INTEGER } = Number;
  const getDate = TheDate.now;
  const kindOf = getOwnPropertyDescriptor(getPrototypeOf(Bytes.prototype), toStringTag).get;
  const units = new TextDecoder('utf-16le', { ignoreBOM: true });
  const domError = (message, name) => new (need('DOMException'))(message, name);
  const invalid = (message) => defineProperty(new TheTypeError(message), 'code', {
    __proto__: null, value: 'ERR_INVALID_ARG_TYPE', writable: true, enumerable: true, configurable: true,
  });
  const tag = (Class, name) => {
    defineProperty(Class.prototype, toStringTag, { __proto__: null, value: name, configurable: true });
  };
  // Handed to the constructors here, which snippets may not call.
  const key = {};
  const guarded = (given) => { if (given !== key) throw new TheTypeError('Illegal constructor'); };

  // --- crypto ---

  // Each byte becomes a code unit: the fast way from bytes to the string that `btoa` takes.
  const encoded = (bytes) => toBase64(units.decode(new Units(bytes)));
  const bytesOf = (binary) => {
    const bytes = new Bytes(binary.length);
    for (let at = 0; at < bytes.length; at++) bytes[at] = binary.charCodeAt(at);
    return bytes;
  };
  const randomBytes = (count) => bytesOf(fromBase64(random(count)));

  const integers = [
    'Int8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array',
    'BigInt64Array', 'BigUint64Array',
  ];
  const algorithms = ['SHA-1', 'SHA-256', 'SHA-384', 'SHA-512'];

  class SubtleCrypto {
    constructor(given) { guarded(given); }

    async digest(algorithm, data) {
      let bytes;
      if (isView(data)) bytes = new Bytes(data.buffer, data.byteOffset, data.byteLength);
      else if (data instanceof TheArrayBuffer) bytes = new Bytes(data);
      else {
        throw invalid("Failed to execute 'digest' on 'SubtleCrypto': 2nd argument is not instance of ArrayBuffer, "
          + 'Buffer, TypedArray, or DataView.');
      }
      const asked = `${typeof algorithm === 'object' && algorithm !== null ? algorithm.name : algorithm}`.toUpperCase();
      const name = algorithms.find((known) => known === asked);
      if (!name) throw domError('Unrecognized algorithm name', 'NotSupportedError');
      return bytesOf(fromBase64(digest(name, encoded(bytes)))).buffer;
    }
  }
  tag(SubtleCrypto, 'SubtleCrypto');

  class Crypto {
    #subtle = new SubtleCrypto(key);

    constructor(given) { guarded(given); }

    get subtle() { return this.#subtle; }

    getRandomValues(array) {
      if (!isView(array) || !integers.includes(apply(kindOf, array, []))) {
        throw domError('The data argument must be an integer-type TypedArray', 'TypeMismatchError');
      }
      if (array.byteLength > 65536) throw domError('The requested length exceeds 65,536 bytes', 'QuotaExceededError');
      new Bytes(array.buffer, array.byteOffset, array.byteLength).set(randomBytes(array.byteLength));
      return array;
    }

    randomUUID() {
      const bytes = randomBytes(16);
      bytes[6] = (bytes[6] & 0x0f) | 0x40;
      bytes[8] = (bytes[8] & 0x3f) | 0x80;
      let text = '';
      for (let at = 0; at < 16; at++) {
        if (at === 4 || at === 6 || at === 8 || at === 10) text += '-';
        text += (bytes[at] + 0x100).toString(16).slice(1);
      }
      return text;
    }
  }
  tag(Crypto, 'Crypto');

  // --- performance ---

  class Performance {
    #origin = getDate() - now();

    constructor(given) { guarded(given); }

    get timeOrigin() { return this.#origin; }
    now() { return now(); }
    toJSON() { return { timeOrigin: this.#origin }; }
  }
  tag(Performance, 'Performance');

  // --- Array.fromAsync ---

  const isConstructor = (value) => {
    try {
      construct(TheObject, [], value);
      return true;
    } catch {
      return false;
    }
  };
  const put = (target, index, value) => {
    defineProperty(target, index, { __proto__: null, value, writable: true, enumerable: true, configurable: true });
  };
  // A method and no arrow, for `this` may be a subclass of `Array`.
  const { fromAsync } = {
    async fromAsync(items, mapper, receiver) {
      if (mapper !== undefined && typeof mapper !== 'function') throw new TheTypeError(`${mapper} is not a function`);
      const mapped = async (value, index) => (mapper ? apply(mapper, receiver, [value, index]) : value);
      const make = (...args) => (isConstructor(this) ? new this(...args) : TheArray(...args));
      let result;
      let length = 0;
      if (items[asyncIterator] ?? items[iterator]) {
        result = make();
        for await (const value of items) {
          put(result, length, mapper ? await mapped(value, length) : value);
          length++;
        }
      } else {
        const count = min(max(trunc(+items.length) || 0, 0), MAX_SAFE_INTEGER);
        result = make(count);
        for (; length < count; length++) {
          const value = await items[length];
          put(result, length, mapper ? await mapped(value, length) : value);
        }
      }
      result.length = length;
      return result;
    },
  };

  // --- setImmediate ---

  // After the promises, in order: a timer of no time is that.
  const setImmediate = (run, ...args) => {
    if (typeof run !== 'function') {
      throw invalid(`The "callback" argument must be of type function. Received ${run === null ? run : typeof run}`);
    }
    return later(run, 0, ...args);
  };
  const clearImmediate = (immediate) => never(immediate);

  return {
    crypto: new Crypto(key), Crypto, SubtleCrypto, performance: new Performance(key), Performance, fromAsync,
    setImmediate, clearImmediate,
  };
})
