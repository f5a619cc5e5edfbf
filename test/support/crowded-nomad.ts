import type { FakeNomad } from './fake-nomad.ts'

/** What a crowd is grown from: rows and objects that a real server gave, of one job with an allocation that restarted. */
export interface Seed {
  readonly lists: readonly (readonly [string, readonly string[]])[]
  readonly objects: readonly (readonly [string, string])[]
  readonly index: number
  /** Row of that allocation in the list. */
  readonly row: string
}

/** Allocations of one job, and nodes of the region. */
const EACH = 20
const NODES = 100

/**
 * Fills a double with a busy region: so many allocations of a twentieth as many jobs on a hundred nodes, each row a real one with ids, names
 * and times of its own, so that nothing is shared which a real region does not share.
 */
export function crowd(fake: FakeNomad, { lists, objects, index, row }: Seed, allocations: number): void {
  for (const [path, rows] of lists) fake.lists.set(path, rows)
  for (const [path, body] of objects) fake.objects.set(path, body)
  fake.index = index
  const [id, evaluation, node, job] = ['ID', 'EvalID', 'NodeID', 'JobID'].map((key) => valueOf(row, key))
  const times = [...new Set(row.match(/\b\d{19}\b/g) ?? [])]
  const jobs = Math.ceil(allocations / EACH)
  const grown = Array.from({ length: allocations }, (_, number) => {
    const own = Math.floor(number / EACH)
    const named = row
      .replaceAll(id ?? '', uuid(1, number))
      .replaceAll(evaluation ?? '', uuid(2, own))
      .replaceAll(node ?? '', uuid(3, number % NODES))
      .replaceAll(`"${job}`, `"job-${own}`)
      .replace(/"NodeName":"[^"]*"/, `"NodeName":"node-${number % NODES}"`)
    return times.reduce((text, time) => text.replaceAll(time, String(BigInt(time) + BigInt(number) * 1_000_003n)), named)
  })
  fake.lists.set('/v1/allocations', grown)
  multiply(fake, { list: '/v1/jobs', single: '/v1/job/', key: 'ID', found: job ?? '', names: Array.from({ length: jobs }, (_, number) => `job-${number}`) })
  multiply(fake, { list: '/v1/nodes', single: '/v1/node/', key: 'ID', found: node ?? '', names: Array.from({ length: NODES }, (_, number) => uuid(3, number)) })
}

interface Kind {
  readonly list: string
  readonly single: string
  readonly key: string
  readonly found: string
  readonly names: readonly string[]
}

/** Puts as many copies of one listed object as there are names, in the list and by themselves. */
function multiply(fake: FakeNomad, { list, single, key, found, names }: Kind): void {
  const row = (fake.lists.get(list) ?? []).find((one) => valueOf(one, key) === found)
  const body = fake.objects.get(single + found)
  if (row === undefined || body === undefined) throw new Error(`${list} has no ${found}, or ${single}${found} was not recorded; expected both from the recording`)
  fake.lists.set(list, names.map((name) => row.replaceAll(`"${found}"`, `"${name}"`)))
  for (const name of names) fake.objects.set(single + name, body.replaceAll(`"${found}"`, `"${name}"`))
}

function valueOf(row: string, key: string): string {
  return new RegExp(`"${key}":"([^"]*)"`).exec(row)?.[1] ?? ''
}

function uuid(kind: number, number: number): string {
  const mixed = Math.imul(number + 1, 0x9e3779b1) >>> 0
  return `${mixed.toString(16).padStart(8, '0')}-${String(kind).repeat(4)}-4000-8000-${number.toString(16).padStart(12, '0')}`
}
