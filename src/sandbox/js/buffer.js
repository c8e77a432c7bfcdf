// `Buffer`: what snippets use of Node's. Takes nothing from the host.
//
// Snippets run in an interpreter, so whole strings and arrays go through built-ins (TextEncoder, btoa, set, fill,
// indexOf), and a loop over bytes is left only where no built-in does the work.
((native) => {
  const { Array: TheArray, ArrayBuffer: TheArrayBuffer, Uint8Array: Bytes, Uint16Array: Units, DataView: View } = globalThis;
  const { TypeError: TheTypeError, RangeError: TheRangeError, Number: TheNumber } = globalThis;
  const { atob: fromBase64, btoa: toBase64, SharedArrayBuffer: Shared } = globalThis;
  const { slice: sliceArray } = TheArray.prototype;
  const { fromCharCode } = String;
  const { isInteger } = TheNumber;
  const { isView } = TheArrayBuffer;
  const { isArray } = TheArray;
  const { min, max, trunc } = Math;
  const { defineProperty, entries } = Object;
  const { apply } = Reflect;
  const { species, toPrimitive } = Symbol;
  const encoder = new TextEncoder();
  const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
  const utf16 = new TextDecoder('utf-16le', { ignoreBOM: true });
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

  // --- encodings: `read(text)` gives a Uint8Array that nobody else has, `write(bytes)` a string ---

  // Every byte as one code unit, which is what latin1 is.
  const latin1 = (bytes) => utf16.decode(new Units(bytes));
  const readLatin1 = (text) => {
    const quick = encoder.encode(text);
    const count = text.length;
    if (quick.length === count) return quick;
    const bytes = new Bytes(count);
    for (let at = 0; at < count; at++) bytes[at] = text.charCodeAt(at);
    return bytes;
  };

  // Not `replaceAll`, which takes quadratic time in Boa.
  const swapped = (text, from, to) => (text.includes(from) ? text.split(from).join(to) : text);

  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  let sextets;
  const readBase64 = (text) => {
    try {
      return readLatin1(fromBase64(swapped(swapped(text, '-', '+'), '_', '/')));
    } catch {
      return readLooseBase64(text);
    }
  };
  // As Node does: up to the first `=`, and whatever else is no base64 is skipped.
  const readLooseBase64 = (text) => {
    if (!sextets) {
      sextets = new Bytes(256).fill(255);
      for (let at = 0; at < 64; at++) sextets[alphabet.charCodeAt(at)] = at;
      sextets[45] = 62;
      sextets[95] = 63;
    }
    const chars = encoder.encode(text);
    const bytes = new Bytes(chars.length);
    let out = 0, kept = 0, bits = 0;
    for (let at = 0; at < chars.length && chars[at] !== 61; at++) {
      const sextet = sextets[chars[at]];
      if (sextet > 63) continue;
      kept = (kept << 6 | sextet) & 0xfff;
      bits += 6;
      if (bits < 8) continue;
      bits -= 8;
      bytes[out++] = kept >> bits;
    }
    return bytes.slice(0, out);
  };
  const base64 = (bytes) => toBase64(latin1(bytes));
  const base64url = (bytes) => swapped(swapped(swapped(base64(bytes), '=', ''), '+', '-'), '/', '_');

  const digits = '0123456789abcdef';
  let nibbles, digitPairs;
  const readHex = (text) => {
    if (!nibbles) {
      nibbles = new Bytes(256).fill(255);
      for (let at = 0; at < 16; at++) nibbles[digits.charCodeAt(at)] = nibbles[digits.toUpperCase().charCodeAt(at)] = at;
    }
    const table = nibbles;
    const chars = encoder.encode(text);
    const bytes = new Bytes(text.length >> 1);
    const count = bytes.length;
    for (let at = 0; at < count; at++) {
      const high = table[chars[2 * at]], low = table[chars[2 * at + 1]];
      // As in Node, the first pair that is no hex ends it.
      if ((high | low) > 15) return bytes.subarray(0, at);
      bytes[at] = high << 4 | low;
    }
    return bytes;
  };
  const hex = (bytes) => {
    if (!digitPairs) {
      // The two digits of each byte, as they lie in memory.
      const chars = new Bytes(512);
      for (let at = 0; at < 256; at++) {
        chars[2 * at] = digits.charCodeAt(at >> 4);
        chars[2 * at + 1] = digits.charCodeAt(at & 15);
      }
      digitPairs = new Units(chars.buffer);
    }
    const table = digitPairs;
    const count = bytes.length;
    const text = new Units(count);
    for (let at = 0; at < count; at++) text[at] = table[bytes[at]];
    return utf8.decode(text);
  };

  const readUtf16 = (text) => {
    const count = text.length;
    const view = new View(new TheArrayBuffer(2 * count));
    for (let at = 0; at < count; at++) view.setUint16(2 * at, text.charCodeAt(at), true);
    return new Bytes(view.buffer);
  };
  const writeUtf16 = (bytes) => {
    // A copy, for a view has to begin at an even address. Not TextDecoder, which may replace lone surrogates.
    const units = new Units(new Bytes(bytes.subarray(0, bytes.length & ~1)).buffer);
    let text = '';
    for (let at = 0; at < units.length; at += 1024) text += apply(fromCharCode, null, units.subarray(at, at + 1024));
    return text;
  };

  const codecs = {
    __proto__: null,
    utf8: { read: (text) => encoder.encode(text), write: (bytes) => utf8.decode(bytes) },
    latin1: { read: readLatin1, write: latin1 },
    ascii: { read: readLatin1, write: (bytes) => latin1(bytes.map((byte) => byte & 127)) },
    base64: { read: readBase64, write: base64 },
    base64url: { read: readBase64, write: base64url },
    hex: { read: readHex, write: hex },
    utf16le: { read: readUtf16, write: writeUtf16 },
  };
  const aliases = {
    __proto__: null, 'utf-8': 'utf8', binary: 'latin1', 'utf-16le': 'utf16le', ucs2: 'utf16le', 'ucs-2': 'utf16le',
  };
  const codecOf = (encoding) => {
    if (typeof encoding !== 'string') return undefined;
    const name = encoding.toLowerCase();
    return codecs[aliases[name] ?? name];
  };
  const codec = (encoding) => {
    if (encoding === undefined || encoding === null || encoding === '') return codecs.utf8;
    const found = codecOf(encoding);
    if (!found) throw coded(new TheTypeError(`Unknown encoding: ${encoding}`), 'ERR_UNKNOWN_ENCODING');
    return found;
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
    const [first, second] = [latin1(left), latin1(right)];
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
    if (typeof value === 'string') return over(codec(encoding).read(value));
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
    isEncoding: (encoding) => codecOf(encoding) !== undefined,
    byteLength: (value, encoding) => {
      if (isView(value) || isMemory(value)) return value.byteLength;
      if (typeof value !== 'string') throw invalid('string', 'of type string or an instance of Buffer or ArrayBuffer', value);
      const used = codecOf(encoding) ?? codecs.utf8;
      return used === codecs.hex ? value.length >> 1 : used.read(value).length;
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
  const needle = (value, encoding) => (typeof value === 'string' ? codec(encoding).read(value) : value);
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
    const [text, part] = [latin1(buffer), latin1(wanted)];
    return forward ? text.indexOf(part, start) : text.lastIndexOf(part, start);
  };

  methods(prototype, {
    toString(encoding, start, end) {
      const count = this.length;
      const [first, last] = [clamped(start, count, 0), clamped(end, count, count)];
      if (last <= first) return '';
      return codec(encoding).write(first === 0 && last === count ? this : this.subarray(first, last));
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
      const used = codec(encoding);
      const bytes = used.read(text);
      let count = min(bytes.length, room);
      if (count < bytes.length) {
        // No half characters.
        if (used === codecs.utf8) while (count > 0 && (bytes[count] & 0xc0) === 0x80) count--;
        if (used === codecs.utf16le) count &= ~1;
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
