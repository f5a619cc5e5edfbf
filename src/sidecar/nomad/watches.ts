import { setTimeout as pause } from 'node:timers/promises'
import { indexOf, type Api } from './api.ts'
import { IntakeError } from '../intake/intake-error.ts'
import { AuthProblem } from './credentials.ts'
import { findBlocked } from './judge-eval.ts'
import type { Region } from './region.ts'

/** Seconds that a question about namespaces waits for a change. */
const WAIT = 60
/** Milliseconds before a question that failed is asked again. */
const AGAIN = 2000

/** Asks whether the token is good, and learns nothing else; where ACLs are off every token is. */
export async function checkToken(api: Api): Promise<void> {
  try {
    await api.read('/v1/acl/token/self', 'nomadSelf', { timeout: 10_000 })
  } catch (thrown) {
    if (!(thrown instanceof IntakeError)) throw thrown
    if (thrown.status === 400 && /ACL support disabled/i.test(thrown.message)) return
    if (/token (not found|expired)|permission denied/i.test(thrown.message)) throw new AuthProblem(thrown.message)
    throw thrown
  }
}

/** The namespaces that there are now, as one text. */
export async function readNamespaces(api: Api, signal: AbortSignal, index = 0): Promise<{ readonly names: string; readonly all: readonly string[]; readonly index: number }> {
  const waiting = index > 0 ? `?index=${index}&wait=${WAIT}s` : ''
  const { value, headers } = await api.read(`/v1/namespaces${waiting}`, 'nomadNamespaces', { signal, timeout: (WAIT + 10) * 1000 })
  const all = Array.isArray(value) ? value.filter((name) => typeof name === 'string') : []
  return { names: JSON.stringify(all), all, index: indexOf(headers) }
}

/** Waits until the very server that is asked has these namespaces: a stream has those that its own server knows when it is opened. */
export async function awaitNamespaces(api: Api, index: number, signal: AbortSignal): Promise<void> {
  if (index > 1) await api.read(`/v1/namespaces?stale=true&index=${index - 1}&wait=5s`, 'nothing', { signal, timeout: 10_000 })
}

/** Waits until there are other namespaces than at the beginning: a stream never sees those that are younger than itself. */
export async function namespacesChanged(api: Api, begin: { readonly names: string; readonly index: number }, signal: AbortSignal): Promise<void> {
  let { index } = begin
  while (!signal.aborted) {
    try {
      const now = await readNamespaces(api, signal, index)
      if (now.names !== begin.names) return
      // A lower index is another state of the servers: asked without it, nothing hangs.
      index = now.index < index ? 0 : now.index
      if (now.index === begin.index) await pause(AGAIN, undefined, { signal })
    } catch (thrown) {
      if (signal.aborted) return
      if (thrown instanceof AuthProblem) return
      await pause(AGAIN, undefined, { signal }).catch(() => undefined)
    }
  }
}

/** Settles the groups that are blocked for longer than their quiet time. */
export async function settleBlocked(region: Region): Promise<void> {
  const now = Date.now()
  const due = [...region.memory.blocked.values()].filter((row) => !row.isSettled && now - row.since >= region.rules.quiet)
  if (due.length === 0) return
  for (const row of due) {
    const moment = region.moment({ origin: 'audit', index: row.modified })
    region.lay({ findings: [findBlocked(row, true, region.rules.quiet, null)], puts: [{ ...row, isSettled: true }], deletes: [] }, moment)
  }
  await region.desk.write()
}
