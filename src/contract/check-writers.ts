import type { Check, Subject } from './check.ts'
import type { Code } from './codes.ts'
import type { Place, Problem } from './problem.ts'
import { pointerTo } from './places.ts'
import { isRole } from './types.ts'

interface Claim {
  /** What is claimed, as it appears in the message. */
  readonly thing: string
  readonly by: string
  readonly where: Place
}

/** A path on a node belongs to one component. */
export const checkFileWriters: Check = (subject) => clashes('EOS210', 'file', fileClaims(subject), 'let one of the two write it')

/** A default port belongs to one field of one component. */
export const checkPortWriters: Check = (subject) => clashes('EOS211', 'port', portClaims(subject), 'choose another default for one of the two')

/** A systemd unit belongs to one component. */
export const checkUnitWriters: Check = (subject) => clashes('EOS212', 'unit', unitClaims(subject), 'let one of the two run it')

/** The entries of `eos:apps` have their fields from one component. */
export const checkFieldWriters: Check = (subject) => clashes('EOS213', 'field', eachClaims(subject), 'keep one of the two')

const ONCE = ['packages', 'storage', 'files', 'unit', 'identity', 'ports'] as const

/** What a host has once cannot belong to every application. */
export const checkEach: Check = ({ components, places }) =>
  components.flatMap(({ name, spec }) => {
    if (spec.each === undefined) return []
    return ONCE.filter((key) => spec[key] !== undefined).map((key) => ({
      code: 'EOS215' as const,
      what: `${name} exists once per application, and has \`${key}\``,
      expected: 'states only',
      advice: 'give it to a component that exists once',
      where: places.key(`component/${name}/spec/${key}`),
      also: [],
    }))
  })

function fileClaims({ components, places }: Subject): Claim[] {
  return components.flatMap(({ name, spec }) => {
    const root = `component/${name}/spec`
    const files = (spec.files ?? []).map(({ path }, index) => ({ thing: path, by: name, where: places.value(`${root}/files/${index}/path`) }))
    const folders = Object.keys(spec.storage ?? {}).map((path) => ({ thing: path, by: name, where: places.key(pointerTo(`${root}/storage`, path)) }))
    return [...unique(files), ...folders]
  })
}

/** Entries of one component for one path are merged, so they are one claim. */
function unique(claims: readonly Claim[]): Claim[] {
  return claims.filter((claim, index) => claims.findIndex(({ thing }) => thing === claim.thing) === index)
}

function portClaims({ components, places }: Subject): Claim[] {
  return components.flatMap(({ name, fields, spec }) =>
    Object.keys(spec.ports ?? {}).flatMap((field) => {
      const found = fields[field]
      if (!found || isRole(found) || typeof found.default !== 'number') return []
      return [{ thing: String(found.default), by: `${name}.${field}`, where: places.key(`component/${name}/fields/${field}`) }]
    }),
  )
}

function unitClaims({ components, places }: Subject): Claim[] {
  return components.flatMap(({ name, spec }) => (spec.unit === undefined ? [] : [{ thing: spec.unit, by: name, where: places.value(`component/${name}/spec/unit`) }]))
}

function eachClaims({ components, places }: Subject): Claim[] {
  return components.flatMap(({ name, spec }) => (spec.each === undefined ? [] : [{ thing: 'eos:apps', by: name, where: places.value(`component/${name}/spec/each`) }]))
}

function clashes(code: Code, kind: string, claims: readonly Claim[], advice: string): Problem[] {
  const first = new Map<string, Claim>()
  return claims.flatMap((claim) => {
    const before = first.get(claim.thing)
    if (!before) {
      first.set(claim.thing, claim)
      return []
    }
    const what = `${kind} ${claim.thing} has two writers: ${before.by} and ${claim.by}`
    return [{ code, what, expected: 'one writer', advice, where: claim.where, also: [before.where] }]
  })
}
