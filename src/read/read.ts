import type { Project, SourceFile } from 'ts-morph'
import { Places } from '../contract/places.ts'
import { compareText, type Problem } from '../contract/problem.ts'
import { trust } from '../contract/border.ts'
import type { ComponentSpec, Contract, PlanContract, ResourceSpec } from '../contract/types.ts'
import { checkComponent, checkPlan } from './component-checks.ts'
import { readDeclaration, type Declaration } from './declaration.ts'
import { readFields } from './fields.ts'
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

/** Reads every declaration that a project has loaded; nothing is executed, bound or type-checked. */
export function readDeclarations(project: Project, root: string): Reading {
  const report: Report = { root, problems: [] }
  const places = new Places()
  const sources = [...project.getSourceFiles()].sort((a, b) => compareText(a.getFilePath(), b.getFilePath()))
  const reads = sources.map((source) => readOne(report, places, source)).filter((read) => read !== undefined)
  checkNames(report, reads)
  const components = new Map(reads.filter(isComponent).map((read) => [read.declaration.key, read]))
  const contracts = reads.map((read) => contractOf(scopeOf(report, places, read, components)))
  const known = contracts.filter((contract) => contract !== undefined)
  const files = sources.map((source) => pathOf(report, source))
  const unread = files.flatMap((path) => {
    const isUnread = path.startsWith(`${FOLDERS.component}/`) && known.every((contract) => contract.source !== path)
    return isUnread ? [snakeCase(path.slice(FOLDERS.component.length + 1, -'.ts'.length))] : []
  })
  return { contracts: known, places, problems: report.problems, unread }
}

function readOne(report: Report, places: Places, source: SourceFile): Read | undefined {
  const declaration = readDeclaration(report, source)
  if (!declaration) return undefined
  const root = rootOf(declaration)
  places.remember(root, declaration.place)
  const empty = { fields: {}, written: new Map<string, string>() }
  return { declaration, shape: declaration.shape ? readFields(report, declaration.shape, places, `${root}/fields`) : empty }
}

function rootOf(declaration: Declaration): string {
  return `${declaration.kind}/${declaration.name}`
}

function isComponent(read: Read): boolean {
  return read.declaration.kind === 'component'
}

function scopeOf(report: Report, places: Places, own: Read, components: ReadonlyMap<string, Read>): Scope {
  const texts = (key: string): string[] => itemsOf(at(own.declaration.literal, key)).flatMap((item) => textOf(item) ?? [])
  return { report, places, own, components, needs: texts('needs'), hooks: texts('hooks') }
}

function contractOf(scope: Scope): Contract | undefined {
  const { kind, name, doc, source, literal } = scope.own.declaration
  const spec = KIND_RULES[kind](scope, literal, `${rootOf(scope.own.declaration)}/spec`)
  if (kind === 'component') checkComponent(scope)
  if (kind === 'plan') checkPlan(scope)
  if (spec === undefined) return undefined
  const { fields } = scope.own.shape
  // The shape of `spec` is proved by ajv in the contract's first check; see src/contract/check-shape.ts.
  if (kind === 'component') return { kind, name, doc, source, fields, spec: trust<ComponentSpec>(spec) }
  if (kind === 'resource') return { kind, name, doc, source, fields, spec: trust<ResourceSpec>(spec) }
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
