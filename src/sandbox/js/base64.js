// `atob` and `btoa`: the engine's throw plain text, and take nothing but text.
// From the host: the engine's `native.atob`, `native.btoa`, and `native.need(name)`.
((native) => {
  const { String: TheString } = globalThis;
  const checked = (name) => {
    const { [name]: plain } = native;
    return (text) => {
      try {
        return plain(TheString(text));
      } catch (error) {
        const { need } = native;
        throw new (need('DOMException'))(`${name}: ${TheString(error?.message ?? error)}`, 'InvalidCharacterError');
      }
    };
  };
  return { atob: checked('atob'), btoa: checked('btoa') };
})
