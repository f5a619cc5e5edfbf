import type { Api } from './api.ts'
import { batches } from './batches.ts'
import { AuthProblem } from './credentials.ts'
import { isThere } from './lists.ts'
import type { JobRecord } from './record.ts'

/** Asks each namespace for its jobs: a list over all of them leaves out, without a word, those of a namespace where the token lacks `list-jobs`. */
export async function proveJobList(api: Api, namespaces: readonly string[], signal: AbortSignal): Promise<void> {
  const asked = batches(namespaces, (name) => api.read(`/v1/jobs?namespace=${encodeURIComponent(name)}&per_page=1`, 'nothing', { signal }))
  for await (const _answers of asked) signal.throwIfAborted()
}

/** Reads each job that a list leaves out by itself, which `read-job` allows: one that is there was hidden, and nothing of the list is believed. */
export async function proveGone(api: Api, missing: readonly JobRecord[], signal: AbortSignal): Promise<void> {
  for await (const found of batches(missing, async (job) => ((await isThere(api, signal, job)) ? job : null))) {
    const [hidden] = found.filter((job) => job !== null)
    if (hidden !== undefined) throw new AuthProblem(`the list of jobs leaves out ${hidden.id}, which is there; expected a token with list-jobs in namespace ${hidden.namespace}`)
  }
}
