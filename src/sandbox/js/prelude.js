// Runs a snippet. Parsed before each one, so what can be done elsewhere is: `begin` makes the handler's arguments, `finish`
// and `thrown` end the run.
((begin, finish, thrown) => {
  const later = async (value) => {
    try {
      finish(await value);
    } catch (error) {
      thrown(error);
    }
  };
  return (snippet) => {
    delete globalThis.runSnippet;
    try {
      const module = { exports: {} };
      // The third is what `export default` becomes.
      snippet(module, module.exports, { set d(value) { module.exports.default = value; } });
      const { handler, args } = begin(module);
      const value = handler(args);
      if (value !== null && typeof value === 'object' && typeof value.then === 'function') later(value);
      else finish(value);
    } catch (error) {
      thrown(error);
    }
  };
})
