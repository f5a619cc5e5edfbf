import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/sidecar/fact.ts'
import { buildEnvelope, LARGEST } from '../../src/sidecar/envelope/build.ts'
import { snakeKeys } from '../../src/sidecar/envelope/snake-case.ts'
import { readTable } from '../../src/sidecar/envelope/table.ts'
import { encodeSegment, renderTag } from '../../src/sidecar/envelope/tag.ts'
import { patternOf } from '../../src/sidecar/envelope/text.ts'
import { checkOf } from '../../src/sidecar/envelope/validate.ts'
import type { FactOf } from '../../src/sidecar/fact.ts'
import { snakeCase } from '../../src/read/names.ts'
import { tablePath } from './rig.ts'

const table = readTable(tablePath())
const fact: FactOf<'bridge'> = {
  event: 'bridge',
  verb: 'gap',
  subject: { source: 'nomad:global' },
  verdict: { cause: 'watchdog', detail: '' },
  change: { from: 820, to: 991, count: 0 },
  links: { ids: [] },
  mark: '820-991',
  origin: 'stream',
  source: { kind: 'nomad', name: 'nomad:global', epoch: 'global#2', index: 991, topic: 'Allocation' },
  time: { occurred: null, observed: '2026-11-20T09:10:11.402Z', clock: 'server' },
  settled: true,
  coalesced: 0,
  evidence: ['nomad:991'],
}

describe('an envelope', () => {
  it('has id, tag and severity of its declaration, and everything of the fact', () => {
    const built = buildEnvelope(table, fact, 1000)
    expect('row' in built && { ...built.row, body: JSON.parse(built.row.body) }).toEqual({
      id: 'b:nomad:global:gap:820-991',
      name: 'nomad:global',
      sourceEpoch: 'global#2',
      index: 991,
      at: 1000,
      body: {
        id: 'b:nomad:global:gap:820-991',
        event: 'bridge',
        verb: 'gap',
        tag: 'eos/bridge/gap/nomad%3Aglobal',
        severity: 'warning',
        origin: 'stream',
        replay: false,
        source: { kind: 'nomad', name: 'nomad:global', epoch: 'global#2', index: 991, topic: 'Allocation' },
        time: { occurred: null, observed: '2026-11-20T09:10:11.402Z', clock: 'server' },
        subject: { source: 'nomad:global' },
        verdict: { cause: 'watchdog', detail: '' },
        change: { from: 820, to: 991, count: 0 },
        links: { ids: [] },
        related: [],
        coalesced: 0,
        settled: true,
        evidence: ['nomad:991'],
      },
    })
  })

  it('that is not settled has an id of its own', () => {
    const built = buildEnvelope(table, { ...fact, settled: false }, 1000)
    expect('row' in built && built.row.id).toBe('b:nomad:global:gap:820-991:unsettled')
  })

  it('that does not fit its declaration is a dead letter with the first misfit', () => {
    const built = buildEnvelope(table, { ...fact, change: { from: 0.5, to: null, count: 0 } }, 1000)
    expect('dead' in built && built.dead).toMatchObject({ id: 'b:nomad:global:gap:820-991', code: 'EOS630', name: 'nomad:global', reason: 'change.from: expected integer or null; found 0.5' })
  })

  it('that is too large is a dead letter that is cut', () => {
    const built = buildEnvelope(table, { ...fact, verdict: { cause: 'x', detail: 'x'.repeat(LARGEST) } }, 1000)
    expect('dead' in built && built.dead.code).toBe('EOS631')
    expect('dead' in built && built.dead.body.length).toBe(LARGEST)
    expect('dead' in built && built.dead.reason).toMatch(/^the envelope has \d+ bytes; expected at most 65536$/)
  })
})

describe('a tag', () => {
  it.each([
    ['web', 'web'],
    ['a/b', 'a%2Fb'],
    ['*?[x]', '%2A%3F%5Bx%5D'],
    ['a@b', 'a%40b'],
    ['100%', '100%25'],
    ['é', '%C3%A9'],
    ['🙂', '%F0%9F%99%82'],
    ['a b\n\u0085"', 'a%20b%0A%C2%85%22'],
    ['A-z_0.9', 'A-z_0.9'],
  ])('writes %j as %s, and that leads back', (text, encoded) => {
    expect(encodeSegment(text)).toBe(encoded)
    expect(decodeURIComponent(encoded)).toBe(text)
  })

  it.each<readonly [string, JsonObject, string]>([
    ['the default namespace', { namespace: 'default', job: 'web', group: 'api' }, 'eos/nomad/alloc/failed/web/api'],
    ['another namespace', { namespace: 'team/a', job: 'web', group: 'api' }, 'eos/nomad/alloc/failed/web@team%2Fa/api'],
    ['partition and namespace', { partition: 'p', namespace: 'n', job: 'web', group: 'api' }, 'eos/nomad/alloc/failed/web@p@n/api'],
    ['a name with an at sign', { namespace: 'default', job: 'web@n', group: 'api' }, 'eos/nomad/alloc/failed/web%40n/api'],
    ['nothing where something stands', { job: 'web', group: null }, 'eos/nomad/alloc/failed/web/-'],
  ])('with %s', (_, subject, tag) => {
    expect(renderTag(patternOf('eos/nomad/alloc/{verb}/{subject.job}/{subject.group}'), 'failed', subject)).toBe(tag)
  })
})

describe('names', () => {
  it('become snake_case by the rule of the contract, one level deep', () => {
    expect(snakeKeys({ exitCode: 1, willRestart: true, consulServiceIds: ['aB'], job: { innerKey: 1 } })).toEqual({ exit_code: 1, will_restart: true, consul_service_ids: ['aB'], job: { innerKey: 1 } })
    for (const name of ['exitCode', 'HTTPPort', 'serfLan', 'a1B2', 'x']) expect(Object.keys(snakeKeys({ [name]: 1 }))).toEqual([snakeCase(name)])
  })
})

describe('the validator', () => {
  it('refuses a keyword that it does not know, so that none is passed over', () => {
    expect(() => checkOf({ type: 'string', minLength: 1 })).toThrow('keyword `minLength` of a schema is unknown')
  })
})
