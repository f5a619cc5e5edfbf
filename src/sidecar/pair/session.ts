import { isObject } from '../envelope/text.ts'
import type { Json } from '../fact.ts'
import { Refusal } from '../refusal.ts'
import type { Question, Reply } from './request.ts'

/** Who holds the lock, and the index with which a change of that can be waited for. */
export interface Holder {
  readonly session: string | null
  readonly index: number
}

/** Consul's sessions and locks, as much as a pair needs. */
export interface Locks {
  readonly create: (name: string, ttl: number) => Promise<string>
  /** False when the session is gone. */
  readonly renew: (session: string) => Promise<boolean>
  readonly destroy: (session: string) => Promise<void>
  readonly acquire: (session: string, value: string) => Promise<boolean>
  readonly release: (session: string) => Promise<void>
  /** Answers when the holder may have changed since `index`, at once for 0. */
  readonly holder: (index: number, wait: number) => Promise<Holder>
  /** Ends every question that is still open. */
  readonly close: () => void
}

type Ask = (question: Omit<Question, 'token' | 'signal'>) => Promise<Reply>

/** Locks under one key; `ask` brings token and address. */
export function locksOf(key: string, ask: Ask, close: () => void): Locks {
  const kv = `/v1/kv/${key.split('/').map(encodeURIComponent).join('/')}`
  const put = (path: string, body = ''): Promise<Reply> => ask({ method: 'PUT', path, body, timeout: 5000 })
  return {
    create: async (name, ttl) => {
      const seconds = `${Math.round(ttl / 1000)}s`
      const reply = good(await put('/v1/session/create', JSON.stringify({ Name: name, TTL: seconds, LockDelay: seconds, Behavior: 'release' })))
      const made: Json = JSON.parse(reply.body)
      if (!isObject(made) || typeof made['ID'] !== 'string') throw refusal(`a new session is ${reply.body}`)
      return made['ID']
    },
    renew: async (session) => {
      const reply = await put(`/v1/session/renew/${session}`)
      if (reply.status === 404) return false
      good(reply)
      return true
    },
    destroy: async (session) => void good(await put(`/v1/session/destroy/${session}`)),
    acquire: async (session, value) => good(await put(`${kv}?acquire=${session}`, value)).body.trim() === 'true',
    release: async (session) => void good(await put(`${kv}?release=${session}`)),
    holder: async (index, wait) => {
      const reply = await ask({ method: 'GET', path: index === 0 ? `${kv}?consistent` : `${kv}?consistent&index=${index}&wait=${wait}ms`, timeout: wait + wait / 16 + 5000 })
      if (reply.status === 404) return { session: null, index: reply.index }
      const list: Json = JSON.parse(good(reply).body)
      const [entry] = Array.isArray(list) ? list : []
      return { session: isObject(entry) && typeof entry['Session'] === 'string' ? entry['Session'] : null, index: reply.index }
    },
    close,
  }
}

function good(reply: Reply): Reply {
  if (reply.status >= 200 && reply.status < 300) return reply
  throw refusal(`Consul answered ${reply.status}: ${reply.body.slice(0, 200).trim()}`)
}

function refusal(what: string): Refusal {
  return new Refusal('EOS650', what, 'a session and the lock', 'give the token `session:write` on its node and `key:write` on the key')
}
