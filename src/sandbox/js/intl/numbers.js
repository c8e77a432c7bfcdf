// `NumberFormat`, `PluralRules`, `RelativeTimeFormat` for `Intl`, and `toLocaleString` for `Number` and `BigInt`.
((native) => {
  const { resolve, reader, finish } = native.load('intl/intl.js');
  const { Number: TheNumber, BigInt: TheBigInt, RangeError: TheRangeError, TypeError: TheTypeError } = globalThis;
  const { apply } = Reflect;
  const { max, min, floor, abs } = Math;
  const numberOf = TheNumber.prototype.valueOf;
  const bigIntOf = TheBigInt.prototype.valueOf;
  const unknown = (what) => { throw new TheRangeError(`membrane-mock: Intl.NumberFormat does not know ${what}`); };

  // --- what a locale writes ---

  // Patterns: `-` the sign, `#` the number, `¤` the currency. In some, four digits are not grouped.
  const english = { group: ',', point: '.', percent: '-#%', money: '-¤#', debt: '(¤#)', compact: ['K', 'M', 'B', 'T'] };
  const texts = {
    __proto__: null,
    en: english,
    'en-GB': { ...english, compact: ['k', 'm', 'bn', 'tn'] },
    de: { group: '.', point: ',', percent: '-#\xa0%', money: '-#\xa0¤', compact: [, '\xa0Mio.', '\xa0Mrd.', '\xa0Bio.'] },
    fr: {
      group: '\u202f', point: ',', percent: '-#\xa0%', money: '-#\xa0¤', debt: '(#\xa0¤)',
      compact: ['\xa0k', '\xa0M', '\xa0Md', '\xa0Bn'],
    },
    es: { group: '.', point: ',', late: true, percent: '-#\xa0%', money: '-#\xa0¤', compact: ['\xa0mil', '\xa0M', , '\xa0B'] },
    it: { group: '.', point: ',', late: true, percent: '-#%', money: '-#\xa0¤', compact: ['K', '\xa0Mln', '\xa0Mld', '\xa0Bln'] },
    nl: {
      group: '.', point: ',', percent: '-#%', money: '¤\xa0-#', wideMoney: '-¤\xa0#', debt: '(¤\xa0#)',
       compact: ['K', '\xa0mln.', '\xa0mld.', '\xa0bln.'],
    },
    pt: { group: '.', point: ',', percent: '-#%', money: '-¤\xa0#', compact: ['\xa0mil', '\xa0mi', '\xa0bi', '\xa0tri'] },
  };
  const table = (text) => {
    const entries = { __proto__: null };
    for (const entry of text.split(' ')) entries[entry.slice(0, 3)] = entry.slice(3);
    return entries;
  };
  const few = table('USD$ EUR€ GBP£ JPY¥ CADCA$ AUDA$ INR₹ BRLR$ CNYCN¥ MXNMX$ NZDNZ$ KRW₩ HKDHK$ ILS₪ VND₫ TWDNT$ PHP₱ XAFFCFA');
  const symbols = {
    __proto__: null,
    en: few,
    'en-GB': { ...few, ...table('USDUS$ JPYJP¥') },
    de: { ...few, ...table('AUDAU$ THB฿ PHPPHP') },
    fr: { ...few, ...table('USD$US GBP£GB JPYJPY CAD$CA AUD$AU CNYCNY MXN$MX NZD$NZ HKDHKD TWDTWD SGD$SG PHPPHP') },
    es: table('USDUS$ EUR€ VND₫ THB฿'),
    it: { ...few, ...table('USDUSD JPYJPY INRINR BRLBRL MXNMXN KRWKRW HKDHKD VNDVND TWDTWD THB฿') },
    nl: { ...few, ...table('USDUS$ JPYJP¥ CADC$ AUDAU$ THB฿ PHPPHP') },
    pt: { ...few, ...table('USDUS$ JPYJP¥ AUDAU$ THB฿ PHPPHP') },
  };
  const narrow = {
    ...few,
    ...table('CAD$ AUD$ CNY¥ MXN$ NZD$ HKD$ SGD$ SEKkr NOKkr DKKkr PLNzł CZKKč TRY₺ ZARR THB฿ RUB₽ UAH₴ HUFFt CLP$ ARS$ COP$'),
  };
  const currencyNames = {
    __proto__: null, USD: 'US dollar/s', EUR: 'euro/s', GBP: 'British pound/s', JPY: 'Japanese yen/', CHF: 'Swiss franc/s',
    CAD: 'Canadian dollar/s', AUD: 'Australian dollar/s', INR: 'Indian rupee/s', BRL: 'Brazilian real/s', CNY: 'Chinese yuan/',
    MXN: 'Mexican peso/s', NZD: 'New Zealand dollar/s',
  };
  const currencyDigits = { __proto__: null };
  for (const code of 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'.split(' ')) currencyDigits[code] = 0;
  for (const code of 'BHD IQD JOD KWD LYD OMR TND'.split(' ')) currencyDigits[code] = 3;

  // By unit: short, narrow, and long with its plural; English only.
  const units = { __proto__: null };
  for (const entry of [
    'bit: bit:bit: bit/s', 'byte: byte:B: byte/s', 'kilobyte: kB:kB: kilobyte/s', 'megabyte: MB:MB: megabyte/s',
    'gigabyte: GB:GB: gigabyte/s', 'terabyte: TB:TB: terabyte/s', 'petabyte: PB:PB: petabyte/s', 'percent:%:%: percent/',
    'millisecond: ms:ms: millisecond/s', 'second: sec:s: second/s', 'minute: min:m: minute/s', 'hour: hr:h: hour/s',
    'day: day/s:d: day/s', 'week: wk/s:w: week/s', 'month: mth/s:m: month/s', 'year: yr/s:y: year/s',
    'millimeter: mm:mm: millimeter/s', 'centimeter: cm:cm: centimeter/s', 'meter: m:m: meter/s', 'kilometer: km:km: kilometer/s',
    'mile: mi:mi: mile/s', 'gram: g:g: gram/s', 'kilogram: kg:kg: kilogram/s', 'liter: L:L: liter/s', 'milliliter: mL:mL: milliliter/s',
    'degree: deg:°: degree/s', 'celsius:°C:°C: degree/s Celsius', 'fahrenheit:°F:°: degree/s Fahrenheit',
    'kilometer-per-hour: km/h:km/h: kilometer/s per hour', 'mile-per-hour: mph:mph: mile/s per hour',
  ]) {
    const [name, short, tight, long] = entry.split(':');
    units[name] = { short, narrow: tight, long };
  }
  const plural = (text, isOne) => text.replace(/\/(s?)(?= |$)/, isOne ? '' : '$1');

  // --- decimals ---
  // `{ digits, point }`: the significant digits, and how many stand before the decimal point; zero has none.

  const decimal = (text) => {
    const [, whole, fraction = '', exponent = '0'] = /^-?(\d*)\.?(\d*)(?:e([+-]?\d+))?$/i.exec(text);
    const all = whole + fraction;
    const digits = all.replace(/^0+/, '');
    if (!digits) return { digits: '', point: 0 };
    return { digits: digits.replace(/0+$/, ''), point: whole.length + TheNumber(exponent) - (all.length - digits.length) };
  };
  const roundsUp = (rest, odd, mode, negative) => {
    if (!/[1-9]/.test(rest)) return false;
    switch (mode) {
      case 'ceil': return !negative;
      case 'floor': return negative;
      case 'expand': return true;
      case 'trunc': return false;
    }
    if (rest[0] !== '5') return rest[0] > '5';
    if (/[1-9]/.test(rest.slice(1))) return true;
    switch (mode) {
      case 'halfCeil': return !negative;
      case 'halfFloor': return negative;
      case 'halfTrunc': return false;
      case 'halfEven': return odd;
      default: return true;
    }
  };
  /** Keeps that many digits, perhaps fewer than none. */
  const round = ({ digits, point }, count, mode, negative) => {
    if (count >= digits.length) return { digits, point };
    const kept = count > 0 ? digits.slice(0, count) : '';
    const rest = count < 0 ? '0'.repeat(min(-count, 400)) + digits : digits.slice(kept.length);
    if (!roundsUp(rest, TheNumber(kept.slice(-1)) % 2 === 1, mode, negative)) {
      const short = kept.replace(/0+$/, '');
      return short ? { digits: short, point } : { digits: '', point: 0 };
    }
    const raised = kept.replace(/9+$/, '');
    if (!raised) return { digits: '1', point: point + 1 - min(count, 0) };
    return { digits: raised.slice(0, -1) + (TheNumber(raised.slice(-1)) + 1), point };
  };

  // --- NumberFormat ---

  const modes = ['ceil', 'floor', 'expand', 'trunc', 'halfCeil', 'halfFloor', 'halfExpand', 'halfTrunc', 'halfEven'];
  /** How many digits there are, as options and as resolved ones. */
  const readDigits = (read, least, most, notation) => {
    const resolved = { minimumIntegerDigits: read.number('minimumIntegerDigits', 1, 21, 1) };
    const few = read.number('minimumFractionDigits', 0, 100);
    const many = read.number('maximumFractionDigits', 0, 100);
    const significant = read.raw('minimumSignificantDigits') !== undefined || read.raw('maximumSignificantDigits') !== undefined;
    const priority = read.text('roundingPriority', ['auto', 'morePrecision', 'lessPrecision'], 'auto');
    const fractions = few !== undefined || many !== undefined;
    const compact = notation === 'compact' && !significant && !fractions && priority === 'auto';
    if (significant || compact || priority !== 'auto') {
      resolved.minimumSignificantDigits = read.number('minimumSignificantDigits', 1, 21, 1);
      resolved.maximumSignificantDigits = compact ? 2
        : read.number('maximumSignificantDigits', resolved.minimumSignificantDigits, 21, 21);
    }
    if (!significant || priority !== 'auto') {
      if (few !== undefined && many !== undefined && few > many) throw new TheRangeError('maximumFractionDigits value is out of range.');
      resolved.minimumFractionDigits = compact ? 0 : few ?? min(least, many ?? least);
      resolved.maximumFractionDigits = compact ? 0 : many ?? max(most, resolved.minimumFractionDigits);
    }
    resolved.roundingMode = read.text('roundingMode', modes, 'halfExpand');
    resolved.roundingIncrement = read.number('roundingIncrement', 1, 5000, 1);
    if (resolved.roundingIncrement !== 1) unknown('roundingIncrement');
    resolved.trailingZeroDisplay = read.text('trailingZeroDisplay', ['auto', 'stripIfInteger'], 'auto');
    resolved.roundingPriority = compact ? 'morePrecision' : priority;
    return resolved;
  };
  /** Rounded as the options say, with the least number of digits after the point. */
  const fit = (value, options, negative) => {
    const { maximumFractionDigits: most, maximumSignificantDigits: significant, roundingPriority, roundingMode } = options;
    const byFraction = most === undefined ? undefined : value.point + most;
    let bySignificant = significant !== undefined;
    if (bySignificant && most !== undefined) bySignificant = (significant > byFraction) === (roundingPriority === 'morePrecision');
    const rounded = round(value, bySignificant ? significant : byFraction, roundingMode, negative);
    const least = bySignificant ? options.minimumSignificantDigits - (rounded.digits ? rounded.point : 1) : options.minimumFractionDigits;
    return { ...rounded, least };
  };

  const NumberFormat = finish(class NumberFormat {
    #resolved;
    #key;
    #format;

    constructor(locales, options) {
      const { locale, key } = resolve(locales);
      const read = reader('Intl.NumberFormat', options);
      const style = read.text('style', ['decimal', 'percent', 'currency', 'unit'], 'decimal');
      const resolved = { locale, numberingSystem: 'latn', style };
      const currency = read.text('currency');
      if (currency === undefined ? style === 'currency' : !/^[a-z]{3}$/i.test(currency)) {
        if (currency === undefined) throw new TheTypeError('Currency code is required with currency style.');
        throw new TheRangeError(`Invalid currency code : ${currency}`);
      }
      const currencyDisplay = read.text('currencyDisplay', ['code', 'symbol', 'narrowSymbol', 'name'], 'symbol');
      const currencySign = read.text('currencySign', ['standard', 'accounting'], 'standard');
      if (style === 'currency') Object.assign(resolved, { currency: currency.toUpperCase(), currencyDisplay, currencySign });
      const unit = read.text('unit');
      const unitDisplay = read.text('unitDisplay', ['short', 'narrow', 'long'], 'short');
      if (style === 'unit') {
        if (unit === undefined) throw new TheTypeError('Required option "unit" must be specified.');
        if (!units[unit]) unknown(`the unit ${unit}, only ${Object.keys(units).join(', ')}`);
        if (!key.startsWith('en')) unknown(`units in ${locale}, only in English`);
        Object.assign(resolved, { unit, unitDisplay });
      }
      const notation = read.text('notation', ['standard', 'scientific', 'engineering', 'compact'], 'standard');
      if (notation !== 'standard' && notation !== 'compact') unknown(`the notation ${notation}, only standard and compact`);
      const digits = style === 'currency' && notation === 'standard' ? currencyDigits[resolved.currency] ?? 2 : 0;
      Object.assign(resolved, readDigits(read, digits, style === 'currency' ? digits : style === 'percent' ? 0 : 3, notation));
      resolved.notation = notation;
      const compactDisplay = read.text('compactDisplay', ['short', 'long'], 'short');
      if (notation === 'compact') {
        resolved.compactDisplay = compactDisplay;
        if (compactDisplay === 'long' && !key.startsWith('en')) unknown(`long compact numbers in ${locale}, only in English`);
      }
      const grouping = read.raw('useGrouping');
      const usual = notation === 'compact' ? 'min2' : 'auto';
      if (grouping === undefined || grouping === 'true' || grouping === 'false') resolved.useGrouping = usual;
      else if (grouping === true) resolved.useGrouping = 'always';
      else if (!grouping) resolved.useGrouping = false;
      else resolved.useGrouping = read.text('useGrouping', ['min2', 'auto', 'always']);
      resolved.signDisplay = read.text('signDisplay', ['auto', 'never', 'always', 'exceptZero', 'negative'], 'auto');
      this.#resolved = resolved;
      this.#key = key;
      this.#format = (value) => this.#parts(value).map((part) => part.value).join('');
    }

    get format() { return this.#format; }
    formatToParts(value) { return this.#parts(value); }
    resolvedOptions() { return { ...this.#resolved }; }

    #parts(given) {
      const options = this.#resolved;
      const value = typeof given === 'object' && given !== null ? given.valueOf() : given;
      const isExact = typeof value === 'bigint' || (typeof value === 'string' && /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(value));
      const text = isExact ? `${value}`.trim().replace(/^\+/, '') : `${TheNumber(value)}`;
      const negative = text.startsWith('-') || (text === '0' && 1 / TheNumber(value) < 0);
      const parts = [];
      let isZero = false;
      let isOne = false;
      if (/[nN]/.test(text)) {
        const infinite = text.endsWith('y');
        isZero = !infinite;
        parts.push({ type: infinite ? 'infinity' : 'nan', value: infinite ? '∞' : 'NaN' });
      } else {
        const exact = decimal(text);
        if (exact.digits && options.style === 'percent') exact.point += 2;
        const { digits, point, least, compact } = options.notation === 'compact' ? this.#compacted(exact, negative) : fit(exact, options, negative);
        isZero = !digits;
        const whole = (digits.slice(0, max(point, 0)).padEnd(max(point, 0), '0')).padStart(options.minimumIntegerDigits, '0');
        let fraction = point < 0 ? '0'.repeat(-point) + digits : digits.slice(point);
        if (options.trailingZeroDisplay === 'auto' || fraction) fraction = fraction.padEnd(max(least, 0), '0');
        isOne = whole === '1' && !fraction && !compact;
        this.#number(parts, whole, fraction);
        if (compact) {
          const space = /^\s/.exec(compact);
          if (space) parts.push({ type: 'literal', value: space[0] });
          parts.push({ type: 'compact', value: compact.trim() });
        }
      }
      const signs = {
        auto: negative, never: false, always: true, exceptZero: !isZero, negative: negative && !isZero,
      };
      const sign = signs[options.signDisplay] ? (negative ? '-' : '+') : '';
      return this.#laidOut(parts, sign, isOne);
    }

    #number(parts, whole, fraction) {
      const { group, point, late } = texts[this.#key];
      const { useGrouping } = this.#resolved;
      const least = useGrouping === 'min2' || (late && useGrouping === 'auto') ? 5 : 4;
      let at = whole.length;
      if (useGrouping && at >= least) at = at % 3 || 3;
      parts.push({ type: 'integer', value: whole.slice(0, at) });
      for (; at < whole.length; at += 3) {
        parts.push({ type: 'group', value: group }, { type: 'integer', value: whole.slice(at, at + 3) });
      }
      if (fraction) parts.push({ type: 'decimal', value: point }, { type: 'fraction', value: fraction });
    }

    #compacted(exact, negative) {
      const options = this.#resolved;
      const names = options.compactDisplay === 'long' ? [' thousand', ' million', ' billion', ' trillion'] : texts[this.#key].compact;
      for (let step = max(0, min(4, floor((exact.point - 1) / 3))); ; step++) {
        let named = step;
        while (named > 0 && !names[named - 1]) named--;
        const rounded = fit({ digits: exact.digits, point: exact.point - named * 3 }, options, negative);
        // 999,999 is 1M.
        if (rounded.point > 3 && step < 4 && step < floor((rounded.point + named * 3 - 1) / 3)) continue;
        return { ...rounded, compact: named && exact.digits ? names[named - 1] : '' };
      }
    }

    #laidOut(number, sign, isOne) {
      const { style, currency, currencyDisplay, currencySign, unit, unitDisplay } = this.#resolved;
      const { percent, money, wideMoney = money, debt } = texts[this.#key];
      let pattern = '-#';
      let name = '';
      if (style === 'percent') pattern = percent;
      else if (style === 'unit') pattern += plural(units[unit][unitDisplay], isOne);
      else if (style === 'currency') {
        if (currencyDisplay === 'name') {
          pattern = '-# ¤';
          name = this.#key.startsWith('en') && currencyNames[currency] ? plural(currencyNames[currency], isOne) : currency;
        } else {
          const isDebt = currencySign === 'accounting';
          if (isDebt && sign === '-' && debt) pattern = debt;
          else pattern = isDebt || number[number.length - 1].type === 'compact' ? wideMoney : money;
          if (currencyDisplay === 'symbol') name = symbols[this.#key][currency] ?? currency;
          else name = currencyDisplay === 'code' ? currency : narrow[currency] ?? currency;
        }
      }
      const parts = [];
      const literal = (value) => { if (value) parts.push({ type: 'literal', value }); };
      for (const [, before, mark] of pattern.matchAll(/([^-#¤%]*)([-#¤%]|$)/g)) {
        if (style === 'unit' && !mark) {
          if (before.startsWith(' ')) literal(' ');
          if (before) parts.push({ type: 'unit', value: before.trim() });
          continue;
        }
        literal(before);
        if (mark === '-' && sign) parts.push({ type: sign === '-' ? 'minusSign' : 'plusSign', value: sign });
        else if (mark === '#') parts.push(...number);
        else if (mark === '%') parts.push({ type: style === 'unit' ? 'unit' : 'percentSign', value: mark });
        else if (mark === '¤') {
          parts.push({ type: 'currency', value: name });
          if (/[a-z]$/i.test(name) && pattern.includes('¤#') && number[0].type === 'integer') literal('\xa0');
        }
      }
      return parts;
    }
  }, 'NumberFormat', true);

  let usual;
  const format = (value, locales, options) => {
    if (locales === undefined && options === undefined) return (usual ??= new NumberFormat().format)(value);
    return new NumberFormat(locales, options).format(value);
  };
  const numberToLocaleString = (self, locales, options) => format(apply(numberOf, self, []), locales, options);
  const bigIntToLocaleString = (self, locales, options) => format(apply(bigIntOf, self, []), locales, options);

  // --- PluralRules ---

  const ordinals = {
    __proto__: null,
    en: (n) => {
      if (n % 10 === 1 && n % 100 !== 11) return 'one';
      if (n % 10 === 2 && n % 100 !== 12) return 'two';
      return n % 10 === 3 && n % 100 !== 13 ? 'few' : 'other';
    },
    fr: (n) => (n === 1 ? 'one' : 'other'),
    it: (n) => (n === 8 || n === 11 || n === 80 || n === 800 ? 'many' : 'other'),
  };
  const romance = { __proto__: null, fr: true, es: true, it: true, pt: true };
  const cardinal = (key, n, fraction) => {
    if (key === 'fr' || key === 'pt' ? n < 2 : key === 'es' ? n === 1 : n === 1 && !fraction) return 'one';
    return romance[key] && n >= 1e6 && n % 1e6 === 0 && !fraction ? 'many' : 'other';
  };

  const PluralRules = finish(class PluralRules {
    #resolved;
    #key;

    constructor(locales, options) {
      const { locale, key } = resolve(locales);
      const read = reader('Intl.PluralRules', options);
      const type = read.text('type', ['cardinal', 'ordinal'], 'cardinal');
      const { minimumIntegerDigits, roundingMode, roundingIncrement, trailingZeroDisplay, roundingPriority, ...digits } = readDigits(read, 0, 3, 'standard');
      this.#key = key.slice(0, 2);
      const ordinal = { __proto__: null, en: ['few', 'one', 'two', 'other'], fr: ['one', 'other'], it: ['many', 'other'] }[this.#key] ?? ['other'];
      const pluralCategories = type === 'ordinal' ? ordinal : romance[this.#key] ? ['many', 'one', 'other'] : ['one', 'other'];
      this.#resolved = { locale, type, minimumIntegerDigits, ...digits, pluralCategories };
    }

    select(value) {
      const n = abs(TheNumber(value));
      if (!(n < Infinity)) return 'other';
      const { type } = this.#resolved;
      const rules = { roundingMode: 'halfExpand', roundingPriority: 'auto', ...this.#resolved };
      const { digits, point, least } = fit(decimal(`${n}`), rules, false);
      const rounded = TheNumber(`0.${digits || '0'}e${point}`);
      if (type === 'ordinal') return ordinals[this.#key]?.(rounded) ?? 'other';
      return cardinal(this.#key, rounded, digits.length > point || least > 0);
    }

    resolvedOptions() { return { ...this.#resolved, pluralCategories: [...this.#resolved.pluralCategories] }; }
  }, 'PluralRules');

  // --- RelativeTimeFormat, in English ---

  const spans = {
    __proto__: null, second: ' sec.', minute: ' min.', hour: ' hr.', day: ' day/s', week: ' wk.', month: ' mo.', quarter: ' qtr/s.', year: ' yr.',
  };
  const tight = { __proto__: null, second: 's', minute: 'm', hour: 'h', day: 'd', week: 'w', month: 'mo', quarter: 'q', year: 'y' };
  const named = { __proto__: null, day: ['yesterday', 'today', 'tomorrow'], second: [, 'now'] };

  const RelativeTimeFormat = finish(class RelativeTimeFormat {
    #resolved;
    #numbers;

    constructor(locales, options) {
      const asked = resolve(locales).locale;
      const locale = asked.startsWith('en') ? asked : 'en-US';
      const read = reader('Intl.RelativeTimeFormat', options);
      const style = read.text('style', ['long', 'short', 'narrow'], 'long');
      this.#resolved = { locale, style, numeric: read.text('numeric', ['always', 'auto'], 'always'), numberingSystem: 'latn' };
      this.#numbers = new NumberFormat(locale);
    }

    format(value, unit) { return this.formatToParts(value, unit).map((part) => part.value).join(''); }

    formatToParts(given, unit) {
      const value = TheNumber(given);
      const span = `${unit}`.replace(/s$/, '');
      if (!spans[span]) throw new TheRangeError(`Invalid unit argument for format() '${unit}'`);
      if (!(abs(value) < Infinity)) throw new TheRangeError('Invalid time value');
      const { style, numeric, locale } = this.#resolved;
      const isBritish = locale === 'en-GB';
      const short = style === 'long' ? ` ${span}` : spans[span].replace('/s', '').replace(isBritish && span !== 'quarter' ? '.' : '', '');
      if (numeric === 'auto') {
        const which = value === -1 ? 0 : value === 0 ? 1 : value === 1 ? 2 : 3;
        const word = named[span] ? named[span][which]
          : which < 3 && !(span === 'minute' || span === 'hour') ? ['last', 'this', 'next'][which] + short
            : which === 1 ? `this ${span}` : undefined;
        if (word) return [{ type: 'literal', value: word }];
      }
      const past = value < 0 || (value === 0 && 1 / value < 0);
      const amount = abs(value);
      let text;
      if (style === 'long') text = amount === 1 ? ` ${span}` : ` ${span}s`;
      else if (isBritish) text = spans[span].replace('/s', amount === 1 || span === 'quarter' ? '' : 's').replace('.', '');
      else text = style === 'narrow' ? tight[span] : spans[span].replace('/s', amount === 1 ? '' : 's');
      return [
        ...(past ? [] : [{ type: 'literal', value: 'in ' }]),
        ...this.#numbers.formatToParts(amount).map((part) => ({ ...part, unit: span })),
        { type: 'literal', value: past ? `${text} ago` : text },
      ];
    }

    resolvedOptions() { return { ...this.#resolved }; }
  }, 'RelativeTimeFormat');

  return { NumberFormat, PluralRules, RelativeTimeFormat, numberToLocaleString, bigIntToLocaleString };
})
