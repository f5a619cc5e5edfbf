import { isObject } from '../envelope/text.ts'
import type { Json } from '../fact.ts'
import { wholeAt } from './field.ts'
import type { Floors } from './judge.ts'

/** Lists whose own index is remembered. */
export const LISTS = ['node', 'job', 'deployment', 'alloc', 'eval', 'service'] as const
/** One of them. */
export type ListName = (typeof LISTS)[number]

/** Where the source goes on after a restart. */
export type Cursor = {
  /** Index of the last frame that is journalled whole. */
  readonly index: number
  /** How many clusters or restored states were seen: 1 for the first. */
  readonly era: number
  /** Index of each list when it was read last: a lower one is another cluster or a restored state. */
  readonly lists: { readonly [name in ListName]?: number }
  /** Youngest change of each kind that was seen at all, in a list or in the stream: no list may be behind it. */
  readonly reached: { readonly [name in ListName]?: number }
  /** Our clock when the servers were heard last. */
  readonly heard: number
  /** True while the rows of the epoch before are not all compared with the new one. */
  readonly isReverting?: boolean
  /** Index that a new journal goes on from, until all lists were read: what is not younger was told by the one before it. */
  readonly since?: number
}

/** The cursor as the journal gave it back; null when the source was never read. */
export function cursorOf(value: Json): Cursor | null {
  if (!isObject(value) || typeof value['index'] !== 'number') return null
  const { lists, reached } = value
  return {
    index: value['index'],
    era: Math.max(1, wholeAt(value, 'era')),
    lists: isObject(lists) ? Object.fromEntries(LISTS.map((name) => [name, wholeAt(lists, name)])) : {},
    reached: isObject(reached) ? Object.fromEntries(LISTS.map((name) => [name, wholeAt(reached, name)])) : {},
    heard: wholeAt(value, 'heard'),
    isReverting: value['isReverting'] === true,
    ...(typeof value['since'] === 'number' ? { since: value['since'] } : {}),
  }
}

/** Lists that went back: name, index before and index now. */
export function regressions(before: Cursor['lists'], now: Cursor['lists']): { readonly name: ListName; readonly from: number; readonly to: number }[] {
  return LISTS.flatMap((name) => {
    const from = before[name] ?? 0
    const to = now[name]
    return to !== undefined && to < from ? [{ name, from, to }] : []
  })
}

/** The higher of two, list by list. */
export function highest(one: Cursor['lists'], other: Cursor['lists']): Cursor['lists'] {
  return Object.fromEntries(LISTS.map((name) => [name, Math.max(one[name] ?? 0, other[name] ?? 0)]))
}

/** Up to where each list has told everything. */
export function floorsOf({ lists }: Cursor): Floors {
  return lists
}

/** Name of an epoch: the region and how often it began anew. */
export function epochName(region: string, era: number): string {
  return `${region}#${era}`
}
