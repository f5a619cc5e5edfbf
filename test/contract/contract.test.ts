import { describe, expect, it } from 'vitest'
import { CHECKS } from '../../src/contract/checks.ts'
import { needsOrder } from '../../src/contract/order.ts'
import { edit, judge, stack, type Files } from '../support/declarations.ts'
import { emitted } from '../support/emitted.ts'
import { CONTRACT_MISTAKES as OTHER_MISTAKES } from './mistakes.ts'
import { POLICY_CONTRACT_MISTAKES } from './policy-mistakes.ts'
import { RESOURCE_CONTRACT_MISTAKES } from './resource-mistakes.ts'

const CONTRACT_MISTAKES = [...OTHER_MISTAKES, ...POLICY_CONTRACT_MISTAKES, ...RESOURCE_CONTRACT_MISTAKES]

describe('the checks of the contract', () => {
  it.each(CONTRACT_MISTAKES)('$claim', ({ file, from, to, says }) => {
    expect(judge(edit(stack(), file, from, to)).says).toEqual([says])
  })

  // The mutation: without its check a mistake goes through, so each row above can fail.
  it.each(CONTRACT_MISTAKES)('would not without its check: $claim', ({ file, from, to, check }) => {
    const others = CHECKS.filter((candidate) => candidate !== check)
    expect(others).toHaveLength(CHECKS.length - 1)
    expect(judge(edit(stack(), file, from, to), others).says).toEqual([])
  })

  it('leaves no check without a mistake that it finds', () => {
    expect(CHECKS.filter((check) => CONTRACT_MISTAKES.every((mistake) => mistake.check !== check))).toEqual([])
  })

  it('prints both places of two writers', () => {
    const { text } = judge(edit(stack(), 'src/components/tls.ts', "  runner: 'eos.issue',", "  runner: 'eos.issue',\n  unit: 'consul.service',"))
    expect(text).toBe(
      [
        'src/components/tls.ts:15:9 EOS212 unit consul.service has two writers: consul and tls; expected one writer; let one of the two run it',
        "  15 |   unit: 'consul.service',",
        '     |         ^^^^^^^^^^^^^^^^',
        '  also src/components/consul.ts:27:9',
        "  27 |   unit: 'consul.service',",
        '     |         ^^^^^^^^^^^^^^^^',
      ].join('\n'),
    )
  })

  it('prints every link of a cycle of three', () => {
    const cycle = edit(edit(stack(), 'src/components/host.ts', 'needs: []', "needs: ['consul']"), 'src/components/consul.ts', "needs: ['host', 'tls']", "needs: ['tls']")
    const { text } = judge(cycle)
    expect(text).toContain('EOS202 components need each other in a cycle: consul → tls → host → consul;')
    expect(text.match(/src\/components\/(consul|tls|host)\.ts:\d+:\d+/g)).toEqual(['src/components/consul.ts:25:11', 'src/components/tls.ts:13:11', 'src/components/host.ts:13:11'])
  })

  it('accepts two values at one key when their conditions exclude each other', () => {
    const files = edit(stack(), 'src/components/consul.ts', '  storage:', '  hooks: [],\n  storage:')
    const one = "{ path: '/etc/x', format: 'json', when: { logLevel: 'info' }, data: { a: 1 } }, "
    const two = "{ path: '/etc/x', format: 'json', when: { logLevel: 'debug' }, data: { a: 2 } }, "
    const server = "    { path: '/etc/consul.d/server.json'"
    expect(judge(edit(files, 'src/components/consul.ts', server, `    ${one}${two}${server.trim()}`)).says).toEqual([])
    const both = one.replace("logLevel: 'info'", "role: 'client'") + two.replace("logLevel: 'debug'", "role: 'server'")
    expect(judge(edit(files, 'src/components/consul.ts', server, `    ${both}${server.trim()}`)).says).toHaveLength(1)
  })
})

describe('the order of needs', () => {
  it('is that of the needs, ties by name', () => {
    const components = [
      { name: 'd', spec: { needs: ['b', 'c'] } },
      { name: 'c', spec: { needs: ['a'] } },
      { name: 'b', spec: { needs: ['a'] } },
      { name: 'a', spec: { needs: [] } },
    ]
    for (const order of permutations(components)) expect(needsOrder(order)).toEqual(['a', 'b', 'c', 'd'])
  })

  it('gives the same tree for shuffled declarations', () => {
    const want = emitted(judge(stack()).contracts)
    for (const seed of [1, 2, 3]) expect(emitted(judge(shuffled(stack(), seed)).contracts)).toEqual(want)
  })
})

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length < 2) return [[...items]]
  return items.flatMap((item, index) => permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]))
}

/** The same declarations in another order, by a small seeded generator. */
function shuffled(files: Files, seed: number): Files {
  let state = seed
  const next = (): number => (state = (state * 1103515245 + 12345) % 2147483648)
  return new Map([...files].map((entry) => ({ entry, rank: next() })).sort((a, b) => a.rank - b.rank).map(({ entry }) => entry))
}
