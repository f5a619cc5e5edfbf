const UNITS: { readonly [unit: string]: number } = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 }

/** A duration such as `90s` in seconds. */
export function seconds(duration: string): number {
  const [, amount = '0', unit = 's'] = /^([0-9.]+)([a-z]+)$/.exec(duration) ?? []
  return Number((Number(amount) * (UNITS[unit] ?? 1)).toFixed(3))
}
