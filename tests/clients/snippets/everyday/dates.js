// snippet: ISO there and back
module.exports = () => [new Date('2024-02-29T12:30:00Z').toISOString(), new Date('2024-01-15').getTime(), Date.UTC(2024, 11, 31), new Date(0).toJSON(), Date.parse('2024-01-01T00:00:00+02:00')]

// snippet: windows of seven days
// input: {"from": "2024-02-25T00:00:00Z", "to": "2024-03-20T00:00:00Z"}
module.exports = ({ input }) => {
  const windows = []
  const day = 24 * 60 * 60 * 1000
  for (let start = Date.parse(input.from); start < Date.parse(input.to); start += 7 * day) {
    windows.push({ start: new Date(start), end: new Date(Math.min(start + 7 * day, Date.parse(input.to))) })
  }
  return windows
}

// snippet: the end of each month
module.exports = () => [0, 1, 3, 11].map((month) => new Date(Date.UTC(2023, month + 1, 0)).getUTCDate())

// snippet: adding months
module.exports = () => { const date = new Date('2024-01-31T00:00:00Z'); date.setUTCMonth(date.getUTCMonth() + 1); return [date, date.getUTCDay()] }

// snippet: parts of a date
module.exports = () => {
  const date = new Date('2024-07-04T09:08:07.006Z')
  return [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate(), date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds(), date.getUTCMilliseconds(), date.toUTCString()]
}

// snippet: invalid dates
module.exports = () => {
  const date = new Date('not a date')
  let message
  try { date.toISOString() } catch (error) { message = error.name }
  return [String(date.getTime()), JSON.stringify({ date }), message, date instanceof Date]
}

// snippet: differences and comparisons
module.exports = () => {
  const [left, right] = [new Date('2024-03-01T00:00:00Z'), new Date('2024-02-01T00:00:00Z')]
  return [(left - right) / 86400000, left > right, +left === left.valueOf(), left.getTime() === new Date(left).getTime()]
}

// snippet: unix seconds of a vendor
// input: {"events": [{"ts": 1700000000}, {"ts": "1700003600"}]}
module.exports = ({ input }) => input.events.map(({ ts }) => new Date(Number(ts) * 1000).toISOString().replace('.000Z', 'Z'))

// snippet: format by hand
module.exports = () => {
  const pad = (value) => String(value).padStart(2, '0')
  const date = new Date(Date.UTC(2025, 0, 5, 3, 4))
  return `${date.getUTCFullYear()}/${pad(date.getUTCMonth() + 1)}/${pad(date.getUTCDate())} ${pad(date.getUTCHours())}:${pad(date.getUTCMinutes())}`
}

// snippet: the ISO week
module.exports = () => ['2024-12-30', '2021-01-03', '2020-06-15'].map((text) => {
  const date = new Date(`${text}T00:00:00Z`)
  date.setUTCDate(date.getUTCDate() + 4 - (date.getUTCDay() || 7))
  return Math.ceil(((date - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86400000 + 1) / 7)
})
