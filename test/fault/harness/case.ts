import { it } from 'vitest'

/** Whether what the default run cannot afford runs too: `npm run test:all` sets it. */
const IS_ALL = process.env['EOS_FAULT'] === 'all'

export interface CaseOptions {
  /** `all`: only with EOS_FAULT=all. */
  readonly runs: 'default' | 'all'
  /** Longest time in seconds. */
  readonly within: number
  /** Why this environment or version makes it impossible; it stands in the test's name. */
  readonly skip?: string | undefined
}

/** One fault of the catalogue (events.md 6) as a named test. */
export function fault(number: number, claim: string, { runs, within, skip }: CaseOptions, body: () => Promise<void>): void {
  const name = `fault ${String(number).padStart(2, '0')}: ${claim}`
  if (skip !== undefined) it.skip(`${name} (skipped: ${skip})`, body)
  else if (runs === 'all' && !IS_ALL) it.skip(`${name} (runs with npm run test:all)`, body)
  else it(name, { timeout: within * 1_000 }, body)
}

/** Whether the long form of a case runs. */
export function isAll(): boolean {
  return IS_ALL
}
