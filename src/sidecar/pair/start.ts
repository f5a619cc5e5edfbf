import type { Config } from '../config/config.ts'
import { messageOf } from '../refusal.ts'
import { tokenFile } from '../token.ts'
import { Pair, type PairEvents } from './pair.ts'
import { asker, type Reply } from './request.ts'
import { locksOf } from './session.ts'

/** Joins the pair of the configuration; null when this sidecar is alone. */
export function startPair(config: Config, events: PairEvents): Pair | null {
  const { pair } = config
  const consul = config.consul.find(({ datacenter }) => datacenter === pair?.consul)
  if (pair === null || consul === undefined) return null
  const token = tokenFile(consul.tokenFile)
  const ask = asker(consul.ca)
  const ended = new AbortController()
  let at = 0
  const askAny = async (question: Parameters<Parameters<typeof locksOf>[1]>[0]): Promise<Reply> => {
    const address = consul.addresses[at % consul.addresses.length] ?? ''
    try {
      const reply = await ask(address, { ...question, token: token(), signal: ended.signal })
      // This agent has no leader, or too much to do; the next one may be better off.
      if (reply.status >= 500 || reply.status === 429) at += 1
      return reply
    } catch (thrown) {
      at += 1
      throw new Error(`${address}: ${messageOf(thrown)}`, { cause: thrown })
    }
  }
  return new Pair(locksOf(pair.key, askAny, () => ended.abort()), config.instance, pair.ttl, events)
}
