import { readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { FakeNomad, type Certified } from '../../support/fake-nomad.ts'
import { identity } from './identity.ts'
import type { Recorded } from './recorded.ts'

/** What the parent asks of the load. */
export type Order =
  | { readonly kind: 'start'; readonly certified: Certified; readonly recorded: string; readonly allocations: number }
  /** So many events a second, for so many seconds; the time of each is written to the file as `<allocation> <restarts> <milliseconds>`. */
  /** Every allocation restarts once more in the list, and the stream forgets it: the index moves on by so many frames. */
  | { readonly kind: 'age'; readonly frames: number }
  | { readonly kind: 'load'; readonly rate: number; readonly seconds: number; readonly file: string }

/** What the load says. */
export type Report =
  | { readonly kind: 'started'; readonly url: string }
  | { readonly kind: 'aged' }
  | { readonly kind: 'loaded'; readonly sent: number; readonly milliseconds: number; readonly bytes: number; readonly readers: number }

/** Milliseconds between two bursts; a burst has what the rate gives for that time. */
const STEP = 10

let fake: FakeNomad
let recorded: Recorded
let allocations = 0
const restarts: number[] = []
let cuts: readonly string[] = []

process.on('message', (order: Order) => {
  const done = order.kind === 'start' ? start(order) : order.kind === 'load' ? load(order) : age(order.frames)
  done.then((report) => process.send?.(report), (thrown: unknown) => {
    process.stderr.write(`${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}\n`)
    process.exit(1)
  })
})
process.on('disconnect', () => process.exit(0))

async function start(order: Extract<Order, { kind: 'start' }>): Promise<Report> {
  recorded = JSON.parse(readFileSync(order.recorded, 'utf8'))
  allocations = order.allocations
  fake = await FakeNomad.open(order.certified)
  for (const [path, rows] of recorded.lists) fake.lists.set(path, rows)
  for (const [path, body] of recorded.objects) fake.objects.set(path, body)
  fake.index = recorded.index
  list(1)
  for (let number = 0; number < allocations; number += 1) restarts.push(1)
  cuts = pieces()
  return { kind: 'started', url: fake.url }
}

/** The list of allocations, each with so many restarts. */
function list(count: number): void {
  const time = `19000${String(count).padStart(14, '0')}`
  const row = count === 1 ? recorded.row : recorded.row.replaceAll('"Restarts":1', `"Restarts":${count}`).replaceAll(recorded.time, time).replaceAll(/"ModifyIndex":\d+/g, `"ModifyIndex":${fake.index}`)
  fake.lists.set('/v1/allocations', Array.from({ length: allocations }, (_, number) => row.replaceAll(recorded.alloc, identity(number))))
}

async function age(frames: number): Promise<Report> {
  fake.index += frames
  const most = restarts.reduce((one, other) => Math.max(one, other), 0) + 1
  restarts.fill(most)
  list(most)
  fake.forget()
  return { kind: 'aged' }
}

async function load({ rate, seconds, file }: Extract<Order, { kind: 'load' }>): Promise<Report> {
  const times: string[] = []
  const total = rate * seconds
  const before = fake.streamed
  const began = performance.now()
  let next = 0
  while (next < total) {
    const due = Math.min(total, Math.ceil(((performance.now() - began) / 1_000) * rate))
    for (; next < due; next += 1) {
      const number = next % allocations
      const count = (restarts[number] ?? 1) + 1
      restarts[number] = count
      const index = fake.index + 1
      fake.say({ index, bytes: frame(number, count, index) })
      times.push(`${number} ${count} ${performance.timeOrigin + performance.now()}`)
    }
    await pause(STEP)
  }
  const milliseconds = performance.now() - began
  writeFileSync(file, times.join('\n'))
  return { kind: 'loaded', sent: total, milliseconds, bytes: fake.streamed - before, readers: fake.readers }
}

const MARKS = { alloc: '\u0001a\u0001', count: '\u0001c\u0001', time: '\u0001t\u0001', index: '\u0001i\u0001' } as const

/** The event cut where allocation, count, time and index stand, so that a frame is a join. */
function pieces(): readonly string[] {
  const own = /"Index":(\d+)/.exec(recorded.event)?.[1] ?? ''
  return recorded.event
    .replaceAll(recorded.alloc, MARKS.alloc)
    .replaceAll('"Restarts":1', `"Restarts":${MARKS.count}`)
    .replaceAll(recorded.time, MARKS.time)
    .replaceAll(new RegExp(`:${own}\\b`, 'g'), `:${MARKS.index}`)
    .split(/(\u0001[acti]\u0001)/)
}

function frame(number: number, count: number, index: number): string {
  let made = ''
  for (const piece of cuts) {
    if (piece === MARKS.alloc) made += identity(number)
    else if (piece === MARKS.count) made += String(count)
    else if (piece === MARKS.time) made += `18000${String(index).padStart(14, '0')}`
    else if (piece === MARKS.index) made += String(index)
    else made += piece
  }
  return `{"Index":${index},"Events":[${made}]}`
}
