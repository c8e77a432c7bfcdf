// Which route a call is on, as the server finds it: a fixed segment goes before a `{name}`, that before a `{*rest}`.

const rank = (segment) => (segment.startsWith('{*') ? 0 : segment.startsWith('{') ? 1 : 2)

function fits(template, path) {
  const [wanted, found] = [template.split('/'), path.split('/')]
  const rest = wanted.findIndex((segment) => segment.startsWith('{*'))
  if (rest < 0 ? wanted.length !== found.length : found.length <= rest) return false
  return wanted.every((segment, index) => rank(segment) < 2 || segment === found[index])
}

function moreSpecific(one, other) {
  const [a, b] = [one.split('/').map(rank), other.split('/').map(rank)]
  const at = a.findIndex((value, index) => value !== b[index])
  return at >= 0 && a[at] > (b[at] ?? -1)
}

export class Routes {
  /** `routes` is a list of `{ method, path }`, the method `ANY` for every one. */
  constructor(routes) {
    this.routes = routes.map((route) => ({ ...route, successes: 0, errors: 0 }))
    this.templates = [...new Set(routes.map(({ path }) => path))]
  }

  find(method, fullPath) {
    const path = fullPath.split('?')[0].replace(/(.)\/+$/, '$1')
    const known = this.templates.filter((template) => fits(template, path))
    const template = known.reduce((best, one) => (best && !moreSpecific(one, best) ? best : one), undefined)
    const at = this.routes.filter((route) => route.path === template)
    return at.find((route) => route.method === method) ?? at.find((route) => route.method === 'ANY')
  }

  note(method, path, status) {
    const route = this.find(method, path)
    if (!route || status === undefined) return
    if (status < 400) route.successes += 1
    else route.errors += 1
  }
}

export const nameOf = ({ method, path }) => `${method} ${path}`
