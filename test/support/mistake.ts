/** One mistake in a stack without mistakes, and the first line of what is said about it. */
export interface Mistake {
  readonly claim: string
  readonly file: string
  /** A text that stands once in the file. */
  readonly from: string
  readonly to: string
  /** File, line, column, code and text, as printed. */
  readonly says: string
}
