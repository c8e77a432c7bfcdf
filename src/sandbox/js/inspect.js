// How `console` shows values: `inspect` and `format` give what Node's `util` gives, line breaks included. Not shown is what
// only an engine sees: the state of a promise, what an iterator has left, that something is a Proxy. Takes nothing from
// the host.
(() => {
  const { Array: TheArray, Map: TheMap, Set: TheSet, Error: TheError, Date: TheDate, RegExp: TheRegExp, URL: TheUrl } = globalThis;
  const { Promise: ThePromise, WeakMap: TheWeakMap, WeakSet: TheWeakSet, ArrayBuffer: TheArrayBuffer, Uint8Array: Bytes } = globalThis;
  const { String: TheString, Number: TheNumber, Boolean: TheBoolean } = globalThis;
  const { isArray } = TheArray;
  const { isView } = TheArrayBuffer;
  const { isInteger, parseFloat: toFloat, parseInt: toInteger } = TheNumber;
  const { getOwnPropertyDescriptor, getOwnPropertyNames, getOwnPropertySymbols, getPrototypeOf, hasOwn, is, keys } = Object;
  const { propertyIsEnumerable, toString: tagOf } = Object.prototype;
  const { iterator, toStringTag, toPrimitive } = Symbol;
  const { apply } = Reflect;
  const { min, max, sqrt, round, floor } = Math;
  const { stringify } = JSON;

  const WIDTH = 80, MOST_LEVELS = 2, MOST_ITEMS = 100, MOST_BYTES = 50, LONGEST_TEXT = 10_000;
  /** So many of the inmost levels are put into one line where they fit. */
  const COMPACT = 3;
  /** Characters, after which properties are left out: console.js cuts the line before that. */
  const MOST_SHOWN = 64 * 1024;

  // --- what a value is ---

  const getterOf = (target, name) => getOwnPropertyDescriptor(target, name).get;
  const works = (method) => (value) => {
    try {
      apply(method, value, []);
      return true;
    } catch {
      return false;
    }
  };
  const isOne = (value, Class) => {
    try {
      return value instanceof Class;
    } catch {
      return false;
    }
  };
  const isMap = works(getterOf(TheMap.prototype, 'size')), isSet = works(getterOf(TheSet.prototype, 'size'));
  const isDate = works(TheDate.prototype.getTime);

  /** The name of the class; null without a prototype. */
  const classOf = (value) => {
    let first;
    for (let object = value; object;) {
      const own = getOwnPropertyDescriptor(object, 'constructor');
      if (typeof own?.value === 'function' && own.value.name !== '' && isOne(value, own.value)) return `${own.value.name}`;
      object = getPrototypeOf(object);
      if (first === undefined) first = object;
    }
    return first === null ? null : `Object <${classOf(first) ?? '[Object: null prototype] {}'}>`;
  };
  const prefixOf = (name, tag, kind, size = '') => {
    if (name === null) return `[${kind}${size}: null prototype] ${tag && tag !== kind ? `[${tag}] ` : ''}`;
    return `${name}${size} ${tag && tag !== name ? `[${tag}] ` : ''}`;
  };

  // --- text ---

  const special = /[\x00-\x1f\\\x7f-\x9f]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
  const short = { __proto__: null, '\b': '\\b', '\t': '\\t', '\n': '\\n', '\f': '\\f', '\r': '\\r', '\\': '\\\\' };
  const escaped = (char) => {
    const code = char.charCodeAt(0);
    const hex = code.toString(16);
    return short[char] ?? (code > 0xff ? `\\u${hex}` : `\\x${hex.toUpperCase().padStart(2, '0')}`);
  };
  const quoted = (text) => {
    const plain = text.replace(special, escaped);
    if (!text.includes("'")) return `'${plain}'`;
    if (!text.includes('"')) return `"${plain}"`;
    if (!text.includes('`') && !text.includes('${')) return `\`${plain}\``;
    return `'${plain.split("'").join("\\'")}'`;
  };
  const more = (count, what) => `... ${count} more ${what}${count > 1 ? 's' : ''}`;
  const text = (at, value) => {
    const left = value.length - LONGEST_TEXT;
    const shown = left > 0 ? value.slice(0, LONGEST_TEXT) : value;
    const end = left > 0 ? more(left, 'character') : '';
    if (shown.length <= 16 || shown.length <= WIDTH - at.indent - 4) return quoted(shown) + end;
    const lines = shown.split('\n').map((line, index, all) => (index < all.length - 1 ? `${line}\n` : line));
    if (lines[lines.length - 1] === '') lines.pop();
    return lines.map(quoted).join(` +\n${' '.repeat(at.indent + 2)}`) + end;
  };
  const number = (value) => (is(value, -0) ? '-0' : `${value}`);
  const primitive = (at, value) => {
    switch (typeof value) {
      case 'string': return text(at, value);
      case 'number': return number(value);
      case 'bigint': return `${value}n`;
      default: return TheString(value);
    }
  };

  // --- layout ---

  /** Short entries of an array in columns. */
  const inColumns = (at, output, value) => {
    const count = output.length > MOST_ITEMS ? output.length - 1 : output.length;
    const widths = output.slice(0, count).map((entry) => entry.length);
    const widest = max(...widths) + 2;
    const total = widths.reduce((sum, width) => sum + width + 2, 0);
    if (widest * 3 + at.indent >= WIDTH || (total / widest <= 5 && widest > 8)) return output;
    const biased = max(widest - 3 - sqrt(widest - total / output.length), 1);
    const columns = min(
      round(sqrt(2.5 * biased * count) / biased), floor((WIDTH - at.indent) / widest), COMPACT * 4, 15);
    if (columns <= 1) return output;
    const columnWidths = TheArray.from({ length: columns }, (_, column) =>
      max(0, ...widths.filter((_, index) => index % columns === column)) + 2);
    const isNumeric = output.every((_, index) => typeof value[index] === 'number' || typeof value[index] === 'bigint');
    const lines = [];
    for (let first = 0; first < count; first += columns) {
      const last = min(first + columns, count) - 1;
      let line = '';
      for (let index = first; index < last; index++) {
        const entry = `${output[index]}, `, width = columnWidths[index - first];
        line += isNumeric ? entry.padStart(width) : entry.padEnd(width);
      }
      lines.push(line + (isNumeric ? output[last].padStart(columnWidths[last - first] - 2) : output[last]));
    }
    return [...lines, ...output.slice(count)];
  };
  const layout = (at, output, base, [open, close], level, list) => {
    const entries = list && output.length > 6 ? inColumns(at, output, list) : output;
    const lead = base ? `${base} ${open}` : open;
    if (at.current - level < COMPACT && entries === output && !base.includes('\n')) {
      const width = output.reduce((sum, entry) => sum + entry.length + 2, open.length + base.length + at.indent + 10);
      const line = width <= WIDTH ? output.join(', ') : '\n';
      if (!line.includes('\n')) return `${lead} ${line} ${close}`;
    }
    const indent = `\n${' '.repeat(at.indent)}`;
    return `${lead}${indent}  ${entries.join(`,${indent}  `)}${indent}${close}`;
  };

  // --- objects ---

  const deeper = (at, value, level) => {
    at.indent += 2;
    const shown = show(at, value, level);
    at.indent -= 2;
    return shown;
  };
  const property = (at, value, level, key, isItem) => {
    const own = getOwnPropertyDescriptor(value, key) ?? { value: value[key], enumerable: true };
    let shown = 'undefined';
    if (own.value !== undefined) shown = deeper(at, own.value, level);
    else if (own.get !== undefined) shown = own.set === undefined ? '[Getter]' : '[Getter/Setter]';
    else if (own.set !== undefined) shown = '[Setter]';
    at.left -= shown.length;
    if (isItem) return shown;
    let name = key;
    if (typeof key === 'symbol') name = `[${TheString(key).replace(special, escaped)}]`;
    else if (key === '__proto__') name = "['__proto__']";
    else if (own.enumerable === false) name = `[${key.replace(special, escaped)}]`;
    else if (!/^[a-zA-Z_][a-zA-Z_0-9]*$/.test(key)) name = quoted(key);
    return `${name}: ${shown}`;
  };
  const keysOf = (at, value, withoutItems) => {
    let names = at.hidden ? getOwnPropertyNames(value) : keys(value);
    if (withoutItems) names = names.filter((name) => !/^(?:0|[1-9]\d{0,9})$/.test(name));
    const symbols = getOwnPropertySymbols(value);
    return [...names, ...(at.hidden ? symbols : symbols.filter((key) => apply(propertyIsEnumerable, value, [key])))];
  };
  const listed = (all, count, each) => {
    const output = [];
    for (const item of all) {
      if (output.length === MOST_ITEMS) break;
      output.push(each(item));
    }
    if (count > MOST_ITEMS) output.push(more(count - MOST_ITEMS, 'item'));
    return output;
  };
  const itemsOf = (at, value, level) => {
    const output = [];
    const count = value.length;
    let index = 0, present;
    while (index < count && output.length < MOST_ITEMS) {
      if (hasOwn(value, index)) output.push(property(at, value, level, index++, true));
      else {
        present ??= keys(value).map(TheNumber);
        const next = present.find((key) => key > index && key < count) ?? count;
        output.push(`<${next - index} empty item${next - index > 1 ? 's' : ''}>`);
        index = next;
      }
    }
    if (index < count) output.push(more(count - index, 'item'));
    return output;
  };
  const hexOf = (bytes, most) => {
    const shown = TheArray.from(bytes.subarray(0, most), (byte) => (byte + 0x100).toString(16).slice(1)).join(' ');
    return bytes.length > most ? `${shown} ${more(bytes.length - most, 'byte')}` : shown;
  };

  // By its prototype, for the engine shows no source of a class. Its own constructors have such a prototype as well. Look for
  // `class` in the source when the engine shows it: https://github.com/boa-dev/boa/issues/3780 brought it for functions only.
  const isClass = (value) => {
    const own = getOwnPropertyDescriptor(value, 'prototype');
    return own?.writable === false && getOwnPropertyDescriptor(globalThis, value.name)?.value !== value;
  };
  const functionBase = (value, name, tag) => {
    const end = tag && tag !== name ? ` [${tag}]` : '';
    if (isClass(value)) {
      const parent = name === null ? '[null prototype]' : getPrototypeOf(value).name;
      const other = name === 'Function' || name === null ? '' : ` [${name}]`;
      return `[class ${(hasOwn(value, 'name') && value.name) || '(anonymous)'}${other}${end}${parent ? ` extends ${parent}` : ''}]`;
    }
    const type = apply(tagOf, value, []).slice(8, -1);
    const kind = type.endsWith('Function') ? type : 'Function';
    const own = name === null ? ' (null prototype)' : '';
    const other = name === kind || name === null ? '' : ` ${name}`;
    return `[${kind}${own}${value.name === '' ? ' (anonymous)' : `: ${TheString(value.name)}`}]${other}${end}`;
  };

  /** The stack, which begins with the name of the class even where the error has no name of its own. */
  const improved = (stack, name, className, tag) => {
    const isUsual = name.endsWith('Error') && stack.startsWith(name) && /^(?:$|[:\n])/.test(stack.slice(name.length));
    if (className !== null && !isUsual) return stack;
    const prefix = prefixOf(className, tag, 'Error').slice(0, -1);
    const rest = stack.slice(isUsual ? name.length : (/^[\w ]*Error\b/.exec(stack)?.[0] ?? '').length);
    if (name === prefix) return stack;
    return prefix.includes(name) ? prefix + rest : `${prefix} [${name}]${rest}`;
  };
  const errorBase = (at, value, names, className, tag) => {
    const name = TheString(value.name ?? 'Error');
    let stack = value.stack ? TheString(value.stack) : apply(TheError.prototype.toString, value, []);
    if (!at.hidden) {
      for (const known of ['name', 'message', 'stack']) {
        const index = names.indexOf(known);
        if (index >= 0 && stack.includes(value[known])) names.splice(index, 1);
      }
    }
    if ('cause' in value && !names.includes('cause')) names.push('cause');
    if (isArray(value.errors) && !names.includes('errors')) names.push('errors');
    stack = improved(stack, name, className, tag);
    const said = typeof value.message === 'string' && value.message ? stack.indexOf(value.message) : -1;
    const frames = stack.indexOf('\n    at', said < 0 ? 0 : said + value.message.length);
    if (frames < 0) stack = `[${stack}]`;
    return at.indent ? stack.split('\n').join(`\n${' '.repeat(at.indent)}`) : stack;
  };

  const boxes = [[TheNumber, 'Number'], [TheString, 'String'], [TheBoolean, 'Boolean'], [BigInt, 'BigInt'], [Symbol, 'Symbol']]
    .map(([Class, kind]) => [Class, kind, Class.prototype.valueOf]);
  const boxOf = (value) => {
    const found = boxes.find(([Class, , valueOf]) => isOne(value, Class) && works(valueOf)(value));
    return found && { kind: found[1], value: apply(found[2], value, []) };
  };
  const urlParts = [
    'href', 'origin', 'protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname', 'search', 'searchParams', 'hash',
  ];

  /** Its kind: how it opens and closes, what comes before that, what it has besides properties, and what it is when empty. */
  const kindOf = (at, value, level, name, tag) => {
    const prefix = (kind, size) => prefixOf(name, tag, kind, size);
    if (isArray(value)) {
      const open = `${name === 'Array' && !tag ? '' : prefix('Array', `(${value.length})`)}[`;
      return {
        names: keysOf(at, value, true), braces: [open, ']'], list: value, bare: value.length ? undefined : `${open}]`,
        entries: (next) => itemsOf(at, value, next),
      };
    }
    if (isOne(value, TheSet) && isSet(value)) {
      const open = `${prefix('Set', `(${value.size})`)}{`;
      return {
        braces: [open, '}'], bare: value.size ? undefined : `${open}}`,
        entries: (next) => listed(value, value.size, (item) => deeper(at, item, next)),
      };
    }
    if (isOne(value, TheMap) && isMap(value)) {
      const open = `${prefix('Map', `(${value.size})`)}{`;
      return {
        braces: [open, '}'], bare: value.size ? undefined : `${open}}`,
        entries: (next) => listed(value, value.size, ([key, item]) => `${deeper(at, key, next)} => ${deeper(at, item, next)}`),
      };
    }
    if (isView(value) && value.length !== undefined) {
      if (name === 'Buffer') return { bare: `<Buffer${value.length ? ` ${hexOf(value, MOST_BYTES)}` : ''}>`, names: [] };
      const open = `${prefix(tag, `(${value.length})`)}[`;
      return {
        names: keysOf(at, value, true), braces: [open, ']'], list: value, bare: value.length ? undefined : `${open}]`,
        entries: () => listed(value, value.length, (item) => primitive(at, item)),
      };
    }
    if (typeof value === 'function') {
      const base = functionBase(value, name, tag);
      return { base, bare: base };
    }
    if (isOne(value, TheRegExp) || (isOne(value, TheDate) && isDate(value))) {
      const kind = isOne(value, TheDate) ? 'Date' : 'RegExp';
      let base = kind === 'RegExp' ? TheString(value) : is(value.getTime(), NaN) ? 'Invalid Date' : value.toISOString();
      if (prefix(kind) !== `${kind} `) base = prefix(kind) + base;
      return { base, bare: base };
    }
    if (isOne(value, TheError)) {
      const names = keysOf(at, value);
      const base = errorBase(at, value, names, name, tag);
      return { names, base, bare: base };
    }
    if (isOne(value, TheArrayBuffer)) {
      return {
        names: ['byteLength', ...keysOf(at, value)], braces: [`${prefix('ArrayBuffer')}{`, '}'],
        entries: () => [`[Uint8Contents]: <${hexOf(new Bytes(value), MOST_ITEMS)}>`],
      };
    }
    if (isOne(value, TheWeakMap) || isOne(value, TheWeakSet)) {
      return { braces: [`${prefix('WeakMap')}{`, '}'], entries: () => ['<items unknown>'] };
    }
    if (isOne(value, ThePromise)) return { braces: [`${prefix('Promise')}{`, '}'], bare: `${prefix('Promise')}{}` };
    if (isOne(value, TheUrl)) {
      if (level > at.levels) return {};
      const parts = {};
      for (const part of urlParts) parts[part] = value[part];
      return { bare: `${name} ${show(at, parts, level)}`, names: [] };
    }
    if (tag === 'URLSearchParams') {
      const all = [...value];
      const entries = all.map(([key, item]) => `${quoted(key)} => ${quoted(item)}`);
      return { isFlat: true, braces: [`${name} {`, '}'], bare: all.length ? undefined : `${name} {}`, entries: () => entries };
    }
    const box = boxOf(value);
    if (box) {
      const other = name === box.kind ? '' : ` (${name ?? 'null prototype'})`;
      const base = `[${box.kind}${other}: ${primitive(at, box.value)}]${tag && tag !== name ? ` [${tag}]` : ''}`;
      return { base, bare: base, names: keysOf(at, value, box.kind === 'String') };
    }
    const isArguments = name === 'Object' && apply(tagOf, value, []) === '[object Arguments]';
    const open = isArguments ? '[Arguments] {' : name === 'Object' && !tag ? '{' : `${prefix('Object')}{`;
    return { braces: [open, '}'], bare: `${open}}` };
  };

  const whole = (at, value, level) => {
    const name = classOf(value);
    let tag = value[toStringTag];
    const isListed = at.hidden ? hasOwn : (target, key) => apply(propertyIsEnumerable, target, [key]);
    if (typeof tag !== 'string' || (tag !== '' && isListed(value, toStringTag))) tag = '';
    const kind = kindOf(at, value, level, name, tag);
    const { bare, entries, list, braces = ['{', '}'] } = kind;
    let { base = '', names } = kind;
    names ??= keysOf(at, value);
    if (bare !== undefined && !names.length && (!list || !at.hidden)) return bare;
    if (level > at.levels && !kind.isFlat) {
      const short = prefixOf(name, tag, isArray(value) ? 'Array' : 'Object').slice(0, -1);
      return name === null ? short : `[${short}]`;
    }
    at.seen.push(value);
    at.current = level + 1;
    const output = entries ? entries(level + 1) : [];
    for (const [index, key] of names.entries()) {
      if (at.left < 0) {
        output.push(`... ${names.length - index} more`);
        break;
      }
      output.push(property(at, value, level + 1, key));
    }
    at.seen.pop();
    const circle = at.circles.indexOf(value) + 1;
    if (circle) base = `<ref *${circle}>${base ? ` ${base}` : ''}`;
    return layout(at, output, base, braces, level + 1, list);
  };
  const show = (at, value, level) => {
    if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return primitive(at, value);
    if (!at.seen.includes(value)) return whole(at, value, level);
    if (!at.circles.includes(value)) at.circles.push(value);
    return `[Circular *${at.circles.indexOf(value) + 1}]`;
  };

  /** As `util.inspect`, of whose options it knows `depth` and `showHidden`. */
  const inspect = (value, { depth = MOST_LEVELS, showHidden = false } = {}) => {
    const levels = depth === null ? 1 / 0 : depth;
    try {
      return show({ levels, hidden: showHidden, indent: 0, current: 0, left: MOST_SHOWN, seen: [], circles: [] }, value, 0);
    } catch (error) {
      // Only a Proxy, or a getter of a name that is read above, throws here.
      return `[${typeof value} that cannot be shown: ${TheString(error?.message ?? error)}]`;
    }
  };

  // --- formats ---

  /** Whether its `toString` says no more than its kind. */
  const saysNothing = (value) => {
    const name = typeof value.toString === 'function' ? 'toString' : toPrimitive;
    if (typeof value[name] !== 'function') return true;
    let owner = value;
    while (owner && !hasOwn(owner, name) && !hasOwn(owner, toPrimitive)) owner = getPrototypeOf(owner);
    if (!owner || owner === value) return false;
    const own = getOwnPropertyDescriptor(owner, 'constructor');
    return typeof own?.value === 'function' && /^[A-Z]/.test(own.value.name) && hasOwn(globalThis, own.value.name);
  };
  const json = (value) => {
    try {
      return stringify(value);
    } catch (error) {
      if (/circular|cyclic/i.test(error?.message)) return '[Circular]';
      throw error;
    }
  };
  const asNumber = (value, read) => {
    if (typeof value === 'bigint') return `${value}n`;
    return typeof value === 'symbol' ? 'NaN' : number(read(value));
  };
  const marks = {
    __proto__: null,
    s: (value) => {
      if (typeof value === 'number') return number(value);
      if (typeof value === 'bigint') return `${value}n`;
      const isShown = typeof value === 'object' && value !== null && saysNothing(value);
      return isShown ? inspect(value, { depth: 0 }) : TheString(value);
    },
    d: (value) => asNumber(value, TheNumber),
    i: (value) => asNumber(value, toInteger),
    f: (value) => (typeof value === 'symbol' ? 'NaN' : number(toFloat(value))),
    j: json,
    o: (value) => inspect(value, { depth: 4, showHidden: true }),
    O: (value) => inspect(value),
    c: () => '',
  };
  const shown = (value) => (typeof value === 'string' ? value : inspect(value));
  /** As `util.format`. */
  const format = (values) => {
    const [first] = values;
    if (typeof first !== 'string' || values.length === 1) return values.map(shown).join(' ');
    let result = '', done = 0, next = 1;
    for (let at = first.indexOf('%'); at >= 0 && at < first.length - 1; at = first.indexOf('%', at)) {
      const mark = first[at + 1];
      if (mark === '%' || (marks[mark] && next < values.length)) {
        result += first.slice(done, at) + (mark === '%' ? '%' : marks[mark](values[next++]));
        done = at + 2;
      }
      at += 2;
    }
    return [result + first.slice(done), ...values.slice(next).map(shown)].join(' ');
  };

  return { inspect, format };
})
