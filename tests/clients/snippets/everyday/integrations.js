// snippet: contacts of one CRM for another
// input: {"contacts": [{"id": "1", "properties": {"firstname": "Ada", "lastname": "Lovelace", "email": "ADA@Example.com", "phone": null}}, {"id": "2", "properties": {"firstname": "", "lastname": "Turing", "email": null}}]}
module.exports = ({ input }) => input.contacts.map(({ id, properties: { firstname, lastname, email, phone } }) => ({
  externalId: `crm-${id}`, fullName: [firstname, lastname].filter(Boolean).join(' '), email: email?.toLowerCase() ?? null, ...(phone && { phone }),
}))

// snippet: group and total
// input: {"orders": [{"customer": "a", "total": 10}, {"customer": "b", "total": 5}, {"customer": "a", "total": 2.5}]}
module.exports = ({ input }) => {
  const groups = {}
  for (const { customer, total } of input.orders) {
    groups[customer] ??= { count: 0, total: 0 }
    groups[customer].count += 1
    groups[customer].total += total
  }
  return Object.entries(groups).map(([customer, sums]) => ({ customer, ...sums }))
}

// snippet: CSV out
// input: {"rows": [{"name": "Ann \"A\"", "note": "x, y"}, {"name": "Bob", "note": "two\nlines", "extra": 5}]}
module.exports = ({ input }) => {
  const columns = [...new Set(input.rows.flatMap(Object.keys))]
  const cell = (value) => (/[",\n]/.test(value ?? '') ? `"${String(value).replace(/"/g, '""')}"` : String(value ?? ''))
  return [columns, ...input.rows.map((row) => columns.map((column) => row[column]))].map((row) => row.map(cell).join(',')).join('\r\n')
}

// snippet: CSV in
// input: {"csv": "id,name\n1,\"Smith, J\"\n2,\"say \"\"hi\"\"\""}
module.exports = ({ input }) => {
  const parse = (line) => [...line.matchAll(/("([^"]|"")*"|[^,]*)(,|$)/g)].map(([, cell]) => cell.replace(/^"|"$/g, '').replaceAll('""', '"')).slice(0, 2)
  const [head, ...lines] = input.csv.split('\n').map(parse)
  return lines.map((cells) => Object.fromEntries(head.map((name, at) => [name, cells[at]])))
}

// snippet: HTML escaping and stripping
// input: {"html": "<p>Hi &amp; <b>bye</b></p>", "text": "a < b & \"c\" 'd'"}
module.exports = ({ input }) => ({
  escaped: input.text.replace(/[&<>"']/g, (char) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[char]),
  stripped: input.html.replace(/<[^>]+>/g, '').replace(/&amp;/g, '&'),
})

// snippet: dedupe by e-mail, the newest wins
// input: {"people": [{"email": "A@x.org", "at": 1}, {"email": "b@x.org", "at": 2}, {"email": "a@X.org", "at": 3}]}
module.exports = ({ input }) => [...input.people.reduce((newest, person) => {
  const key = person.email.toLowerCase()
  return (newest.get(key)?.at ?? -1) < person.at ? newest.set(key, person) : newest
}, new Map()).values()]

// snippet: what changed between two snapshots
// input: {"before": {"1": "a", "2": "b", "3": "c"}, "after": {"1": "a", "2": "B", "4": "d"}}
module.exports = ({ input: { before, after } }) => ({
  added: Object.keys(after).filter((id) => !(id in before)), removed: Object.keys(before).filter((id) => !(id in after)), changed: Object.keys(after).filter((id) => id in before && before[id] !== after[id]),
})

// snippet: a page with a cursor
// input: {"limit": 2, "cursor": "Mg=="}
module.exports = ({ input }) => {
  const all = ['a', 'b', 'c', 'd', 'e']
  const start = input.cursor ? Number(atob(input.cursor)) : 0
  const end = start + input.limit
  return { items: all.slice(start, end), ...(end < all.length && { cursor: btoa(String(end)) }) }
}

// snippet: a tree of a flat list
// input: {"rows": [{"id": 1}, {"id": 2, "parent": 1}, {"id": 3, "parent": 2}, {"id": 4, "parent": 1}]}
module.exports = ({ input }) => {
  const nodes = new Map(input.rows.map(({ id }) => [id, { id, children: [] }]))
  for (const { id, parent } of input.rows) nodes.get(parent)?.children.push(nodes.get(id))
  return nodes.get(1)
}

// snippet: names of keys, camel to snake, deep
// input: {"userName": "x", "homeAddress": {"zipCode": 1, "phoneNumbers": [{"areaCode": 2}]}}
module.exports = ({ input }) => {
  const snake = (value) => Array.isArray(value) ? value.map(snake)
    : value && typeof value === 'object' ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`), snake(inner)]))
    : value
  return snake(input)
}

// snippet: a message from a template
// input: {"template": "Hi {{ user.name }}, {{count}} new {{missing}}!", "data": {"user": {"name": "Ann"}, "count": 3}}
module.exports = ({ input: { template, data } }) => template.replace(/\{\{\s*([\w.]+)\s*\}\}/g, (_, path) => path.split('.').reduce((value, key) => value?.[key], data) ?? '')

// snippet: join two lists
// input: {"deals": [{"id": 1, "owner": "u2"}, {"id": 2, "owner": "u9"}], "users": [{"id": "u2", "name": "Bo"}]}
module.exports = ({ input }) => {
  const users = Object.fromEntries(input.users.map((user) => [user.id, user]))
  return input.deals.map((deal) => ({ ...deal, owner: users[deal.owner]?.name ?? 'nobody' }))
}

// snippet: multipart body
module.exports = () => {
  const boundary = '----b'
  const parts = [['name', 'x'], ['file', Buffer.from([0, 255]).toString('base64')]]
  return Buffer.from(parts.map(([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`).join('') + `--${boundary}--`).length
}
