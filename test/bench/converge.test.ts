import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { projectPath } from '../../kitchen/run/project.ts'
import { readAnsible } from './converge/ansible.ts'
import { countsOf, loadsOf, medianOf, orderOf, perObject, perObjectOfAll, ratioOf, secondsOf, type Asked, type Timed } from './converge/numbers.ts'
import { COUNTS, KINDS, sizeOf, TOFU_KINDS, wanted } from './converge/objects.ts'
import { readSalt, slsOf } from './converge/salt.ts'
import { aims, convergeText, EOS, EOS_PART } from './converge/text.ts'
import { readTofu } from './converge/tofu.ts'

describe('the command', () => {
  // Mutation: take an unknown word for none, and a benchmark of half an hour begins.
  it.each([[], ['convrge'], ['converge', '--jsno'], ['converge', '--json', 'more'], ['converge', 'generate']])('refuses %s', (...words) => {
    const { status, stderr, stdout } = spawnSync(process.execPath, [projectPath('test', 'bench', 'run.ts'), ...words], { encoding: 'utf8' })
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toBe(`\`${words.join(' ')}\` is no benchmark; expected generate, bridge [--json], heal [--json] or converge [--json]; run npm run bench -- generate\n`)
  })
})

describe('the objects', () => {
  it('are as many as were asked for, each with a name of its own', () => {
    const objects = wanted('x', KINDS)
    const names = KINDS.flatMap((kind) => objects[kind].map(({ name }) => name))
    expect(names).toHaveLength(320)
    expect(new Set(names).size).toBe(320)
    expect(Object.keys(slsOf(objects))).toHaveLength(320)
  })

  it('are of the kinds of OpenTofu alone where it is compared', () => {
    expect(sizeOf(wanted('x', TOFU_KINDS))).toBe(COUNTS.namespaces + COUNTS.jobs)
  })
})

const asked = (service: Asked['service'], method: string, ...paths: readonly string[]): Asked[] => paths.map((path) => ({ service, method, path }))

describe('requests', () => {
  const requests = countsOf(
    [
      ...asked('nomad', 'GET', '/v1/namespaces', '/v1/namespace/a', '/v1/job/a?namespace=default', '/v1/agent/self'),
      ...asked('nomad', 'POST', '/v1/job/a/plan?namespace=default', '/v1/jobs/parse'),
      ...asked('nomad', 'PUT', '/v1/namespace'),
      ...asked('consul', 'GET', '/v1/kv/a', '/v1/acl/policy/name/a', '/v1/acl/policies', '/v1/acl/token/self'),
    ],
    2,
  )

  // Mutation: leave out what is about no object, and versions and tokens cost nothing.
  it('are sorted by what they are about, none is left out, and a plan writes nothing', () => {
    expect(requests).toEqual({ byKind: { namespaces: 3, policies: 2, keys: 1, jobs: 3, other: 2 }, writes: 1, connections: 2 })
  })

  it('are divided by the objects of the kind, and a tool without the kind has none', () => {
    expect(perObject(requests, 'jobs', KINDS, COUNTS)).toBe(3 / 20)
    expect(perObject(requests, 'keys', TOFU_KINDS, COUNTS)).toBeNull()
    expect(perObjectOfAll(requests, KINDS, COUNTS)).toBe(11 / 320)
  })
})

const times = (tool: string, ...seconds: readonly number[]): Timed[] => seconds.map((one, index) => ({ tool, step: 'no-op', round: index + 1, seconds: one, load: one }))

describe('times', () => {
  it.each([
    { given: [3, 1, 2], want: 2 },
    { given: [4, 1, 2, 3], want: 2.5 },
    { given: [7], want: 7 },
  ])('have the median $want in $given', ({ given, want }) => {
    expect(medianOf(given)).toBe(want)
  })

  // Mutation: divide the medians, and a round in which the machine was busy counts for one tool alone.
  it('are compared within a round', () => {
    const all = [...times('slow', 10, 40, 9), ...times('fast', 1, 10, 3)]
    expect(secondsOf(all, 'slow', 'no-op')).toBe(10)
    expect(ratioOf(all, 'slow', 'fast', 'no-op')).toBe(4)
  })

  it('are told with the load under which they were taken', () => {
    expect(loadsOf([...times('a', 3, 1, 2), ...times('b', 9)], 'a')).toEqual([1, 3])
  })

  it('begin with another tool in each round', () => {
    expect([0, 1, 2, 3].map((round) => orderOf(['a', 'b', 'c'], round).join(''))).toEqual(['abc', 'bca', 'cab', 'abc'])
  })
})

