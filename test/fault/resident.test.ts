import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { measureRest } from '../bench/bridge/memory.ts'
import { record, type Recorded } from '../bench/bridge/recorded.ts'
import { isAll } from './harness/case.ts'
import { packagedSidecar } from './harness/packaged.ts'
import { Scene } from './harness/scene.ts'

const scene = new Scene()
const MEGABYTE = 2 ** 20
let recorded: Recorded
let program: readonly string[]

beforeAll(async () => {
  recorded = await record(scene)
  program = await packagedSidecar(scene.place('package'))
}, 120_000)
afterAll(() => scene.end())

describe('a sidecar as it is installed', () => {
  // Oracle: the kernel's count of its pages, against rows that a real server gave. Fails when a heap that a reading filled stays as it is
  // (then 140 MB), or when a module brings a library along. In the long form also when rows are kept as they came (3 KB each).
  it(`keeps less than 100 MB resident at 10,000 allocations${isAll() ? ', and little more than with none' : ''}`, { timeout: 400_000 }, async () => {
    const many = await measureRest(scene, program, recorded, 10_000)
    expect(many.objects).toBeGreaterThan(10_000)
    expect(many.again.resident / MEGABYTE).toBeLessThan(100)
    // Writing every row for the first time leaves holes in the heaps of malloc, more or fewer of them.
    expect(many.first.resident / MEGABYTE).toBeLessThan(110)
    if (!isAll()) return
    const few = await measureRest(scene, program, recorded, 20)
    expect((many.again.anonymous - few.again.anonymous) / 10_000).toBeLessThan(1_500)
  })
})
