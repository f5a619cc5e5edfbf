import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { isJsonObject } from '../../src/contract/json.ts'
import { PARTS } from '../../src/contract/schema-parts.ts'
import type { Json, JsonObject } from '../../src/contract/types.ts'
import { validatorOf } from '../../src/contract/validator.ts'
import { checkOf } from '../../src/sidecar/envelope/validate.ts'
import { changed, eventCases, pythonProblems } from '../support/event-cases.ts'
import { judge, stack } from '../support/declarations.ts'
import { emitted } from '../support/emitted.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const CASES = eventCases()

describe('an event is held to its declaration alike by ajv, by Python and by the sidecar', () => {
  const { contracts } = judge(stack())
  const lamp = contracts.events.find(({ event }) => event === 'house/lamp')
  const table: JsonObject = JSON.parse(emitted(contracts).get('events/table.json') ?? '')
  const sidecar = checkOf(isJsonObject(table['house/lamp']) ? table['house/lamp']['schema'] : undefined)
  const python = pythonProblems('test/golden/stack/saltext', CASES.map(({ payload }) => ['house/lamp', payload]))

  it.each(CASES.map((one, index) => ({ ...one, index })))('$claim', async ({ payload, fits, at, index }) => {
    expect(validatorOf(lamp?.payload ?? {})(payload)).toBe(fits)
    const says = [(await python)[index] ?? null, sidecar(payload, '')]
    if (fits) expect(says).toEqual([null, null])
    else for (const one of says) expect(one?.startsWith(at)).toBe(true)
  }, 120_000)

  it('also after 4,000 changes of the examples of every declared event', async () => {
    const table = readJson('generated/events/table.json')
    const payloads = Object.keys(table).flatMap((event) => examplesOf(event)).flatMap(([event, example], index, all) => {
      const next = numbers(index + 1)
      return Array.from({ length: Math.ceil(4000 / all.length) }, (): [string, JsonObject] => [event, mutated(example, next)])
    })
    const python = await pythonProblems('generated/saltext', payloads)
    const checks = new Map(Object.entries(table).map(([event, rules]) => [event, isJsonObject(rules) && isJsonObject(rules['schema']) ? { ajv: validatorOf(rules['schema']), sidecar: checkOf(rules['schema']) } : undefined]))
    const verdicts = payloads.map(([event, payload], index) => {
      const check = checks.get(event)
      return { event, payload, ajv: check?.ajv(payload), sidecar: check?.sidecar(payload, '') === null, python: python[index] === null }
    })
    expect(verdicts.filter(({ ajv, sidecar, python }) => ajv !== sidecar || ajv !== python)).toEqual([])
    const fitting = verdicts.filter(({ ajv }) => ajv).length / verdicts.length
    expect(fitting).toBeGreaterThan(0.05)
    expect(fitting).toBeLessThan(0.9)
  }, 120_000)
})

function readJson(path: string): JsonObject {
  return JSON.parse(readFileSync(ROOT + path, 'utf8'))
}

/** The payload of every example of an event. */
function examplesOf(event: string): [string, JsonObject][] {
  const { spec } = readJson(`generated/contract/events/${event.replaceAll('/', '_')}.json`)
  const verbs = isJsonObject(spec) ? spec['verbs'] : undefined
  return Object.entries(isJsonObject(verbs) ? verbs : {}).flatMap(([verb, one]) => (isJsonObject(one) && isJsonObject(one['example']) ? [[event, { verb, ...one['example'] }]] : []))
}

const ODD: readonly Json[] = [null, true, false, 0, 1, -1, 1.5, 2 ** 53, -(2 ** 53), 2 ** 70, 1e300, '', 'x', 'é😀', '1', 'failed', 'proved', [], ['a'], [1], [null], [[]], {}, { a: 1 }]

/** A payload with one or two values replaced, taken away or added. */
function mutated(payload: JsonObject, next: (below: number) => number): JsonObject {
  const part = PARTS[next(PARTS.length)] ?? 'subject'
  const leaves = isJsonObject(payload[part]) ? Object.keys(payload[part]) : []
  const leaf = leaves[next(leaves.length)] ?? 'none'
  const odd = ODD[next(ODD.length)]
  const path = [[part, leaf], [part, leaf], [part, leaf], [part, leaf], [part], ['verb'], [part, 'constructor']][next(7)] ?? []
  const once = changed(payload, path, next(8) === 0 ? undefined : odd)
  return next(4) === 0 ? mutated(once, next) : once
}

/** Whole numbers below a bound, always the same for a seed. */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((state / 2_147_483_648) * below)
  }
}
