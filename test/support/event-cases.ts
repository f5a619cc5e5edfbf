import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { environmentOf } from '../../kitchen/python/environments.ts'
import { isJsonObject } from '../../src/contract/json.ts'
import type { Json, JsonObject } from '../../src/contract/types.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** A payload of the lamp in test/fixture/stack, and whether it fits the declaration. */
export interface EventCase {
  readonly claim: string
  readonly fits: boolean
  /** Where the first misfit is; the beginning of the message. */
  readonly at: string
  readonly payload: JsonObject
}

/** The cases that every validator of events must judge alike; each is the first payload with something changed. */
export function eventCases(): readonly EventCase[] {
  const rows: readonly JsonObject[] = JSON.parse(readFileSync(join(ROOT, 'test/fixture/event/cases.json'), 'utf8'))
  const [first] = rows
  return rows.map(({ claim, fits, at, payload, set, without }) => {
    const whole = structuredClone(payload ?? first?.['payload'])
    if (!isJsonObject(whole)) throw new Error(`case ${String(claim)} has no payload`)
    const changes: [string, Json | undefined][] = isJsonObject(set) ? Object.entries(set) : typeof without === 'string' ? [[without, undefined]] : []
    return { claim: String(claim), fits: fits === true, at: String(at ?? ''), payload: changes.reduce((before, [path, value]) => changed(before, path.split('.'), value), whole) }
  })
}

/** The same object with one value at a path replaced, or taken away by undefined. */
export function changed(object: JsonObject, [key = '', ...rest]: readonly string[], value: Json | undefined): JsonObject {
  const inner = object[key]
  if (rest.length > 0) return { ...object, [key]: changed(isJsonObject(inner) ? inner : {}, rest, value) }
  return Object.fromEntries([...Object.entries(object).filter(([name]) => name !== key), ...(value === undefined ? [] : [[key, value]])])
}

/** What the generated Python of a folder has against each payload; null where it has nothing. */
export async function pythonProblems(folder: string, payloads: readonly (readonly [string, JsonObject])[]): Promise<(string | null)[]> {
  const python = join(await environmentOf('tools'), 'bin/python')
  const input = payloads.map((pair) => `${JSON.stringify(pair)}\n`).join('')
  const { stdout, stderr, status } = spawnSync(python, ['-B', join(ROOT, 'test/support/event_problems.py'), join(ROOT, folder)], { input, encoding: 'utf8', maxBuffer: 64 * 2 ** 20 })
  if (status !== 0) throw new Error(stderr)
  return stdout.trimEnd().split('\n').map((line): string | null => JSON.parse(line))
}
