// `atob` and `btoa`. Not the engine's own: they throw plain errors, and refuse `YR==`, which the standard takes.
// From the host: `native.atob(text)` and `native.btoa(text)`, undefined for what they refuse, and `native.need(name)`.
//
// Delete when the engine's runtime has a DOMException and throws it: https://github.com/boa-dev/boa/issues/4988.
((native) => {
  const { atob, btoa, need } = native;
  // In Node's words: digits alone are refused for their number.
  const refusal = (text) => (/^[\t\n\f\r +/0-9A-Za-z]*$/.test(text)
    ? 'The string to be decoded is not correctly encoded.'
    : 'Invalid character');
  const checked = (convert, why) => (given) => {
    const text = `${given}`;
    const converted = convert(text);
    if (converted === undefined) throw new (need('DOMException'))(why(text), 'InvalidCharacterError');
    return converted;
  };
  return { atob: checked(atob, refusal), btoa: checked(btoa, () => 'Invalid character') };
})
