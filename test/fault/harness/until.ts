import { setTimeout as pause } from 'node:timers/promises'

/** A condition that can never hold any more: there is nothing to wait for. */
export class Hopeless extends Error {}

/** Waits until the probe gives something other than undefined, null or false, and returns it; fails with the claim and what was seen last. */
export async function until<T>(claim: string, probe: () => Promise<T> | T, within = 30_000, every = 100): Promise<NonNullable<Exclude<T, false>>> {
  const deadline = performance.now() + within
  let last = 'nothing'
  for (;;) {
    try {
      const value = await probe()
      if (holds(value)) return value
      last = JSON.stringify(value) ?? String(value)
    } catch (thrown) {
      if (thrown instanceof Hopeless) throw thrown
      last = thrown instanceof Error ? thrown.message : String(thrown)
    }
    if (performance.now() > deadline) throw new Error(`not within ${within} ms: ${claim}; last seen: ${last.slice(0, 2_000)}`)
    await pause(every)
  }
}

function holds<T>(value: T): value is NonNullable<Exclude<T, false>> {
  return value !== undefined && value !== null && value !== false
}
