// A page within the client's frame: the five messages of Penpal 6. Outside a frame nothing of it happens.
const embedded = window.parent !== window
// A button that closes: not where there is nothing that a script may close.
const closes = (id) => {
  const button = document.getElementById(id)
  button.hidden = !embedded && !window.opener
  // Who is quicker than the frame's parent is heard as soon as that listens.
  button.addEventListener('click', () => (embedded ? joined.then(() => ask('close')) : window.close()))
}
const waiting = {}
let calls = 0
let parentOrigin
const ask = (methodName, ...args) => new Promise((done) => {
  if (!parentOrigin) return done()
  calls += 1
  waiting[calls] = done
  window.parent.postMessage({ penpal: 'call', id: calls, methodName, args }, parentOrigin)
})
const joined = new Promise((done) => {
  if (!embedded) return done(false)
  window.addEventListener('message', async ({ source, data, origin }) => {
    if (source !== window.parent || !data) return
    if (data.penpal === 'synAck' && !parentOrigin) {
      parentOrigin = origin
      window.parent.postMessage({ penpal: 'ack', methodNames: [] }, origin)
      await ask('handshake')
      done(true)
    } else if (data.penpal === 'reply' && waiting[data.id]) {
      waiting[data.id](data.returnValue)
    }
  })
  window.parent.postMessage({ penpal: 'syn' }, '*')
})
// The end of an attempt that a page within the frame, or a window of its own, has reached.
const finish = async (connection) => {
  await joined
  await ask('onSuccess', connection)
  await ask('close')
}
// A dialog over the app has the keyboard, and Esc presses its button that gives up. An editor that the app has put among its
// own content has neither.
if (document.documentElement.dataset.framed === 'dialog') {
  let isLeft = false
  document.addEventListener('keydown', ({ key, target, isComposing, defaultPrevented }) => {
    const isOpen = CSS.supports('selector(:open)') && target.matches('select:open')
    // The first Esc belongs to what is open, or empties what was searched for.
    if (key !== 'Escape' || isComposing || defaultPrevented || isOpen || (target.type === 'search' && target.value)) return
    if (isLeft) return
    isLeft = true
    document.querySelector('[data-escape]').click()
  })
  joined.then(() => {
    window.focus()
    if (document.activeElement === document.body) document.querySelector('main').focus({ preventScroll: true })
  })
}
