import type { EventContract } from './types.ts'

/** A verb of an event, as a policy names it. */
export interface Occurrence {
  readonly name: string
  readonly event: EventContract
  readonly verb: string
}

/** What `nomad/alloc/failed` stands for; undefined when nobody declares it. */
export function occurrenceOf(name: string, events: readonly EventContract[]): Occurrence | undefined {
  const cut = name.lastIndexOf('/')
  const event = events.find((candidate) => candidate.event === name.slice(0, Math.max(0, cut)))
  const verb = name.slice(cut + 1)
  return event && verb in event.spec.verbs ? { name, event, verb } : undefined
}
