const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** A time: in milliseconds, or a text such as `90s`, `10m`, `1h` or `2d`. */
export type Duration = number | `${number}${keyof typeof UNITS}`

/** A time in milliseconds. Throws for what is none. */
export function milliseconds(duration: Duration): number {
  if (typeof duration === 'number') return duration
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(duration) ?? []
  if (amount === undefined) throw new TypeError(`\`${duration}\` is no time; it is a number of ms, or 90s, 10m, 1h, 2d`)
  return Number(amount) * UNITS[unit as keyof typeof UNITS]
}
