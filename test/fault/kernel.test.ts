import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { saltPython } from './harness/binaries.ts'
import { fault } from './harness/case.ts'
import { unpackedWheel } from './harness/salt-master.ts'
import { Scene } from './harness/scene.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const TESTS = 'test/python/oom/test_oom_kernel.py'
const scene = new Scene()
let site = ''

beforeAll(async () => {
  site = await unpackedWheel(scene.folder)
}, 120_000)
afterAll(() => scene.end())

/** Runs tests of the beacon by name; they hold it to real kills, and only passing is passing: a skip is none. */
function proves(...names: readonly string[]): void {
  const tests = names.map((name) => `${TESTS}::${name}`)
  const { stdout, stderr, status } = spawnSync(saltPython(), ['-P', '-m', 'pytest', '-p', 'no:cacheprovider', ...tests], { cwd: ROOT, encoding: 'utf8', env: { ...process.env, EOS_WHEEL: site } })
  expect(status, stdout + stderr).toBe(0)
  expect(stdout).toContain(`${names.length} passed`)
}

const isRoot = process.getuid?.() === 0
const skip = isRoot && canRead('/dev/kmsg') ? undefined : 'the kernel log may be read by root only'
const isUnified = existsSync('/sys/fs/cgroup/cgroup.controllers')

// Oracle: the kernel's own counters, read by the tests beside the beacon. What each fails at is written there.
describe('kills of the kernel', () => {
  fault(22, 'are one record each at the own limit and name the allocation of a raw_exec task', { runs: 'default', within: 60, skip }, async () => {
    proves('test_a_kill_at_the_own_limit_is_one_record', 'test_a_task_of_nomad_is_named_by_its_cgroup')
  })

  fault(23, 'of a child only are attributed while the parent lives', { runs: 'default', within: 60, skip }, async () => {
    proves('test_a_greedy_child_is_told_and_its_parent_lives')
  })

  fault(24, 'in a storm are counted exactly and the remainder is reported', { runs: 'default', within: 120, skip }, async () => {
    proves('test_a_storm_is_counted_exactly', 'test_what_exceeds_a_burst_is_counted_in_one_record')
  })

  fault(25, 'are never told of a SIGKILL that is no OOM', { runs: 'default', within: 60, skip }, async () => {
    proves('test_a_sigkill_that_is_no_oom_is_never_told')
  })

  fault(26, 'by systemd-oomd have their own cause', { runs: 'default', within: 60, skip: isUnified ? skip : 'systemd-oomd needs the unified hierarchy of cgroup v2, and this machine has the v1 hybrid' }, async () => {
    proves('test_a_kill_by_oomd_has_its_own_cause')
  })
})

function canRead(path: string): boolean {
  try {
    accessSync(path, constants.R_OK)
    return true
  } catch {
    return false
  }
}
