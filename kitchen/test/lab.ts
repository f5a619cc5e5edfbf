import { docker } from '../host/engine.ts'
import { removeLabelled } from '../lab/down.ts'
import { projectPath } from '../run/project.ts'
import { LABEL } from '../settings.ts'
import { single, type Counts, plus } from './counts.ts'
import { shown, vitest } from './programs.ts'

/** The tests have a lab of their own, so that they never touch the one that a person looks at. */
export const testLab = { EOS_LAB: 'eos-test', EOS_LAB_NETWORK: '172.30.78', TESTCONTAINERS_RYUK_DISABLED: 'true' } as const

/** Brings the tests' lab up, runs test/lab, and in the long form test/chaos, against it, and removes it whatever happens, unless it is to be kept. */
export async function labStage(isKept: boolean): Promise<Counts> {
  const stop = (): void => void removeTestLab().finally(() => process.exit(130))
  process.once('SIGINT', stop).once('SIGTERM', stop)
  if (!isKept) await removeTestLab()
  try {
    const isUp = (await shown(process.execPath, [projectPath('kitchen/lab.ts'), 'up'], testLab)) === 0
    const bringing = single(isUp)
    if (!isUp) return bringing
    const tests = await vitest(['--dir', 'test/lab', '--no-file-parallelism', '--testTimeout=120000', '--hookTimeout=300000'], testLab)
    if (process.env['EOS_FAULT'] !== 'all') return plus(bringing, tests)
    // Last: chaos spends the budget of healing, and holds what failed.
    return [bringing, tests, await vitest(['--dir', 'test/chaos'], testLab)].reduce(plus)
  } finally {
    if (!isKept) await removeTestLab()
    process.off('SIGINT', stop).off('SIGTERM', stop)
  }
}

/** Removes all that carries the label of a lab whose name begins with the tests': what a crashed run left, too. */
async function removeTestLab(): Promise<void> {
  const found = await Promise.all([
    docker('ps', '--all', '--filter', `label=${LABEL}`, '--format', `{{.Label "${LABEL}"}}`),
    docker('volume', 'ls', '--filter', `label=${LABEL}`, '--format', `{{.Label "${LABEL}"}}`),
    docker('network', 'ls', '--filter', `label=${LABEL}`, '--format', `{{.Label "${LABEL}"}}`),
  ])
  const names = new Set(found.join('\n').split('\n').filter((name) => name.startsWith(testLab.EOS_LAB)))
  for (const name of names) await removeLabelled(`${LABEL}=${name}`)
}
