import { readFileSync, statSync } from 'node:fs'
import { messageOf, Refusal } from './refusal.ts'

/** Milliseconds for which a look at the file is good. */
const FRESH = 1000

/** Gives the token as it is in the file now; throws where there is none, so that no request goes out without it. */
export type TokenFile = () => string

/** A token in a file that may change at any time: looked at once a second at most, read again when the file is another one. */
export function tokenFile(path: string, now: () => number = Date.now): TokenFile {
  let looked = -Infinity
  let mark = ''
  let token: string | Refusal = new Refusal('EOS610', `the token file ${path} was not read yet`, 'a token', 'wait')
  return () => {
    if (now() - looked >= FRESH) {
      looked = now()
      const found = markOf(path)
      if (found !== mark || token instanceof Refusal) token = read(path)
      mark = found
    }
    if (token instanceof Refusal) throw token
    return token
  }
}

/** Changes whenever the file was written or replaced. */
function markOf(path: string): string {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true })
    return `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`
  } catch {
    // Reading it says why.
    return ''
  }
}

function read(path: string): string | Refusal {
  const advice = 'write the token into it; it is read again by itself'
  try {
    const token = readFileSync(path, 'utf8').trim()
    if (/^[\x21-\x7e]+$/.test(token)) return token
    return new Refusal('EOS610', `the token file ${path} ${token === '' ? 'is empty' : 'holds more than one word'}`, 'one token', advice)
  } catch (thrown) {
    return new Refusal('EOS610', `the token file ${path} cannot be read: ${messageOf(thrown)}`, 'a file that this user may read', advice)
  }
}
