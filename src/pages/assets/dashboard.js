// The dashboard's script. Forms and buttons say in their attributes which call of the control API they make; the page is
// then fetched again, and what changed is changed in place. Without the script everything can be read.
//
//   data-call="POST /path"   the call; a form sends its fields as JSON, a button `data-body`
//   data-token               a bearer token for the call, as an app would send it
//   data-confirm             asked before
//   data-says                told after
//   data-then="/path/{key}"  where to go then, filled in from the answer
//   data-shows, data-keeps   the form shows the answer; the form keeps what was typed
//   data-when="name=value"   the field is there when another has this value
//   data-copy                the button copies this
//   main[data-live="ms"]     the page fetches itself so often

const main = document.querySelector('main')
document.documentElement.dataset.js = ''

// Toasts

const toasts = document.getElementById('toasts')
const toast = (words, tone = 'good') => {
  const box = document.createElement('div')
  box.className = `toast ${tone}`
  if (tone === 'bad') box.setAttribute('role', 'alert')
  const text = document.createElement('p')
  text.textContent = words
  const close = document.createElement('button')
  close.type = 'button'
  close.className = 'small'
  close.textContent = 'Close'
  close.addEventListener('click', () => box.remove())
  box.append(text, close)
  while (toasts.childElementCount > 2) toasts.firstElementChild.remove()
  toasts.append(box)
  // What went wrong stays until it is closed.
  if (tone !== 'bad') setTimeout(() => box.remove(), 5000)
}
const KEPT = 'membrane-mock toast'
const kept = sessionStorage.getItem(KEPT)
sessionStorage.removeItem(KEPT)
if (kept) toast(kept)

// Asking

const ask = (question, { label, danger }) => new Promise((done) => {
  const dialog = document.createElement('dialog')
  dialog.setAttribute('aria-labelledby', 'asked')
  dialog.innerHTML = '<form method="dialog"><p id="asked"></p><div class="buttons"><button value="yes"></button><button value="no">Cancel</button></div></form>'
  dialog.querySelector('p').textContent = question
  const [yes, no] = dialog.querySelectorAll('button')
  yes.textContent = label
  yes.className = danger ? 'danger solid' : 'main'
  dialog.addEventListener('close', () => {
    dialog.remove()
    done(dialog.returnValue === 'yes')
  })
  document.body.append(dialog)
  dialog.showModal()
  no.focus()
})

// Calls

/** `{ ok, body }`; the body of an answer that is not JSON is its text. */
async function call(words, body, token) {
  const [method, path] = words.split(/ (.*)/)
  const headers = { accept: 'application/json' }
  if (token) headers.authorization = `Bearer ${token}`
  // The control API takes JSON alone, also where there is nothing to say.
  if (method !== 'GET') headers['content-type'] = 'application/json'
  try {
    const answer = await fetch(path, { method, headers, body: method === 'GET' || body === undefined ? undefined : JSON.stringify(body) })
    const text = await answer.text()
    const given = /json/.test(answer.headers.get('content-type') ?? '') && text ? JSON.parse(text) : text
    return { ok: answer.ok, status: answer.status, body: given }
  } catch {
    return { ok: false, status: 0, body: { message: 'The server does not answer. Is it still running?' } }
  }
}
/** A message of the API as a sentence. */
const messageOf = ({ status, body }) => {
  const message = body?.message ?? `The answer was ${status}.`
  return message.charAt(0).toUpperCase() + message.slice(1)
}

/** What follows a call that succeeded. */
async function after({ then, says }, answer) {
  if (then) {
    const address = new URL(then.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(answer.body?.[name] ?? '')), location.href)
    if (says) sessionStorage.setItem(KEPT, says)
    if (address.pathname + address.search !== location.pathname + location.search) return location.assign(address)
    sessionStorage.removeItem(KEPT)
    location.hash = address.hash
  }
  if (says) toast(says)
  await refresh()
}

async function press(button) {
  const { call: words, body, token, confirm } = button.dataset
  if (confirm && !(await ask(confirm, { label: button.textContent.trim(), danger: button.classList.contains('danger') }))) return
  button.setAttribute('aria-busy', 'true')
  const place = placeOf(button)
  const answer = await call(words, body ? JSON.parse(body) : undefined, token)
  button.removeAttribute('aria-busy')
  if (!answer.ok) return toast(messageOf(answer), 'bad')
  await after(button.dataset, answer)
  // The button may be gone with what it changed: the keyboard goes on where it was.
  if (document.activeElement === document.body) (place() ?? main).focus({ preventScroll: true })
}

