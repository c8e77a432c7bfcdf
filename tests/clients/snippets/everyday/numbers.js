// snippet: rounding money
// input: {"prices": [1.005, 2.345, 10, 0.1]}
module.exports = ({ input }) => input.prices.map((price) => [price.toFixed(2), Math.round(price * 100) / 100, Number(price.toPrecision(2))])

// snippet: parsing what a form sends
module.exports = () => ['42', '4.5kg', ' 7 ', '', 'x', '0x1f', '1e3', null, true, '1,000'].map((text) => [parseInt(text, 10), parseFloat(text), Number(text)].map(String))

// snippet: thousands separators by hand
module.exports = () => [1234567.891, 999, -1000000].map((value) => value.toFixed(1).replace(/\B(?=(\d{3})+(?!\d))/g, ','))

// snippet: how numbers print
module.exports = () => [0.1 + 0.2, 1e21, 1e-7, 123456789012345680000, 5e-324, 1 / 3, -0, 100, 2 ** 53].map((value) => `${value}`)

// snippet: radix conversions
module.exports = () => [(255).toString(16), (255).toString(2), parseInt('zz', 36), (0.5).toString(2), Number('0b101'), (1234.5678).toExponential(2)]

// snippet: limits and checks
module.exports = () => [Number.isInteger(5.0), Number.isSafeInteger(2 ** 53), Number.isNaN('x'), isNaN('x'), Number.EPSILON > 0, Number.MAX_SAFE_INTEGER, Math.sign(-3), Math.trunc(-4.7), Math.hypot(3, 4), Math.cbrt(27), Math.clz32(1), Math.max(), Math.min(...[3, 1, 2])]
  .map(String)

// snippet: totals without drift
// input: {"lines": [{"qty": 3, "price": 0.1}, {"qty": 1, "price": 0.2}]}
module.exports = ({ input }) => input.lines.reduce((cents, { qty, price }) => cents + Math.round(price * 100) * qty, 0) / 100

// snippet: BigInt of an id
module.exports = () => {
  const id = BigInt('9007199254740993')
  return [String(id + 1n), (id % 10n).toString(), Number(id >> 10n), typeof id, BigInt.asUintN(8, 257n).toString(), id > 5]
}

// snippet: bit flags
module.exports = () => { const [READ, WRITE] = [1, 2]; let mode = READ | WRITE; mode &= ~READ; return [mode, mode & WRITE, 1 << 31, -1 >>> 0, 5 ^ 3, ~~-7.9] }
