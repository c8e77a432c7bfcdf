// snippet: fibonacci lazily
module.exports = () => {
  function* fibonacci() { let [a, b] = [0, 1]; for (;;) { yield a; [a, b] = [b, a + b] } }
  const out = []
  for (const n of fibonacci()) { if (n > 50) break; out.push(n) }
  return out
}

// snippet: two-way generator
module.exports = () => {
  function* talk() { try { const name = yield 'who?'; const age = yield `hi ${name}`; return age * 2 } finally { log.push('closed') } }
  const log = []
  const talker = talk()
  log.push(talker.next().value, talker.next('Ann').value, talker.next(21), talker.next())
  const other = talk()
  other.next()
  log.push(other.return('early'))
  return log
}

// snippet: own iterables and delegation
module.exports = () => {
  const range = { from: 1, to: 4, *[Symbol.iterator]() { for (let n = this.from; n <= this.to; n++) yield n } }
  function* all() { yield* range; yield* 'ab' }
  const [first, , third, ...rest] = range
  return [[...range], Math.max(...range), first, third, rest, Array.from(all()), Object.fromEntries(new Map([['k', 1]]))]
}

// snippet: labels, switch, do
module.exports = () => {
  const out = []
  outer: for (let i = 0; i < 3; i++) for (let j = 0; j < 3; j++) { if (j === 2) continue outer; if (i === 2) break outer; out.push(`${i}${j}`) }
  let n = 0
  do { switch (n) { case 0: out.push('zero'); case 1: out.push('through'); break; default: out.push('default') } } while (++n < 3)
  return out
}