/** Finds the next thing to press near to where a button was. */
const placeOf = (button) => {
  const id = button.closest('[id]')?.id
  const section = button.closest('section')?.id
  return () => document.getElementById(id)?.querySelector('button, a') ?? document.getElementById(section)?.querySelector('button, a')
}

// Forms

/** Sets a member of the body: `on.connector`, or `["connection.building"]`. */
function put(body, name, value) {
  const path = [...name.matchAll(/\["([^"]+)"\]|([^.[\]]+)/g)].map(([, quoted, plain]) => quoted ?? plain)
  const last = path.pop()
  let inside = body
  for (const step of path) {
    if (typeof inside[step] !== 'object' || inside[step] === null) inside[step] = {}
    inside = inside[step]
  }
  inside[last] = value
}

class Mistake extends Error {
  constructor(input, message) {
    super(message)
    this.input = input
  }
}

const READ = {
  json(input) {
    try {
      return JSON.parse(input.value)
    } catch (error) {
      throw new Mistake(input, `This is no JSON: ${error.message}.`)
    }
  },
  number(input) {
    const value = Number(input.value)
    if (Number.isNaN(value)) throw new Mistake(input, 'This is no number.')
    return value
  },
  check: (input) => input.checked,
}

/** The fields as JSON: those that are empty or do not apply are left out. */
function bodyOf(form) {
  let body = {}
  for (const input of form.elements) {
    const { kind } = input.dataset
    if (!kind || input.disabled) continue
    if (kind !== 'check' && input.value.trim() === '') {
      if (input.required) throw new Mistake(input, 'This is needed.')
      if (kind === 'nullable') put(body, input.name, null)
      continue
    }
    const value = READ[kind]?.(input) ?? input.value.trim()
    if (input.name === '') body = value
    else put(body, input.name, value)
  }
  return body
}

const inputOf = (form, name) => [...form.elements].find((input) => input.dataset.kind && !input.disabled && name && (input.name === name || name.startsWith(`${input.name}.`) || input.name.endsWith(`.${name}`)))

/** The field that an error is about: its data says so, or its message quotes the name. */
function blamed(form, { data, message = '' }) {
  const quoted = /`([\w.]+)`/.exec(message)?.[1]
  return inputOf(form, data?.field) ?? (/field/.test(message) ? inputOf(form, quoted) : undefined)
}

function forgive(form) {
  form.querySelector('.problem').hidden = true
  for (const each of form.querySelectorAll('.error')) each.remove()
  for (const input of form.querySelectorAll('[aria-invalid]')) {
    input.removeAttribute('aria-invalid')
    const hints = (input.getAttribute('aria-describedby') ?? '').split(' ').filter((id) => id && !id.endsWith('-error'))
    if (hints.length) input.setAttribute('aria-describedby', hints.join(' '))
    else input.removeAttribute('aria-describedby')
  }
}

function complain(form, message, input) {
  if (!input) {
    const problem = form.querySelector('.problem')
    problem.textContent = message
    problem.hidden = false
    return problem.scrollIntoView({ block: 'nearest' })
  }
  const error = document.createElement('span')
  error.className = 'error'
  error.id = `${input.id}-error`
  error.textContent = message
  input.after(error)
  input.setAttribute('aria-invalid', 'true')
  input.setAttribute('aria-describedby', [input.getAttribute('aria-describedby'), error.id].filter(Boolean).join(' '))
  input.focus()
}

function show(form, { ok, status, body }) {
  const box = form.querySelector('.answer')
  box.hidden = false
  box.classList.toggle('bad', !ok)
  box.querySelector('.answer-title').textContent = ok ? `${status}: it succeeded.` : `${status}: ${messageOf({ status, body })}`
  box.querySelector('code').textContent = typeof body === 'string' ? body : JSON.stringify(body, null, 2)
}

async function send(form) {
  forgive(form)
  let body
  try {
    body = bodyOf(form)
  } catch (error) {
    if (error instanceof Mistake) return complain(form, error.message, error.input)
    throw error
  }
  form.setAttribute('aria-busy', 'true')
  const answer = await call(form.dataset.call, body, form.dataset.token)
  form.removeAttribute('aria-busy')
  if ('shows' in form.dataset) show(form, answer)
  else if (!answer.ok) return complain(form, messageOf(answer), blamed(form, answer.body ?? {}))
  delete form.dataset.dirty
  if (!('keeps' in form.dataset)) form.reset()
  prepare()
  if (answer.ok) await after(form.dataset, answer)
  else await refresh()
}

/** Shows the fields that apply: `data-when` names another field and its value. */
function prepare() {
  // The script answers for its forms, so that its own words are shown instead of the browser's.
  for (const form of document.querySelectorAll('form[data-call]')) form.noValidate = true
  for (const field of document.querySelectorAll('[data-when]')) {
    const [name, value] = field.dataset.when.split('=')
    const form = field.closest('form')
    const isThere = [...form.elements].some((input) => input.name === name && input.value === value)
    field.hidden = !isThere
    for (const input of field.querySelectorAll('input, select, textarea')) input.disabled = !isThere
  }
}

// The page again

/** Makes `old` what `fresh` is, and keeps what the user did: focus, what is open, what was typed, where it is scrolled. */
function morph(old, fresh) {
  if (old.isEqualNode(fresh)) return
  if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName) return old.replaceWith(fresh.cloneNode(true))
  if (old.nodeType !== Node.ELEMENT_NODE) {
    old.nodeValue = fresh.nodeValue
    return
  }
  // A form that somebody works in is left alone.
  if (old.nodeName === 'FORM' && (old.dataset.dirty !== undefined || old.contains(document.activeElement) || old.querySelector('.answer:not([hidden])'))) return
  const isTheirs = (name) => name === 'open' || (name === 'hidden' && old.dataset.when) || (name === 'disabled' && old.closest('[data-when]'))
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && !isTheirs(name)) old.removeAttribute(name)
  for (const { name, value } of fresh.attributes) if (!isTheirs(name) && old.getAttribute(name) !== value) old.setAttribute(name, value)
  const byId = new Map([...old.children].filter(({ id }) => id).map((each) => [each.id, each]))
  let at = old.firstChild
  for (const child of [...fresh.childNodes]) {
    const same = child.id ? byId.get(child.id) : at && !at.id && at.nodeName === child.nodeName ? at : undefined
    if (!same) {
      old.insertBefore(child.cloneNode(true), at)
      continue
    }
    if (same === at) at = at.nextSibling
    else old.insertBefore(same, at)
    morph(same, child)
  }
  while (at) {
    const gone = at
    at = at.nextSibling
    gone.remove()
  }
}

