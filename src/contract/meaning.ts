/** What a code stands for; `docs/errors.md` prints this table, and a test keeps the two equal. */
export interface Meaning {
  readonly what: string
  readonly expected: string
  readonly advice: string
  /** A line that causes it. */
  readonly example: string
}
