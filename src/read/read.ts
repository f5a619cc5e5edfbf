import type { Project, SourceFile } from 'ts-morph'
import { Places } from '../contract/places.ts'
import { compareText, type Problem } from '../contract/problem.ts'
import { trust } from '../contract/border.ts'
import type { BeaconSpec, ComponentSpec, Contract, EventSpec, PlanContract, PolicySpec, ResourceSpec } from '../contract/types.ts'
import { checkComponent, checkPlan } from './component-checks.ts'
import { readDeclaration, type Declaration } from './declaration.ts'
import { readFields } from './fields.ts'
import { readPayload, type Payload } from './payload.ts'
import { KIND_RULES } from './kinds.ts'
import { at, itemsOf, textOf } from './literal.ts'
import { RESERVED, snakeCase } from './names.ts'
import { pathOf, refuse, type Report } from './place.ts'
import { FOLDERS } from './project.ts'
import type { Read, Scope } from './scope.ts'

/** The declarations of a repository as contracts, and everything that is wrong with them. */
export interface Reading {
  readonly contracts: readonly Contract[]
  readonly places: Places
  readonly problems: readonly Problem[]
  /** Components whose file could not be read. */
  readonly unread: readonly string[]
}

/** What one file says by itself; it stays true until the file changes. */
interface FileReading {
  readonly text: string
  readonly read: Read | undefined
  readonly places: Places
  readonly problems: readonly Problem[]
}

/** What was read before, by path: only files whose text has changed are walked again. */
export type Memory = Map<string, FileReading>

/** Reads every declaration that a project has loaded; nothing is executed, bound or type-checked. */
export function readDeclarations(project: Project, root: string, memory: Memory = new Map()): Reading {
  const report: Report = { root, problems: [] }
  const places = new Places()
  const sources = [...project.getSourceFiles()].sort((a, b) => compareText(a.getFilePath(), b.getFilePath()))
  const files = sources.map((source) => remembered(memory, root, source))
  for (const file of files) {
    if (file.read) places.include(rootOf(file.read.declaration), file.places)
    report.problems.push(...file.problems)
  }
  const reads = files.flatMap(({ read }) => read ?? [])
  checkNames(report, reads)
  const components = new Map(reads.filter(isComponent).map((read) => [read.declaration.key, read]))
  const events = new Map(reads.flatMap(({ declaration, payload }) => (payload ? [[declaration.key, payload] as const] : [])))
  const contracts = reads.map((read) => contractOf(scopeOf(report, places, read, components, events)))
  const known = contracts.filter((contract) => contract !== undefined)
  const unread = sources.map((source) => pathOf(report, source)).flatMap((path) => {
    const isUnread = path.startsWith(`${FOLDERS.component}/`) && known.every((contract) => contract.source !== path)
    return isUnread ? [snakeCase(path.slice(FOLDERS.component.length + 1, -'.ts'.length))] : []
  })
  return { contracts: known, places, problems: report.problems, unread }
}

function remembered(memory: Memory, root: string, source: SourceFile): FileReading {
  const path = source.getFilePath()
  const text = source.getFullText()
  const before = memory.get(path)
  if (before?.text === text) return before
  const report: Report = { root, problems: [] }
  const places = new Places()
  const reading = { text, read: readOne(report, places, source), places, problems: report.problems }
  memory.set(path, reading)
  return reading
}

function readOne(report: Report, places: Places, source: SourceFile): Read | undefined {
  const declaration = readDeclaration(report, source)
  if (!declaration) return undefined
  const root = rootOf(declaration)
  places.remember(root, declaration.place)
  const empty = { fields: {}, written: new Map<string, string>() }
  if (declaration.kind === 'event' && declaration.shape) return { declaration, shape: empty, payload: readPayload(report, declaration.shape) }
  return { declaration, shape: declaration.shape ? readFields(report, declaration.shape, places, `${root}/fields`) : empty }
}

function rootOf(declaration: Declaration): string {
  return `${declaration.kind}/${declaration.name}`
}

function isComponent(read: Read): boolean {
  return read.declaration.kind === 'component'
}

function scopeOf(report: Report, places: Places, own: Read, components: ReadonlyMap<string, Read>, events: ReadonlyMap<string, Payload>): Scope {
  return { report, places, own, components, events, needs: needsOf(own, components), hooks: textsAt(own, 'hooks') }
}

/** The components that stand before this one: its needs, and what those need. */
function needsOf(own: Read, components: ReadonlyMap<string, Read>): ReadonlySet<string> {
  const needs = new Set<string>()
  const waiting = textsAt(own, 'needs')
  for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
    if (needs.has(key)) continue
    needs.add(key)
    const other = components.get(key)
    if (other) waiting.push(...textsAt(other, 'needs'))
  }
  return needs
}

function textsAt(read: Read, key: string): string[] {
  return itemsOf(at(read.declaration.literal, key)).flatMap((item) => textOf(item) ?? [])
}

function contractOf(scope: Scope): Contract | undefined {
  const { kind, name, doc, source, literal } = scope.own.declaration
  const spec = KIND_RULES[kind](scope, literal, `${rootOf(scope.own.declaration)}/spec`)
  if (kind === 'component') checkComponent(scope)
  if (kind === 'plan') checkPlan(scope)
  if (spec === undefined) return undefined
  const { shape: { fields }, payload } = scope.own
  // The shape of `spec` is proved by ajv in the contract's first check; see src/contract/check-shape.ts.
  if (kind === 'component') return { kind, name, doc, source, fields, spec: trust<ComponentSpec>(spec) }
  if (kind === 'resource') return { kind, name, doc, source, fields, spec: trust<ResourceSpec>(spec) }
  if (kind === 'beacon') return { kind, name, doc, source, fields, spec: trust<BeaconSpec>(spec) }
  if (kind === 'event') return { kind, name, doc, source, event: scope.own.declaration.key, payload: payload?.schema ?? {}, spec: trust<EventSpec>(spec) }
  if (kind === 'policy') return { kind, name, doc, source, spec: trust<PolicySpec>(spec) }
  return { kind, name, doc, source, spec: trust<PlanContract['spec']>(spec) }
}

function checkNames(report: Report, reads: readonly Read[]): void {
  const plans = reads.filter(({ declaration }) => declaration.kind === 'plan').map(({ declaration }) => declaration.name)
  const seen = new Map<string, Declaration>()
  for (const { declaration } of reads) {
    const { kind, key, name, place } = declaration
    const before = seen.get(rootOf(declaration))
    if (before) refuse(report, 'EOS105', place, `${kind}s ${before.key} and ${key} both become \`${name}\``, 'names that stay different in snake_case', 'rename one of the two', [before.place])
    seen.set(rootOf(declaration), declaration)
    const reserved = [...RESERVED, ...plans]
    if (kind === 'component' && reserved.includes(name)) refuse(report, 'EOS104', place, `component name \`${key}\` is reserved`, `a name other than ${reserved.join(', ')}`, 'rename the file')
  }
}
