// What of an answer is not the same each time, and what is put in its place. Whatever is not here has to be the same.

import { createHash } from 'node:crypto'

/** Larger answers are recorded by digest, length and what they list. */
const LARGEST = 400_000
const SHORT_BLOCK = 200

/** Headers that list what has no order. */
const SETS = ['access-control-allow-headers', 'access-control-allow-methods', 'access-control-expose-headers']

/** What depends on real time. */
const REAL_TIME = [
  // Tokens that the server hands out hold for a day, since clients check them by their own clock.
  [/eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+/g, shownToken],
  // Tokens are held against real time, and the answer says how far off they are.
  [/(the token expired |the token is not valid for another )\d+ s/, '$1{some} s'],
  // Of what falls due while the clock is moved, the server's own worker may take some before the call that moves it.
  [/("moved":)\d+/g, '$1"{some}"'],
  // How long the process has run.
  [/("uptimeMs":)\d+/g, '$1"{uptime}"'],
]

/** The page of the dashboard that an error leads to, which follows from the call: see `api edge::authorizing`. */
const PAGE = /,"data":\{"see":"[^"]*\/__mock\/[^"]*"\}|,"see":"[^"]*\/__mock\/[^"]*"(?=})/g

export const digestOf = (bytes) => createHash('sha256').update(bytes).digest('hex')

export class Normal {
  /** `names` maps the addresses that a run got by chance to the names they are recorded by. */
  constructor(names) {
    this.names = Object.entries(names)
    this.blocks = new Map()
  }

  name(name, origin) {
    this.names.push([name, origin])
  }

  text(text) {
    const plain = this.names.reduce(withoutAddress, text.replace(PAGE, ''))
    return REAL_TIME.reduce((told, [found, replacement]) => told.replace(found, replacement), plain)
  }

  json(value) {
    return JSON.parse(this.text(JSON.stringify(value)))
  }

  headers(headers) {
    const lists = Object.entries(headers).filter(([name]) => SETS.includes(name))
    const inOrder = lists.map(([name, list]) => [name, list.split(', ').sort().join(', ')])
    return this.json({ ...headers, ...Object.fromEntries(inOrder) })
  }

  /** A body as it is recorded, under the name of its form. */
  body({ headers, bytes }) {
    if (bytes.length === 0) return {}
    const kind = headers['content-type'] ?? ''
    if (kind.startsWith('application/zip')) return { zip: { entries: entriesOf(bytes), sha256: digestOf(bytes) } }
    const text = this.text(bytes.toString())
    if (kind.includes('json')) return this.jsonBody(text)
    if (kind.startsWith('text/html')) return { html: this.page(text) }
    return { text: text.includes('\n') ? text.split('\n') : text }
  }

  jsonBody(text) {
    let body
    const exact = text.replace(NUMBERS, exactNumber)
    try {
      body = JSON.parse(exact)
    } catch {
      return { text }
    }
    const isCompact = JSON.stringify(body) === exact
    if (body.items?.[0]?.seq !== undefined) body.items = body.items.map(withoutUsual)
    if (body.behaviours) return { ledger: ledgerOf(body) }
    if (text.length > LARGEST) return { large: briefly(body, text) }
    // Space and escapes are gone after parsing: where there are any, they are held fast by a digest.
    return isCompact ? { body } : { body, exactly: digestOf(text) }
  }

  /** The stylesheet and the script of a page are recorded once, and named by their digest from then on. */
  page(text) {
    const short = text.replace(/(<(style|script)[^>]*>)([^]*?)(<\/\2>)/g, (whole, open, kind, inner, close) => {
      if (inner.length < SHORT_BLOCK) return whole
      const name = `${kind} ${digestOf(inner).slice(0, 16)}`
      this.blocks.set(name, inner.split('\n'))
      return `${open}{${name}}${close}`
    })
    return short
      .replace(/^<!doctype[^]*<body>\n/, (head) => this.head(head))
      .split('\n')
      .filter((line) => line.trim())
  }

  /** So is what comes before the body of a page, but for its title. */
  head(whole) {
    const [, title] = /<title>([^]*)<\/title>/.exec(whole)
    const head = whole.replace(title, '{title}')
    const name = `head ${digestOf(head).slice(0, 16)}`
    this.blocks.set(name, head.split('\n'))
    return `{${name}, titled ${title}}\n`
  }
}

/** An entry of a journal without what follows from the rest, or nearly all have: most of them are calls of the API. */
function withoutUsual(entry) {
  const usual = {
    at: '2025-01-01T00:00:00.000Z',
    side: 'api',
    route: entry.path.split('?')[0],
    tenant: entry.caller?.replace(/^\w+:/, ''),
    durationMs: 0,
  }
  return Object.fromEntries(Object.entries(entry).filter(([name, value]) => !(name in usual) || usual[name] !== value))
}

/** Texts, to be left alone, and numbers. */
const NUMBERS = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g

/** A number that reading and writing would change, such as 5.0, as a text. */
function exactNumber(token) {
  return token.startsWith('"') || String(Number(token)) === token ? token : `"{number ${token}}"`
}

/** Ports are free ones, other ones each time; an address may stand within another one's query. */
function withoutAddress(text, [name, origin]) {
  return text
    .replaceAll(origin, `{${name}}`)
    .replaceAll(encodeURIComponent(origin), `{${name} encoded}`)
    .replaceAll(new URL(origin).host, `{host of ${name}}`)
}

function shownToken(token) {
  const claims = JSON.parse(Buffer.from(token.split('.')[1], 'base64url'))
  if (!claims.exp) return token
  const { exp, ...others } = claims
  const shown = Object.entries(others).map(([name, value]) => `${name} ${value}`)
  return `{token of ${shown.join(', ')}}`
}

/** The ledger, a route in a line; of a workspace only what it used. */
function ledgerOf({ summary, routes, behaviours }) {
  const isUsed = ({ uses }) => uses === null || uses > 0
  const line = ({ method, path, level, source, uses }) =>
    `${method} ${path}: ${level}, ${source}${uses === null ? '' : `, ${uses}`}`
  return { summary, routes: routes.filter(isUsed).map(line), behaviours: behaviours.filter(isUsed) }
}

export function briefly(body, text) {
  const lists = body.items ? { items: body.items.map((item) => item.key ?? item.id ?? item.path) } : {}
  // The control API's document has all the paths of the other one as well.
  const paths = body.paths?.['/__mock/health'] ? { paths: pathsOf(body.paths) } : {}
  return { length: text.length, sha256: digestOf(text), fields: Object.keys(body), ...lists, ...paths }
}

const pathsOf = (paths) => Object.entries(paths).map(([path, calls]) => `${path}: ${Object.keys(calls).join(' ')}`)

/** The names in an archive's central directory. */
function entriesOf(bytes) {
  const names = []
  for (let at = bytes.indexOf('PK\x01\x02', 'latin1'); at >= 0; at = bytes.indexOf('PK\x01\x02', at + 46, 'latin1')) {
    names.push(bytes.subarray(at + 46, at + 46 + bytes.readUInt16LE(at + 28)).toString())
  }
  return names
}