let fetching
async function refresh() {
  await fetching
  fetching = (async () => {
    try {
      const answer = await fetch(location.href, { headers: { accept: 'text/html' } })
      if (!answer.ok && answer.status !== 404) return
      const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html')
      for (const selector of ['main', '#side', '#facts']) {
        const [old, made] = [document.querySelector(selector), fresh.querySelector(selector)]
        if (old && made) morph(old, made)
      }
      if (paused) pause(true)
      prepare()
    } catch {
      // The server is gone; the next call says so.
    }
  })()
  return fetching
}

// Live

let paused = false
const pause = (wanted) => {
  paused = wanted
  document.getElementById('live')?.setAttribute('aria-pressed', String(!paused))
}
const every = Number(main.dataset.live)
if (every) {
  setInterval(() => {
    const isTouched = document.querySelector('[aria-busy], dialog') || String(getSelection()).length > 0
    if (!paused && !document.hidden && !isTouched) refresh()
  }, every)
}

// What the user does

document.addEventListener('click', async ({ target }) => {
  const button = target.closest?.('button')
  if (!button || button.hasAttribute('aria-busy')) return
  if (button.id === 'live') return pause(!paused)
  if (button.dataset.call) return press(button)
  if (button.dataset.copy === undefined) return
  try {
    await navigator.clipboard.writeText(button.dataset.copy)
    toast('Copied.')
  } catch {
    toast('The browser lets nothing be copied here. Select the text instead.', 'bad')
  }
})
document.addEventListener('submit', (event) => {
  const form = event.target
  if (form.method === 'dialog' || !form.dataset.call) return
  event.preventDefault()
  if (!form.hasAttribute('aria-busy')) send(form)
})
document.addEventListener('input', ({ target }) => {
  if (target.form) target.form.dataset.dirty = ''
  prepare()
})
// A form of filters sends no empty fields, so that its address stays short.
document.addEventListener('formdata', ({ target, formData }) => {
  if (target.method !== 'get') return
  for (const [name, value] of [...formData]) if (value === '' && name !== 'used') formData.delete(name)
})
// A line that the address names is open.
const reveal = () => {
  const named = document.getElementById(decodeURIComponent(location.hash.slice(1)))
  const line = named?.matches('li') ? named.querySelector('details') : undefined
  if (line) line.open = true
}
window.addEventListener('hashchange', reveal)
prepare()
reveal()
