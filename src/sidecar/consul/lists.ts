import type { Json } from '../fact.ts'
import type { Answer } from './answer.ts'
import type { Indexes } from './guard.ts'
import type { View } from './record.ts'
import type { Survey } from './survey.ts'
import { instancesOnly, viewOf } from './view.ts'

/** The three lists of a datacenter. */
export type ListName = keyof Indexes

/** What each list was read from and how it is reduced. */
export const LISTS = {
  checks: { path: '/v1/health/state/any', reduce: 'consulChecks' },
  names: { path: '/v1/catalog/services', reduce: 'consulNames' },
  nodes: { path: '/v1/catalog/nodes', reduce: 'consulNodes' },
} as const

/** The answers that were there at one moment. */
export interface Held {
  readonly lists: Readonly<Record<ListName, Answer>>
  readonly watched: ReadonlyMap<string, Answer>
}

/** The newest answer of each list, and the view that they make together. */
export class Lists {
  #lists: Readonly<Record<ListName, Answer>>
  #bare: readonly Json[]
  /** Index of the names that `bare` belongs to. */
  #bareAt: number
  readonly #watched = new Map<string, Answer>()

  constructor(survey: Survey) {
    this.#lists = survey
    this.#bare = survey.bare
    this.#bareAt = survey.names.index
  }

  /** Takes a newer answer; false for one that is older than what is there. */
  take(name: ListName, answer: Answer): boolean {
    if (answer.index < this.#lists[name].index) return false
    this.#lists = { ...this.#lists, [name]: answer }
    return true
  }

  /** Takes the answer about one service of the watch list. */
  watch(service: string, answer: Answer): void {
    this.#watched.set(service, answer)
  }

  /** The answers that are here now. */
  get held(): Held {
    return { lists: this.#lists, watched: new Map(this.#watched) }
  }

  /** Takes over what came into other lists between two moments: whoever brought it asks for what follows, and never brings it again. */
  carry(then: Held, now: Held): void {
    for (const name of ['checks', 'names', 'nodes'] as const) if (now.lists[name] !== then.lists[name]) this.take(name, now.lists[name])
    for (const [service, answer] of now.watched) if (then.watched.get(service) !== answer) this.watch(service, answer)
  }

  /** Takes the instances of services without checks, as they are with the list of names at an index. */
  takeBare(bare: readonly Json[], namesAt: number): void {
    this.#bare = bare
    this.#bareAt = namesAt
  }

  /** Says that the list of names moved on, so that its instances without checks are to be read again. */
  get isBareOld(): boolean {
    return this.#bareAt !== this.#lists.names.index
  }

  get checks(): Json {
    return this.#lists.checks.value
  }

  get names(): Json {
    return this.#lists.names.value
  }

  get indexes(): Indexes {
    const { checks, names, nodes } = this.#lists
    return { checks: checks.index, names: names.index, nodes: nodes.index }
  }

  /** What all of them show together; a service of the watch list is shown by its own answer where that one is newer. */
  view(): View {
    const { checks, nodes } = this.#lists
    const newer = [...this.#watched].filter(([, { index }]) => index > checks.index)
    const view = viewOf({ checks: checks.value, nodes: nodes.value, bare: this.#bare })
    if (newer.length === 0) return view
    const names = new Set(newer.map(([name]) => name))
    const others = [...view.instances].filter(([, { name }]) => !names.has(name))
    return { members: view.members, instances: new Map([...others, ...newer.flatMap(([, { value }]) => [...instancesOnly(value)])]) }
  }
}
