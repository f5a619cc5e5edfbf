import { existsSync, readFileSync, readdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { until } from './until.ts'

const CONTROLLERS = '/sys/fs/cgroup'

/** Removes the cgroups (v1) of allocations whose client was killed: nobody else does, and they stay until the machine ends. */
export async function removeGroups(allocations: string): Promise<void> {
  if (!existsSync(allocations)) return
  const ids = new Set(readdirSync(allocations))
  for (const controller of readdirSync(CONTROLLERS)) {
    const parent = join(CONTROLLERS, controller, 'nomad')
    const names = existsSync(parent) ? readdirSync(parent) : []
    for (const name of names.filter((one) => ids.has(one.split('.')[0] ?? ''))) {
      const group = join(parent, name)
      await until(`${group} is empty`, () => readFileSync(join(group, 'cgroup.procs'), 'utf8') === '')
      rmdirSync(group)
    }
  }
}
