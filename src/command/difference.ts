/** A file that is not as the generator writes it. */
export interface Stale {
  readonly code: 'EOS310' | 'EOS311'
  readonly path: string
  readonly text: string
}

const CONTEXT = 3
/** Beyond this many lines the middle of a difference is not aligned line by line. */
const LIMIT = 3000

/** What differs between the tree on disk and the tree as it should be, as unified diffs. */
export function difference(found: ReadonlyMap<string, string>, wanted: ReadonlyMap<string, string>): Stale[] {
  const stale = [...wanted].filter(([path, text]) => found.get(path) !== text)
  const orphans = [...found.keys()].filter((path) => !wanted.has(path))
  return [
    ...stale.map(([path, text]): Stale => ({ code: 'EOS310', path, text: `generated/${path} EOS310 ${found.has(path) ? 'differs from its source' : 'is missing'}; expected what \`npm run generate\` writes; run it and commit the result\n${unified(path, found.get(path) ?? '', text)}` })),
    ...orphans.map((path): Stale => ({ code: 'EOS311', path, text: `generated/${path} EOS311 has no source; expected nothing that the generator does not write; run \`npm run generate\`, which removes it` })),
  ]
}

/** A unified diff of two texts. */
export function unified(path: string, before: string, after: string): string {
  const [a, b] = [before.split('\n'), after.split('\n')]
  const head = commonHead(a, b)
  const tail = commonHead([...a.slice(head)].reverse(), [...b.slice(head)].reverse())
  const from = Math.max(0, head - CONTEXT)
  const lines = [
    ...a.slice(from, head).map((line) => ` ${line}`),
    ...align(a.slice(head, a.length - tail), b.slice(head, b.length - tail)),
    ...a.slice(a.length - tail, a.length - tail + CONTEXT).map((line) => ` ${line}`),
  ]
  return [`--- generated/${path}`, `+++ generated/${path} (as generated)`, ...hunks(lines, from)].join('\n')
}

/** The changed places of a difference, each with a few lines around it; what lies between two of them is left out. */
function hunks(lines: readonly string[], from: number): string[] {
  const count = (mark: string, until: readonly string[]): number => until.filter((line) => line.startsWith(mark) || line.startsWith(' ')).length
  const changes = lines.flatMap((line, index) => (line.startsWith(' ') ? [] : [index]))
  const starts = changes.filter((index, place) => place === 0 || index - (changes[place - 1] ?? 0) > 2 * CONTEXT + 1)
  return starts.flatMap((start, place) => {
    const next = starts[place + 1] ?? lines.length
    const end = changes.findLast((index) => index < next) ?? start
    const first = Math.max(0, start - CONTEXT)
    const [above, hunk] = [lines.slice(0, first), lines.slice(first, end + 1 + CONTEXT)]
    return [`@@ -${from + count('-', above) + 1},${count('-', hunk)} +${from + count('+', above) + 1},${count('+', hunk)} @@`, ...hunk]
  })
}

function commonHead(a: readonly string[], b: readonly string[]): number {
  let length = 0
  while (length < a.length && length < b.length && a[length] === b[length]) length += 1
  return length
}

/** The changed middle, by longest common subsequence. */
function align(a: readonly string[], b: readonly string[]): string[] {
  if (a.length * b.length > LIMIT * LIMIT) return [...a.map((line) => `-${line}`), ...b.map((line) => `+${line}`)]
  const table = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1))
  const cell = (i: number, j: number): number => table[i]?.[j] ?? 0
  for (let i = a.length - 1; i >= 0; i -= 1) {
    const row = table[i]
    for (let j = b.length - 1; row && j >= 0; j -= 1) row[j] = a[i] === b[j] ? cell(i + 1, j + 1) + 1 : Math.max(cell(i + 1, j), cell(i, j + 1))
  }
  const lines: string[] = []
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push(` ${a[i]}`)
      i += 1
      j += 1
    } else if (j >= b.length || (i < a.length && cell(i + 1, j) >= cell(i, j + 1))) {
      lines.push(`-${a[i]}`)
      i += 1
    } else {
      lines.push(`+${b[j]}`)
      j += 1
    }
  }
  return lines
}
