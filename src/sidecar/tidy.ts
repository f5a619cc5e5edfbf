/** Milliseconds between two looks at a thread. */
const LOOK = 5000
/** Part of that time for which a quiet thread may have worked. */
const QUIET = 0.02
/** Bytes by which a heap must have grown since it was tidied to be worth the pause. */
const GROWN = 2 * 2 ** 20

/**
 * Gives back what a burst of work left in the heap of this thread, once the thread is quiet. V8 would not: its memory reducer takes the few
 * allocations of timers for a high rate and waits for ever, so that whoever read 10,000 allocations would keep 40 MB of nothing. Without
 * `--expose-gc`, which the package gives, nothing is done.
 */
export function tidyWhenQuiet(): void {
  const { gc } = globalThis
  if (gc === undefined) return
  let tidied = 0
  let before = performance.eventLoopUtilization()
  setInterval(() => {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, before)
    before = now
    if (utilization > QUIET || process.memoryUsage().heapTotal - tidied < GROWN) return
    // Any other flavor leaves the pages that it emptied in V8's pool.
    gc({ type: 'major', execution: 'sync', flavor: 'last-resort' })
    tidied = process.memoryUsage().heapTotal
  }, LOOK).unref()
}
