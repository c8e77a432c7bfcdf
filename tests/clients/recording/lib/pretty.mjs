// JSON as it is recorded: members are packed into lines of no more than 120 columns, so that files stay short and a
// diff shows a few fields around the one that changed; items of a list are on lines of their own. It nests deep, so by
// one space.

const WIDTH = 120

export function pretty(value, indent = '', room = WIDTH - indent.length) {
  const line = onOneLine(value)
  if (line.length <= room || value === null || typeof value !== 'object') return line
  const deeper = `${indent} `
  if (Array.isArray(value)) {
    const items = value.map((item) => deeper + pretty(item, deeper, WIDTH - deeper.length - 1))
    return `[\n${items.join(',\n')}\n${indent}]`
  }
  return `{\n${packed(value, deeper)}\n${indent}}`
}

function packed(object, indent) {
  const lines = []
  let last = ''
  for (const [name, inner] of Object.entries(object)) {
    const label = `${JSON.stringify(name)}: `
    const whole = label + onOneLine(inner)
    // One column is for the comma.
    if (last && indent.length + last.length + 2 + whole.length + 1 <= WIDTH) {
      last += `, ${whole}`
      continue
    }
    if (last) lines.push(indent + last)
    last = whole
    if (indent.length + whole.length + 1 > WIDTH && inner !== null && typeof inner === 'object') {
      lines.push(indent + label + pretty(inner, indent, 0))
      last = ''
    }
  }
  if (last) lines.push(indent + last)
  return lines.join(',\n')
}

function onOneLine(value) {
  if (Array.isArray(value)) return `[${value.map(onOneLine).join(', ')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const members = Object.entries(value).map(([name, inner]) => `${JSON.stringify(name)}: ${onOneLine(inner)}`)
  return members.length ? `{ ${members.join(', ')} }` : '{}'
}
