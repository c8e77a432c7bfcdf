// snippet: await in a loop
module.exports = async () => {
  const wait = (ms, value) => new Promise((resolve) => setTimeout(resolve, ms, value))
  const seen = []
  for (const name of ['a', 'b']) seen.push(await wait(2, name))
  return seen
}

// snippet: all, allSettled, race, any
module.exports = async () => {
  const fail = () => Promise.reject(new Error('no'))
  const settled = await Promise.allSettled([1, fail(), Promise.resolve(3)])
  return {
    all: await Promise.all([1, Promise.resolve(2)]),
    settled: settled.map(({ status, value, reason }) => [status, value, reason?.message]),
    race: await Promise.race([new Promise((resolve) => setTimeout(() => resolve('slow'), 20)), Promise.resolve('fast')]),
    any: await Promise.any([fail(), Promise.resolve('ok')]),
    none: await Promise.any([fail()]).catch((error) => [error.name, error.errors.length]),
  }
}

// snippet: retry with back-off
// input: {"failures": 2}
module.exports = async ({ input }) => {
  let attempts = 0
  const flaky = async () => { if (++attempts <= input.failures) throw new Error(`attempt ${attempts}`); return 'done' }
  const retry = async (work, most, delay = 1) => {
    for (let tried = 1; ; tried++) {
      try { return await work() } catch (error) { if (tried >= most) throw error }
      await new Promise((resolve) => setTimeout(resolve, delay * 2 ** tried))
    }
  }
  return [await retry(flaky, 5), attempts]
}

// snippet: order of micro-tasks and timers
module.exports = async () => {
  const log = []
  setTimeout(() => log.push('timer'), 0)
  queueMicrotask(() => log.push('micro'))
  Promise.resolve().then(() => log.push('then')).finally(() => log.push('finally'))
  log.push('sync')
  await new Promise((resolve) => setTimeout(resolve, 5))
  return log
}

// snippet: limit of what runs at once
module.exports = async () => {
  let running = 0, most = 0
  const work = async (n) => { most = Math.max(most, ++running); await new Promise((resolve) => setTimeout(resolve, 2)); running--; return n * n }
  const queue = [1, 2, 3, 4, 5]
  const results = []
  await Promise.all(Array.from({ length: 2 }, async () => { while (queue.length) results.push(await work(queue.shift())) }))
  return [results.sort((a, b) => a - b), most]
}

// snippet: async generators page through
// input: {"pages": {"0": {"items": [1, 2], "next": "1"}, "1": {"items": [3]}}}
module.exports = async ({ input }) => {
  async function* items() {
    for (let cursor = '0'; cursor; cursor = input.pages[cursor].next) yield* await Promise.resolve(input.pages[cursor].items)
  }
  const all = []
  for await (const item of items()) all.push(item)
  return all
}

// snippet: a rejection is the failure of the run
module.exports = async () => { await null; throw new TypeError('the vendor said no') }

// snippet: try, catch, finally around await
module.exports = async () => {
  const log = []
  const run = async () => { try { await Promise.reject(new RangeError('r')); log.push('not') } catch ({ name }) { log.push(name); return 'caught' } finally { log.push('finally') } }
  log.push(await run())
  return log
}

// snippet: thenables and plain promises
module.exports = () => Promise.resolve({ then: (resolve) => resolve([1, 2]) }).then((list) => list.concat(3))

// snippet: setInterval until done
module.exports = () => new Promise((resolve) => {
  let ticks = 0
  const timer = setInterval(() => { if (++ticks === 3) { clearInterval(timer); resolve(ticks) } }, 1)
})

// snippet: a time limit by AbortController
module.exports = async () => {
  const controller = new AbortController()
  const work = new Promise((resolve, reject) => controller.signal.addEventListener('abort', () => reject(controller.signal.reason)))
  setTimeout(() => controller.abort(), 2)
  return work.catch(({ name, message, code }) => ({ name, message, code, aborted: controller.signal.aborted }))
}

// snippet: AbortSignal.timeout and any
module.exports = async () => {
  const signal = AbortSignal.any([AbortSignal.timeout(2), new AbortController().signal])
  await new Promise((resolve) => { signal.onabort = resolve; setTimeout(() => {}, 50) })
  return [signal.reason.name, signal.reason instanceof DOMException, AbortSignal.abort('why').reason]
}

// snippet: order of setImmediate
module.exports = async () => {
  const log = []
  setImmediate(() => { log.push('first'); Promise.resolve().then(() => log.push('then of first')); setImmediate(() => log.push('nested')) })
  const dropped = setImmediate(() => log.push('dropped'))
  setImmediate((...values) => log.push(...values), 'a', 'b')
  clearImmediate(dropped)
  clearImmediate(undefined)
  queueMicrotask(() => log.push('micro'))
  Promise.resolve().then(() => log.push('promise'))
  log.push('sync')
  await new Promise((resolve) => setImmediate(resolve))
  log.push('awaited')
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
  return log
}

// snippet: setImmediate wants a function
module.exports = () => { try { setImmediate('code') } catch (error) { return [error.name, error.code] } }
