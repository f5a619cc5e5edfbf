/** Median, 99th percentile and largest of a list, in its own unit; zeros where it is empty. */
export interface Spread {
  readonly count: number
  readonly median: number
  readonly p99: number
  readonly most: number
}

/** How values spread. */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((one, other) => one - other)
  const at = (share: number): number => round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0)
  return { count: sorted.length, median: at(0.5), p99: at(0.99), most: round(sorted.at(-1) ?? 0) }
}

/** Two decimals are more than such a run can tell. */
export function round(value: number): number {
  return Math.round(value * 100) / 100
}
