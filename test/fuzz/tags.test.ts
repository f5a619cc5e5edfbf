import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Scene } from '../fault/harness/scene.ts'
import { station } from '../fault/harness/station.ts'
import { until } from '../fault/harness/until.ts'
import { recordedTemplate, type Template } from './template.ts'

const scene = new Scene()
let template: Template

beforeAll(async () => {
  template = await recordedTemplate(scene)
}, 60_000)
afterAll(() => scene.end())

/** Every character of Latin-1 and some from beyond that programs trip over. */
const CHARACTERS = [...Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)), '\u2028', '\u2029', '\u202e', '\ufeff', '日', '🜁', 'e\u0301', '%2F', '%%', '..', '@ns', '\ud800']

describe('identifiers with every special character', () => {
  // Fails when a tag keeps a character that a glob or a path reads, or two identifiers share one tag.
  it('make tags that no glob misreads and that give the identifier back', { timeout: 120_000 }, async () => {
    const here = await station(scene, { more: { nomad: { addresses: [template.fake.url], token: 'e5f7c0de-0000-4000-8000-00000000f022' } } })
    await here.sidecar.start().ready()
    await until('the stream is open', () => template.fake.readers > 0)
    const names = CHARACTERS.map((character, number) => `t${number}${character}z`)
    for (const name of names) template.register(name)
    const whole = names.filter((name) => name.isWellFormed())
    await until('every one has come', () => here.facts('nomad/job', 'registered').length >= whole.length, 60_000)
    const tags = new Map(here.facts('nomad/job', 'registered').map(({ subject, tag }) => [String(subject['job']), tag]))
    for (const name of whole) {
      const segment = tags.get(name)?.split('/')[4] ?? ''
      expect(segment, JSON.stringify(name)).toMatch(/^(?:[A-Za-z0-9_.-]|%[0-9A-F]{2})+$/)
      expect(tags.get(name)?.split('/').length).toBe(5)
      expect(decodeURIComponent(segment)).toBe(name)
    }
    expect(new Set(tags.values()).size).toBe(tags.size)
  })
})
