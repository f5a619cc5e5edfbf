/** The names closest to a misspelt one, closest first; at most three. */
export function nearest(word: string, names: readonly string[]): string[] {
  return names
    .map((name) => ({ name, distance: distance(word.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, distance: d }) => d <= Math.max(2, Math.floor(name.length / 3)) || name.includes(word))
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, 3)
    .map(({ name }) => name)
}

/** Advice that names the closest spelling, or all there are. */
export function suggest(word: string, names: readonly string[]): string {
  const close = nearest(word, names)
  if (close.length > 0) return `did you mean ${close.map((name) => `\`${name}\``).join(' or ')}?`
  return names.length === 0 ? 'there are none' : `there are ${[...names].sort().map((name) => `\`${name}\``).join(', ')}`
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const replace = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replace, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
