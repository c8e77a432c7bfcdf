// What a field asks for is told at the field before anything is sent, so nothing that was typed is lost.
const fields = [...document.querySelectorAll('[data-rules]')]
const breaks = {
  needed: (text) => !text,
  type: (text, type) => (type === 'integer' ? !Number.isInteger(Number(text)) : type === 'number' && Number.isNaN(Number(text))),
  minLength: (text, least) => [...text].length < least,
  maxLength: (text, most) => [...text].length > most,
  minimum: (text, least) => Number(text) < least,
  maximum: (text, most) => Number(text) > most,
  exclusiveMinimum: (text, bound) => Number(text) <= bound,
  exclusiveMaximum: (text, bound) => Number(text) >= bound,
  pattern: (text, pattern) => {
    try {
      return !new RegExp(pattern, 'u').test(text)
    } catch {
      return false
    }
  },
}
const complaintOf = (field) => {
  const text = field.value.trim()
  const isBroken = ({ check, limit }) => (text || check === 'needed') && breaks[check](text, limit)
  return JSON.parse(field.dataset.rules).find(isBroken)?.says.replace('{}', () => text) ?? ''
}
const tells = (field, says) => {
  const error = document.getElementById(field.id.replace('f-', 'e-'))
  error.textContent = says
  error.hidden = !says
  field.setAttribute('aria-invalid', String(Boolean(says)))
}
for (const field of fields) {
  field.form.noValidate = true
  field.addEventListener('input', () => field.getAttribute('aria-invalid') === 'true' && tells(field, complaintOf(field)))
}
let isFree = false
document.querySelector('form')?.addEventListener('submit', (event) => {
  if (isFree || event.submitter?.formNoValidate) return
  for (const field of fields) tells(field, complaintOf(field))
  const wrong = fields.find(complaintOf)
  if (!wrong) return
  event.preventDefault()
  event.stopImmediatePropagation()
  wrong.focus()
})
document.querySelector('[aria-invalid=true]')?.focus()
