/** Something the lab could not do: what is wrong and what was expected in the message, what to do in the hint. */
export class Failure extends Error {
  readonly hint: string
  /** Exit code for the shell: 1 for a failed step, 2 for a wrong call. */
  readonly exitCode: number

  constructor(message: string, hint: string, exitCode = 1) {
    super(message)
    this.name = 'Failure'
    this.hint = hint
    this.exitCode = exitCode
  }
}

/** The text of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
