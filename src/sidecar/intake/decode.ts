import type { Json } from '../fact.ts'
import { JsonRefused, parseLossless } from './lossless-json.ts'

const strict = new TextDecoder('utf-8', { fatal: true })

/** Reads JSON from UTF-8 bytes; torn or wrong UTF-8 is refused, never replaced. */
export function decodeJson(bytes: Buffer): Json {
  return parseLossless(decodeText(bytes))
}

function decodeText(bytes: Buffer): string {
  try {
    return strict.decode(bytes)
  } catch (thrown) {
    if (thrown instanceof TypeError) throw new JsonRefused('wrong UTF-8', 0)
    throw thrown
  }
}
