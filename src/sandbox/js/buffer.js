// `Buffer`: what snippets use of Node's.
// From the host: `native.read(text, encoding)`, a Uint8Array that nobody else has, and `native.write(bytes, encoding)`, a
// string. Whole strings and arrays go through these and through built-ins, for snippets run in an interpreter.
((native) => {
  const { read, write } = native;
  const { Array: TheArray, ArrayBuffer: TheArrayBuffer, Uint8Array: Bytes, DataView: View } = globalThis;
  const { TypeError: TheTypeError, RangeError: TheRangeError, Number: TheNumber, SharedArrayBuffer: Shared } = globalThis;
  const { slice: sliceArray } = TheArray.prototype;
  const { isInteger } = TheNumber;
  const { isView } = TheArrayBuffer;
  const { isArray } = TheArray;
  const { min, max, trunc } = Math;
  const { defineProperty, entries } = Object;
  const { apply } = Reflect;
  const { species, toPrimitive } = Symbol;
  const { indexOf: indexOfByte, lastIndexOf: lastIndexOfByte, fill: fillBytes } = Bytes.prototype;

  // --- errors, in Node's words ---

  const coded = (error, code) => defineProperty(error, 'code', {
    __proto__: null, value: code, writable: true, enumerable: true, configurable: true,
  });
  const received = (value) => {
    if (value === null || value === undefined) return `Received ${value}`;
    if (typeof value === 'function') return `Received function ${value.name}`;
    if (typeof value === 'object') return `Received an instance of ${value.constructor?.name ?? 'Object'}`;
    let shown = typeof value === 'string' ? `'${value}'` : typeof value === 'bigint' ? `${value}n` : value.toString();
    if (shown.length > 28) shown = `${shown.slice(0, 25)}...`;
    return `Received type ${typeof value} (${shown})`;
  };
  const invalid = (name, wanted, value) => {
    const subject = name.includes(' ') ? name : `"${name}" argument`;
    return coded(new TheTypeError(`The ${subject} must be ${wanted}. ${received(value)}`), 'ERR_INVALID_ARG_TYPE');
  };
  const outOfRange = (name, range, value) => {
    let shown = `${value}`;
    if (isInteger(value) && (value > 2 ** 32 || value < -(2 ** 32))) {
      shown = shown.replace(/\B(?=(\d{3})+$)/g, '_');
    }
    if (typeof value === 'bigint') shown += 'n';
    return coded(
      new TheRangeError(`The value of "${name}" is out of range. It must be ${range}. Received ${shown}`),
      'ERR_OUT_OF_RANGE',
    );
  };

  // --- encodings ---

  // The native functions know them by the name on the right.
  const encodings = {
    __proto__: null, utf8: 'utf8', 'utf-8': 'utf8', latin1: 'latin1', binary: 'latin1', ascii: 'ascii', base64: 'base64',
    base64url: 'base64url', hex: 'hex', utf16le: 'utf16le', 'utf-16le': 'utf16le', ucs2: 'utf16le', 'ucs-2': 'utf16le',
  };
  const known = (encoding) => (typeof encoding === 'string' ? encodings[encoding.toLowerCase()] : undefined);
  const named = (encoding) => {
    if (encoding === undefined || encoding === null || encoding === '') return 'utf8';
    const name = known(encoding);
    if (!name) throw coded(new TheTypeError(`Unknown encoding: ${encoding}`), 'ERR_UNKNOWN_ENCODING');
    return name;
  };

  // --- the class ---

  class FastBuffer extends Bytes {
    constructor(first, offset, length) {
      super(first, offset, length);
    }
  }
  const { prototype } = FastBuffer;
  // The memory of `bytes`, not a copy.
  const over = (bytes) => new FastBuffer(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const methods = (target, functions) => {
    for (const [name, value] of entries(functions)) {
      defineProperty(target, name, { __proto__: null, value, writable: true, enumerable: true, configurable: true });
    }
  };
  const checkBytes = (name, value) => {
    if (!(value instanceof Bytes)) throw invalid(name, 'an instance of Buffer or Uint8Array', value);
  };
  const checkSize = (size) => {
    if (typeof size !== 'number') throw invalid('size', 'of type number', size);
    if (!(size >= 0 && size <= 2 ** 32)) throw outOfRange('size', '>= 0 && <= 4294967296', size);
  };
  /** An optional position: a whole number from 0 to `most`, or a RangeError. */
  const position = (name, value, most, fallback) => {
    if (value === undefined) return fallback;
    if (typeof value !== 'number') throw invalid(name, 'of type number', value);
    if (!isInteger(value)) throw outOfRange(name, 'an integer', value);
    if (value < 0 || value > most) throw outOfRange(name, `>= 0 && <= ${most}`, value);
    return value;
  };
  /** An optional position that is moved into the buffer. */
  const clamped = (value, length, fallback) =>
    value === undefined ? fallback : min(max(trunc(value) || 0, 0), length);
  const order = (left, right) => {
    // As strings, which are compared by their code units in one step of the interpreter.
    const [first, second] = [write(left, 'latin1'), write(right, 'latin1')];
    return first === second ? 0 : first < second ? -1 : 1;
  };

  function Buffer(value, encoding, length) {
    if (typeof value !== 'number') return from(value, encoding, length);
    if (typeof encoding === 'string') throw invalid('string', 'of type string', value);
    return alloc(value);
  }

  const ofArrayLike = (items) => {
    const count = TheNumber(items.length);
    if (!(count > 0)) return new FastBuffer(0);
    const buffer = new FastBuffer(trunc(count));
    buffer.set(items);
    return buffer;
  };
  const isMemory = (value) => value instanceof TheArrayBuffer || (Shared !== undefined && value instanceof Shared);
  const from = (value, encoding, length) => {
    if (typeof value === 'string') return over(read(value, named(encoding)));
    if (typeof value === 'object' && value !== null) {
      if (isMemory(value)) {
        const offset = trunc(encoding) || 0;
        if (offset > value.byteLength) {
          throw coded(new TheRangeError('"offset" is outside of buffer bounds'), 'ERR_BUFFER_OUT_OF_BOUNDS');
        }
        if (length === undefined) return new FastBuffer(value, offset);
        const count = max(trunc(length) || 0, 0);
        if (count > value.byteLength - offset) {
          throw coded(new TheRangeError('"length" is outside of buffer bounds'), 'ERR_BUFFER_OUT_OF_BOUNDS');
        }
        return new FastBuffer(value, offset, count);
      }
      const plain = value.valueOf?.();
      if (plain !== null && plain !== undefined && plain !== value
        && (typeof plain === 'string' || typeof plain === 'object')) return from(plain, encoding, length);
      if (value.length !== undefined || isMemory(value.buffer)) {
        return typeof value.length === 'number' ? ofArrayLike(value) : new FastBuffer(0);
      }
      if (value.type === 'Buffer' && isArray(value.data)) return ofArrayLike(value.data);
      const primitive = typeof value[toPrimitive] === 'function' ? value[toPrimitive]('string') : undefined;
      if (typeof primitive === 'string') return from(primitive, encoding);
    }
    throw invalid(
      'first argument', 'of type string or an instance of Buffer, ArrayBuffer, or Array or an Array-like Object', value);
  };
  const alloc = (size, fill, encoding) => {
    checkSize(size);
    const buffer = new FastBuffer(trunc(size));
    return fill === undefined || fill === 0 || size === 0 ? buffer : buffer.fill(fill, encoding);
  };
  const allocUnsafe = (size) => alloc(size);
  methods(Buffer, {
    from,
    alloc,
    allocUnsafe,
    allocUnsafeSlow: allocUnsafe,
    isBuffer: (value) => value instanceof FastBuffer,
    isEncoding: (encoding) => known(encoding) !== undefined,
    byteLength: (value, encoding) => {
      if (isView(value) || isMemory(value)) return value.byteLength;
      if (typeof value !== 'string') throw invalid('string', 'of type string or an instance of Buffer or ArrayBuffer', value);
      const name = known(encoding) ?? 'utf8';
      return name === 'hex' ? value.length >> 1 : read(value, name).length;
    },
    compare: (left, right) => {
      checkBytes('buf1', left);
      checkBytes('buf2', right);
      return order(left, right);
    },
    concat: (list, length) => {
      if (!isArray(list)) throw invalid('list', 'an instance of Array', list);
      let sum = 0;
      for (let at = 0; at < list.length; at++) {
        checkBytes(`list[${at}]`, list[at]);
        sum += list[at].length;
      }
      const result = new FastBuffer(position('length', length, TheNumber.MAX_SAFE_INTEGER, sum));
      let out = 0;
      for (let at = 0; at < list.length && out < result.length; at++) {
        result.set(list[at].subarray(0, result.length - out), out);
        out += list[at].length;
      }
      return result;
    },
    poolSize: 8192,
  });
  Object.setPrototypeOf(Buffer, Bytes);
  defineProperty(Buffer, species, { __proto__: null, get: () => FastBuffer, configurable: true });
  defineProperty(Buffer, 'prototype', { __proto__: null, value: prototype, writable: false });
  defineProperty(prototype, 'constructor', { __proto__: null, value: Buffer, writable: true, configurable: true });

  /** The bytes that `fill` and `indexOf` are given, or a number. */
  const needle = (value, encoding) => (typeof value === 'string' ? read(value, named(encoding)) : value);
  const search = (buffer, value, offset, encoding, forward) => {
    if (typeof offset === 'string') [encoding, offset] = [offset, undefined];
    const wanted = needle(value, encoding);
    if (typeof wanted !== 'number' && !(wanted instanceof Bytes)) {
      throw invalid('value', 'one of type number or string or an instance of Buffer or Uint8Array', value);
    }
    const count = buffer.length;
    let start = trunc(offset);
    if (start !== start) start = forward ? 0 : count;
    if (start < 0) start += count;
    if (start < 0) {
      if (!forward) return -1;
      start = 0;
    }
    if (typeof wanted === 'number') return apply(forward ? indexOfByte : lastIndexOfByte, buffer, [wanted & 255, start]);
    if (wanted.length === 0) return min(start, count);
    const [text, part] = [write(buffer, 'latin1'), write(wanted, 'latin1')];
    return forward ? text.indexOf(part, start) : text.lastIndexOf(part, start);
  };

  methods(prototype, {
    toString(encoding, start, end) {
      const count = this.length;
      const [first, last] = [clamped(start, count, 0), clamped(end, count, count)];
      if (last <= first) return '';
      return write(this.subarray(first, last), named(encoding));
    },
    toJSON() {
      return { type: 'Buffer', data: apply(sliceArray, this, []) };
    },
    equals(other) {
      checkBytes('otherBuffer', other);
      return this === other || (this.length === other.length && order(this, other) === 0);
    },
    compare(target, targetStart, targetEnd, start, end) {
      checkBytes('target', target);
      const theirs = target.subarray(
        position('targetStart', targetStart, TheNumber.MAX_SAFE_INTEGER, 0),
        position('targetEnd', targetEnd, target.length, target.length));
      const ours = this.subarray(
        position('sourceStart', start, TheNumber.MAX_SAFE_INTEGER, 0),
        position('sourceEnd', end, this.length, this.length));
      return order(ours, theirs);
    },
    // Both share the memory, as in Node.
    slice(start, end) {
      return apply(prototype.subarray, this, [start, end]);
    },
    subarray(start, end) {
      const count = this.length;
      const place = (value, fallback) => {
        if (value === undefined) return fallback;
        const whole = trunc(value) || 0;
        return whole < 0 ? max(count + whole, 0) : min(whole, count);
      };
      const first = place(start, 0);
      return new FastBuffer(this.buffer, this.byteOffset + first, max(place(end, count) - first, 0));
    },
    write(text, offset, length, encoding) {
      if (typeof text !== 'string') {
        throw coded(new TheTypeError('argument must be a string'), 'ERR_INVALID_ARG_TYPE');
      }
      if (typeof offset === 'string') [encoding, offset, length] = [offset, undefined, undefined];
      else if (typeof length === 'string') [encoding, length] = [length, undefined];
      const start = position('offset', offset, this.length, 0);
      const room = min(position('length', length, this.length, this.length), this.length - start);
      const name = named(encoding);
      const bytes = read(text, name);
      let count = min(bytes.length, room);
      if (count < bytes.length) {
        // No half characters.
        if (name === 'utf8') while (count > 0 && (bytes[count] & 0xc0) === 0x80) count--;
        if (name === 'utf16le') count &= ~1;
      }
      this.set(bytes.subarray(0, count), start);
      return count;
    },
    copy(target, targetStart, start, end) {
      checkBytes('target', target);
      const to = clamped(targetStart, target.length, 0);
      const first = start === undefined ? 0 : trunc(start) || 0;
      if (first < 0 || first > this.length) throw outOfRange('sourceStart', `>= 0 && <= ${this.length}`, first);
      const part = apply(prototype.subarray, this, [first, clamped(end, this.length, this.length)]);
      const moved = part.subarray(0, target.length - to);
      target.set(moved, to);
      return moved.length;
    },
    fill(value, offset, end, encoding) {
      if (typeof offset === 'string') [encoding, offset, end] = [offset, undefined, undefined];
      else if (typeof end === 'string') [encoding, end] = [end, undefined];
      const last = position('end', end, this.length, this.length);
      const first = position('offset', offset, TheNumber.MAX_SAFE_INTEGER, 0);
      const pattern = needle(value, encoding);
      if (!(pattern instanceof Bytes)) return apply(fillBytes, this, [pattern & 255, first, last]);
      if (first >= last) return this;
      if (pattern.length === 0) {
        if (value !== '') {
          throw coded(new TheTypeError(`The argument 'value' is invalid. Received ${value}`), 'ERR_INVALID_ARG_VALUE');
        }
        return apply(fillBytes, this, [0, first, last]);
      }
      this.set(pattern.subarray(0, last - first), first);
      // What is filled already, again and again: twice as much each time.
      for (let done = pattern.length; done < last - first; done *= 2) {
        this.copyWithin(first + done, first, first + min(done, last - first - done));
      }
      return this;
    },
    indexOf(value, offset, encoding) {
      return search(this, value, offset, encoding, true);
    },
    lastIndexOf(value, offset, encoding) {
      return search(this, value, offset, encoding, false);
    },
    includes(value, offset, encoding) {
      return search(this, value, offset, encoding, true) >= 0;
    },
  });
  defineProperty(prototype, 'toLocaleString', {
    __proto__: null, value: prototype.toString, writable: true, configurable: true,
  });

  // --- numbers: readUInt16LE and its like, all by DataView ---

  const place = (buffer, offset, size) => {
    if (typeof offset !== 'number') throw invalid('offset', 'of type number', offset);
    if (!isInteger(offset)) throw outOfRange('offset', 'an integer', offset);
    const most = buffer.length - size;
    if (most < 0) {
      throw coded(new TheRangeError('Attempt to access memory outside buffer bounds'), 'ERR_BUFFER_OUT_OF_BOUNDS');
    }
    if (offset < 0 || offset > most) throw outOfRange('offset', `>= 0 and <= ${most}`, offset);
    return new View(buffer.buffer, buffer.byteOffset + offset, size);
  };
  // DataView's name, Node's, size, and the limits of a whole number.
  const numbers = [
    ['Uint8', 'UInt8', 1, 0, 0xff], ['Int8', 'Int8', 1, -0x80, 0x7f],
    ['Uint16', 'UInt16', 2, 0, 0xffff], ['Int16', 'Int16', 2, -0x8000, 0x7fff],
    ['Uint32', 'UInt32', 4, 0, 0xffffffff], ['Int32', 'Int32', 4, -0x80000000, 0x7fffffff],
    ['BigUint64', 'BigUInt64', 8], ['BigInt64', 'BigInt64', 8], ['Float32', 'Float', 4], ['Float64', 'Double', 8],
  ];
  for (const [kind, name, size, least, most] of numbers) {
    const { [`get${kind}`]: get, [`set${kind}`]: set } = View.prototype;
    const convert = kind.startsWith('Big') ? (value) => value : (value) => +value;
    for (const ending of size === 1 ? [''] : ['LE', 'BE']) {
      const pair = {
        [`read${name}${ending}`](offset = 0) {
          return apply(get, place(this, offset, size), [0, ending === 'LE']);
        },
        [`write${name}${ending}`](value, offset = 0) {
          const number = convert(value);
          if (number < least || number > most) throw outOfRange('value', `>= ${least} and <= ${most}`, number);
          apply(set, place(this, offset, size), [0, number, ending === 'LE']);
          return offset + size;
        },
      };
      methods(prototype, pair);
      // Node takes the spelling `readUint8` as well.
      for (const [long, value] of entries(pair)) {
        if (name.includes('UInt')) methods(prototype, { [long.replace('UInt', 'Uint')]: value });
      }
    }
  }

  return { Buffer };
})
