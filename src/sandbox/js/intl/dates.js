// `DateTimeFormat` for `Intl`, and `toLocaleString`, `toLocaleDateString`, `toLocaleTimeString` for `Date`.
//
// From the host: `native.load(file)`; `native.zoneName(name)`, the name of a time zone as its database writes it, or
// undefined; `native.zoneAt(name, ms)`, `[seconds east of UTC, abbreviation, English name]` of that zone at a moment; both
// texts may be empty.
((native) => {
  const { resolve, reader, finish } = native.load('intl/intl.js');
  const { Date: TheDate, RangeError: TheRangeError, TypeError: TheTypeError, Number: TheNumber, Object: TheObject } = globalThis;
  const { assign } = TheObject;
  const { apply } = Reflect;
  const { now } = TheDate;
  const { getTime } = TheDate.prototype;
  const { floor, abs, trunc } = Math;

  // --- what a locale writes ---
  //
  // Patterns: `D`, `M`, `Y` are numbers as asked for, `DD`, `MM` with two digits, `D#`, `M#`, `YY` with as few or as many
  // as stand here; `L` is the name of the month, `E` of the weekday, `G` of the era. Anything else is written as it is.

  const words = (text) => text.split(' ');
  const english = {
    months: words('January February March April May June July August September October November December'),
    days: words('Sunday Monday Tuesday Wednesday Thursday Friday Saturday'),
    narrowDays: 'SMTWTFS', narrowMonths: 'JFMAMJJASOND',
    // In each list: year, month and day; year and month; month and day.
    numbers: ['M/D/Y', 'M/Y', 'M/D'], texts: ['L D, Y', 'L Y', 'L D'],
    // Before the date with a year, before the one without, with the day alone, with the time alone.
    weekday: ['E, ', 'E, ', 'D E', ' '],
    // Between date and time: a weekday and a long month, a long month, a short one, a number.
    joints: [' at ', ' at ', ', ', ', '],
    // The zones that have a short name here; any other is written as its offset. `CET1=MEZ` is another name.
    zones: 'GMT0 AST-4 ADT-3 EST-5 EDT-4 CST-6 CDT-5 MST-7 MDT-6 PST-8 PDT-7 AKST-9 AKDT-8 HST-10',
    short: 'M#/D#/YY', halfSpace: '\u202f', halves: ['AM', 'PM'], point: '.', utc: 'Coordinated Universal Time', zone: 'GMT', dayWord: 'day',
    eras: [['BC', 'AD'], ['Before Christ', 'Anno Domini'], ['B', 'A']],
  };
  const cut = (names, count, dot = '') => names.map((name) => name.slice(0, count) + dot);
  const europe = 'CET1 CEST2 EET2 EEST3 WET0 WEST1';
  const european = (own) => ({ ...english, point: ',', zones: europe, ...own });
  const locales = {
    __proto__: null,
    en: () => ({ ...english, shortMonths: cut(english.months, 3), shortDays: cut(english.days, 3) }),
    'en-GB': () => ({
      ...locales.en(), numbers: ['DD/MM/Y', 'MM/Y', 'DD/MM'], texts: ['D L Y', 'L Y', 'D L'], weekday: ['E, ', 'E ', 'E D', ' '],
      shortMonths: words('Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec'), short: 'DD/MM/Y', halves: ['am', 'pm'], weekdayHour: ', ',
      zones: `GMT0 BST1 ${europe}`,
    }),
    de: () => european({
      months: words('Januar Februar März April Mai Juni Juli August September Oktober November Dezember'),
      shortMonths: words('Jan. Feb. März Apr. Mai Juni Juli Aug. Sept. Okt. Nov. Dez.'),
      aloneMonths: words('Jan Feb Mär Apr Mai Jun Jul Aug Sep Okt Nov Dez'),
      days: words('Sonntag Montag Dienstag Mittwoch Donnerstag Freitag Samstag'),
      shortDays: words('So. Mo. Di. Mi. Do. Fr. Sa.'), aloneDays: words('So Mo Di Mi Do Fr Sa'), narrowDays: 'SMDMDFS',
      numbers: ['D.M.Y', 'M/Y', 'D.M.'], texts: ['D. L Y', 'L Y', 'D. L'], weekday: ['E, ', 'E, ', 'E, D.', ', '],
      eraNumbers: 'DD.MM.Y', joints: [' um ', ' um ', ', ', ', '], short: 'DD.MM.YY', medium: 'DD.MM.Y',
      hour: ' Uhr', utc: 'Koordinierte Weltzeit', dayWord: 'Tag',
      zones: 'CET1=MEZ CEST2=MESZ EET2=OEZ EEST3=OESZ WET0=WEZ WEST1=WESZ',
      centralEurope: ['Mitteleuropäische Normalzeit', 'Mitteleuropäische Sommerzeit'],
      eras: [['v. Chr.', 'n. Chr.'], ['v. Chr.', 'n. Chr.'], ['v. Chr.', 'n. Chr.']],
    }),
    fr: () => european({
      months: words('janvier février mars avril mai juin juillet août septembre octobre novembre décembre'),
      shortMonths: words('janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.'),
      days: words('dimanche lundi mardi mercredi jeudi vendredi samedi'), shortDays: words('dim. lun. mar. mer. jeu. ven. sam.'),
      narrowDays: 'DLMMJVS', numbers: ['DD/MM/Y', 'MM/Y', 'DD/MM'], texts: ['D L Y', 'L Y', 'D L'],
      weekday: ['E ', 'E ', 'E D', ' '], joints: [' à ', ' à ', ', ', ' '], short: 'DD/MM/Y', hour: ' h',
      utc: 'temps universel coordonné', zone: 'UTC', minus: '−', dayWord: 'jour', zones: '',
      centralEurope: ['heure normale d’Europe centrale', 'heure d’été d’Europe centrale'],
      eras: [['av. J.-C.', 'ap. J.-C.'], ['avant Jésus-Christ', 'après Jésus-Christ'], ['av. J.-C.', 'ap. J.-C.']],
    }),
    es: () => {
      const months = words('enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre');
      const days = words('domingo lunes martes miércoles jueves viernes sábado');
      return european({
        months, shortMonths: cut(months, 3).with(8, 'sept'), days, shortDays: cut(days, 3),
        narrowDays: 'DLMXJVS', narrowMonths: 'EFMAMJJASOND', numbers: ['D/M/Y', 'M#/Y', 'D#/M#'], texts: ['D L Y', 'L Y', 'D L'],
        longTexts: ['D de L de Y', 'L de Y', 'D de L'], weekday: ['E, ', 'E, ', 'E D', ', '],
        joints: [', ', ' a las ', ', ', ', '], short: 'D#/M#/YY', halves: ['a.\u202fm.', 'p.\u202fm.'],
        hours: 'H', hourAlone: 'H', utc: 'tiempo universal coordinado', dayWord: 'día', zones: `GMT0 ${europe}`,
        centralEurope: ['hora estándar de Europa central', 'hora de verano de Europa central'],
        eras: [['a. C.', 'd. C.'], ['antes de Cristo', 'después de Cristo'], ['a. C.', 'd. C.']],
      });
    },
    it: () => {
      const months = words('gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre');
      const days = words('domenica lunedì martedì mercoledì giovedì venerdì sabato');
      return european({
        months, shortMonths: cut(months, 3), days, shortDays: cut(days, 3), narrowDays: 'DLMMGVS', narrowMonths: 'GFMAMGLASOND',
        numbers: ['DD/MM/Y', 'MM/Y', 'DD/MM'], always: true, texts: ['D L Y', 'L Y', 'D L'], weekday: ['E ', 'E ', 'E D', ' '],
        joints: [' alle ore ', ' alle ore ', ', ', ', '], short: 'DD/MM/YY', hourAlone: 'H', weekdayHour: ', ',
        utc: 'Tempo coordinato universale', dayWord: 'giorno',
        centralEurope: ['Ora standard dell’Europa centrale', 'Ora legale dell’Europa centrale'],
        eras: [['a.C.', 'd.C.'], ['avanti Cristo', 'dopo Cristo'], ['aC', 'dC']],
      });
    },
    nl: () => {
      const months = words('januari februari maart april mei juni juli augustus september oktober november december');
      const days = words('zondag maandag dinsdag woensdag donderdag vrijdag zaterdag');
      return european({
        months, shortMonths: words('jan feb mrt apr mei jun jul aug sep okt nov dec'), days, shortDays: cut(days, 2),
        narrowDays: 'ZMDWDVZ', numbers: ['D-M-Y', 'M-Y', 'D-M'], eraNumbers: 'D/M/Y', texts: ['D L Y', 'L Y', 'D L'],
        weekday: ['E ', 'E ', 'E D', ' '], joints: [' om ', ' om ', ', ', ', '], short: 'DD-MM-Y', halfSpace: ' ', halves: ['a.m.', 'p.m.'],
        weekdayHour: ', ', utc: 'gecoördineerde wereldtijd', dayWord: 'dag', zones: `${english.zones} ${europe}`.replace('HST-10', 'HST-10=HAST'),
        centralEurope: ['Midden-Europese standaardtijd', 'Midden-Europese zomertijd'],
        eras: [['v.Chr.', 'n.Chr.'], ['voor Christus', 'na Christus'], ['v.C.', 'n.C.']],
      });
    },
    pt: () => {
      const months = words('janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro');
      const days = words('domingo segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado');
      return european({
        months, shortMonths: cut(months, 3, '.'), days, shortDays: cut(days, 3, '.'), narrowDays: 'DSTQQSS',
        numbers: ['DD/MM/Y', 'MM/Y', 'DD/MM'], texts: ['D de L de Y', 'L de Y', 'D de L'], weekday: ['E, ', 'E, ', 'E, D', ', '],
        joints: [' às ', ' às ', ', ', ', '], short: 'DD/MM/Y', utc: 'Horário Universal Coordenado', dayWord: 'dia', zones: '',
        centralEurope: ['Horário Padrão da Europa Central', 'Horário de Verão da Europa Central'],
        eras: [['a.C.', 'd.C.'], ['antes de Cristo', 'depois de Cristo'], ['a.C.', 'd.C.']],
      });
    },
  };
  const loaded = { __proto__: null };
  const textsOf = (key) => (loaded[key] ??= locales[key]());

  // --- time zones ---

  /** The name, and what the zone is at a moment in ms, as `native.zoneAt` tells it. */
  const zoneOf = (given) => {
    const name = `${given}`;
    if (/^(?:UTC|GMT|GMT0|UCT|Zulu|Universal|Greenwich|Etc\/(?:UTC|GMT|GMT[+-]?0|UCT|Zulu|Universal|Greenwich))$/i.test(name)) return { name: 'UTC', at: () => [0, '', ''] };
    const [, sign, hours, minutes = '00'] = /^([+-])([01]\d|2[0-3])(?::?([0-5]\d))?$/.exec(name) ?? [];
    if (sign) {
      const seconds = (sign === '-' ? -1 : 1) * (+hours * 60 + +minutes) * 60;
      return { name: seconds ? `${sign}${hours}:${minutes}` : '+00:00', at: () => [seconds, '', ''] };
    }
    const known = native.zoneName(name);
    if (known === undefined) throw new TheRangeError(`Invalid time zone specified: ${name}`);
    return { name: known, at: (moment) => native.zoneAt(known, moment), isPlace: !known.startsWith('Etc/') };
  };
  const offsetName = (seconds, long, { zone, minus = '-' }) => {
    const total = abs(seconds);
    const [hours, ...rest] = [floor(total / 3600), floor(total / 60) % 60, total % 60].map((part) => `${part}`.padStart(2, '0'));
    while (rest.length && rest[rest.length - 1] === '00' && (rest.length > 1 || !long)) rest.pop();
    return `${zone}${seconds < 0 ? minus : '+'}${[long ? hours : +hours, ...rest].join(':')}`;
  };
  /** Its name in a language; undefined where an offset is written. */
  const placeName = ([seconds, abbreviation, english], long, texts) => {
    const key = `${abbreviation}${seconds / 3600}`;
    if (long) return texts.centralEurope ? texts.centralEurope[['CET1', 'CEST2'].indexOf(key)] : english;
    const entry = words(texts.zones).find((known) => known.split('=')[0] === key);
    return entry && (entry.split('=')[1] ?? abbreviation);
  };

  // --- DateTimeFormat ---

  const named = ['narrow', 'short', 'long'];
  const counted = ['2-digit', 'numeric'];
  const styles = ['full', 'long', 'medium', 'short'];
  const fieldValues = {
    __proto__: null, weekday: named, era: named, year: counted, month: [...counted, ...named], day: counted, dayPeriod: named,
    hour: counted, minute: counted, second: counted,
    timeZoneName: ['short', 'long', 'shortOffset', 'longOffset', 'shortGeneric', 'longGeneric'],
  };
  const dateFields = ['weekday', 'year', 'month', 'day'];
  const timeFields = ['dayPeriod', 'hour', 'minute', 'second', 'fractionalSecondDigits'];
  const isNumber = (width) => width === 'numeric' || width === '2-digit';

  /** The pattern of the date, and which joint stands before the time. */
  const datePattern = (fields, texts) => {
    const { weekday, era, year, month, day } = fields;
    const isText = month && !isNumber(month);
    const lists = isText ? (month === 'long' && texts.longTexts) || texts.texts : texts.numbers;
    let pattern = '';
    if (month) pattern = year && day ? lists[0] : year ? lists[1] : day ? lists[2] : isText ? 'L' : 'M';
    else if (year) pattern = day && !weekday ? `Y (${texts.dayWord}: D)` : 'Y';
    else if (day) pattern = weekday ? texts.weekday[2] : 'D';
    if (era && month && !isText && year && day && texts.eraNumbers) pattern = texts.eraNumbers;
    // Two digits are written where both are just numbers, or else what each of them says.
    if (month === '2-digit' || day === '2-digit') pattern = texts.always ? pattern : pattern.replace('DD', 'D').replace('MM', 'M');
    if (weekday) {
      if (!pattern) pattern = 'E';
      else if (month && day) pattern = texts.weekday[year ? 0 : 1] + pattern;
      else if (year || month) pattern += ' E';
    }
    if (era) pattern += pattern ? ' G' : 'G';
    const joint = month === 'long' ? (weekday ? 0 : 1) : month === 'short' ? 2 : 3;
    return { pattern, joint: texts.joints[joint] };
  };

  const DateTimeFormat = finish(class DateTimeFormat {
    #resolved;
    #texts;
    #at;
    #fields;
    #date = '';
    #joint = ', ';
    #time = [];
    #format;

    constructor(given, options, required = 'any', defaults = 'date') {
      const { locale, key } = resolve(given);
      const read = reader('Intl.DateTimeFormat', options);
      const texts = textsOf(key);
      this.#texts = texts;
      const zone = read.raw('timeZone');
      const { name: timeZone, at, isPlace } = zoneOf(zone === undefined ? 'UTC' : zone);
      this.#at = at;
      const resolved = { locale, calendar: 'gregory', numberingSystem: 'latn', timeZone };
      const hour12 = read.flag('hour12');
      let cycle = read.text('hourCycle', ['h11', 'h12', 'h23', 'h24']);
      const usual = key === 'en' ? 'h12' : 'h23';
      // As Node 20: the other one of the same kind as the locale's.
      if (hour12 !== undefined) cycle = hour12 ? (usual === 'h12' ? 'h12' : 'h11') : usual === 'h12' ? 'h24' : 'h23';
      cycle ??= usual;

      const fields = {};
      for (const name in fieldValues) fields[name] = read.text(name, fieldValues[name]);
      if (fields.dayPeriod) throw new TheRangeError('membrane-mock: Intl.DateTimeFormat does not know dayPeriod, only hour12');
      if (isPlace && fields.timeZoneName?.endsWith('Generic')) {
        throw new TheRangeError(`membrane-mock: Intl.DateTimeFormat does not know timeZoneName ${fields.timeZoneName} of ${timeZone}, `
          + 'only short, long, shortOffset and longOffset');
      }
      fields.fractionalSecondDigits = read.number('fractionalSecondDigits', 1, 3);
      const dateStyle = read.text('dateStyle', styles);
      const timeStyle = read.text('timeStyle', styles);
      if (dateStyle || timeStyle) this.#byStyle(fields, dateStyle, timeStyle, required, cycle, usual);
      else {
        const has = (names) => names.some((name) => fields[name] !== undefined);
        const isBare = !(required !== 'time' && has(dateFields)) && !(required !== 'date' && has(timeFields));
        if (isBare && defaults !== 'time') fields.year = fields.month = fields.day = 'numeric';
        if (isBare && defaults !== 'date') fields.hour = fields.minute = fields.second = 'numeric';
        const { pattern, joint } = datePattern(fields, texts);
        this.#date = pattern;
        this.#joint = joint;
        this.#time = this.#timeOf(fields, cycle, usual);
        if (pattern === 'E' && this.#time.length) this.#joint = fields.minute ? texts.weekday[3] : texts.weekdayHour ?? texts.weekday[3];
      }
      this.#fields = fields;
      if (fields.hour) assign(resolved, { hourCycle: cycle, hour12: cycle === 'h11' || cycle === 'h12' });
      if (dateStyle || timeStyle) {
        if (dateStyle) resolved.dateStyle = dateStyle;
        if (timeStyle) resolved.timeStyle = timeStyle;
      } else this.#tellFields(resolved);
      this.#resolved = resolved;
      this.#format = (date) => this.#parts(date).map((part) => part.value).join('').replace(/\u202f/g, ' ');
    }

    #byStyle(fields, dateStyle, timeStyle, required, cycle, usual) {
      const texts = this.#texts;
      const other = [...dateFields, ...timeFields, 'era', 'timeZoneName'].find((name) => fields[name] !== undefined);
      if (other) throw new TheTypeError(`Can't set option ${other} when ${dateStyle ? 'dateStyle' : 'timeStyle'} is used`);
      if (required === 'time' && dateStyle) throw new TheTypeError('Invalid option : dateStyle');
      if (required === 'date' && timeStyle) throw new TheTypeError('Invalid option : timeStyle');
      if (dateStyle) {
        const month = dateStyle === 'full' || dateStyle === 'long' ? 'long' : 'short';
        const wide = { year: 'numeric', month, day: 'numeric', weekday: dateStyle === 'full' ? 'long' : undefined };
        this.#date = texts[dateStyle] ?? datePattern(wide, texts).pattern;
        this.#joint = texts.joints[styles.indexOf(dateStyle)];
        assign(fields, wide);
      }
      if (timeStyle) {
        assign(fields, { hour: 'numeric', minute: '2-digit' });
        if (timeStyle !== 'short') fields.second = '2-digit';
        if (timeStyle === 'full') fields.timeZoneName = 'long';
        else if (timeStyle === 'long') fields.timeZoneName = 'short';
        // The twelve hours of a locale that has 24 are written as wide as those.
        if (usual === 'h23' && texts.hours !== 'H') fields.hour = '2-digit';
        this.#time = this.#timeOf(fields, cycle, usual);
      }
    }

    /** The time as a list of fields, by one letter, and of what stands between them. */
    #timeOf({ hour, minute, second, fractionalSecondDigits, timeZoneName }, cycle, usual) {
      const texts = this.#texts;
      const time = [];
      if (hour) {
        const isHalf = cycle === 'h11' || cycle === 'h12';
        const bare = (minute ? texts.hours : texts.hourAlone) === 'H';
        // As ICU finds its patterns: in some it writes the hour as asked for, in others with two digits.
        const isLoose = timeZoneName ? second && !timeZoneName.endsWith('Offset') : minute === '2-digit' && second !== 'numeric';
        const isAsked = isLoose && this.#date !== 'E' && usual !== 'h12';
        const isPadded = hour === '2-digit' || (!isHalf && !bare && !isAsked && (cycle === 'h23' || usual === 'h12'));
        time.push((isPadded ? 'HH' : 'H') + cycle);
        if (minute) time.push(':', 'mm');
        if (second) time.push(':', 'ss');
        if (fractionalSecondDigits) time.push(texts.point, 'S');
        if (isHalf) time.push(minute ? texts.halfSpace : '\u202f', 'a');
        else if (!minute && texts.hour) time.push(texts.hour);
      } else {
        if (minute) time.push(second ? 'mm' : 'm');
        if (minute && second) time.push(':');
        if (second) time.push(minute ? 'ss' : 's');
        if (fractionalSecondDigits) time.push(...(second ? [texts.point] : []), 'S');
      }
      if (timeZoneName === 'long' && second && cycle === 'h23' && texts.hours) time.push(' (', 'z', ')');
      else if (timeZoneName) time.push(...(time.length ? [' '] : []), 'z');
      return time;
    }

    /** The fields as they are written. */
    #tellFields(resolved) {
      const fields = this.#fields;
      for (const name in fields) if (fields[name] !== undefined) resolved[name] = fields[name];
      if (this.#date.includes('DD')) resolved.day = '2-digit';
      if (this.#date.includes('MM')) resolved.month = '2-digit';
      if (this.#date.includes('D#')) resolved.day = 'numeric';
      if (this.#date.includes('M#')) resolved.month = 'numeric';
      const time = this.#time;
      if (fields.hour) resolved.hour = time[0].startsWith('HH') ? '2-digit' : 'numeric';
      if (fields.minute) resolved.minute = time.includes('mm') ? '2-digit' : 'numeric';
      if (fields.second) resolved.second = time.includes('ss') ? '2-digit' : 'numeric';
    }

    get format() { return this.#format; }
    formatToParts(date) { return this.#parts(date); }
    resolvedOptions() { return { ...this.#resolved }; }

    #parts(given) {
      const moment = given === undefined ? now() : TheNumber(given);
      if (!(abs(moment) <= 8.64e15)) throw new TheRangeError('Invalid time value');
      const zone = this.#at(trunc(moment));
      const date = new TheDate(trunc(moment) + zone[0] * 1000);
      const parts = [];
      const put = (type, value) => {
        const last = parts[parts.length - 1];
        if (type === 'literal' && last?.type === type) last.value += value;
        else if (value !== '') parts.push({ type, value });
      };
      let at = 0;
      for (const { 0: mark, index } of this.#date.matchAll(/DD|D#?|MM|M#?|YY?|[LEG]/g)) {
        put('literal', this.#date.slice(at, index));
        at = index + mark.length;
        put(...this.#dateField(mark, date));
      }
      put('literal', this.#date.slice(at));
      if (this.#date && this.#time.length) put('literal', this.#joint);
      for (const mark of this.#time) put(...this.#timeField(mark, date, zone));
      return parts;
    }

    #dateField(mark, date) {
      const fields = this.#fields;
      const texts = this.#texts;
      const padded = (value, width) => {
        const isPadded = mark.length === 2 ? mark[1] !== '#' : width === '2-digit';
        return isPadded ? `${value % 100}`.padStart(2, '0') : `${value}`;
      };
      const year = date.getUTCFullYear();
      const [month, day] = [date.getUTCMonth(), date.getUTCDay()];
      // Names that stand alone look different in German.
      const isAlone = !fields.day && !fields.year && !fields.weekday;
      switch (mark[0]) {
        case 'D': return ['day', padded(date.getUTCDate(), fields.day)];
        case 'M': return ['month', padded(month + 1, fields.month)];
        case 'Y': return ['year', padded(year > 0 ? year : 1 - year, fields.year)];
        case 'L':
          if (fields.month === 'long') return ['month', texts.months[month]];
          return ['month', fields.month === 'narrow' ? texts.narrowMonths[month] : ((isAlone && texts.aloneMonths) || texts.shortMonths)[month]];
        case 'E':
          if (fields.weekday === 'long') return ['weekday', texts.days[day]];
          if (fields.weekday === 'narrow') return ['weekday', texts.narrowDays[day]];
          return ['weekday', ((!fields.day && !fields.month && !fields.minute && texts.aloneDays) || texts.shortDays)[day]];
        default: return ['era', texts.eras[['short', 'long', 'narrow'].indexOf(fields.era)][year > 0 ? 1 : 0]];
      }
    }

    #timeField(mark, date, zone) {
      const texts = this.#texts;
      const two = (value) => `${value}`.padStart(2, '0');
      const hour = date.getUTCHours();
      if (mark[0] === 'H') {
        const [, wide, cycle] = /^H(H?)h(\d\d)$/.exec(mark);
        const shown = { 11: hour % 12, 12: hour % 12 || 12, 23: hour, 24: hour || 24 }[cycle];
        return ['hour', wide ? two(shown) : `${shown}`];
      }
      switch (mark) {
        case 'm': return ['minute', `${date.getUTCMinutes()}`];
        case 'mm': return ['minute', two(date.getUTCMinutes())];
        case 's': return ['second', `${date.getUTCSeconds()}`];
        case 'ss': return ['second', two(date.getUTCSeconds())];
        case 'S': return ['fractionalSecond', `${date.getUTCMilliseconds()}`.padStart(3, '0').slice(0, this.#fields.fractionalSecondDigits)];
        case 'a': return ['dayPeriod', texts.halves[hour < 12 ? 0 : 1]];
        case 'z': return ['timeZoneName', this.#zoneName(zone)];
        default: return ['literal', mark];
      }
    }

    #zoneName(zone) {
      const width = this.#fields.timeZoneName;
      const { timeZone } = this.#resolved;
      const isLong = width.startsWith('long');
      if (width === 'short' || width === 'long') {
        if (timeZone === 'UTC') return isLong ? this.#texts.utc : 'UTC';
        const name = placeName(zone, isLong, this.#texts);
        if (name) return name;
      }
      return offsetName(zone[0], isLong, this.#texts);
    }
  }, 'DateTimeFormat', true);

  const shown = (required, defaults) => {
    let usual;
    return (self, locales, options) => {
      const moment = apply(getTime, self, []);
      if (moment !== moment) return 'Invalid Date';
      if (locales === undefined && options === undefined) usual ??= new DateTimeFormat(locales, options, required, defaults);
      const format = locales === undefined && options === undefined ? usual : new DateTimeFormat(locales, options, required, defaults);
      return format.format(moment);
    };
  };

  return {
    DateTimeFormat,
    toLocaleString: shown('any', 'all'),
    toLocaleDateString: shown('date', 'date'),
    toLocaleTimeString: shown('time', 'time'),
  };
})
