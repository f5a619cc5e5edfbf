import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Pair } from '../../src/sidecar/pair/pair.ts'
import type { Locks } from '../../src/sidecar/pair/session.ts'

// Time is made here, so that "not a moment longer" can be held to the millisecond on any machine.
vi.mock('node:timers/promises', () => ({
  setTimeout: (milliseconds: number, value: unknown, { signal }: { readonly signal?: AbortSignal } = {}) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(new Error('aborted'))
      const timer = setTimeout(() => resolve(value), milliseconds)
      signal?.addEventListener('abort', () => {
        clearTimeout(timer)
        reject(new Error('aborted'))
      })
    }),
}))

const TTL = 15_000
let turns: boolean[]
let troubles: string[]
let destroyed: string[]
let pair: Pair | null = null

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  turns = []
  troubles = []
  destroyed = []
})

afterEach(async () => {
  const ended = pair?.stop()
  await vi.advanceTimersByTimeAsync(60_000)
  await ended
  vi.useRealTimers()
})

/** A lock that is free and then stays with who took it; `more` answers otherwise. */
function join(more: Partial<Locks>): void {
  let holder: string | null = null
  let made = 0
  let closing: (() => void) | null = null
  const closed = new Promise<never>((_, reject) => {
    closing = () => reject(new Error('closed'))
  })
  closed.catch(() => undefined)
  const locks: Locks = {
    create: async () => `session-${++made}`,
    renew: async () => true,
    destroy: async (session) => void destroyed.push(session),
    acquire: async (session) => {
      holder = session
      return true
    },
    release: async () => undefined,
    holder: (index, wait) => (index === 0 ? Promise.resolve({ session: holder, index: 7 }) : Promise.race([closed, new Promise<{ readonly session: string | null; readonly index: number }>((resolve) => setTimeout(() => resolve({ session: holder, index: 7 }), wait))])),
    close: () => closing?.(),
    ...more,
  }
  pair = new Pair(locks, 'n1', TTL, { changed: (isActive) => void turns.push(isActive), trouble: (problem) => void (problem !== null && troubles.push(problem)) })
}

it('stops two seconds before a session that is not renewed can end, and not earlier', async () => {
  join({ renew: () => new Promise(() => undefined) })
  await vi.advanceTimersByTimeAsync(TTL - 2000 - 1)
  expect(turns).toEqual([true])
  // Timers of no length take a millisecond each.
  await vi.advanceTimersByTimeAsync(10)
  expect(turns).toEqual([true, false])
  expect(troubles).toContain('the session was not renewed in time: no answer')
  expect(destroyed).toEqual(['session-1'])
})

it('ends the session that it leaves because the lock could not be taken', async () => {
  join({ acquire: () => Promise.reject(new Error('Consul answered 500')) })
  await vi.advanceTimersByTimeAsync(1)
  expect(troubles).toEqual(['Consul answered 500'])
  expect(destroyed).toEqual(['session-1'])
})

it('says that a session which it left could not be ended, and makes the next one', async () => {
  let tries = 0
  join({ acquire: () => (++tries === 1 ? Promise.reject(new Error('Consul answered 500')) : Promise.resolve(false)), destroy: (session) => (session === 'session-1' ? Promise.reject(new Error('no answer')) : Promise.resolve()) })
  await vi.advanceTimersByTimeAsync(15_000)
  expect(troubles).toEqual(['no answer', 'Consul answered 500'])
  expect(tries).toBeGreaterThan(1)
})
