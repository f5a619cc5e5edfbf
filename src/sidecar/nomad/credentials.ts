import type { TokenFile } from '../token.ts'
import { messageOf } from '../refusal.ts'

/** A right that is missing: nothing is concluded until it is back. */
export class AuthProblem extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'AuthProblem'
  }
}

/** The token as it is in its file now; where there is none, no request goes out. */
export function tokenFrom(file: TokenFile): string {
  try {
    return file()
  } catch (thrown) {
    throw new AuthProblem(messageOf(thrown))
  }
}
