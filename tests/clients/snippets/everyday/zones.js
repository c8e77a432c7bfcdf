// snippet: a meeting where people are
// input: {"at": ["2024-01-15T12:34:56Z", "2024-07-15T12:34:56Z"]}
module.exports = ({ input }) => ['Europe/Berlin', 'America/New_York', 'Asia/Tokyo', 'Australia/Lord_Howe', 'America/St_Johns', 'Asia/Katmandu'].map((timeZone) => input.at.map((text) => {
  const date = new Date(text)
  return [date.toLocaleString('en-US', { timeZone }), date.toLocaleDateString('de-DE', { timeZone }), date.toLocaleTimeString('en-GB', { timeZone, hour: '2-digit', minute: '2-digit' })]
}))

// snippet: the hour that is skipped and the hour that comes twice
module.exports = () => ['2024-03-31T00:59:59Z', '2024-03-31T01:00:00Z', '2024-10-27T00:59:59Z', '2024-10-27T01:00:00Z'].map((text) => new Date(text).toLocaleString('en-GB', { timeZone: 'Europe/Berlin', timeZoneName: 'short' }))

// snippet: an ISO day and time in a zone
// input: {"at": "2024-07-15T22:34:56Z"}
module.exports = ({ input }) => ['Europe/Paris', 'America/Los_Angeles', 'Pacific/Auckland'].map((timeZone) => {
  const format = new Intl.DateTimeFormat('en-US', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' })
  const { year, month, day, hour, minute, second } = Object.fromEntries(format.formatToParts(new Date(input.at)).map(({ type, value }) => [type, value]))
  return `${year}-${month}-${day}T${hour}:${minute}:${second}`
})

// snippet: how far a zone is from UTC
module.exports = () => ['Europe/London', 'America/New_York', 'Asia/Calcutta', 'UTC'].map((timeZone) => [0, 6].map((month) => {
  const date = new Date(Date.UTC(2024, month, 15, 12))
  const there = new Date(date.toLocaleString('en-US', { timeZone }))
  return (there - date) / 60000
}))

// snippet: short names of zones
module.exports = () => ['en-US', 'en-GB', 'de-DE', 'fr-FR', 'es-ES', 'it-IT', 'nl-NL', 'pt-BR'].map((locale) => [
  'Europe/Berlin', 'Europe/London', 'Europe/Lisbon', 'Europe/Athens', 'Europe/Moscow', 'America/New_York', 'America/Chicago', 'America/Denver', 'America/Los_Angeles',
  'America/Anchorage', 'America/Halifax', 'America/St_Johns', 'Asia/Tokyo', 'Asia/Calcutta', 'Australia/Sydney', 'Pacific/Honolulu', 'UTC',
].map((timeZone) => [0, 6].map((month) => new Intl.DateTimeFormat(locale, { timeZone, timeZoneName: 'short' }).formatToParts(new Date(Date.UTC(2024, month, 15))).find(({ type }) => type === 'timeZoneName').value)))

// snippet: long names of zones in English
module.exports = () => [
  'Europe/Berlin', 'Europe/London', 'Europe/Dublin', 'Europe/Lisbon', 'Europe/Athens', 'Europe/Moscow', 'Europe/Istanbul', 'America/New_York', 'America/Chicago', 'America/Denver',
  'America/Phoenix', 'America/Los_Angeles', 'America/Anchorage', 'America/Halifax', 'America/St_Johns', 'America/Sao_Paulo', 'America/Bogota', 'Asia/Tokyo', 'Asia/Seoul', 'Asia/Shanghai',
  'Asia/Taipei', 'Asia/Hong_Kong', 'Asia/Manila', 'Asia/Singapore', 'Asia/Dubai', 'Asia/Calcutta', 'Asia/Karachi', 'Asia/Jerusalem', 'Asia/Bangkok', 'Australia/Sydney', 'Australia/Perth',
  'Australia/Adelaide', 'Pacific/Auckland', 'Pacific/Honolulu', 'Africa/Johannesburg', 'Africa/Lagos', 'Africa/Nairobi', 'UTC',
].map((timeZone) => [0, 6].map((month) => new Date(Date.UTC(2024, month, 15)).toLocaleTimeString('en-US', { timeZone, timeStyle: 'full' })))

// snippet: Central Europe in its languages
module.exports = () => ['de-DE', 'fr-FR', 'es-ES', 'it-IT', 'nl-NL', 'pt-BR'].map((locale) => [0, 6].map((month) => new Date(Date.UTC(2024, month, 15, 12)).toLocaleString(locale, { timeZone: 'Europe/Paris', dateStyle: 'full', timeStyle: 'full' })))

// snippet: offsets of zones, and before there were zones
module.exports = () => ['Europe/Berlin', 'America/New_York', 'Asia/Katmandu', 'America/St_Johns'].flatMap((timeZone) => ['shortOffset', 'longOffset'].map((timeZoneName) => [-3786825600000, 0, 1721046896000].map((ms) => new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName, hour: 'numeric', minute: 'numeric', second: 'numeric' }).format(ms))))

// snippet: names of zones as they are resolved
module.exports = () => ['Europe/Berlin', 'europe/berlin', 'AMERICA/NEW_YORK', 'UTC', 'Etc/UTC', 'Etc/GMT+5'].map((timeZone) => new Intl.DateTimeFormat('en-US', { timeZone }).resolvedOptions().timeZone)

// snippet: zones that are none
module.exports = () => ['Mars/Base', '', 'Berlin', 'Etc/Unknown', 'GMT+2', 'Europe/Berlin '].map((timeZone) => { try { return new Date(0).toLocaleString('en-US', { timeZone }) } catch (error) { return [error.name, error.message] } })

// snippet: far away in time
module.exports = () => [8.64e15 - 86400000, Date.UTC(2500, 6, 1), Date.UTC(9999, 11, 31, 23), Date.UTC(12024, 6, 1), -8.64e15 + 86400000].map((ms) => new Date(ms).toLocaleString('en-US', { timeZone: 'Europe/Berlin' }))
