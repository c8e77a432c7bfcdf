// `crypto`, `performance`, `setImmediate`, which the engine's runtime does not have.
// From the host: `native.digest(algorithm, bytes)` and `native.random(count)`, both a Uint8Array; `native.write(bytes,
// encoding)`; `native.now()` in ms; `native.need(name)`, another of these lazy globals as it was before the snippet could
// replace it.
//
// Delete what a release of the runtime has: https://github.com/boa-dev/boa/issues/4988 lists `crypto` as missing,
// https://github.com/boa-dev/boa/issues/4491 `performance`. Their random numbers and times have to stay the run's own.
((native) => {
  const { digest, random, write, now, need } = native;
  const { ArrayBuffer: TheArrayBuffer, Uint8Array: Bytes, Date: TheDate, TypeError: TheTypeError } = globalThis;
  const { setTimeout: later, clearTimeout: never } = globalThis;
  const { toStringTag } = Symbol;
  const { defineProperty, getPrototypeOf, getOwnPropertyDescriptor } = Object;
  const { isView } = TheArrayBuffer;
  const { apply } = Reflect;
  const getDate = TheDate.now;
  const kindOf = getOwnPropertyDescriptor(getPrototypeOf(Bytes.prototype), toStringTag).get;
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
      return digest(name, bytes).buffer;
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
      new Bytes(array.buffer, array.byteOffset, array.byteLength).set(random(array.byteLength));
      return array;
    }

    randomUUID() {
      const bytes = random(16);
      bytes[6] = (bytes[6] & 0x0f) | 0x40;
      bytes[8] = (bytes[8] & 0x3f) | 0x80;
      const hex = write(bytes, 'hex');
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
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
    crypto: new Crypto(key), Crypto, SubtleCrypto, performance: new Performance(key), Performance, setImmediate,
    clearImmediate,
  };
})
