import type { SidecarCode } from './codes.ts'

/** A refusal of the sidecar: what is wrong, what was expected, what to do. */
export class Refusal extends Error {
  readonly code: SidecarCode

  constructor(code: SidecarCode, what: string, expected: string, advice: string) {
    super(`${code} ${what}; expected ${expected}; ${advice}`)
    this.name = 'Refusal'
    this.code = code
  }
}

/** What a thrown value says, in one line. */
export function messageOf(thrown: unknown): string {
  return (thrown instanceof Error ? thrown.message : String(thrown)).replace(/\s*\n\s*/g, ' ')
}
