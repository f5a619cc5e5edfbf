import type { Fact } from '../../../src/sidecar/fact.ts'
import type { Moment } from '../../../src/sidecar/consul/moment.ts'
import { emptyMemory, instanceKey, memberKey, remember, type Edit, type Instance, type KnownInstance, type KnownMember, type Member, type Memory, type View } from '../../../src/sidecar/consul/record.ts'
import { judge } from '../../../src/sidecar/consul/judge.ts'
import { brief } from './recording-journal.ts'

/** Our clock at the begin of every test. */
export const NOON = Date.UTC(2026, 10, 21, 12)

/** An instance `<name>-1` on node `n1` that passes since index 20, unless told otherwise. */
export function instance(name: string, more: Partial<Instance> = {}): Instance {
  return { node: 'n1', id: `${name}-1`, name, partition: 'default', namespace: 'default', health: 'passing', index: 20, created: 20, isNodeHeld: false, reapAfter: 0, ...more }
}

/** A node whose agent passes since index 10, unless told otherwise. */
export function member(node = 'n1', more: Partial<Member> = {}): Member {
  return { node, partition: 'default', agent: 'passing', index: 10, created: 9, ...more }
}

/** What a catalogue shows. */
export function view(instances: readonly Instance[], members: readonly Member[] = [member()]): View {
  return { instances: new Map(instances.map((one) => [instanceKey(one), one])), members: new Map(members.map((one) => [memberKey(one), one])) }
}

/** A moment with a proof, at 21 November 2026, noon, unless told otherwise. */
export function moment(more: Partial<Moment> = {}): Moment {
  return {
    datacenter: 'dc1',
    source: { kind: 'consul', name: 'consul:dc1', epoch: 'dc1#1', index: 100 },
    origin: 'stream',
    now: NOON,
    seen: 50,
    isBaseline: false,
    toldTo: null,
    isReverted: false,
    proof: ['consistent', 'accessor'],
    evidence: ['consul:checks:100'],
    patience: { quiet: 10_000, flapCount: 3, flapWindow: 60_000 },
    ...more,
  }
}

/** A history: each view is judged against what the ones before left in the memory. */
export class History {
  readonly memory: Memory = emptyMemory()
  #now = NOON

  constructor(first: View | null = null, since: number | null = NOON - 600_000) {
    if (first === null) return
    const instances = [...first.instances].map(([key, one]): Edit => ({ kind: 'instance', key, value: { ...one, since } satisfies KnownInstance }))
    const members = [...first.members].map(([key, one]): Edit => ({ kind: 'member', key, value: { ...one, since } satisfies KnownMember }))
    remember(this.memory, [...instances, ...members])
  }

  /** Time passes; a negative span sets the clock back. */
  wait(seconds: number): this {
    this.#now += seconds * 1000
    return this
  }

  /** What a view tells, one line for each fact. */
  tells(after: View, more: Partial<Moment> = {}): string[] {
    return this.facts(after, more).map(brief)
  }

  /** The facts that a view leads to. */
  facts(after: View, more: Partial<Moment> = {}): readonly Fact[] {
    const { facts, edits } = judge(this.memory, after, moment({ now: this.#now, ...more }))
    remember(this.memory, edits)
    return facts
  }

  /** What a view makes doubtful; nothing is remembered of it. */
  doubts(after: View, more: Partial<Moment> = {}): string[] {
    const { doubts, facts } = judge(this.memory, after, moment({ now: this.#now, proof: null, ...more }))
    return [...facts.map(brief), ...doubts.instances, ...doubts.members, ...(doubts.isDue ? ['due'] : [])]
  }
}