describe('what a tool says', () => {
  const run = (...results: readonly object[]): string => JSON.stringify({ local: Object.fromEntries(results.map((one, index) => [index, one])) })

  it.each([
    { claim: 'a state that changed', said: readSalt('first', 0, run({ result: true, changes: { a: 1 } }, { result: true, changes: {} })), want: { seen: 2, changed: 1, failed: 0 } },
    { claim: 'a state that failed', said: readSalt('no-op', 2, run({ result: false, changes: {} })), want: { seen: 1, changed: 0, failed: 1 } },
    { claim: 'an SLS that Salt cannot render', said: readSalt('no-op', 1, JSON.stringify({ local: ['Rendering SLS failed'] })), want: { seen: 0, changed: 0, failed: 1 } },
    { claim: 'an apply', said: readTofu('first', 0, 'Apply complete! Resources: 120 added, 0 changed, 0 destroyed.'), want: { seen: null, changed: 120, failed: 0 } },
    { claim: 'a plan of nothing', said: readTofu('test', 0, 'No changes. Your infrastructure matches the configuration.'), want: { seen: null, changed: 0, failed: 0 } },
    { claim: 'a plan of something', said: readTofu('test', 2, 'Plan: 1 to add, 2 to change, 0 to destroy.'), want: { seen: null, changed: 3, failed: 0 } },
    { claim: 'an apply that failed', said: readTofu('first', 1, 'Error: no'), want: { seen: null, changed: 0, failed: 1 } },
    { claim: 'a play', said: readAnsible('first', 0, '"msg": "objects changed: 320"\nlocalhost : ok=7 changed=4 unreachable=0 failed=0'), want: { seen: null, changed: 320, failed: 0 } },
    { claim: 'a play that was broken off', said: readAnsible('no-op', 2, 'localhost : ok=1 changed=0 unreachable=0 failed=1'), want: { seen: null, changed: 0, failed: 2 } },
    { claim: 'a play without a word', said: readAnsible('no-op', 0, ''), want: { seen: null, changed: 0, failed: 2 } },
  ])('is read: $claim', ({ said, want }) => {
    expect(said).toEqual(want)
  })
})

describe('the aims', () => {
  const tools = [{ name: EOS, kinds: KINDS }, { name: EOS_PART, kinds: TOFU_KINDS }, { name: 'OpenTofu', kinds: TOFU_KINDS }, { name: 'Ansible', kinds: KINDS }]
  const counts = [{ tool: EOS, step: 'no-op' as const, requests: { byKind: { namespaces: 3, policies: 100, keys: 100, jobs: 40, other: 1 }, writes: 0, connections: 2 } }]
  const all = [...times(EOS, 2, 2), ...times(EOS_PART, 3, 3), ...times('OpenTofu', 2, 2), ...times('Ansible', 5, 7)]

  // Mutation: turn a comparison round, and a missed aim is called met.
  it('are met or missed by what was found', () => {
    expect(aims(tools, all, counts).map(({ found, isMet }) => [found, isMet])).toEqual([[3, true], [1.5, false], [244 / 320, true], [0.03, true], [1, true], [1, true], [2, false]])
  })

  it('stand on the page with a plain no', () => {
    const page = convergeText({ machine: 'a machine', cores: 2, rounds: 2, tools, times: all, counts })
    expect(page).toContain('| at most 1 request for each of the jobs | 2.00 | no |')
    expect(page).toContain('| Salt and Eos | 0.03 | 1.00 | 1.00 | 2.00 | 0.76 | 0 | 2 |')
    expect(page).toContain('without any loss it would still take 1.50 times as long')
    expect(page).not.toContain('NaN')
  })
})
