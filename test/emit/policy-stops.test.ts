import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { stopsOf } from '../../src/emit/policy-stops.ts'
import { judge, stack } from '../support/declarations.ts'

const policies = judge(stack()).contracts.policies
const rows = (name: string): string[][] => policies.flatMap((policy) => (policy.name === name ? stopsOf(policy) : []))

describe('how a policy is stopped', () => {
  it('says for an act what stops it for everything, itself, its component and its node', () => {
    expect(rows('door_forced').map(([what, run]) => [what, run])).toEqual([
      ['everything', '`salt-run eos.freeze reason=…`'],
      ['this policy', '`salt-run eos.suspend policy:door_forced for=2h reason=…`'],
      ['what is about one component', '`salt-run eos.suspend component:consul for=2h reason=…`'],
      ['what is about one node', '`salt-run eos.suspend node:<node> for=2h reason=…`'],
      ['its acting, for good', 'pillar `eos:heal:mode` or `eos:heal:components:consul`: `observe`'],
    ])
  })

  it('leaves open the component that only a fact names', () => {
    expect(rows('cable_pulled')[2]?.[1]).toBe('`salt-run eos.suspend component:<component> for=2h reason=…`')
  })

  it('names the job of a registration, which no fact of it tells', () => {
    const policy = policies.find(({ name }) => name === 'door_forced')
    if (policy === undefined) throw new Error('expected the policy door_forced')
    const key = ['subject.node', 'subject.service', 'subject.instance']
    const found = stopsOf({ ...policy, spec: { ...policy.spec, key } })
    expect(found.map(([, run]) => run)).toContain('`salt-run eos.suspend job:<job> for=2h reason=…`')
    expect(found.at(-1)?.[1]).toBe('pillar `eos:heal:mode` or `eos:heal:jobs:<job>` or `eos:heal:components:consul`: `observe`')
  })

  it('says for a note how it is taken back', () => {
    expect(rows('lamp_broken')).toEqual([['the mark', '`salt-run eos.release stack`', 'by itself after 90m']])
  })

  it('names only verbs that the runner has', () => {
    const runner = readFileSync(fileURLToPath(new URL('../../saltext/eos/runners/eos.py', import.meta.url)), 'utf8')
    const page = readFileSync(fileURLToPath(new URL('../../generated/docs/healing.md', import.meta.url)), 'utf8')
    const verbs = [...new Set([...page.matchAll(/salt-run eos\.([a-z_]+)/g)].map(([, verb = '']) => verb))]
    expect(page).toContain('pillar `eos:heal:mode` or `eos:heal:components:vault`: `observe`')
    expect(verbs).toEqual(expect.arrayContaining(['freeze', 'thaw', 'suspend', 'resume', 'release']))
    expect(verbs.filter((verb) => !new RegExp(`\\b${verb}\\b`).test(runner))).toEqual([])
  })
})
