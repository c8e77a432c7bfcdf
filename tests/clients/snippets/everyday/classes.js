// snippet: private fields, static, accessors
module.exports = () => {
  class Account {
    #balance = 0
    static opened = 0
    static { Account.opened = 10 }
    constructor(owner) { this.owner = owner; Account.opened++ }
    deposit(sum) { this.#balance += sum; return this }
    get balance() { return this.#balance }
    set balance(value) { throw new Error('read only') }
    static is(value) { return #balance in value }
    toJSON() { return { owner: this.owner, balance: this.#balance } }
  }
  const account = new Account('Ann').deposit(5).deposit(7)
  return [account, account.balance, Account.opened, Account.is(account), Account.is({})]
}

// snippet: inheritance and super
module.exports = () => {
  class Shape { constructor(name) { this.name = name } describe() { return `a ${this.name}` } static make() { return new this('made') } }
  class Square extends Shape { constructor(side) { super('square'); this.side = side } describe() { return `${super.describe()} of ${this.side}` } }
  return [new Square(3).describe(), new Square(1) instanceof Shape, Square.make().name, Object.getPrototypeOf(Square) === Shape, Square.name]
}

// snippet: own error classes
module.exports = () => {
  class VendorError extends Error { constructor(message, status) { super(message); this.name = 'VendorError'; this.status = status } }
  try { throw new VendorError('gone', 410) } catch (error) { return [error instanceof VendorError, error instanceof Error, String(error), error.status, JSON.stringify(error)] }
}

// snippet: this, bind, call, apply
module.exports = () => {
  const counter = { count: 1, read() { return this?.count }, arrow() { return (() => this.count)() } }
  const { read } = counter
  return [read.call({ count: 5 }), read.bind({ count: 6 })(), read.apply({ count: 7 }, []), counter.arrow(), Math.max.apply(null, [1, 9])]
}

// snippet: closures and memoising
module.exports = () => {
  let calls = 0
  const memo = (work) => { const known = new Map(); return (n) => known.get(n) ?? (known.set(n, work(n)), known.get(n)) }
  const square = memo((n) => { calls++; return n * n })
  const adders = []
  for (let i = 0; i < 3; i++) adders.push(() => i)
  return [square(4), square(4), calls, adders.map((add) => add())]
}

// snippet: curry, compose, default parameters
module.exports = () => {
  const compose = (...steps) => (value) => steps.reduce((done, step) => step(done), value)
  const curry = (work) => function next(...args) { return args.length >= work.length ? work(...args) : (...more) => next(...args, ...more) }
  return [compose((x) => x + 1, (x) => x * 2)(3), curry((a, b, c) => a + b + c)(1)(2)(3), ((a, b = a * 2) => b)(4), (function () { return arguments.length })(1, 2)]
}

// snippet: exports.default
exports.default = function ({ input }) { return { via: 'default', input: input ?? null } }

// snippet: exports.default, async
// input: {"n": 20}
exports.default = async ({ input }) => input.n + 1

// snippet: Symbol.toPrimitive and friends
module.exports = () => {
  class Money { constructor(cents) { this.cents = cents } [Symbol.toPrimitive](hint) { return hint === 'string' ? `${this.cents / 100} EUR` : this.cents } get [Symbol.toStringTag]() { return 'Money' } }
  const price = new Money(250)
  return [`${price}`, price + 1, price > 200, Object.prototype.toString.call(price)]
}
