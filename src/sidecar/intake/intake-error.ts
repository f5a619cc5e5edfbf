/** Why a request came to nothing; `status` is an answer that says no. */
export type IntakeCode = 'refused' | 'timeout' | 'tls' | 'status' | 'parse' | 'protocol' | 'closed' | 'crash'

/** What the thread tells about a failure. */
export interface Failure {
  readonly code: IntakeCode
  readonly message: string
  /** HTTP status of the answer; 0 where there was none. */
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
}

/** A request that came to nothing, with its cause as a code; it never holds a token. */
export class IntakeError extends Error {
  readonly code: IntakeCode
  readonly status: number
  readonly headers: Readonly<Record<string, string>>

  constructor({ code, message, status, headers }: Failure) {
    super(message)
    this.name = 'IntakeError'
    this.code = code
    this.status = status
    this.headers = headers
  }
}

/** A failure without an answer. */
export function failure(code: IntakeCode, message: string, status = 0, headers: Readonly<Record<string, string>> = {}): Failure {
  return { code, message, status, headers }
}
