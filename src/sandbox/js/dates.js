// `Date` reads what external apps write: the engine alone knows ISO 8601 with three decimals and the form of
// `toUTCString`. Times without a zone are UTC here: so is the sandbox's local time.
// From the host: the engine's own `native.Date`.
//
// Delete when the engine's `Date.parse` reads what V8's does: https://github.com/boa-dev/boa/pull/3564 left it at what the
// standard demands, and no issue is known for the rest.
((native) => {
  const { Date: TheDate } = native;
  const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
  const { UTC, parse } = TheDate;
  const { construct, apply } = Reflect;
  const TheNumber = Number;

  const clock = String.raw`(?:[T ,]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?\s*([ap]m)?)?`;
  const zone = String.raw`\s*(?:(Z|UTC|GMT)?([+-]\d{2}):?(\d{2})?|(Z|UTC|GMT))?(?:\s*\([^)]*\))?`;
  // Compiled when a date is first met that the engine cannot read.
  let compiled;
  const forms = () => (compiled ??= [
    [/^([+-]?\d{4,6})[-/](\d{1,2})(?:[-/](\d{1,2}))?/, 1, 2, 3],
    [/^(\d{1,2})[/](\d{1,2})[/](\d{4})/, 3, 1, 2],
    [/^(?:[a-z]{3,9},?\s+)?([a-z]{3,9})\.?\s+(\d{1,2}),?\s+(\d{4})/i, 3, 1, 2],
    [/^(?:[a-z]{3,9},?\s+)?(\d{1,2})[\s-]([a-z]{3,9})\.?[\s-](\d{4})/i, 3, 2, 1],
  ].map(([day, ...order]) => [new RegExp(`${day.source}${clock}${zone}\\s*$`, 'i'), ...order]));

  const month = (text) => (/^\d/.test(text) ? TheNumber(text) - 1 : months.indexOf(text.slice(0, 3).toLowerCase()));
  const read = (text) => {
    for (const [form, y, m, d] of forms()) {
      const found = form.exec(text);
      if (!found) continue;
      let [hour, minute, second, decimals, half, , offset, offsetMinutes] = found.slice(4);
      hour = TheNumber(hour ?? 0);
      if (half) hour = (hour % 12) + (half.toLowerCase() === 'pm' ? 12 : 0);
      const [mm, dd] = [month(found[m]), TheNumber(found[d] ?? 1)];
      const wrong = mm < 0 || mm > 11 || dd < 1 || dd > 31 || hour > 24 || minute > 59 || second > 59;
      if (wrong) return NaN;
      const millis = decimals ? Math.floor(TheNumber(`0.${decimals}`) * 1000) : 0;
      const sign = offset?.startsWith('-') ? -1 : 1;
      const shift = offset ? sign * (Math.abs(TheNumber(offset)) * 60 + TheNumber(offsetMinutes ?? 0)) : 0;
      return UTC(TheNumber(found[y]), mm, dd, hour, TheNumber(minute ?? 0) - shift, TheNumber(second ?? 0), millis);
    }
    return NaN;
  };
  const moment = (text) => {
    const known = parse(text);
    return known === known ? known : read(text.trim());
  };

  const proxy = new Proxy(TheDate, {
    __proto__: null,
    construct(target, args, newTarget) {
      const [first] = args;
      const given = args.length === 1 && typeof first === 'string' ? [moment(first)] : args;
      return construct(target, given, newTarget === proxy ? target : newTarget);
    },
    apply: (target, self, args) => apply(target, self, args),
  });
  TheDate.parse = function parse(text) { return moment(`${text}`); };
  Object.defineProperty(TheDate, 'parse', { enumerable: false });
  TheDate.prototype.constructor = proxy;
  return { Date: proxy };
})
