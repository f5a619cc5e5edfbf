/** How many tests of a stage passed, failed and were skipped. */
export interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

export const NONE: Counts = { passed: 0, failed: 0, skipped: 0 }

/** The sum of two counts. */
export function plus(one: Counts, other: Counts): Counts {
  return { passed: one.passed + other.passed, failed: one.failed + other.failed, skipped: one.skipped + other.skipped }
}

/** The counts in words, as the last line of a test run is. */
export function inWords(counts: Counts): string {
  return `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`
}

/** A stage that is one test: it passed, or it did not. */
export function single(hasPassed: boolean): Counts {
  return { ...NONE, ...(hasPassed ? { passed: 1 } : { failed: 1 }) }
}

/** Reads the report of vitest's JSON reporter. A run that failed without a failed test (a file that cannot load) counts as one failure. */
export function countsOfVitest(report: string, exitCode: number): Counts {
  const told: { readonly numPassedTests: number; readonly numFailedTests: number; readonly numPendingTests: number; readonly numTodoTests: number } =
    JSON.parse(report)
  return atLeastOneFailure({ passed: told.numPassedTests, failed: told.numFailedTests, skipped: told.numPendingTests + told.numTodoTests }, exitCode)
}

/** Reads the JUnit report of pytest; an error outside a test counts as a failure. */
export function countsOfPytest(report: string, exitCode: number): Counts {
  const suite = /<testsuite [^>]*>/.exec(report)?.[0] ?? ''
  const number = (name: string): number => Number(new RegExp(` ${name}="(\\d+)"`).exec(suite)?.[1] ?? 0)
  const failed = number('failures') + number('errors')
  const skipped = number('skipped')
  return atLeastOneFailure({ passed: number('tests') - failed - skipped, failed, skipped }, exitCode)
}

/** A run that ended badly, or that ran nothing, never counts as success. */
function atLeastOneFailure(counts: Counts, exitCode: number): Counts {
  const hasRun = counts.passed + counts.failed > 0
  return counts.failed === 0 && (exitCode !== 0 || !hasRun) ? { ...counts, failed: 1 } : counts
}
