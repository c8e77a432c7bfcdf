// In a frame the vendor's page opens in a window of its own, and its end comes back as a message.
const form = document.querySelector('form')
const { app } = form.dataset
const screen = document.querySelector('main')
const [title, problem, standing] = ['h1', '#problem', '#standing'].map((each) => document.querySelector(each))
const go = form.querySelector('[value=connect]')
const asked = { title: title.textContent, go: go.textContent }
let vendor
let watch
// A window that is about to close itself is not opened again: each attempt has its own.
let attempt = 0
const shows = (isWaiting, complaint = '') => {
  clearInterval(watch)
  if (!isWaiting) attempt += 1
  screen.dataset.screen = isWaiting ? 'waiting' : 'connect'
  document.getElementById('asking').hidden = isWaiting
  document.getElementById('waiting').hidden = !isWaiting
  title.textContent = isWaiting ? `Waiting for ${app}` : asked.title
  go.textContent = isWaiting ? 'Open again' : asked.go
  standing.textContent = isWaiting ? `A window of ${app} is open. Allow it there, and this page goes on by itself.` : ''
  problem.textContent = complaint
  problem.hidden = !complaint
}
form.addEventListener('submit', (event) => {
  const connects = event.submitter?.value === 'connect'
  if (!embedded) return
  form.target = ''
  if (!connects) return vendor?.close()
  const name = `membrane-mock-vendor-${attempt}`
  vendor = window.open('', name, 'popup,width=520,height=720')
  if (!vendor) {
    event.preventDefault()
    return shows(false, `The browser has blocked the window of ${app}. Allow windows for this site, then press ${asked.go}.`)
  }
  form.target = name
  shows(true)
  // Nothing tells that a window of another page was closed.
  watch = setInterval(() => {
    if (vendor.closed) shows(false, `The window of ${app} was closed before you had answered. Press ${asked.go} to open it again.`)
  }, 300)
})
window.addEventListener('message', ({ data, origin, source }) => {
  if (origin !== location.origin || source === window.parent || data?.source !== 'integration.app') return
  if (data.type !== 'newConnectionCreated') return shows(false, data.error.replace(/^[a-z]/, (first) => first.toUpperCase()))
  clearInterval(watch)
  finish(data.connection)
})
