import type { Code } from './codes.ts'

/** A mistake that has no place in a source file: it ends the run. */
export class EosError extends Error {
  readonly code: Code

  constructor(code: Code, what: string, expected: string, advice: string) {
    super(`${code} ${what}; expected ${expected}; ${advice}`)
    this.name = 'EosError'
    this.code = code
  }
}
