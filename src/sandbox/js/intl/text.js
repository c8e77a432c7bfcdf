// `Collator`, `ListFormat`, `Segmenter` for `Intl`, and `localeCompare` for `String`.
//
// The order is an approximation of the one of Unicode: punctuation, symbols, digits, letters; what differs by accents
// only comes after, then what differs by case only, small letters first.
//
// Delete the order when the engine compares by it without its feature `intl` (https://github.com/boa-dev/boa/issues/1562):
// boa_engine 0.22 compares code units there, and the feature brings its own, unfinished `Intl` and a dozen packages with their data.
((native) => {
  const { resolve, reader, finish } = native.load('intl/intl.js');
  const { Map: TheMap, Uint16Array: Weights, RangeError: TheRangeError, TypeError: TheTypeError } = globalThis;
  const { iterator } = Symbol;

  // --- Collator ---

  const punctuation = '\t\n\v\f\r\x85\u2028\u2029 _‗-‐‒–—―,;:!¡?¿.‥…·\'‘’‚‛‹›"“”„‟«»()[]{}§¶@*/\\&#%‰†‡•‧′″‴※';
  const symbols = '`´^¯¨¸°©®←→↑↓∑+±÷×<=≠>¬|¦~−∞≤≥★✓¤¢$£¥₦₩₪₫€₱₴₹₺₽₿';
  const marks = '\u0301\u0300\u0306\u0302\u030c\u030a\u0308\u030b\u0303\u0307\u0338\u0327\u0328\u0304\u0335';
  // Letters that Unicode does not decompose: as what they are sorted, `+` for a difference like that of an accent.
  const likes = {
    __proto__: null, æ: 'ae+', œ: 'oe+', ß: 'ss+', ø: 'o\u0338', ł: 'l\u0335', đ: 'd\u0335', ð: 'd+', ħ: 'h\u0335', ſ: 's+',
  };
  // Between two letters.
  const between = { __proto__: null, ı: 'i', ŋ: 'n', ŧ: 't', þ: 'z', ƒ: 'f' };
  const DIGIT = 1000;
  const LETTER = 1100;
  const letter = (small) => LETTER + (small.charCodeAt(0) - 97) * 10;

  const weights = { __proto__: null };
  let next = 1;
  for (const char of punctuation) weights[char] = next++;
  const firstSymbol = next;
  for (const char of symbols) {
    // Those that are not listed, emoji among them, come before the currencies.
    if (char === '¤') next = 950;
    weights[char] = next++;
  }
  for (let digit = 0; digit < 10; digit++) weights[digit] = DIGIT + digit;
  for (const char of 'abcdefghijklmnopqrstuvwxyz') weights[char] = letter(char);
  for (const char in between) weights[char] = letter(between[char]) + 5;
  const ascii = new Weights(128);
  for (let code = 0; code < 128; code++) {
    ascii[code] = weights[String.fromCharCode(code).toLowerCase()] ?? 0;
  }

  const isMark = (code) => (code >= 0x300 && code < 0x370) || (code >= 0x1ab0 && code < 0x1b00) || (code >= 0x20d0 && code < 0x2100);
  const isIgnored = (code) => code < 32 || (code >= 0x7f && code < 0xa0) || code === 0xad || (code >= 0x200b && code <= 0x200f)
    || (code >= 0x202a && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) || code === 0xfeff || (code >= 0xfe00 && code <= 0xfe0f);
  const weightOf = (code) => {
    if ((code >= 0x2000 && code < 0x2c00) || (code >= 0x1f000 && code < 0x20000)) return 900 + code / 0x100000;
    // Korean comes before Japanese and Chinese.
    return 2000 + (code >= 0xac00 && code < 0xd7b0 ? 0x2c00 + code / 0x10000 : code);
  };

  /** The three levels of a text. */
  const keyOf = (text, { numeric, spanish, skip }) => {
    const key = { base: [], accents: [], cases: [] };
    const { base, accents, cases } = key;
    let run = '';
    const endRun = () => {
      if (!run) return;
      const digits = run.replace(/^0+(?=.)/, '');
      base.push(DIGIT, digits.length);
      for (const digit of digits) base.push(weights[digit]);
      run = '';
    };
    const put = (char) => {
      const code = char.codePointAt(0);
      if (isMark(code)) {
        if (spanish && code === 0x303 && base[base.length - 1] === LETTER + 130) base[base.length - 1] += 6;
        else {
          const at = marks.indexOf(char);
          accents.push(at < 0 ? 100 + code : at + 1);
        }
        return;
      }
      if (numeric && code >= 48 && code < 58) {
        if (!run) {
          accents.push(0);
          cases.push(0);
        }
        run += char;
        return;
      }
      endRun();
      const small = char.toLowerCase();
      const isUpper = small !== char ? 1 : 0;
      const known = weights[small];
      if (known !== undefined) {
        if (skip && known < firstSymbol) return;
        base.push(known);
        accents.push(0);
        cases.push(isUpper);
      } else if (likes[small]) {
        for (const part of likes[small]) {
          if (part === '+') accents.push(99);
          else put(isUpper ? part.toUpperCase() : part);
        }
      } else if (!isIgnored(code)) {
        const plain = code > 127 ? char.normalize('NFKD') : char;
        if (plain !== char && !(code >= 0xac00 && code < 0xd7b0)) {
          for (const part of plain) put(part);
          cases[cases.length - 1] += 2;
          return;
        }
        const isKatakana = code >= 0x30a1 && code <= 0x30f6;
        base.push(weightOf(isKatakana ? code - 0x60 : small.codePointAt(0)));
        accents.push(0);
        cases.push(isKatakana ? 1 : isUpper);
      }
    };
    for (const char of text.normalize('NFD').replace(/[\u1100-\u11ff]+/g, (jamo) => jamo.normalize('NFC'))) put(char);
    endRun();
    return key;
  };
  const level = (left, right) => {
    const count = left.length < right.length ? left.length : right.length;
    for (let at = 0; at < count; at++) if (left[at] !== right[at]) return left[at] < right[at] ? -1 : 1;
    return left.length === right.length ? 0 : left.length < right.length ? -1 : 1;
  };

  const compareBy = (rules) => {
    const { sensitivity, numeric, skip, upperFirst } = rules;
    const keys = new TheMap();
    const key = (text) => {
      let known = keys.get(text);
      if (!known) {
        if (keys.size > 2000) keys.clear();
        keys.set(text, (known = keyOf(text, rules)));
      }
      return known;
    };
    const whole = (left, right) => {
      const mine = key(left);
      const theirs = key(right);
      const byBase = level(mine.base, theirs.base);
      if (byBase || sensitivity === 'base') return byBase;
      const byAccent = sensitivity === 'case' ? 0 : level(mine.accents, theirs.accents);
      if (byAccent || sensitivity === 'accent') return byAccent;
      const byCase = level(mine.cases, theirs.cases);
      return upperFirst && byCase ? -byCase : byCase;
    };
    if (numeric || skip) return whole;
    const obeysCase = sensitivity === 'variant' || sensitivity === 'case';
    // Most texts are ASCII: the first place where the letters differ decides, or else the first where the case does.
    return (left, right) => {
      if (left === right) return 0;
      const mine = left.length;
      const theirs = right.length;
      const count = mine < theirs ? mine : theirs;
      let byCase = 0;
      for (let at = 0; at < count; at++) {
        const one = left.charCodeAt(at);
        const other = right.charCodeAt(at);
        // Beyond ASCII, there is no weight here.
        if (one === other && ascii[one]) continue;
        const weight = ascii[one];
        const against = ascii[other];
        if (!weight || !against) return whole(left, right);
        if (weight !== against) {
          // An accent may follow, which in Spanish makes another letter.
          return rules.spanish ? whole(left, right) : weight < against ? -1 : 1;
        }
        if (!byCase) byCase = one > other ? -1 : 1;
      }
      if (mine !== theirs) {
        if (!ascii[mine < theirs ? right.charCodeAt(count) : left.charCodeAt(count)]) return whole(left, right);
        return mine < theirs ? -1 : 1;
      }
      if (!obeysCase) return 0;
      return upperFirst ? -byCase : byCase;
    };
  };

  const Collator = finish(class Collator {
    #resolved;
    #compare;

    constructor(locales, options) {
      const { locale, key } = resolve(locales);
      const read = reader('Intl.Collator', options);
      const resolved = {
        locale,
        usage: read.text('usage', ['sort', 'search'], 'sort'),
        sensitivity: read.text('sensitivity', ['base', 'accent', 'case', 'variant'], 'variant'),
        ignorePunctuation: read.flag('ignorePunctuation', false),
        collation: 'default',
        numeric: read.flag('numeric', false),
        caseFirst: read.text('caseFirst', ['upper', 'lower', 'false'], 'false'),
      };
      const compare = compareBy({
        sensitivity: resolved.sensitivity, numeric: resolved.numeric, skip: resolved.ignorePunctuation,
        upperFirst: resolved.caseFirst === 'upper', spanish: key === 'es',
      });
      this.#resolved = resolved;
      this.#compare = (left, right) => {
        if (typeof left === 'string' && typeof right === 'string') return compare(left, right);
        return compare(`${left}`, `${right}`);
      };
    }

    get compare() { return this.#compare; }
    resolvedOptions() { return { ...this.#resolved }; }
  }, 'Collator', true);

  let usual;
  const localeCompare = (self, that, locales, options) => {
    if (self === undefined || self === null) throw new TheTypeError('String.prototype.localeCompare called on null or undefined');
    if (locales === undefined && options === undefined) return (usual ??= new Collator().compare)(self, that);
    return new Collator(locales, options).compare(self, that);
  };

  // --- ListFormat ---

  const words = {
    __proto__: null, en: ['and', 'or'], 'en-GB': ['and', 'or'], de: ['und', 'oder'], fr: ['et', 'ou'], es: ['y', 'o'],
    it: ['e', 'o'], nl: ['en', 'of'], pt: ['e', 'ou'],
  };
  /** What stands between two, between the last of more, and elsewhere. */
  const separators = (key, type, style) => {
    const isEnglish = key.startsWith('en');
    const [and, or] = words[key];
    if (type === 'disjunction') return [` ${or} `, `${key === 'en' ? ',' : ''} ${or} `, ', '];
    if (type === 'unit' && isEnglish && style === 'narrow') return [' ', ' ', ' '];
    const isBare = style === 'narrow' && (isEnglish || key === 'fr' || key === 'nl' || key === 'pt');
    if (isBare || (type === 'unit' && isEnglish)) return [', ', ', ', ', '];
    const word = style === 'short' && (key === 'en' || key === 'nl') ? '&' : and;
    return [` ${word} `, `${key === 'en' ? ',' : ''} ${word} `, ', '];
  };

  const ListFormat = finish(class ListFormat {
    #resolved;
    #between;

    constructor(locales, options) {
      const { locale, key } = resolve(locales);
      const read = reader('Intl.ListFormat', options);
      const type = read.text('type', ['conjunction', 'disjunction', 'unit'], 'conjunction');
      const style = read.text('style', ['long', 'short', 'narrow'], 'long');
      this.#resolved = { locale, type, style };
      const [pair, last, middle] = separators(key, type, style);
      this.#between = (at, count, value) => {
        const text = at < count - 1 ? middle : count === 2 ? pair : last;
        // `padre e hijo`, `siete u ocho`.
        if (key === 'es' && text === ' y ' && /^(?:i|hi(?![ae]))/i.test(value)) return ' e ';
        return key === 'es' && text === ' o ' && /^(?:h?o|8)/i.test(value) ? ' u ' : text;
      };
    }

    format(list) { return this.formatToParts(list).map(({ value }) => value).join(''); }

    formatToParts(list) {
      const values = list === undefined ? [] : [...list];
      const parts = [];
      for (const [at, value] of values.entries()) {
        if (typeof value !== 'string') throw new TheTypeError('Iterable yielded a non-String value');
        if (at) parts.push({ type: 'literal', value: this.#between(at, values.length, value) });
        parts.push({ type: 'element', value });
      }
      return parts;
    }

    resolvedOptions() { return { ...this.#resolved }; }
  }, 'ListFormat');

  // --- Segmenter ---

  const family = String.raw`(?:\p{Emoji}\p{EMod}?\ufe0f?\u200d)+\p{Emoji}[\p{M}\p{EMod}\ufe0f]*`;
  const grapheme = String.raw`\r\n|\p{RI}\p{RI}|${family}|[^\r\n\p{M}][\p{M}\p{EMod}\u200d\ufe0f]*|[^]`;
  const word = String.raw`[\p{L}\p{N}\p{M}_]+(?:['’.:·][\p{L}\p{M}_]+|[.,'][\p{N}]+)*|[ ]+`;
  const pieces = { __proto__: null, grapheme, word: `${word}|${grapheme}` };

  const Segmenter = finish(class Segmenter {
    #resolved;
    #piece;

    constructor(locales, options) {
      const { locale } = resolve(locales);
      const granularity = reader('Intl.Segmenter', options).text('granularity', ['grapheme', 'word', 'sentence'], 'grapheme');
      if (!pieces[granularity]) throw new TheRangeError('membrane-mock: Intl.Segmenter knows no sentences, only grapheme and word');
      this.#resolved = { locale, granularity };
      this.#piece = new RegExp(pieces[granularity], 'gu');
    }

    segment(given) {
      const input = `${given}`;
      const isWord = this.#resolved.granularity === 'word';
      const piece = this.#piece;
      const all = () => [...input.matchAll(piece)].map(({ 0: segment, index }) => ({
        segment, index, input, ...(isWord && { isWordLike: /[\p{L}\p{N}]/u.test(segment) }),
      }));
      return {
        containing: (at = 0) => all().find(({ index, segment }) => at >= index && at < index + segment.length),
        [iterator]: () => all()[iterator](),
      };
    }

    resolvedOptions() { return { ...this.#resolved }; }
  }, 'Segmenter');

  return { Collator, ListFormat, Segmenter, localeCompare };
})
