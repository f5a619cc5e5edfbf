const QUIET_MILLISECONDS = 2_000
const REMINDER_MILLISECONDS = 30_000
const WAIT_MILLISECONDS = 15_000

/** Writes one line for the person who waits; standard output stays free for results. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** Does one piece of work and, when it takes over two seconds, says what is being done and how long it took. */
export async function step<T>(title: string, work: () => Promise<T>): Promise<T> {
  const started = Date.now()
  const announced = setTimeout(() => say(`  … ${title}`), QUIET_MILLISECONDS)
  const reminded = setInterval(() => say(`  … ${title}, ${seconds(started)} so far`), REMINDER_MILLISECONDS)
  try {
    const result = await work()
    if (Date.now() - started >= QUIET_MILLISECONDS) say(`  ✓ ${title}, ${seconds(started)}`)
    return result
  } catch (thrown) {
    say(`  ✗ ${title}, ${seconds(started)}`)
    throw thrown
  } finally {
    clearTimeout(announced)
    clearInterval(reminded)
  }
}

/** Does a wait, and says what for where it takes long; a short one says nothing. */
export async function patiently<T>(what: string, work: () => Promise<T>): Promise<T> {
  const started = Date.now()
  const reminded = setInterval(() => say(`  … waiting for ${what}, ${seconds(started)} so far`), WAIT_MILLISECONDS)
  try {
    return await work()
  } finally {
    clearInterval(reminded)
  }
}

/** Time since a moment, for people: `12.3 s`, `4 min 10 s`. */
export function seconds(since: number): string {
  const passed = (Date.now() - since) / 1000
  return passed < 100 ? `${passed.toFixed(1)} s` : `${Math.floor(passed / 60)} min ${Math.round(passed % 60)} s`
}
