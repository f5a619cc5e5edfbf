import type { DeadRow } from './journal/messages.ts'
import type { Log } from './log.ts'
import type { Note } from './self.ts'

const CAUSES = new Map([
  ['EOS630', 'schema'],
  ['EOS631', 'size'],
])

interface Heap {
  count: number
  readonly ids: string[]
  readonly code: string
  readonly reason: string
}

/**
 * Tells about dead letters: at once, then at most once per pause and source with the number of all that came between.
 * A dead letter about the bridge itself is only logged, so one can never cause the next.
 */
export class DeadLetters {
  readonly #say: (note: Note) => void
  readonly #log: Log
  readonly #pause: number
  readonly #heaps = new Map<string, Heap | null>()
  readonly #timers = new Set<NodeJS.Timeout>()

  constructor(say: (note: Note) => void, log: Log, pause = 10_000) {
    this.#say = say
    this.#log = log
    this.#pause = pause
  }

  /** These will never be sent. */
  tell(dead: readonly DeadRow[]): void {
    for (const row of dead) {
      this.#log('error', 'a dead letter', { id: row.id, source: row.name, code: row.code, reason: row.reason })
      if (row.name !== 'bridge') this.#add(row)
    }
  }

  /** Tells what waits, and waits no more. */
  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    for (const [name, heap] of this.#heaps) if (heap !== null) this.#note(name, heap)
    this.#heaps.clear()
  }

  #add({ name, id, code, reason }: DeadRow): void {
    const heap = this.#heaps.get(name)
    if (heap === undefined) {
      this.#note(name, { count: 1, ids: [id], code, reason })
      return this.#wait(name)
    }
    if (heap === null) this.#heaps.set(name, { count: 1, ids: [id], code, reason })
    else {
      heap.count += 1
      if (heap.ids.length < 10) heap.ids.push(id)
    }
  }

  /** What comes within the pause is told at its end, all in one. */
  #wait(name: string): void {
    this.#heaps.set(name, null)
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      const heap = this.#heaps.get(name) ?? null
      this.#heaps.delete(name)
      if (heap === null) return
      this.#note(name, heap)
      this.#wait(name)
    }, this.#pause)
    this.#timers.add(timer.unref())
  }

  #note(source: string, { count, ids, code, reason }: Heap): void {
    this.#say({ verb: 'dead_letter', source, cause: CAUSES.get(code) ?? 'refused', detail: `${code}: ${reason}`, count, ids })
  }
}
