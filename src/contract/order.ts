import { compareText } from './problem.ts'

interface Needing {
  readonly name: string
  readonly spec: { readonly needs: readonly string[] }
}

/** Names in the order of their needs, ties by name; members of a cycle, and unknown needs, are left out. */
export function needsOrder(components: readonly Needing[]): string[] {
  const waiting = new Map(components.map(({ name, spec }) => [name, new Set(spec.needs)]))
  const order: string[] = []
  for (;;) {
    const ready = [...waiting].filter(([, needs]) => [...needs].every((need) => !waiting.has(need))).map(([name]) => name)
    const [next] = ready.sort(compareText)
    if (next === undefined) return order
    waiting.delete(next)
    order.push(next)
  }
}

/** Each cycle of needs once, as the names along it, starting with its smallest. */
export function cyclesOf(components: readonly Needing[]): string[][] {
  const needs = new Map(components.map(({ name, spec }) => [name, [...spec.needs].sort(compareText)]))
  const cycles = new Map<string, string[]>()
  const done = new Set<string>()
  const walk = (name: string, path: readonly string[]): void => {
    const start = path.indexOf(name)
    if (start >= 0) {
      const cycle = rotate(path.slice(start))
      cycles.set(cycle.join(' '), cycle)
      return
    }
    if (done.has(name)) return
    for (const need of needs.get(name) ?? []) walk(need, [...path, name])
    done.add(name)
  }
  for (const name of [...needs.keys()].sort(compareText)) walk(name, [])
  return [...cycles.values()]
}

function rotate(cycle: readonly string[]): string[] {
  const smallest = [...cycle].sort(compareText)[0] ?? ''
  const start = cycle.indexOf(smallest)
  return [...cycle.slice(start), ...cycle.slice(0, start)]
}
